// Maps the regions, installs the signal handlers and moves registers in and out of the frame.
#include "tests/oracle/native_linux.h"

#include <asm/prctl.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "core/check.h"
#include "core/error.h"
#include "core/fault.h"
#include "tests/oracle/native_segments_linux.h"
#include "tests/oracle/native_stubs_linux.h"

namespace seventeen::oracle {

namespace {

constexpr u64 kLowEnd = u64{1} << 32;
constexpr u8 kCodeFiller = 0xcc;  // INT3
constexpr std::size_t kAltStackSize = 64 * 1024;
constexpr suseconds_t kTickMicroseconds = 20'000;
constexpr unsigned kHungTicks = 3;

constexpr std::array<int, 6> kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGALRM};

int protection(Rights rights) {
    switch (rights) {
        case Rights::kRead: return PROT_READ;
        case Rights::kReadWrite: return PROT_READ | PROT_WRITE;
        case Rights::kReadExecute: return PROT_READ | PROT_EXEC;
    }
    return PROT_NONE;
}

// Maps part of the file at a case's address; false where something is there already or the system
// forbids the address.
bool map_region(const Region& region, int fd, u64 file_offset) {
    // SAFETY: the address is a fixed one below 4 GiB that only cases use; NOREPLACE refuses to
    // take it from anybody else.
    void* want = reinterpret_cast<void*>(u64{region.base});
    void* got =
        mmap(want, region.size, protection(region.rights),
             MAP_SHARED | MAP_POPULATE | MAP_FIXED_NOREPLACE, fd, static_cast<off_t>(file_offset));
    if (got == MAP_FAILED) return false;
    if (got != want) {
        munmap(got, region.size);
        return false;
    }
    return true;
}

void unmap_region(const Region& region) {
    // SAFETY: called for regions that map_region has mapped.
    munmap(reinterpret_cast<void*>(u64{region.base}), region.size);
}

// Signal frames hold FXSAVE64's form (64-bit pointers, no selectors), stored by XSAVE, which on AMD
// keeps the pointers only while an unmasked exception is pending.
void take_from_signal_frame(const void* fpregs, Outcome& outcome) {
    constexpr u16 kErrorSummary = 1u << 7;
    FxImage& image = outcome.registers.fx;
    std::memcpy(&image, fpregs, sizeof image);
    outcome.pointers =
        image.status & kErrorSummary ? Outcome::Pointers::kNoSelectors : Outcome::Pointers::kNone;
}

void take_pointers(const X87Environment& environment, FxImage& image) {
    constexpr u16 kOpcodeMask = 0x7ff;
    image.opcode = environment.opcode & kOpcodeMask;
    image.instruction_pointer = environment.instruction_pointer;
    image.instruction_selector = environment.instruction_selector;
    image.data_pointer = environment.data_pointer;
    image.data_selector = environment.data_selector;
}

}  // namespace

struct NativeCpu::Parts {
    // File and alias: the compared memory, then code, then the exit page.
    static constexpr u64 kCodeOffset = kMemorySize;
    static constexpr u64 kExitOffset = kCodeOffset + kCode.size;
    static constexpr u64 kFileSize = kExitOffset + kExit.size;

    int fd = -1;
    u8* alias = nullptr;
    bool low = false;
    bool local_segments = false;
    NativeFrame frame;
    NativeStubs stubs;
    u32 loaded_offset = 0, loaded_size = 0;
    bool running = false;
    unsigned ticks = 0;
    Outcome outcome;
    cpu_set_t old_affinity{};
    std::array<struct sigaction, kSignals.size()> old_actions{};
    stack_t old_stack{};
    std::array<u8, kAltStackSize> alt_stack;

    // A signal handler gets no pointer of its own; this is the one it finds the CPU by.
    static Parts* active;

    static void on_signal(int signal, void* info, void* context);
    void leave_case(ucontext_t& context) const;
    void pin();
    void unpin();
    void map();
    void unmap();
    void install_handlers();
    void remove_handlers();
};

NativeCpu::Parts* NativeCpu::Parts::active = nullptr;

