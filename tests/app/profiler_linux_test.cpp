// Samples fall on what the thread does, and on the guest code that runs.
#include "app/profiler_linux.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "app/cpu_time.h"
#include "machine/bare_machine.h"

namespace seventeen::app {

namespace {

using machine::BareMachine;

constexpr double kLong = 0.1;  // seconds of CPU time

// Does the work over and over for about so many seconds of CPU time.
template <typename Work>
void keep_busy(double seconds, const Work& work) {
    const CpuTime before = cpu_time();
    CpuTime now = before;
    while (now.user + now.system < before.user + before.system + seconds) {
        work();
        now = cpu_time();
    }
}

void count() {
    volatile unsigned sum = 0;
    for (unsigned i = 0; i < 100'000; ++i) sum = sum + i;
}

std::unique_ptr<BareMachine> machine_with(machine::EngineKind kind, const std::vector<u8>& code) {
    machine::EngineOptions engine;
    engine.kind = kind;
    auto machine = std::make_unique<BareMachine>(machine::BareMachineOptions{
        .memory = 1u << 20, .cpu = "max", .rate = {}, .engine = engine, .console = [](char) {}});
    machine->platform().load_raw({0x7c00}, code);
    machine->start_at({0x7c00});
    return machine;
}

u64 samples(const Profiler& profiler, Occupation occupation) {
    return profiler.profile().share(occupation).samples;
}

// mov cx, 0; L: dec cx; add ax, cx; xor dx, ax; jnz L; jmp L
const std::vector<u8> kLoop{0xb9, 0, 0, 0x49, 0x01, 0xc8, 0x31, 0xc2, 0x75, 0xf9, 0xeb, 0xf7};
// L: in al, 80h; jmp L
const std::vector<u8> kPorts{0xe4, 0x80, 0xeb, 0xfc};

}  // namespace

TEST_CASE("Each sample falls on the thread's occupation") {
    const auto machine = machine_with(machine::EngineKind::kInterpreter, kLoop);
    Profiler profiler(machine->platform().engine());
    {
        const Occupied occupied(Occupation::kTranslation);
        keep_busy(kLong, count);
    }
    keep_busy(kLong / 4, count);
    profiler.stop();
    const u64 translation = samples(profiler, Occupation::kTranslation);
    const u64 host = samples(profiler, Occupation::kHost);
    CHECK(translation > host);
    CHECK(host > 0);
    // A sample is a millisecond.
    CHECK(profiler.profile().total().samples > 60);
    CHECK(profiler.profile().total().samples < 250);
    CHECK(profiler.profile().total().samples == translation + host);
}

TEST_CASE("The kernel's part is told from ours") {
    const auto machine = machine_with(machine::EngineKind::kInterpreter, kLoop);
    Profiler profiler(machine->platform().engine());
    {
        const Occupied occupied(Occupation::kWindows);
        keep_busy(kLong, [] {
            constexpr std::size_t kSize = 64 * kPageSize;
            void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
            munmap(memory, kSize);
        });
    }
    {
        const Occupied occupied(Occupation::kTranslation);
        keep_busy(kLong, count);
    }
    profiler.stop();
    const auto& windows = profiler.profile().share(Occupation::kWindows);
    const auto& translation = profiler.profile().share(Occupation::kTranslation);
    CHECK(windows.kernel * 2 > windows.samples);
    CHECK(translation.kernel * 2 < translation.samples);
}

TEST_CASE("Another thread's time is not counted, nor is what comes after the stop") {
    const auto machine = machine_with(machine::EngineKind::kInterpreter, kLoop);
    Profiler profiler(machine->platform().engine());
    std::thread([] { keep_busy(kLong, count); }).join();
    profiler.stop();
    const u64 before = profiler.profile().total().samples;
    CHECK(before < 40);
    keep_busy(kLong, count);
    CHECK(profiler.profile().total().samples == before);
}

TEST_CASE("Translated code and its block") {
    const auto machine = machine_with(machine::EngineKind::kTranslator, kLoop);
    Profiler profiler(machine->platform().engine());
    u64 limit = 0;
    keep_busy(2 * kLong, [&] { machine->platform().run({.retired = limit += 20'000'000}); });
    profiler.stop();
    CHECK(samples(profiler, Occupation::kCode) * 2 > profiler.profile().total().samples);
    const auto hottest = profiler.profile().blocks().hottest(1);
    REQUIRE(hottest.size() == 1);
    CHECK(hottest[0].place.eip == 3);
    CHECK_FALSE(hottest[0].place.user);
}

TEST_CASE("The interpreter's time, by name") {
    const auto machine = machine_with(machine::EngineKind::kInterpreter, kLoop);
    Profiler profiler(machine->platform().engine());
    u64 limit = 0;
    keep_busy(kLong, [&] { machine->platform().run({.retired = limit += 1'000'000}); });
    profiler.stop();
    CHECK(samples(profiler, Occupation::kInterpreter) * 2 > profiler.profile().total().samples);
    CHECK(profiler.profile().blocks().hottest(1).empty());
}

TEST_CASE("Callouts are found by the instruction that calls out") {
    const auto machine = machine_with(machine::EngineKind::kTranslator, kPorts);
    Profiler profiler(machine->platform().engine());
    u64 limit = 0;
    keep_busy(2 * kLong, [&] { machine->platform().run({.retired = limit += 1'000'000}); });
    profiler.stop();
    CHECK(samples(profiler, Occupation::kPortCall) + samples(profiler, Occupation::kDevices) > 0);
    const auto hottest = profiler.profile().callouts().hottest(1);
    REQUIRE(hottest.size() == 1);
    CHECK(hottest[0].place.eip == 0);
    CHECK(hottest[0].place.mnemonic == decoder::Mnemonic::IN);
}

}  // namespace seventeen::app
