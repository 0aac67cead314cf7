// What each kind of crossing checks and does. Checks come first: what may fault, or may not be as
// it was, is left to the interpreter while nothing has changed.
#include "translator/crossing_stubs.h"

#include "translator/stub_assembler.h"

namespace seventeen::translator {

namespace {

constexpr std::size_t kRoom = 4096;
constexpr u32 kItem = 4;  // of the frame on the inner stack: EIP, CS, EFLAGS, ESP, SS
constexpr u32 kFrame = 5 * kItem;
constexpr unsigned kOverflowBit = 11;
constexpr u32 kLowArithmetic = kFlagsArithmetic & 0xff;

// rdx is the Crossing while one is checked and made.
class Assembler final : public StubAssembler {
  public:
    Assembler() : StubAssembler(kRoom) {}

    void interrupt() {
        Xbyak::Label slow;
        begin(CrossingKind::kInterrupt, slow);
        mov(r9d, r8d);
        check_gate(slow);
        check_descriptors(slow);
        find_inner_stack(slow);
        push_frame();
        clear_flags();
        mov(r8d, ptr[rdx + offsetof(Crossing, target)]);
        cross_to(0, slow);
    }

    void interrupt_return() {
        Xbyak::Label slow;
        begin(CrossingKind::kReturn, slow);
        cmp(byte[state(offsetof(CpuState, nmi_blocked))], 0);
        jne(slow);
        check_descriptors(slow);
        check_data_segments(slow);
        find_frame(slow);
        pop_flags(slow);
        mov(r12d, ptr[r8 + 3 * kItem]);
        mov(r8d, ptr[r8]);
        cross_to(3, slow);
    }

    void sysenter() {
        Xbyak::Label slow;
        begin(CrossingKind::kSysenter, slow);
        check_sysenter(slow);
        mov(r12d, ptr[msr(offsetof(MsrState, sysenter_esp))]);
        mov(r8d, ptr[msr(offsetof(MsrState, sysenter_eip))]);
        clear_flags();
        cross_to(0, slow);
    }

    void sysexit() {
        Xbyak::Label slow;
        begin(CrossingKind::kSysexit, slow);
        check_sysenter(slow);
        mov(r12d, ptr[rsp + kPushedEcx]);
        mov(r8d, ptr[rsp + kPushedEdx]);
        cross_to(3, slow);
    }

  private:
    static constexpr u32 kPushedEdx = 0;
    static constexpr u32 kPushedEcx = 8;

    static Xbyak::RegExp crossing(std::size_t offset) {
        return Xbyak::util::rdx + static_cast<s32>(offset);
    }
    static Xbyak::RegExp segment(SegmentName name, std::size_t offset) {
        return state(offsetof(CpuState, segments) +
                     static_cast<unsigned>(name) * sizeof(SegmentRegister) + offset);
    }
    static Xbyak::RegExp msr(std::size_t offset) { return state(offsetof(CpuState, msr) + offset); }

    void must_equal(std::size_t in_state, std::size_t in_crossing, const Xbyak::Label& slow) {
        mov(rax, ptr[state(in_state)]);
        cmp(rax, ptr[crossing(in_crossing)]);
        jne(slow);
    }
    void must_reach(std::size_t table, std::size_t in_crossing, const Xbyak::Label& slow) {
        movzx(eax, word[state(table + offsetof(DescriptorTable, limit))]);
        cmp(ax, ptr[crossing(in_crossing)]);
        jb(slow);
    }
    // The Crossing's word is still in memory.
    void must_hold(std::size_t in_crossing, const Xbyak::Label& slow) {
        mov(r8, ptr[crossing(in_crossing + offsetof(Crossing::Word, place))]);
        find_host(offsetof(mmu::TlbEntry, read_page), slow);
        mov(r8, ptr[r8]);
        cmp(r8, ptr[crossing(in_crossing + offsetof(Crossing::Word, value))]);
        jne(slow);
    }

    void begin(CrossingKind kind, const Xbyak::Label& slow) {
        push(rax);
        push(rcx);
        push(rdx);
        if (leads_to_user(kind)) {
            mov(eax, ptr[state(offsetof(CpuState, cr3))]);
            shr(eax, kPageShift);
            and_(eax, kCrossingsOfKind - 1);
            xor_(r9d, eax);
        }
        shl(r9d, std::countr_zero(sizeof(Crossing)));
        lea(rdx, ptr[context(offsetof(Context, crossings)) + r9]);
        cmp(r10d, ptr[crossing(offsetof(Crossing, key))]);
        jne(slow);
        mov(eax, ptr[state(offsetof(CpuState, system_flags))]);
        and_(eax, ~kFlagIf);
        cmp(eax, ptr[crossing(offsetof(Crossing, flags))]);
        jne(slow);
        must_equal(offsetof(CpuState, cr0), offsetof(Crossing, cr0), slow);
        must_equal(offsetof(CpuState, cr4), offsetof(Crossing, cr4), slow);
        if (leads_to_user(kind)) check_space(slow);
    }