// Runs for every exception of a case and for the timer that ends cases that hang.
void NativeCpu::Parts::on_signal(int signal, void*, void* raw_context) {
    // SAFETY: the third argument of an SA_SIGINFO handler is the interrupted context.
    ucontext_t& context = *static_cast<ucontext_t*>(raw_context);
    greg_t* registers = context.uc_mcontext.gregs;
    const u64 selector = static_cast<u64>(registers[REG_CSGSFS]) & 0xffff;
    const u64 rip = static_cast<u64>(registers[REG_RIP]);
    // In 64-bit code it has been trapped by EFLAGS.TF on its way out, or is lost.
    const bool wide = selector == kUserCode64;
    const bool in_stubs = wide && rip > kExit.base && rip < kExit.end();
    const bool ours = active && active->running && rip < kLowEnd && !in_stubs;
    if (signal == SIGALRM) {
        if (!ours || ++active->ticks < kHungTicks) return;
        active->outcome.kind = Outcome::Kind::kHung;
        active->leave_case(context);
        return;
    }
    if (!ours) {  // a bug of the host's: die of it at once
        std::signal(signal, SIG_DFL);
        return;
    }
    Outcome& outcome = active->outcome;
    // The exit's stub ran as 32-bit code, or the case as 64-bit code.
    const bool astray = wide ? rip != kExit.base : kExit.contains(static_cast<u32>(rip));
    outcome.kind = astray ? Outcome::Kind::kHung : Outcome::Kind::kException;
    outcome.vector = static_cast<u8>(registers[REG_TRAPNO]);
    if (pushes_error_code(outcome.vector))
        outcome.error_code = static_cast<u32>(registers[REG_ERR]);
    if (outcome.vector == static_cast<u8>(Vector::kPageFault))
        outcome.fault_address = static_cast<u32>(registers[REG_CR2]);
    constexpr std::array<int, 8> kGregs = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                                           REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    for (std::size_t i = 0; i < kGregs.size(); ++i)
        outcome.registers.gpr[i] = static_cast<u32>(registers[kGregs[i]]);
    outcome.registers.eip = static_cast<u32>(registers[REG_RIP]);
    outcome.registers.eflags = static_cast<u32>(registers[REG_EFL]);
    outcome.registers.selectors = active->frame.selectors_interrupted;
    outcome.registers[SegmentName::kCs] = static_cast<u16>(selector);
    outcome.registers[SegmentName::kSs] =
        static_cast<u16>(static_cast<u64>(registers[REG_CSGSFS]) >> 48);
    take_from_signal_frame(context.uc_mcontext.fpregs, outcome);
    active->leave_case(context);
}

// Makes the interrupted context continue in the stub that returns from `enter`.
void NativeCpu::Parts::leave_case(ucontext_t& context) const {
    greg_t* registers = context.uc_mcontext.gregs;
    registers[REG_RIP] = static_cast<greg_t>(kExit.base + stubs.resume);
    // SAFETY: only the stub uses the address, and the frame outlives the run.
    registers[REG_RAX] = static_cast<greg_t>(reinterpret_cast<u64>(&frame));
    registers[REG_RSP] = static_cast<greg_t>(frame.host_rsp);
    registers[REG_EFL] = kFlagFixed | kFlagIf;
    registers[REG_CSGSFS] = static_cast<greg_t>(u64{kUserData} << 48 | kUserCode64);  // SS, CS
}

void NativeCpu::Parts::pin() {
    sched_getaffinity(0, sizeof old_affinity, &old_affinity);
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &here);
    sched_setaffinity(0, sizeof here, &here);
}

void NativeCpu::Parts::unpin() {
    sched_setaffinity(0, sizeof old_affinity, &old_affinity);
}

void NativeCpu::Parts::map() {
    fd = memfd_create("oracle", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, static_cast<off_t>(kFileSize)) != 0)
        throw Error("oracle: cannot create shared memory: " + std::string(std::strerror(errno)));
    void* mapped = mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        throw Error("oracle: cannot map shared memory: " + std::string(std::strerror(errno)));
    alias = static_cast<u8*>(mapped);
    std::memset(alias + kCodeOffset, kCodeFiller, kCode.size);
    bool fits = map_region(kCode, fd, kCodeOffset) && map_region(kExit, fd, kExitOffset);
    u64 offset = 0;
    for (const Region& region : kMemory) {
        const bool mapped_here = map_region(region, fd, offset);
        if (region.base == kLow.base)
            low = mapped_here;
        else
            fits = fits && mapped_here;
        offset += region.size;
    }
    if (!fits) throw Error("oracle: addresses below 4 GiB are taken; is this a static program?");
}

void NativeCpu::Parts::unmap() {
    unmap_region(kCode);
    unmap_region(kExit);
    for (const Region& region : kMemory) {
        if (region.base != kLow.base || low) unmap_region(region);
    }
    munmap(alias, kFileSize);
    close(fd);
}

void NativeCpu::Parts::install_handlers() {
    stack_t stack{};
    stack.ss_sp = alt_stack.data();
    stack.ss_size = alt_stack.size();
    sigaltstack(&stack, &old_stack);
    struct sigaction action {};
    // SAFETY: the stub has a handler's signature and jumps to on_signal.
    action.sa_sigaction =
        reinterpret_cast<void (*)(int, siginfo_t*, void*)>(u64{kExit.base + stubs.signal});
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigfillset(&action.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        sigaction(kSignals[i], &action, &old_actions[i]);
    const itimerval tick{{0, kTickMicroseconds}, {0, kTickMicroseconds}};
    setitimer(ITIMER_REAL, &tick, nullptr);
}

void NativeCpu::Parts::remove_handlers() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        sigaction(kSignals[i], &old_actions[i], nullptr);
    sigaltstack(&old_stack, nullptr);
}

