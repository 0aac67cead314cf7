// The stubs, assembled with xbyak.
#include "tests/oracle/native_stubs_linux.h"

#include <xbyak/xbyak.h>

namespace seventeen::oracle {

namespace {

constexpr std::size_t kEnterOffset = 0x200;
constexpr std::size_t kSignalOffset = 0x300;
constexpr u8 kFiller = 0xf4;  // HLT: #GP in either mode

class StubWriter : public Xbyak::CodeGenerator {
  public:
    // SAFETY: the address goes into the stubs, which are used only while the frame exists.
    StubWriter(u8* page, NativeFrame* frame)
        : Xbyak::CodeGenerator(kExit.size, page), frame_(reinterpret_cast<u64>(frame)) {}

    // Entered by the case's far jump, with the case's registers. The first instruction is no
    // instruction at all to a 32-bit CPU without AVX, which is how the guest knows the exit.
    std::size_t write_leave() {
        vzeroupper();
        // The one store that needs no address register.
        bytes({0x48, 0xa3});  // mov [moffs64], rax
        dq(frame_ + offsetof(NativeFrame, gpr));
        mov(rax, frame_);
        const Xbyak::Reg64 registers[] = {rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi};
        for (std::size_t i = 1; i < std::size(registers); ++i)
            mov(ptr[rax + offsetof(NativeFrame, gpr) + i * sizeof(u64)], registers[i]);
        lea(rsp, ptr[rax + offsetof(NativeFrame, rflags_out) + sizeof(u64)]);
        pushfq();
        bytes({0x0f, 0xae, 0x80});  // fxsave [rax + disp32]
        dd(offsetof(NativeFrame, fx_out));
        // FXSAVE here stores the x87 pointers only while an exception is pending; this always does.
        bytes({0xd9, 0xb0});  // fnstenv [rax + disp32]
        dd(offsetof(NativeFrame, environment_out));
        const std::size_t resume = getSize();
        mov(rsp, ptr[rax + offsetof(NativeFrame, host_rsp)]);
        write_mend();
        fninit();
        ldmxcsr(ptr[rax + offsetof(NativeFrame, host_mxcsr)]);
        for (const Xbyak::Reg64& saved : {r15, r14, r13, r12, rbp, rbx}) pop(saved);
        ret();
        return resume;
    }

    void write_enter() {
        fill_to(kEnterOffset);
        for (const Xbyak::Reg64& saved : {rbx, rbp, r12, r13, r14, r15}) push(saved);
        mov(ptr[rdi + offsetof(NativeFrame, host_rsp)], rsp);
        mov(ecx, kUserData);
        bytes({0x8e, 0xd9});        // mov ds, ecx
        bytes({0x8e, 0xc1});        // mov es, ecx
        bytes({0x0f, 0xae, 0x8f});  // fxrstor [rdi + disp32]
        dd(offsetof(NativeFrame, fx_in));
        const Xbyak::Reg32 registers[] = {eax, ecx, edx, ebx, esp, ebp, esi};
        for (std::size_t i = 0; i < std::size(registers); ++i) {
            if (registers[i] == esp) continue;
            mov(registers[i], ptr[rdi + offsetof(NativeFrame, gpr) + i * sizeof(u64)]);
        }
        lea(rsp, ptr[rdi + offsetof(NativeFrame, iret_rip)]);
        mov(edi, ptr[rdi + offsetof(NativeFrame, gpr) + 7 * sizeof(u64)]);
        bytes({0x48, 0xcf});  // iretq
    }

    // The kernel enters a handler with the case's EFLAGS.AC; C++ must not run with it.
    void write_signal(SignalHandler handler) {
        fill_to(kSignalOffset);
        mov(rax, frame_);
        write_mend();
        // SAFETY: the stub jumps to the handler with a handler's arguments and stack.
        mov(rax, reinterpret_cast<u64>(handler));
        jmp(rax);
    }

    void fill_to(std::size_t offset) {
        while (getSize() < offset) db(kFiller);
    }

  private:
    // What xbyak has no name for.
    void bytes(std::initializer_list<int> values) {
        for (int value : values) db(value);
    }

    // Plain flags, and thread-local storage where it was: a case that strayed into the middle of
    // an instruction may have loaded FS. Uses RCX, keeps RAX.
    void write_mend() {
        push(kFlagFixed);
        popfq();
        mov(rcx, ptr[rax + offsetof(NativeFrame, host_fs_base)]);
        bytes({0xf3, 0x48, 0x0f, 0xae, 0xd1});  // wrfsbase rcx
    }

    u64 frame_;
};

}  // namespace

NativeStubs write_native_stubs(u8* page, NativeFrame* frame, SignalHandler handler) {
    StubWriter writer(page, frame);
    NativeStubs stubs;
    stubs.resume = writer.write_leave();
    writer.write_enter();
    stubs.enter = kEnterOffset;
    writer.write_signal(handler);
    stubs.signal = kSignalOffset;
    writer.fill_to(kExit.size);
    return stubs;
}

}  // namespace seventeen::oracle
