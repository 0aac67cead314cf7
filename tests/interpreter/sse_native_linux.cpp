// The code around a native instruction, and the signals it may raise.
#include <signal.h>
#include <ucontext.h>

#include <cstddef>

#include "tests/interpreter/sse_native.h"

namespace seventeen::interpreter {

namespace {

constexpr int kSignals[] = {SIGFPE, SIGSEGV, SIGILL, SIGBUS};
constexpr int kSp = 4;

// The frame of the instruction that is running, and the actions that were there before.
struct Running {
    NativeSseFrame* frame = nullptr;
    struct sigaction before[std::size(kSignals)];
};
Running& running() {
    static Running instance;
    return instance;
}

void on_signal(int number, siginfo_t*, void* context) {
    auto* const user = static_cast<ucontext_t*>(context);
    NativeSseFrame* const frame = running().frame;
    if (!frame) {  // not ours: let it happen again, fatally
        signal(number, SIG_DFL);
        return;
    }
    frame->vector = static_cast<u64>(user->uc_mcontext.gregs[REG_TRAPNO]);
    user->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(frame->recovery);
}

}  // namespace

NativeTraps::NativeTraps() {
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    for (std::size_t i = 0; i < std::size(kSignals); ++i)
        sigaction(kSignals[i], &action, &running().before[i]);
}

NativeTraps::~NativeTraps() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i)
        sigaction(kSignals[i], &running().before[i], nullptr);
}

// R15 holds the frame.
void NativeSse::load_state() {
    db(0x41), db(0x0f), db(0xae), db(0x0f);  // FXRSTOR [R15]
    push(qword[r15 + offsetof(NativeSseFrame, flags)]);
    for (int i = 0; i < static_cast<int>(kNativeGprs); ++i)
        if (i != kSp) mov(Xbyak::Reg64(i), ptr[r15 + offsetof(NativeSseFrame, gpr) + 8 * i]);
    popfq();
}

void NativeSse::store_state() {
    pushfq();
    pop(qword[r15 + offsetof(NativeSseFrame, flags)]);
    push(2);  // above all without AC
    popfq();
    for (int i = 0; i < static_cast<int>(kNativeGprs); ++i)
        if (i != kSp) mov(ptr[r15 + offsetof(NativeSseFrame, gpr) + 8 * i], Xbyak::Reg64(i));
    db(0x41), db(0x0f), db(0xae), db(0x07);  // FXSAVE [R15]
    fninit();
    push(kMxcsrReset);
    ldmxcsr(ptr[rsp]);
    pop(rax);
}

NativeSse::NativeSse(std::span<const u8> instruction) {
    const Xbyak::Reg64 saved[] = {rbx, rbp, r15};
    for (const auto& reg : saved) push(reg);
    mov(r15, rdi);
    Xbyak::Label recovery;
    lea(rax, ptr[rip + recovery]);
    mov(ptr[r15 + offsetof(NativeSseFrame, recovery)], rax);
    load_state();
    for (const u8 byte : instruction) db(byte);
    L(recovery);
    store_state();
    for (int i = 2; i >= 0; --i) pop(saved[i]);
    ret();
    setProtectModeRE();
}

void NativeSse::run(NativeSseFrame& frame) const {
    frame.vector = 0;
    running().frame = &frame;
    getCode<void (*)(NativeSseFrame*)>()(&frame);
    running().frame = nullptr;
}

}  // namespace seventeen::interpreter
