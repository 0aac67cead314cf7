// The fixed stubs, assembled once.
#include "translator/stubs.h"

#include <bit>

#include "privilege/descriptor.h"
#include "translator/block.h"
#include "translator/crossing_stubs.h"
#include "translator/pair_stack.h"
#include "translator/stub_assembler.h"

namespace seventeen::translator {

namespace {

constexpr std::size_t kRoom = 4096;

class Assembler final : public StubAssembler {
  public:
    Assembler() : StubAssembler(kRoom) {}

    void enter() {
        for (const Xbyak::Reg64& saved : {rbx, rbp, r12, r13, r14, r15}) push(saved);
        sub(rsp, 8);  // aligned as at a call
        lea(r15, ptr[rdi + kContextBias]);
        mov(r10, rsi);
        mov(r14, ptr[context(offsetof(Context, state))]);
        mov(ptr[context(offsetof(Context, host_stack))], rsp);
        load_guest();
        jmp(r10);
    }

    void look_up_map() {
        mov(r9, ptr[context(offsetof(Context, jump_table))]);
        mov(r9d, ptr[r9 + r8 * 4]);
        lea(r9, ptr[r9 + r15 + kCodeFromR15]);
        jmp(r9);
    }

    // Flags are saved over the comparison.
    void look_up_slot() {
        Xbyak::Label miss;
        save_flags();
        mov(r9d, r8d);  // jump_slot_of(r8d)
        shr(r9d, kPageShift);
        xor_(r9d, r8d);
        and_(r9d, kJumpSlots - 1);
        shl(r9d, std::countr_zero(sizeof(JumpSlot)));
        add(r9, ptr[context(offsetof(Context, jump_table))]);
        cmp(ptr[r9 + offsetof(JumpSlot, eip)], r8);
        jne(miss);
        restore_flags();
        jmp(ptr[r9 + offsetof(JumpSlot, code)]);
        L(miss);
        mov(r10, ptr[context(offsetof(Context, unknown_target))]);
        jmp(ptr[context(offsetof(Context, callout_saved))]);
    }

    // The landing's call may have been left for good: is a pair below the right one? Or what
    // returns was called without one: then the landing is still to come.
    void mispaired() {
        Xbyak::Label next, found;
        save_flags();
        xor_(r9d, r9d);
        L(next);
        mov(r10, ptr[rsp + r9 * 8]);
        mov(r10d, ptr[r10 + PairStack::kNegatedEip]);
        add(r10d, r8d);
        jz(found);
        add(r9d, 1);
        cmp(r9d, PairStack::kSearched);
        jne(next);
        restore_flags();
        lea(rsp, ptr[rsp - 8]);
        jmp(ptr[context(offsetof(Context, look_up))]);
        L(found);
        lea(rsp, ptr[rsp + r9 * 8]);
        restore_flags();
        ret();
    }

    void unpaired() {
        mov(rsp, ptr[context(offsetof(Context, pairs_top))]);
        mov(r9, ptr[context(offsetof(Context, unpaired))]);
        lea(r9, ptr[r9 + 1]);
        mov(ptr[context(offsetof(Context, unpaired))], r9);
        jmp(ptr[context(offsetof(Context, look_up))]);
    }

    void unknown_target() {
        mov(r10, ptr[context(offsetof(Context, unknown_target))]);
        jmp(ptr[context(offsetof(Context, callout_host))]);
    }

    void callout_host() { save_flags(); }

    // Falls in from callout_host. What C++ will want of the Site is hardly ever in the caches.
    void callout_saved() {
        prefetcht0(ptr[r10]);
        prefetcht0(ptr[r10 + (sizeof(Site) - 1)]);
        for (unsigned i = 0; i < 8; ++i)
            mov(ptr[r14 + static_cast<int>(offsetof(CpuState, gpr) + i * 8)], guest(i));
        mov(ptr[context(offsetof(Context, countdown))], r13);
        mov(ptr[context(offsetof(Context, indirect))], r8d);
        movzx(r11d, r11w);
        mov(ptr[context(offsetof(Context, flags))], r11d);
        mov(ptr[context(offsetof(Context, pairs))], rsp);
        mov(rsp, ptr[context(offsetof(Context, host_stack))]);
        save_fpu();
        lea(rdi, ptr[r15 - kContextBias]);
        mov(rsi, r10);
        call(ptr[context(offsetof(Context, handle))]);
        Xbyak::Label leave;
        test(rax, rax);
        jz(leave);
        mov(r10, rax);
        load_guest();
        jmp(r10);
        L(leave);
        add(rsp, 8);
        for (const Xbyak::Reg64& saved : {r15, r14, r13, r12, rbp, rbx}) pop(saved);
        ret();
    }

