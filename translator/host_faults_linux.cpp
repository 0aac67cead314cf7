// The signal handlers: find out where the fault was, change where the thread goes on.
#include <dlfcn.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "core/occupation.h"
#include "translator/host_faults.h"

namespace seventeen::translator {

namespace {

constexpr u64 kPageFaultOnWrite = 2;  // of the page fault's error code

// A signal handler has no other way to know whom to ask.
thread_local HostFaultHandler* t_handler = nullptr;

struct Previous {
    struct sigaction segmentation {};
    struct sigaction arithmetic {};
};
Previous& previous() {
    static Previous actions;
    return actions;
}

// A few lines of text, made without anything that a signal handler must not call.
class Report {
  public:
    Report& text(const char* what) {
        while (*what != 0 && size_ < buffer_.size()) buffer_[size_++] = *what++;
        return *this;
    }
    Report& number(u64 value, unsigned base) {
        std::array<char, 20> digits;
        std::size_t count = 0;
        do {
            digits[count++] = "0123456789abcdef"[value % base];
            value /= base;
        } while (value != 0);
        while (count != 0 && size_ < buffer_.size()) buffer_[size_++] = digits[--count];
        return *this;
    }
    Report& hex(u64 value) { return text("0x").number(value, 16); }
    void print() {
        const char* next = buffer_.data();
        while (size_ != 0) {
            const ssize_t written = write(STDERR_FILENO, next, size_);
            if (written <= 0) return;
            next += written;
            size_ -= static_cast<std::size_t>(written);
        }
    }

  private:
    std::array<char, 1024> buffer_;
    std::size_t size_ = 0;
};

// The fault is ours: what the developer who reads it needs to begin with.
void report(int signal, const HostFault& fault) {
    Report report;
    report.text("seventeen: a fault of its own, not the guest's: ");
    if (signal == SIGSEGV) {
        report.text("SIGSEGV, ").text(fault.write ? "writing to " : "reading from ");
        report.hex(fault.address);
    } else {
        report.text("SIGFPE");
    }
    // SAFETY: a number to print.
    const u64 code = reinterpret_cast<u64>(fault.code);
    report.text("\n  by the host instruction at ").hex(code);
    Dl_info object{};
    if (dladdr(fault.code, &object) != 0 && object.dli_fname) {
        const char* slash = std::strrchr(object.dli_fname, '/');
        report.text(" (").text(slash ? slash + 1 : object.dli_fname).text(" + ");
        report.hex(code - reinterpret_cast<u64>(object.dli_fbase)).text(")");
    }
    if (t_handler) {
        const HostFaultHandler::Situation situation = t_handler->situation(fault);
        report.text(situation.translated ? "\n  in translated code of the block at guest EIP "
                                         : "\n  in C++ code; guest EIP ");
        report.hex(situation.eip).text(" after ").number(situation.retired, 10);
        report.text(" instructions");
    } else {
        report.text("\n  outside of a guest's run");
    }
    report.text("\n");
    report.print();
}

// What would have happened without us; nobody else reports what ends the process.
void pass_on(int signal, siginfo_t* info, void* context, const HostFault& fault) {
    const struct sigaction& action =
        signal == SIGSEGV ? previous().segmentation : previous().arithmetic;
    if (action.sa_flags & SA_SIGINFO) {
        action.sa_sigaction(signal, info, context);
    } else if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) {
        action.sa_handler(signal);
    } else {
        report(signal, fault);
        ::signal(signal, SIG_DFL);  // the fault repeats, and ends the process
    }
}

void handle(int signal, siginfo_t* info, void* raw) {
    const Occupied occupied(Occupation::kSignals);
    auto* context = static_cast<ucontext_t*>(raw);
    auto& registers = context->uc_mcontext.gregs;
    HostFault fault;
    // SAFETY: addresses to compare and look up with.
    fault.code = reinterpret_cast<const u8*>(registers[REG_RIP]);
    fault.address = reinterpret_cast<u64>(info->si_addr);
    fault.write = static_cast<u64>(registers[REG_ERR]) & kPageFaultOnWrite;
    fault.division = signal == SIGFPE;
    if (t_handler) {
        if (const auto redirection = t_handler->host_fault(fault)) {
            registers[REG_RIP] = reinterpret_cast<greg_t>(redirection->code);
            registers[REG_R10] = static_cast<greg_t>(redirection->r10);
            return;
        }
    }
    pass_on(signal, info, raw, fault);
}

void install(int signal, struct sigaction& before) {
    struct sigaction action {};
    action.sa_sigaction = &handle;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    struct sigaction old {};
    sigaction(signal, &action, &old);
    if (!(old.sa_flags & SA_SIGINFO) || old.sa_sigaction != &handle) before = old;
}

}  // namespace

void install_host_fault_handlers() {
    install(SIGSEGV, previous().segmentation);
    install(SIGFPE, previous().arithmetic);
}

HostFaultScope::HostFaultScope(HostFaultHandler& handler) : outer_(t_handler) {
    t_handler = &handler;
}

HostFaultScope::~HostFaultScope() {
    t_handler = outer_;
}

}  // namespace seventeen::translator
