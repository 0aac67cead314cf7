// The fixed stubs, assembled once.
#include "translator/stubs.h"

#include <xbyak/xbyak.h>

#include <bit>
#include <cstring>

#include "core/check.h"
#include "mmu/tlb.h"
#include "privilege/descriptor.h"

namespace seventeen::translator {

namespace {

constexpr std::size_t kRoom = 4096;

class Assembler final : public Xbyak::CodeGenerator {
  public:
    Assembler() : Xbyak::CodeGenerator(kRoom) { setDefaultJmpNEAR(true); }

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

    void unknown_target() {
        mov(r10, ptr[context(offsetof(Context, unknown_target))]);
        jmp(ptr[context(offsetof(Context, callout_host))]);
    }

    void callout_host() {
        mov(r11, rax);
        lahf();
        seto(al);
        xchg(rax, r11);
    }

    // Falls in from callout_host.
    void callout_saved() {
        for (unsigned i = 0; i < 8; ++i)
            mov(ptr[r14 + static_cast<int>(offsetof(CpuState, gpr) + i * 8)], guest(i));
        mov(ptr[context(offsetof(Context, countdown))], r13);
        mov(ptr[context(offsetof(Context, indirect))], r8d);
        movzx(r11d, r11w);
        mov(ptr[context(offsetof(Context, flags))], r11d);
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
        mov(rsp, ptr[context(offsetof(Context, host_stack))]);
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
        pop(rcx);
        pop(rax);
        cmp(eax, eax);
        ret();
        L(slow);
        pop(rcx);
        pop(rax);
        test(rsp, rsp);
        ret();
    }

  private:
    static Xbyak::RegExp context(std::size_t offset) {
        return Xbyak::util::r15 + (static_cast<s32>(offset) - kContextBias);
    }

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
        using mmu::TlbEntry;
        mov(rcx, ptr[r14 + offsetof(CpuState, gdtr) + offsetof(DescriptorTable, base)]);
        cmp(rcx, ptr[load(offsetof(SegmentLoad, table))]);
        jne(slow);
        mov(cx, ptr[r14 + offsetof(CpuState, gdtr) + offsetof(DescriptorTable, limit)]);
        cmp(cx, ptr[load(offsetof(SegmentLoad, last_byte))]);
        jb(slow);
        mov(r8, ptr[load(offsetof(SegmentLoad, place))]);
        mov(r10, r8);
        shr(r10, kPageShift);
        mov(ecx, r10d);
        and_(ecx, mmu::Tlb::kLines - 1);
        shl(ecx, std::countr_zero(sizeof(TlbEntry)));
        add(rcx, ptr[context(offsetof(Context, tlb))]);
        cmp(r10, ptr[rcx + offsetof(TlbEntry, read_page)]);
        jne(slow);
        add(r8, ptr[rcx + offsetof(TlbEntry, delta)]);
        mov(r8, ptr[r8]);
        cmp(r8, ptr[load(offsetof(SegmentLoad, descriptor))]);
        jne(slow);
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
        add(al, 0x7f);
        sahf();
        for (unsigned i = 0; i < 8; ++i)
            mov(guest(i), ptr[r14 + static_cast<int>(offsetof(CpuState, gpr) + i * 8)]);
    }
};

}  // namespace

Stubs make_stubs(CodeCache& cache) {
    Assembler assembler;
    assembler.unknown_target();
    const std::size_t load_segment = assembler.getSize();
    assembler.load_segment();
    const std::size_t enter = assembler.getSize();
    assembler.enter();
    const std::size_t callout_host = assembler.getSize();
    assembler.callout_host();
    const std::size_t callout_saved = assembler.getSize();
    assembler.callout_saved();
    const u8* code = cache.allocate(assembler.getSize());
    check(code, "the code cache has no room for its stubs");
    std::memcpy(cache.writable(code), assembler.getCode(), assembler.getSize());
    cache.keep();
    Stubs stubs;
    // SAFETY: assembled above to this signature, in executable memory that lives as long as the
    // cache.
    stubs.enter = reinterpret_cast<Stubs::Enter>(reinterpret_cast<u64>(code + enter));
    stubs.unknown_target = code;
    stubs.load_segment = code + load_segment;
    stubs.callout_host = code + callout_host;
    stubs.callout_saved = code + callout_saved;
    return stubs;
}

}  // namespace seventeen::translator