std::string NativeCpu::unavailable() {
    if (!is_flat_32_bit(kUserCode32, true) || !is_flat_32_bit(kUserData, false))
        return "this kernel has no 32-bit segments (IA32 emulation is off)";
    constexpr u64 kFsgsbase = 1u << 1;  // AT_HWCAP2
    if (!(getauxval(AT_HWCAP2) & kFsgsbase)) return "this kernel does not permit WRFSBASE";
    if (!__builtin_cpu_supports("avx")) return "this host CPU has no AVX";
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (std::stoull(line, nullptr, 16) < kLowEnd)
            return "this process uses addresses below 4 GiB itself (AddressSanitizer does): " +
                   line;
    }
    return {};
}

NativeCpu::NativeCpu() : parts_(std::make_unique<Parts>()) {
    if (Parts::active) throw Error("oracle: a second NativeCpu in one process");
    if (const std::string why = unavailable(); !why.empty()) throw Error("oracle: " + why);
    parts_->pin();
    parts_->map();
    parts_->stubs =
        write_native_stubs(parts_->alias + Parts::kExitOffset, &parts_->frame, &Parts::on_signal);
    parts_->local_segments = write_local_segments();
    syscall(SYS_arch_prctl, ARCH_GET_FS, &parts_->frame.host_fs_base);
    Parts::active = parts_.get();
    parts_->install_handlers();
}

NativeCpu::~NativeCpu() {
    parts_->remove_handlers();
    parts_->unmap();
    parts_->unpin();
    Parts::active = nullptr;
}

std::array<u64, kDescriptorCount> NativeCpu::descriptors() const {
    return visible_descriptors();
}

bool NativeCpu::has_low() const {
    return parts_->low;
}

bool NativeCpu::has_local_segments() const {
    return parts_->local_segments;
}

std::span<u8, kMemorySize> NativeCpu::memory() {
    return std::span<u8, kMemorySize>(parts_->alias, kMemorySize);
}

std::span<const u8> NativeCpu::exit_page() const {
    return {parts_->alias + Parts::kExitOffset, kExit.size};
}

void NativeCpu::load_code(u32 address, std::span<const u8> bytes) {
    u8* code = parts_->alias + Parts::kCodeOffset;
    std::memset(code + parts_->loaded_offset, kCodeFiller, parts_->loaded_size);
    parts_->loaded_offset = address - kCode.base;
    check(!contains_system_call(bytes), "a case does not call the host's kernel");
    bytes = within_code_region(address, bytes);
    parts_->loaded_size = static_cast<u32>(bytes.size());
    std::memcpy(code + parts_->loaded_offset, bytes.data(), bytes.size());
}

Outcome NativeCpu::run(const Registers& registers) {
    NativeFrame& frame = parts_->frame;
    frame.fx_in = registers.fx;
    for (std::size_t i = 0; i < registers.gpr.size(); ++i) frame.gpr[i] = registers.gpr[i];
    frame.selectors_in = registers.selectors;
    frame.iret_rflags = registers.eflags;
    const u16 code = registers[SegmentName::kCs], stack = registers[SegmentName::kSs];
    if (is_32_bit(stack)) {
        frame.iret_rip = registers.eip;
        frame.iret_cs = code;
        frame.iret_rsp = registers[Gpr::kSp];
        frame.iret_ss = stack;
    } else {
        const LaunchPointers pointers{registers[Gpr::kSp], stack, 0, registers.eip, code};
        std::memcpy(parts_->alias + Parts::kExitOffset + NativeStubs::kLaunchPointers, &pointers,
                    sizeof pointers);
        frame.iret_rip = kExit.base + NativeStubs::kLaunch;
        frame.iret_cs = kUserCode32;
        frame.iret_ss = kUserData;
    }
    parts_->outcome = {};
    parts_->ticks = 0;
    parts_->running = true;
    // SAFETY: write_native_stubs put this function there, and map() made the page executable.
    reinterpret_cast<void (*)(NativeFrame*)>(u64{kExit.base + parts_->stubs.enter})(&frame);
    parts_->running = false;
    Outcome& outcome = parts_->outcome;
    if (outcome.kind != Outcome::Kind::kCompleted) return outcome;
    for (std::size_t i = 0; i < registers.gpr.size(); ++i)
        outcome.registers.gpr[i] = static_cast<u32>(frame.gpr[i]);
    outcome.registers.eip = kExit.base;
    outcome.registers.eflags = static_cast<u32>(frame.rflags_out);
    outcome.registers.selectors = frame.selectors_out;
    outcome.registers[SegmentName::kCs] = kUserCode64;
    outcome.registers.fx = frame.fx_out;
    take_pointers(frame.environment_out, outcome.registers.fx);
    return outcome;
}

}  // namespace seventeen::oracle
