// EventLog: replay in order, and files that survive or are refused.
#include "core/event_log.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/snapshot.h"
#include "tests/core/temporary_directory.h"

namespace seventeen {

namespace {

EventLog sample() {
    EventLog log;
    log.record({5, "keyboard", {0x1c, 0x9c}});
    log.record({5, "rate", {}});
    log.record({~u64{0}, "network", std::vector<u8>(1500, 0xab)});
    return log;
}

std::vector<u8> forged(u64 count, u64 first, u64 second) {
    Writer writer;
    writer.begin("events", 1);
    writer.put(count);
    for (const u64 tick : {first, second}) {
        writer.put(tick);
        writer.string("keyboard");
        writer.put(u32{0});
    }
    writer.end();
    return std::move(writer).finish();
}

}  // namespace

TEST_CASE("events come back at their ticks, in order, once") {
    EventLog log = sample();
    CHECK(log.next_tick() == 5);
    CHECK_FALSE(log.next(4));
    CHECK(log.next(5)->source == "keyboard");
    CHECK(log.next(100) == LoggedEvent{5, "rate", {}});
    CHECK_FALSE(log.next(100));
    CHECK(log.next_tick() == ~u64{0});
    CHECK(log.next(~u64{0})->data.size() == 1500);
    CHECK_FALSE(log.next(~u64{0}));
    CHECK_FALSE(log.next_tick());
    CHECK(log.events().size() == 3);
}

TEST_CASE("a log is written to a file and read back") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "log";
    sample().write(path);
    EventLog copy = EventLog::read(path);
    CHECK(copy.events() == sample().events());
    CHECK(copy.next_tick() == 5);
    EventLog().write(path);
    CHECK(EventLog::read(path).events().empty());
}

TEST_CASE("damaged, truncated and lying logs are refused by name") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "log";
    const auto refused = [&](const std::vector<u8>& image, const std::string& why) {
        write_file(path, image);
        CHECK_THROWS_WITH(EventLog::read(path),
                          Catch::StartsWith(path.string()) && Catch::Contains(why));
    };
    refused({}, "not a file that Seventeen saved");
    refused(forged(3, 1, 2), "ends too early");
    refused(forged(~u64{0}, 1, 2), "ends too early");
    refused(forged(1, 1, 2), "left over");
    refused(forged(2, 2, 1), "comes before");
    sample().write(path);
    const std::vector<u8> good = read_file(path, 1 << 20);
    for (std::size_t size = 0; size < good.size(); size += 7) {
        write_file(path, std::span(good).first(size));
        CHECK_THROWS_AS(EventLog::read(path), Error);
    }
    std::vector<u8> changed = good;
    changed[good.size() / 2] ^= 1;
    refused(changed, "checksum is wrong");
}

TEST_CASE("a missing log is refused by name") {
    const TemporaryDirectory directory;
    CHECK_THROWS_WITH(EventLog::read(directory.path() / "none"),
                      Catch::Contains("cannot read") && Catch::Contains("No such file"));
}

}  // namespace seventeen
