// HostDecoder: two signals for each question, one to enter compatibility mode and one to leave.
// On other hosts it is never available.
#include "tests/decoder/host_decoder_linux.h"

#if defined(__x86_64__)

#include <asm/ldt.h>
#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstring>

namespace seventeen::decoder {

namespace {

// Linux: __USER32_CS, __USER_DS, and entry 0 of the LDT at privilege level 3.
constexpr u64 kCode32 = 0x23;
constexpr u64 kData = 0x2b;
constexpr u64 kCode16 = 7;
constexpr greg_t kTrapFlag = 0x100;
constexpr greg_t kLaunchLength = 2;  // of the UD2 in ask()

// What the signal handler and ask() share: a handler has no other way to reach it.
struct Exchange {
    bool inside = false;  // compatibility mode
    u64 entry_ip = 0;
    u64 entry_cs = 0;
    u64 fs_base = 0;
    gregset_t registers{};
    _libc_fpstate fpu{};
    HostAnswer answer = HostAnswer::kAccepted;
    u64 next_page = 0;
};
Exchange exchange;

// Not through the C library, whose errno lies behind FS.
void set_fs_base(u64 base) {
    long result = SYS_arch_prctl;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(u64{ARCH_SET_FS}), "S"(base)
                 : "rcx", "r11", "memory");
}

u64 get_fs_base() {
    u64 base = 0;
    syscall(SYS_arch_prctl, ARCH_GET_FS, &base);
    return base;
}

void enter(mcontext_t& context) {
    std::memcpy(exchange.registers, context.gregs, sizeof exchange.registers);
    exchange.fpu = *context.fpregs;
    for (int r = REG_R8; r <= REG_RSP; ++r) context.gregs[r] = 0;
    context.gregs[REG_RIP] = static_cast<greg_t>(exchange.entry_ip);
    context.gregs[REG_CSGSFS] = static_cast<greg_t>(exchange.entry_cs | (kData << 48));  // SS
    context.gregs[REG_EFL] |= kTrapFlag;
    exchange.inside = true;
    asm volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(kData));
    set_fs_base(0);
}

HostAnswer answer_of(int signal, const siginfo_t& info) {
    // SAFETY: the address is compared, never used.
    const bool in_next_page = reinterpret_cast<u64>(info.si_addr) == exchange.next_page;
    if (signal == SIGILL) return HostAnswer::kUndefined;
    if (signal != SIGSEGV) return HostAnswer::kAccepted;
    if (info.si_code == SI_KERNEL) return HostAnswer::kGeneralProtection;
    return in_next_page ? HostAnswer::kLonger : HostAnswer::kAccepted;
}

void leave(mcontext_t& context) {
    std::memcpy(context.gregs, exchange.registers, sizeof exchange.registers);
    context.gregs[REG_RIP] += kLaunchLength;
    *context.fpregs = exchange.fpu;
    exchange.inside = false;
}

void handle(int signal, siginfo_t* info, void* raw_context) {
    if (exchange.inside) set_fs_base(exchange.fs_base);
    auto& context = static_cast<ucontext_t*>(raw_context)->uc_mcontext;
    if (!exchange.inside) return enter(context);
    exchange.answer = answer_of(signal, *info);
    leave(context);
}

bool add_16_bit_segment(u64 base) {
    user_desc descriptor{};
    descriptor.base_addr = static_cast<unsigned>(base);
    descriptor.limit = 0xffff;
    descriptor.contents = MODIFY_LDT_CONTENTS_CODE;
    return syscall(SYS_modify_ldt, 1, &descriptor, sizeof descriptor) == 0;
}

}  // namespace

HostDecoder::HostDecoder() {
    void* pages = mmap(nullptr, 2 * kPageSize, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (pages == MAP_FAILED) return;
    page_ = static_cast<u8*>(pages);
    // SAFETY: the page's address is below 4 GiB and is used as a segment base, never followed.
    const u64 base = reinterpret_cast<u64>(page_);
    mprotect(page_ + kPageSize, kPageSize, PROT_NONE);
    available_ = add_16_bit_segment(base);
    exchange.fs_base = get_fs_base();
    exchange.next_page = base + kPageSize;
    take_signals();
}

void HostDecoder::take_signals() {
    stack_t stack{};
    stack.ss_sp = stack_.data();
    stack.ss_size = stack_.size();
    sigaltstack(&stack, &old_stack_);
    struct sigaction action {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        sigaction(kSignals[i], &action, &old_actions_[i]);
}

HostDecoder::~HostDecoder() {
    if (page_ == nullptr) return;
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        sigaction(kSignals[i], &old_actions_[i], nullptr);
    sigaltstack(&old_stack_, nullptr);
    munmap(page_, 2 * kPageSize);
}

HostAnswer HostDecoder::ask(std::span<const u8> bytes, CodeSize size) {
    const u64 offset = kPageSize - bytes.size();
    std::memcpy(page_ + offset, bytes.data(), bytes.size());
    const bool wide = size == CodeSize::k32;
    exchange.entry_cs = wide ? kCode32 : kCode16;
    exchange.entry_ip = wide ? exchange.next_page - bytes.size() : offset;
    asm volatile("ud2" : : : "memory");
    return exchange.answer;
}

}  // namespace seventeen::decoder

#else

namespace seventeen::decoder {

HostDecoder::HostDecoder() {}
HostDecoder::~HostDecoder() {}
void HostDecoder::take_signals() {}
HostAnswer HostDecoder::ask(std::span<const u8>, CodeSize) {
    return HostAnswer::kAccepted;
}

}  // namespace seventeen::decoder

#endif