    void load_segment() {
        Xbyak::Label slow, copy;
        push(rax);
        push(rcx);
        find_load(slow);
        cmp(byte[load(offsetof(SegmentLoad, null))], 0);
        jne(copy);
        compare_descriptor(slow);
        L(copy);
        add(r9, r14);
        static_assert(sizeof(SegmentRegister) % sizeof(u64) == 0);
        for (u32 at = 0; at < sizeof(SegmentRegister); at += sizeof(u64)) {
            mov(rcx, ptr[load(offsetof(SegmentLoad, segment) + at)]);
            mov(ptr[r9 + at], rcx);
        }
        finish(slow, {rcx, rax});
    }

    // What TableWatch::written() would do where nothing depends on the slot.
    void write_table() {
        using Table = mmu::TableWatch::Table;
        constexpr unsigned kWordBits = 64;
        static_assert(sizeof(Table::used) * 8 == mmu::TableWatch::kUnits);
        Xbyak::Label slow;
        push(rax);
        push(rcx);
        cmp(r10, ptr[r9 + offsetof(mmu::TlbEntry, table_page)]);
        jne(slow);
        test(r8b, mmu::TableWatch::kUnit - 1);
        jnz(slow);
        mov(r9, ptr[r9 + offsetof(mmu::TlbEntry, delta)]);
        lea(rcx, ptr[r8 + r9]);
        sub(rcx, ptr[context(offsetof(Context, ram))]);
        mov(rax, rcx);
        shr(rax, kPageShift);
        mov(r10, ptr[context(offsetof(Context, page_tables))]);
        mov(rax, ptr[r10 + rax * 8]);
        test(rax, rax);
        jz(slow);
        shr(ecx, std::countr_zero(mmu::TableWatch::kUnit));
        and_(ecx, mmu::TableWatch::kUnits - 1);
        mov(r10d, ecx);
        shr(r10d, std::countr_zero(kWordBits));
        mov(r10, ptr[rax + r10 * 8 + offsetof(Table, used)]);
        bt(r10, rcx);
        jc(slow);
        mov(ecx, ptr[rax + offsetof(Table, idle_writes)]);
        add(ecx, 1);
        cmp(ecx, mmu::TableWatch::kPatience);
        jae(slow);
        mov(ptr[rax + offsetof(Table, idle_writes)], ecx);
        add(qword[context(offsetof(Context, table_writes))], 1);
        finish(slow, {rcx, rax});
    }

  private:
    // Of the one at r15 + rax in Context::segment_loads.
    static Xbyak::RegExp load(std::size_t offset) {
        return Xbyak::util::rax +
               static_cast<s32>(offsetof(Context, segment_loads) + offset - kContextBias);
    }

    void find_load(const Xbyak::Label& slow) {
        mov(eax, r8d);
        shr(eax, std::countr_zero(privilege::kDescriptorSize));
        and_(eax, kSegmentLoads - 1);
        shl(eax, std::countr_zero(sizeof(SegmentLoad)));
        add(rax, r15);
        movzx(ecx, byte[r14 + offsetof(CpuState, cpl)]);
        shl(ecx, SegmentLoad::kLevelShift);
        or_(ecx, r8d);
        cmp(ecx, ptr[load(offsetof(SegmentLoad, key))]);
        jne(slow);
        cmp(r10b, ptr[load(offsetof(SegmentLoad, flat))]);
        jne(slow);
        // FDS may be a selector yet to be noted.
        cmp(dword[context(offsetof(Context, fpu_live))], 0);
        jne(slow);
        test(dword[r14 + offsetof(CpuState, cr0)], kCr0Pe);
        jz(slow);
        test(dword[r14 + offsetof(CpuState, system_flags)], kFlagVm);
        jnz(slow);
    }

