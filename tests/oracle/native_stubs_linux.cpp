// The stubs, assembled with xbyak.
#include "tests/oracle/native_stubs_linux.h"

#include <xbyak/xbyak.h>

namespace seventeen::oracle {

namespace {

constexpr std::size_t kEnterOffset = 0x200;
constexpr std::size_t kSignalOffset = 0x300;
constexpr std::array<int, 4> kDataSegments = {0, 3, 4, 5};  // ES, DS, FS, GS, as x86 encodes them
constexpr u8 kFiller = 0xf4;                                // HLT: #GP in either mode

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
        store_selectors(offsetof(NativeFrame, selectors_out));
        mov(ecx, kUserData);
        load_selector_from_ecx(static_cast<int>(SegmentName::kSs));
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
        for (const int segment : kDataSegments)
            load_selector(rdi, offsetof(NativeFrame, selectors_in), segment);
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

    // The kernel enters a handler with the case's EFLAGS.AC and its segments; C++ must not run with
    // them. What was interrupted gets its segments back, the host's own code its FS base too.
    void write_signal(SignalHandler handler) {
        fill_to(kSignalOffset);
        push(rbx);
        push(rbp);
        sub(rsp, 8);
        bytes({0xf3, 0x48, 0x0f, 0xae, 0xc3});  // rdfsbase rbx
        mov(rax, frame_);
        store_selectors(offsetof(NativeFrame, selectors_interrupted));
        write_mend();
        // SAFETY: the stub jumps to the handler with a handler's arguments and stack.
        mov(rax, reinterpret_cast<u64>(handler));
        call(rax);
        mov(rax, frame_);
        for (const int segment : kDataSegments)
            load_selector(rax, offsetof(NativeFrame, selectors_interrupted), segment);
        bytes({0xf3, 0x48, 0x0f, 0xae, 0xd3});  // wrfsbase rbx
        add(rsp, 8);
        pop(rbp);
        pop(rbx);
        ret();
    }

    // 32-bit code.
    void write_launch() {
        fill_to(NativeStubs::kLaunch);
        constexpr u32 kPointers = kExit.base + NativeStubs::kLaunchPointers;
        bytes({0x2e, 0x0f, 0xb2, 0x25});  // lss esp, cs:[disp32]
        dd(kPointers + offsetof(LaunchPointers, esp));
        bytes({0x2e, 0xff, 0x2d});  // jmp far cs:[disp32]
        dd(kPointers + offsetof(LaunchPointers, eip));
    }

    void fill_to(std::size_t offset) {
        while (getSize() < offset) db(kFiller);
    }

  private:
    // What xbyak has no name for.
    void bytes(std::initializer_list<int> values) {
        for (int value : values) db(value);
    }

    // Uses RAX = frame.
    void store_selectors(std::size_t offset) {
        for (const int segment : {0, 2, 3, 4, 5}) {
            bytes({0x8c, 0x80 | segment << 3});  // mov [rax + disp32], segment
            dd(static_cast<u32>(offset + static_cast<std::size_t>(segment) * sizeof(u16)));
        }
    }
    void load_selector_from_ecx(int segment) { bytes({0x8e, 0xc1 | segment << 3}); }
    void load_selector(const Xbyak::Reg64& frame, std::size_t offset, int segment) {
        movzx(ecx, word[frame + offset + static_cast<std::size_t>(segment) * sizeof(u16)]);
        load_selector_from_ecx(segment);
    }

    // Plain flags, and thread-local storage where it was. Uses RCX, keeps RAX.
    void write_mend() {
        push(kFlagFixed);
        popfq();
        xor_(ecx, ecx);
        load_selector_from_ecx(static_cast<int>(SegmentName::kFs));
        load_selector_from_ecx(static_cast<int>(SegmentName::kGs));
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
    writer.write_launch();
    writer.fill_to(kExit.size);
    return stubs;
}

}  // namespace seventeen::oracle