    void check_space(const Xbyak::Label& slow) {
        must_equal(offsetof(CpuState, cr3), offsetof(Crossing, cr3), slow);
        for (u32 at = 0; at < sizeof(Crossing::pdpte); at += sizeof(u64))
            must_equal(offsetof(CpuState, pdpte) + at, offsetof(Crossing, pdpte) + at, slow);
        mov(rax, ptr[crossing(offsetof(Crossing, credit))]);
        mov(rax, ptr[rax]);
        cmp(rax, ptr[crossing(offsetof(Crossing, enough))]);
        jae(slow);
    }

    void check_sysenter(const Xbyak::Label& slow) {
        must_equal(offsetof(CpuState, msr) + offsetof(MsrState, sysenter_cs),
                   offsetof(Crossing, sysenter_cs), slow);
    }

    void check_gate(const Xbyak::Label& slow) {
        constexpr std::size_t kTr = offsetof(CpuState, tr);
        constexpr std::size_t kKind = offsetof(SegmentRegister, attributes);
        static_assert(offsetof(SegmentRegister, limit) == kKind + sizeof(u32));
        must_equal(offsetof(CpuState, idtr) + offsetof(DescriptorTable, base),
                   offsetof(Crossing, idt), slow);
        must_reach(offsetof(CpuState, idtr), offsetof(Crossing, idt_last), slow);
        must_equal(kTr + offsetof(SegmentRegister, base), offsetof(Crossing, tss), slow);
        must_equal(kTr + kKind, offsetof(Crossing, tss_kind), slow);
        must_hold(offsetof(Crossing, gate), slow);
    }

    void check_descriptors(const Xbyak::Label& slow) {
        must_equal(offsetof(CpuState, gdtr) + offsetof(DescriptorTable, base),
                   offsetof(Crossing, gdt), slow);
        must_reach(offsetof(CpuState, gdtr), offsetof(Crossing, gdt_last), slow);
        must_hold(offsetof(Crossing, code_descriptor), slow);
        must_hold(offsetof(Crossing, stack_descriptor), slow);
    }

    // A return to a program makes null what it may not use: none of it here.
    void check_data_segments(const Xbyak::Label& slow) {
        for (const SegmentName name :
             {SegmentName::kEs, SegmentName::kDs, SegmentName::kFs, SegmentName::kGs}) {
            Xbyak::Label kept;
            mov(eax, ptr[segment(name, offsetof(SegmentRegister, attributes))]);
            test(eax, kSegmentUnusable);
            jnz(kept);
            and_(eax, kSegmentDplMask);
            cmp(eax, kSegmentDplMask);
            jne(slow);
            L(kept);
        }
    }

    // eax = ESP behind the frame, r8 = where the frame lies; it is on one page.
    void find_inner_stack(const Xbyak::Label& slow) {
        constexpr unsigned kSelectorShift = 32;
        mov(r8, ptr[crossing(offsetof(Crossing, stack_place))]);
        find_host(offsetof(mmu::TlbEntry, read_page), slow);
        mov(r8, ptr[r8]);
        mov(rax, r8);
        shr(rax, kSelectorShift);
        cmp(ax, ptr[crossing(offsetof(Crossing, stack) + offsetof(SegmentRegister, selector))]);
        jne(slow);
        lea(r8d, ptr[r8 - kFrame]);
        mov(eax, r8d);
        within_page(r8d, slow);
        find_host(offsetof(mmu::TlbEntry, write_page), slow);
    }

    void within_page(const Xbyak::Reg32& address, const Xbyak::Label& slow) {
        mov(ecx, address);
        and_(ecx, static_cast<u32>(kPageMask));
        cmp(ecx, static_cast<u32>(kPageSize) - kFrame);
        ja(slow);
    }

    // r9d = EIP to return to.
    void push_frame() {
        mov(ptr[r8], r9d);
        movzx(ecx, word[segment(SegmentName::kCs, offsetof(SegmentRegister, selector))]);
        mov(ptr[r8 + kItem], ecx);
        movzx(r10d, r11w);
        mov(ecx, r10d);
        shl(r10d, kOverflowBit);
        and_(r10d, kFlagOf);
        shr(ecx, 8);
        and_(ecx, kLowArithmetic);
        or_(r10d, ecx);
        or_(r10d, ptr[state(offsetof(CpuState, system_flags))]);
        mov(ptr[r8 + 2 * kItem], r10d);
        mov(ptr[r8 + 3 * kItem], r12d);
        movzx(ecx, word[segment(SegmentName::kSs, offsetof(SegmentRegister, selector))]);
        mov(ptr[r8 + 4 * kItem], ecx);
        mov(r12d, eax);
    }

    void clear_flags() {
        mov(eax, ptr[crossing(offsetof(Crossing, kept_flags))]);
        and_(ptr[state(offsetof(CpuState, system_flags))], eax);
    }

