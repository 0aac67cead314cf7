// The host around translated code: signals, threads, other machines, faults of our own.
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "interpreter/interpreter.h"
#include "tests/address_sanitizer_portable.h"
#include "tests/child_process.h"
#include "tests/lockstep/campaign.h"
#include "tests/lockstep/paging_program.h"
#include "tests/lockstep/random_program.h"
#include "tests/mapping_hog.h"
#include "translator/host_faults.h"
#include "translator/translator.h"

namespace seventeen::lockstep {

namespace {

std::unique_ptr<Engine> interpret(CpuState& state, mmu::Mmu& mmu,
                                  privilege::PrivilegeEngine& privilege) {
    return std::make_unique<interpreter::Interpreter>(state, mmu, privilege);
}

std::unique_ptr<Engine> translate(CpuState& state, mmu::Mmu& mmu,
                                  privilege::PrivilegeEngine& privilege) {
    translator::TranslatorOptions options;
    options.young_instructions = 0;
    return std::make_unique<translator::Translator>(state, mmu, privilege, options);
}

// A handler has nothing else to count in.
std::atomic<u64>& signals() {
    static std::atomic<u64> count{0};
    return count;
}

// Uses stack, flags, x87 and SSE, as any handler may.
void handle_signal(int) {
    volatile double sum = 1.5;
    volatile long double long_sum = 2.5L;
    volatile char stack[512];
    for (unsigned i = 0; i < sizeof stack; i += 64) {
        stack[i] = static_cast<char>(i);
        sum = sum * 3.25 + stack[i];
        long_sum = long_sum / 7 + sum;
    }
    ++signals();
}

// While it lives, this thread gets SIGALRM from a timer and SIGUSR1 from another thread.
class SignalStorm {
  public:
    SignalStorm() {
        signals() = 0;
        struct sigaction action {};
        action.sa_handler = &handle_signal;
        sigaction(SIGALRM, &action, &alarm_before_);
        sigaction(SIGUSR1, &action, &user_before_);
        set_timer(50);
        thread_ = std::thread([this, victim = pthread_self()] {
            while (!done_) {
                pthread_kill(victim, SIGUSR1);
                std::this_thread::sleep_for(std::chrono::microseconds(30));
            }
        });
    }
    ~SignalStorm() {
        done_ = true;
        thread_.join();
        set_timer(0);
        sigaction(SIGALRM, &alarm_before_, nullptr);
        sigaction(SIGUSR1, &user_before_, nullptr);
    }

  private:
    static void set_timer(int microseconds) {
        itimerval timer{};
        timer.it_interval.tv_usec = timer.it_value.tv_usec = microseconds;
        setitimer(ITIMER_REAL, &timer, nullptr);
    }

    struct sigaction alarm_before_ {};
    struct sigaction user_before_ {};
    std::atomic<bool> done_{false};
    std::thread thread_;
};

void check_in_storm(const std::function<Start(u64 seed)>& make_start) {
    translator::Statistics sum;
    std::string difference;
    {
        const SignalStorm storm;
        difference = find_difference(3, sum, [&](u64 seed) {
            Plan plan;
            plan.limit = 100'000;
            plan.longest_step = 20'000;
            plan.seed = seed;
            plan.interrupts = 128;
            plan.memory_every = 4;
            plan.options.young_instructions = 0;
            return run_in_lockstep(make_start(seed), plan);
        });
    }
    CHECK(difference == "");
    CHECK(signals() > 300);
}

}  // namespace

TEST_CASE("Signals do not disturb translated code") {
    check_in_storm([](u64 seed) {
        return make_random_program({Setting::kFlat, seed, Diet::kFpu});
    });
}
TEST_CASE("Signals do not disturb windows and their faults") {
    check_in_storm([](u64 seed) { return make_paging_program({seed, false}); });
}

TEST_CASE("A host without mappings to spare makes windows small, and nothing else") {
    if (skipped_with_address_sanitizer("needs mappings of its own where there are none")) return;
    for (const u64 left : {20u, 2000u}) {
        CAPTURE(left);
        std::unique_ptr<MappingHog> hog;
        Plan plan;
        plan.limit = 100'000;
        plan.longest_step = 20'000;
        plan.memory_every = 2;
        plan.options.young_instructions = 0;
        plan.disturb = [&](Guest&, u64) {
            if (!hog) hog = std::make_unique<MappingHog>(left);
        };
        const Result scattered = run_in_lockstep(make_scattered_program(3000), plan);
        const bool full = hog->full();
        hog.reset();
        CHECK(describe(scattered) == "");
        CHECK(scattered.statistics.fills > 500);
        if (full) CHECK(scattered.statistics.window_flushes > 1);  // not where there is no limit
        plan.longest_step = 600;
        plan.interrupts = 200;
        const Result changing = run_in_lockstep(make_paging_program({left, false}), plan);
        hog.reset();
        CHECK(describe(changing) == "");
    }
}

TEST_CASE("Machines on two threads, and two that take turns, are exact") {
    constexpr u64 kTarget = 150'000;
    constexpr u64 kStep = 700;
    const auto start_of = [](u64 seed) {
        return seed % 2 == 0 ? make_paging_program({seed, false})
                             : make_random_program({Setting::kFlat, seed, Diet::kFpu});
    };
    // Two machines a thread, in turns.
    std::atomic<int> ready{0};
    const auto run_pair = [&](u64 seed, std::string& difference) {
        std::vector<std::unique_ptr<Guest>> guests;
        for (const u64 each : {seed, seed + 1})
            guests.push_back(std::make_unique<Guest>(start_of(each), &translate));
        for (++ready; ready != 2;) std::this_thread::yield();
        for (u64 target = kStep; target <= kTarget; target += kStep) {
            for (const auto& guest : guests) guest->run(target);
        }
        for (u64 i = 0; i < guests.size(); ++i) {
            Guest expected(start_of(seed + i), &interpret);
            for (u64 target = kStep; target <= kTarget; target += kStep) expected.run(target);
            difference += describe_difference(expected, *guests[i], true);
        }
    };
    std::array<std::string, 2> differences;
    std::thread other([&] { run_pair(3, differences[1]); });
    run_pair(1, differences[0]);
    other.join();
    CHECK(differences[0] == "");
    CHECK(differences[1] == "");
}

TEST_CASE("A fault in a device is ours, and not the guest's") {
    struct Broken final : Device {
        std::string_view name() const override { return "broken"; }
        u64 read(unsigned, u64, Width) override { return 0; }
        void write(unsigned, u64, u64 value, Width) override {
            // SAFETY: there is none; that is the point.
            *reinterpret_cast<volatile u8*>(value) = 1;
        }
    };
    // mov cx, 1000; again: nop; loop again; mov al, 60h; out 80h, al; jmp again
    const std::vector<u8> code{0xb9, 0xe8, 0x03, 0x90, 0xe2, 0xfd,
                               0xb0, 0x60, 0xe6, 0x80, 0xeb, 0xf7};
    Start start;
    start.image = code;
    start.load_at = start.entry = 0x8000;
    const Death death = die([&] {
        Broken broken;
        Guest guest(start, &translate);
        guest.ports().claim({.first = 0x80, .size = 1, .device = &broken});
        guest.run(100'000);
    });
    CHECK(death.signal == SIGSEGV);
    CHECK(contains(death.message, "not the guest's: SIGSEGV, writing to 0x60\n"));
    CHECK(contains(death.message, "(test_lockstep + 0x"));
    CHECK(contains(death.message, "in C++ code; guest EIP 0xa after 2002 instructions\n"));
}

}  // namespace seventeen::lockstep
