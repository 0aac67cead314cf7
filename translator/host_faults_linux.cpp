// The signal handlers: find out where the fault was, change where the thread goes on.
#include <signal.h>
#include <ucontext.h>

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

// What would have happened without us.
void pass_on(int signal, siginfo_t* info, void* context) {
    const struct sigaction& action =
        signal == SIGSEGV ? previous().segmentation : previous().arithmetic;
    if (action.sa_flags & SA_SIGINFO) {
        action.sa_sigaction(signal, info, context);
    } else if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) {
        action.sa_handler(signal);
    } else {
        ::signal(signal, SIG_DFL);  // the fault repeats, and ends the process
    }
}

void handle(int signal, siginfo_t* info, void* raw) {
    const Occupied occupied(Occupation::kSignals);
    auto* context = static_cast<ucontext_t*>(raw);
    auto& registers = context->uc_mcontext.gregs;
    if (t_handler) {
        HostFault fault;
        // SAFETY: addresses to compare and look up with.
        fault.code = reinterpret_cast<const u8*>(registers[REG_RIP]);
        fault.address = reinterpret_cast<u64>(info->si_addr);
        fault.write = static_cast<u64>(registers[REG_ERR]) & kPageFaultOnWrite;
        fault.division = signal == SIGFPE;
        if (const auto redirection = t_handler->host_fault(fault)) {
            registers[REG_RIP] = reinterpret_cast<greg_t>(redirection->code);
            registers[REG_R10] = static_cast<greg_t>(redirection->r10);
            return;
        }
    }
    pass_on(signal, info, raw);
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
