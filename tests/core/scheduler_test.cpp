// Scheduler: exact time, order of events, changes of rate and snapshots.
#include "core/scheduler.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "core/error.h"
#include "core/snapshot.h"

namespace seventeen {

namespace {

constexpr u64 kNever = Scheduler::kNever;

// A clock without a CPU; `trace` is what ran, in order.
struct Clock {
    explicit Clock(TickRate rate = {}) : scheduler(retired, attention, rate) {}
    Scheduler::EventId add(const std::string& name) {
        return scheduler.add_event(name, [this, name] { trace += name; });
    }
    void run_to(u64 tick) {
        while (scheduler.ticks() < tick) {
            retired += std::min(tick, scheduler.next_tick()) - scheduler.ticks();
            scheduler.run_due();
        }
    }

    u64 retired = 0;
    bool attention = false;
    std::string trace;
    Scheduler scheduler;
};

__extension__ typedef unsigned __int128 Wide;

}  // namespace

TEST_CASE("time is ticks times the rate, rounded down, and back, rounded up") {
    Clock clock({10, 3});
    CHECK(clock.scheduler.to_nanoseconds(1) == 3);
    CHECK(clock.scheduler.to_nanoseconds(2) == 6);
    CHECK(clock.scheduler.to_nanoseconds(3) == 10);
    CHECK(clock.scheduler.to_ticks(0) == 0);
    CHECK(clock.scheduler.to_ticks(1) == 1);
    CHECK(clock.scheduler.to_ticks(3) == 1);
    CHECK(clock.scheduler.to_ticks(4) == 2);
    CHECK(clock.scheduler.to_ticks(10) == 3);
    CHECK(clock.scheduler.to_ticks(11) == 4);
}

TEST_CASE("conversions are exact inverses for any rate and any time") {
    std::mt19937_64 random(17);
    for (int i = 0; i < 20'000; ++i) {
        const auto number = [&](unsigned bits) { return (random() >> (64 - bits)) | 1; };
        const TickRate rate{number(1 + i % 32), number(1 + i / 32 % 32)};
        const Clock clock(rate);
        const u64 time = number(1 + i % 50);
        const u64 tick = clock.scheduler.to_ticks(time);
        if (Wide{time} * rate.ticks / rate.nanoseconds >> 63) continue;
        INFO(rate.nanoseconds << "/" << rate.ticks << " at " << time);
        // The first tick that reaches `time`: no arithmetic of the scheduler's own is trusted.
        REQUIRE(Wide{tick} * rate.nanoseconds >= Wide{time} * rate.ticks);
        REQUIRE(Wide{tick - 1} * rate.nanoseconds < Wide{time} * rate.ticks);
        REQUIRE(clock.scheduler.to_nanoseconds(tick) >= time);
        REQUIRE(clock.scheduler.to_nanoseconds(tick - 1) < time);
    }
}

TEST_CASE("centuries do not overflow; the end of time saturates") {
    constexpr u64 kCentury = 100ull * 366 * 24 * 3600 * 1'000'000'000;
    Clock clock({999'999'937, 1'000'000'007});  // two primes: nothing cancels
    const u64 tick = clock.scheduler.to_ticks(kCentury);
    CHECK(clock.scheduler.to_nanoseconds(tick) >= kCentury);
    CHECK(clock.scheduler.to_nanoseconds(tick - 1) < kCentury);
    CHECK(clock.scheduler.to_nanoseconds(kNever) < kNever);
    Clock fast({1, ~u64{0}});
    CHECK(fast.scheduler.to_ticks(kCentury) == kNever);
    Clock slow({~u64{0}, 1});
    CHECK(slow.scheduler.to_nanoseconds(1) == kNever - 1);
    CHECK(slow.scheduler.to_nanoseconds(3) == kNever - 1);
    const auto event = slow.add("a");
    slow.retired = 2;
    slow.scheduler.schedule_in(event, kNever - 5);
    CHECK(slow.scheduler.scheduled(event));
    CHECK(slow.scheduler.time_of(event) == kNever - 1);
}

TEST_CASE("a rate is kept in lowest terms and must be positive") {
    Clock clock({6, 4});
    CHECK(clock.scheduler.rate() == TickRate{3, 2});
    CHECK_THROWS_AS(clock.scheduler.set_rate({0, 1}), Error);
    CHECK_THROWS_WITH(Clock({1, 0}), Catch::Contains("tick rate 1/0"));
    CHECK(clock.scheduler.rate() == TickRate{3, 2});
}

TEST_CASE("events fall due on their exact tick, in order of time") {
    Clock clock({1, 2});
    const auto a = clock.add("a");
    const auto b = clock.add("b");
    clock.scheduler.schedule_at(b, 10);
    clock.scheduler.schedule_at(a, 20);
    CHECK(clock.scheduler.next_tick() == 20);
    CHECK(clock.scheduler.retired_limit() == 20);
    clock.retired = 19;
    CHECK_FALSE(clock.scheduler.due());
    clock.retired = 20;
    CHECK(clock.scheduler.due());
    clock.scheduler.run_due();
    CHECK(clock.trace == "b");
    CHECK_FALSE(clock.scheduler.scheduled(b));
    CHECK(clock.scheduler.time_of(b) == kNever);
    CHECK(clock.scheduler.next_tick() == 40);
    clock.retired = 100;
    clock.scheduler.run_due();
    CHECK(clock.trace == "ba");
    CHECK(clock.scheduler.next_tick() == kNever);
    CHECK(clock.scheduler.retired_limit() == kNever);
}

TEST_CASE("events of the same tick run as they were registered, later ticks later") {
    Clock clock({10, 1});
    const auto a = clock.add("a");
    const auto b = clock.add("b");
    const auto c = clock.add("c");
    clock.scheduler.schedule_at(c, 11);
    clock.scheduler.schedule_at(b, 12);
    clock.scheduler.schedule_at(a, 21);
    clock.retired = 10;
    clock.scheduler.run_due();
    CHECK(clock.trace == "bca");
}

TEST_CASE("scheduling again replaces, cancelling forgets") {
    Clock clock;
    const auto a = clock.add("a");
    const auto b = clock.add("b");
    clock.scheduler.schedule_at(a, 10);
    clock.scheduler.schedule_at(a, 30);
    clock.scheduler.schedule_at(b, 20);
    CHECK(clock.scheduler.next_tick() == 20);
    clock.scheduler.cancel(b);
    CHECK(clock.scheduler.next_tick() == 30);
    clock.scheduler.schedule_at(a, kNever);
    CHECK_FALSE(clock.scheduler.scheduled(a));
    clock.run_to(100);
    CHECK(clock.trace.empty());
}

TEST_CASE("attention is raised when an event becomes the earliest") {
    Clock clock;
    const auto a = clock.add("a");
    const auto b = clock.add("b");
    clock.scheduler.schedule_at(a, 100);
    CHECK(clock.attention);
    clock.attention = false;
    clock.scheduler.schedule_at(b, 200);
    CHECK_FALSE(clock.attention);
    clock.scheduler.schedule_at(b, 50);
    CHECK(clock.attention);
    clock.attention = false;
    clock.scheduler.cancel(b);
    CHECK_FALSE(clock.attention);
}

TEST_CASE("an event may schedule another for now, which runs in the same run_due") {
    Clock clock;
    const auto b = clock.add("b");
    const auto a = clock.scheduler.add_event("a", [&] {
        clock.trace += 'a';
        clock.scheduler.schedule_at(b, 0);
    });
    clock.scheduler.schedule_at(a, 5);
    clock.retired = 5;
    clock.scheduler.run_due();
    CHECK(clock.trace == "ab");
}

TEST_CASE("an event runs once in a tick, whoever schedules it again") {
    Clock clock;
    Scheduler::EventId a = 0;
    Scheduler::EventId b = 0;
    SECTION("itself") {
        a = clock.scheduler.add_event("a", [&] {
            clock.trace += 'a';
            clock.scheduler.schedule_in(a, 0);
        });
        clock.scheduler.schedule_at(a, 5);
        clock.run_to(8);
        CHECK(clock.trace == "aaaa");  // ticks 5, 6, 7 and 8
        CHECK(clock.scheduler.next_tick() == 9);
    }
    SECTION("two that call each other") {
        a = clock.scheduler.add_event("a", [&] {
            clock.trace += 'a';
            clock.scheduler.schedule_in(b, 0);
        });
        b = clock.scheduler.add_event("b", [&] {
            clock.trace += 'b';
            clock.scheduler.schedule_in(a, 0);
        });
        clock.scheduler.schedule_at(a, 5);
        clock.run_to(6);
        CHECK(clock.trace == "abab");
    }
    SECTION("an instruction, after the event has run in its tick") {
        a = clock.add("a");
        clock.scheduler.schedule_at(a, 5);
        clock.run_to(5);
        clock.scheduler.schedule_in(a, 0);
        CHECK_FALSE(clock.scheduler.due());
        CHECK(clock.scheduler.next_tick() == 6);
    }
}

TEST_CASE("an event in the past is due at once and the limit stays where the CPU is") {
    Clock clock;
    const auto a = clock.add("a");
    clock.retired = 3;
    clock.scheduler.skip_to(50);
    clock.scheduler.schedule_at(a, 10);
    CHECK(clock.scheduler.due());
    CHECK(clock.scheduler.retired_limit() == 3);
    clock.scheduler.run_due();
    CHECK(clock.trace == "a");
}

TEST_CASE("a halted CPU skips ticks, which count as time but not as instructions") {
    Clock clock({2, 1});
    const auto a = clock.add("a");
    clock.scheduler.schedule_at(a, 1000);
    clock.retired = 100;
    clock.scheduler.skip_to(clock.scheduler.next_tick());
    CHECK(clock.retired == 100);
    CHECK(clock.scheduler.ticks() == 500);
    CHECK(clock.scheduler.now() == 1000);
    clock.scheduler.run_due();
    CHECK(clock.trace == "a");
    clock.scheduler.schedule_in(a, 20);
    CHECK(clock.scheduler.retired_limit() == 110);
}

TEST_CASE("a change of rate keeps time continuous and moves every pending event") {
    Clock clock({3, 1});
    const auto a = clock.add("a");
    const auto b = clock.add("b");
    clock.retired = 10;
    clock.scheduler.schedule_at(a, 60);
    clock.scheduler.schedule_at(b, 30);
    clock.attention = false;
    clock.scheduler.set_rate({6, 1});
    CHECK(clock.scheduler.now() == 30);
    CHECK(clock.scheduler.due());  // b: 30 ns have come
    clock.scheduler.run_due();
    CHECK(clock.trace == "b");
    CHECK(clock.scheduler.next_tick() == 15);
    clock.attention = false;
    clock.scheduler.set_rate({30, 1});
    CHECK(clock.attention);
    CHECK(clock.scheduler.next_tick() == 11);
    clock.scheduler.set_rate({1, 10});
    CHECK(clock.scheduler.next_tick() == 310);
    CHECK(clock.scheduler.time_of(a) == 60);
}

TEST_CASE("time never runs backwards, whatever the rates") {
    std::mt19937_64 random(17);
    Clock clock;
    u64 last = 0;
    for (int i = 0; i < 20'000; ++i) {
        clock.retired += random() % 1000;
        const u64 before = clock.scheduler.now();
        REQUIRE(before >= last);
        clock.scheduler.set_rate({1 + random() % 100'000, 1 + random() % 100'000});
        REQUIRE(clock.scheduler.now() == before);
        last = before;
    }
}

TEST_CASE("an event may register others while it runs") {
    Clock clock;
    const auto a = clock.scheduler.add_event("a", [&, text = std::string(100, 'x')] {
        for (int i = 0; i < 100; ++i) clock.add("new" + std::to_string(i));
        clock.trace += text.substr(0, 3);
    });
    clock.scheduler.schedule_at(a, 0);
    clock.scheduler.run_due();
    CHECK(clock.trace == "xxx");
}

namespace {

std::vector<u8> saved(const Scheduler& scheduler) {
    Writer writer;
    scheduler.save(writer);
    return std::move(writer).finish();
}

void restore(Scheduler& scheduler, const std::vector<u8>& image) {
    Reader reader(image, "test");
    scheduler.restore(reader);
}

}  // namespace

TEST_CASE("a restored clock goes on exactly as the saved one") {
    Clock clock({7, 3});
    const auto a = clock.add("a");
    const auto b = clock.add("b");
    clock.scheduler.schedule_at(a, 100);
    clock.retired = 20;
    clock.scheduler.skip_to(clock.scheduler.next_tick());
    clock.scheduler.run_due();
    clock.scheduler.set_rate({5, 4});
    clock.scheduler.schedule_in(a, 0);  // has run in this tick: waits for the next
    clock.scheduler.schedule_in(b, 77);
    const std::vector<u8> image = saved(clock.scheduler);

    Clock other;
    other.add("a");
    other.add("b");
    other.retired = clock.retired;
    restore(other.scheduler, image);
    CHECK(saved(other.scheduler) == image);
    CHECK(other.attention);
    CHECK(other.scheduler.now() == clock.scheduler.now());
    CHECK(other.scheduler.ticks() == clock.scheduler.ticks());
    CHECK(other.scheduler.next_tick() == clock.scheduler.ticks() + 1);
    CHECK(other.scheduler.time_of(b) == clock.scheduler.time_of(b));
    CHECK(other.scheduler.rate() == clock.scheduler.rate());
    other.run_to(1000);
    CHECK(other.trace == "ab");
}

TEST_CASE("a clock that could not be is refused and changes nothing") {
    Clock clock;
    clock.add("a");
    const auto forged = [](TickRate rate, u64 base_tick, u64 idle, const std::string& name) {
        Writer writer;
        writer.begin("scheduler", 1);
        for (const u64 value : {rate.nanoseconds, rate.ticks, base_tick, u64{0}, idle})
            writer.put(value);
        writer.put(u32{1});
        writer.string(name);
        writer.put(u64{5});
        writer.put(u64{0});
        writer.end();
        return std::move(writer).finish();
    };
    const auto refused = [&](const std::vector<u8>& image, const std::string& why) {
        CHECK_THROWS_WITH(
            restore(clock.scheduler, image),
            Catch::Contains("section 'scheduler' is damaged") && Catch::Contains(why));
        CHECK(clock.scheduler.next_tick() == kNever);
        CHECK(clock.scheduler.ticks() == 0);
    };
    refused(forged({0, 1}, 0, 0, "a"), "rate");
    refused(forged({1, 0}, 0, 0, "a"), "rate");
    refused(forged({1, 1}, 1, 0, "a"), "future");
    refused(forged({1, 1}, 0, kNever, "a"), "overflowed");
    refused(forged({1, 1}, 0, 0, "b"), "without the event 'a'");
    clock.add("b");
    refused(forged({1, 1}, 0, 0, "a"), "other events");
}

}  // namespace seventeen