    // r8 = where the frame lies, whose selectors are those of the Crossing.
    void find_frame(const Xbyak::Label& slow) {
        constexpr std::size_t kSelector = offsetof(SegmentRegister, selector);
        within_page(r12d, slow);
        mov(r8d, r12d);
        find_host(offsetof(mmu::TlbEntry, read_page), slow);
        movzx(eax, word[r8 + kItem]);
        cmp(ax, ptr[crossing(offsetof(Crossing, code) + kSelector)]);
        jne(slow);
        movzx(eax, word[r8 + 4 * kItem]);
        cmp(ax, ptr[crossing(offsetof(Crossing, stack) + kSelector)]);
        jne(slow);
    }

    // From the frame at r8; what IF would let in is the interpreter's. A popped RF is cleared
    // before the next instruction, which follows at once.
    void pop_flags(const Xbyak::Label& slow) {
        Xbyak::Label quiet;
        mov(r9d, ptr[r8 + 2 * kItem]);
        mov(eax, r9d);
        xor_(eax, ptr[state(offsetof(CpuState, system_flags))]);
        test(eax, ~(kFlagsArithmetic | kFlagIf | kFlagRf));
        jnz(slow);
        test(r9d, kFlagIf);
        jz(quiet);
        cmp(byte[state(offsetof(CpuState, interrupt_line))], 0);
        jne(slow);
        L(quiet);
        movzx(r11d, r9b);
        and_(r11d, kLowArithmetic);
        shl(r11d, 8);
        mov(eax, r9d);
        shr(eax, kOverflowBit);
        and_(eax, 1);
        or_(r11d, eax);
        mov(eax, ptr[state(offsetof(CpuState, system_flags))]);
        and_(eax, ~kFlagIf);
        and_(r9d, kFlagIf);
        or_(eax, r9d);
        mov(ptr[state(offsetof(CpuState, system_flags))], eax);
    }

    // Keeps r8, r11, r12.
    void cross_to(u8 level, Xbyak::Label& slow) {
        earn();
        copy_segment(SegmentName::kCs, offsetof(Crossing, code));
        copy_segment(SegmentName::kSs, offsetof(Crossing, stack));
        mov(byte[state(offsetof(CpuState, cpl))], level);
        change_place();
        add(qword[context(offsetof(Context, crossed))], 1);
        finish(slow, {rdx, rcx, rax});
    }

    // As Translator::earn().
    void earn() {
        mov(rax, ptr[context(offsetof(Context, horizon))]);
        sub(rax, r13);
        mov(rcx, rax);
        xchg(rcx, ptr[context(offsetof(Context, earned))]);
        sub(rax, rcx);
        mov(rcx, ptr[context(offsetof(Context, credit))]);
        add(ptr[rcx], rax);
        mov(rcx, ptr[crossing(offsetof(Crossing, credit))]);
        mov(ptr[context(offsetof(Context, credit))], rcx);
    }

    // Guests' SSE registers are elsewhere (Mode::kFpuLive is clear).
    void copy_segment(SegmentName name, std::size_t from) {
        constexpr u32 kStep = 16;
        static_assert(sizeof(SegmentRegister) % kStep == 0);
        for (u32 at = 0; at < sizeof(SegmentRegister); at += kStep) {
            movups(xmm0, ptr[crossing(from + at)]);
            movups(ptr[segment(name, at)], xmm0);
        }
    }

    void change_place() {
        Xbyak::Label stays;
        mov(rax, ptr[crossing(offsetof(Crossing, jump_table))]);
        mov(ptr[context(offsetof(Context, jump_table))], rax);
        mov(rax, ptr[crossing(offsetof(Crossing, look_up))]);
        mov(ptr[context(offsetof(Context, look_up))], rax);
        mov(rax, ptr[crossing(offsetof(Crossing, window))]);
        test(rax, rax);
        jz(stays);
        mov(ptr[context(offsetof(Context, window))], rax);
        for (const u8 part : {0xf3, 0x48, 0x0f, 0xae, 0xd8}) db(part);  // WRGSBASE rax
        L(stays);
    }
};

}  // namespace

CrossingStubs make_crossing_stubs(CodeCache& cache) {
    Assembler assembler;
    std::array<std::size_t, static_cast<std::size_t>(CrossingKind::kCount)> starts{};
    const auto start = [&](CrossingKind kind) {
        starts[static_cast<unsigned>(kind)] = assembler.getSize();
    };
    start(CrossingKind::kInterrupt);
    assembler.interrupt();
    start(CrossingKind::kReturn);
    assembler.interrupt_return();
    start(CrossingKind::kSysenter);
    assembler.sysenter();
    start(CrossingKind::kSysexit);
    assembler.sysexit();
    const u8* code = assembler.place(cache);
    CrossingStubs stubs{};
    for (std::size_t i = 0; i < starts.size(); ++i) stubs[i] = code + starts[i];
    return stubs;
}

}  // namespace seventeen::translator