    // Uses r8 and r10.
    void compare_descriptor(const Xbyak::Label& slow) {
        mov(rcx, ptr[r14 + offsetof(CpuState, gdtr) + offsetof(DescriptorTable, base)]);
        cmp(rcx, ptr[load(offsetof(SegmentLoad, table))]);
        jne(slow);
        mov(cx, ptr[r14 + offsetof(CpuState, gdtr) + offsetof(DescriptorTable, limit)]);
        cmp(cx, ptr[load(offsetof(SegmentLoad, last_byte))]);
        jb(slow);
        mov(r8, ptr[load(offsetof(SegmentLoad, place))]);
        find_host(offsetof(mmu::TlbEntry, read_page), slow);
        mov(r8, ptr[r8]);
        cmp(r8, ptr[load(offsetof(SegmentLoad, descriptor))]);
        jne(slow);
    }

    // From EFLAGS to their saved form in r11, and from that in eax.
    void save_flags() {
        mov(r11, rax);
        lahf();
        seto(al);
        xchg(rax, r11);
    }
    void load_flags() {
        add(al, 0x7f);
        sahf();
    }
    void restore_flags() {
        mov(r10, rax);
        mov(eax, r11d);
        load_flags();
        mov(rax, r10);
    }

    Xbyak::Reg64 guest(unsigned number) const {
        return number == static_cast<unsigned>(Gpr::kSp) ? r12
                                                         : Xbyak::Reg64(static_cast<int>(number));
    }

    // FXSAVE, FXRSTOR [r15 + Context::fpu], which Xbyak does not know.
    static constexpr u8 kFxsave = 0x87;  // ModRM: /0, [r15 + disp32]
    static constexpr u8 kFxrstor = 0x8f;
    void save_area(u8 modrm) {
        for (const u8 byte : {u8{0x41}, u8{0x0f}, u8{0xae}, modrm}) db(byte);
        dd(offsetof(Context, fpu) - kContextBias);
    }

    // Leaves the units as C++ expects them.
    void save_fpu() {
        Xbyak::Label saved;
        cmp(dword[context(offsetof(Context, fpu_live))], 0);
        je(saved);
        save_area(kFxsave);
        fninit();
        ldmxcsr(ptr[context(offsetof(Context, host_mxcsr))]);
        L(saved);
    }

    // Keeps r10, r14, r15; the flags come both in EFLAGS and saved.
    void load_guest() {
        Xbyak::Label loaded;
        cmp(dword[context(offsetof(Context, fpu_live))], 0);
        je(loaded);
        save_area(kFxrstor);
        L(loaded);
        mov(r13, ptr[context(offsetof(Context, countdown))]);
        mov(eax, ptr[context(offsetof(Context, flags))]);
        mov(r11d, eax);
        load_flags();
        mov(rsp, ptr[context(offsetof(Context, pairs))]);
        for (unsigned i = 0; i < 8; ++i)
            mov(guest(i), ptr[r14 + static_cast<int>(offsetof(CpuState, gpr) + i * 8)]);
    }
};

}  // namespace

Stubs make_stubs(CodeCache& cache) {
    Assembler assembler;
    assembler.unknown_target();
    const std::size_t look_up_map = assembler.getSize();
    assembler.look_up_map();
    const std::size_t look_up_slot = assembler.getSize();
    assembler.look_up_slot();
    const std::size_t unpaired = assembler.getSize();
    assembler.unpaired();
    const std::size_t mispaired = assembler.getSize();
    assembler.mispaired();
    const std::size_t load_segment = assembler.getSize();
    assembler.load_segment();
    const std::size_t write_table = assembler.getSize();
    assembler.write_table();
    const std::size_t enter = assembler.getSize();
    assembler.enter();
    const std::size_t callout_host = assembler.getSize();
    assembler.callout_host();
    const std::size_t callout_saved = assembler.getSize();
    assembler.callout_saved();
    const u8* code = assembler.place(cache);
    Stubs stubs;
    stubs.cross = make_crossing_stubs(cache);
    cache.keep();
    // SAFETY: assembled above to this signature, in executable memory that lives as long as the
    // cache.
    stubs.enter = reinterpret_cast<Stubs::Enter>(reinterpret_cast<u64>(code + enter));
    stubs.look_up_map = code + look_up_map;
    stubs.look_up_slot = code + look_up_slot;
    stubs.unpaired = code + unpaired;
    stubs.mispaired = code + mispaired;
    stubs.load_segment = code + load_segment;
    stubs.write_table = code + write_table;
    stubs.callout_host = code + callout_host;
    stubs.callout_saved = code + callout_saved;
    return stubs;
}

}  // namespace seventeen::translator
