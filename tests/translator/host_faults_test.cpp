// Faults of the process itself end it, with a report, and are never taken for a guest's.
#include "translator/host_faults.h"

#include <catch2/catch.hpp>

#include "tests/child_process.h"

namespace seventeen::translator {

namespace {

// Takes faults at one address for the guest's, and lets them go on behind the instruction.
struct Engine final : HostFaultHandler {
    explicit Engine(u64 address) : address(address) {}
    std::optional<Redirection> host_fault(const HostFault& fault) override {
        ++told;
        constexpr int kStoreSize = 2;  // mov [rax], ecx
        if (fault.address != address || !fault.write) return std::nullopt;
        return Redirection{fault.code + kStoreSize, 17};
    }
    Situation situation(const HostFault&) const override { return {false, 0x1234, 5678}; }

    u64 address;
    int told = 0;
};

// Leaves R10 as the handler has changed it.
u64 store(u64 address) {
    u64 changed = 0;
    asm volatile("xor %%r10d, %%r10d\n mov %%ecx, (%%rax)\n mov %%r10, %0"
                 : "=r"(changed)
                 : "a"(address), "c"(1)
                 : "r10", "memory");
    return changed;
}

Death die_alone(const std::function<void()>& crash) {
    return die([&] {
        install_host_fault_handlers();
        crash();
    });
}

}  // namespace

TEST_CASE("A fault that the engine knows is redirected") {
    const Death death = die_alone([] {
        Engine engine(0x100);
        const HostFaultScope scope(engine);
        if (store(0x100) != 17 || engine.told != 1) _exit(1);
    });
    CHECK(death.signal == 0);
    CHECK(death.message == "");
}

TEST_CASE("A fault that the engine does not know is ours") {
    const Death death = die_alone([] {
        Engine engine(0x100);
        const HostFaultScope scope(engine);
        store(0x208);
    });
    CHECK(death.signal == SIGSEGV);
    CHECK(contains(death.message,
                   "a fault of its own, not the guest's: SIGSEGV, writing to 0x208\n"));
    CHECK(contains(death.message, "by the host instruction at 0x"));
    CHECK(contains(death.message, "(test_translator + 0x"));
    CHECK(contains(death.message, "guest EIP 0x1234 after 5678 instructions\n"));
}

TEST_CASE("A fault outside of a run is ours") {
    const Death death = die_alone([] {
        Engine engine(0x100);
        { const HostFaultScope scope(engine); }
        // As the compiler does not see it, no sanitizer is ahead of the host.
        asm volatile("mov (%%rax), %%ecx" : : "a"(u64{0}) : "rcx");
    });
    CHECK(death.signal == SIGSEGV);
    CHECK(contains(death.message, "reading from 0x0\n"));
    CHECK(contains(death.message, "outside of a guest's run\n"));
}

TEST_CASE("A division that fails in our own code is reported") {
    const Death death = die_alone([] {
        asm volatile("xor %%ecx, %%ecx\n div %%ecx" : : : "eax", "ecx", "edx");
    });
    CHECK(death.signal == SIGFPE);
    CHECK(contains(death.message, "SIGFPE\n"));
}

}  // namespace seventeen::translator
