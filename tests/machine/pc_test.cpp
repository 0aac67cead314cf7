// The PC: SeaBIOS to its message, equal runs, snapshots, and inputs that are replayed.
#include "machine/pc.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "core/snapshot.h"

namespace seventeen::machine {

namespace {

// A megabyte of hard disk whose boot sector counts in AX for ever and shows it at 500h.
class CountingDisk final : public BlockMedium {
  public:
    u64 sectors() const override { return 2048; }
    void read(u64 sector, std::span<u8> into) override {
        std::ranges::fill(into, u8{0});
        if (sector != 0) return;
        constexpr u8 kProgram[] = {0x31, 0xdb, 0x8e, 0xdb, 0x40, 0xa3, 0x00, 0x05, 0xeb, 0xfa};
        std::ranges::copy(kProgram, into.begin());
        into[510] = 0x55;
        into[511] = 0xaa;
    }
    void write(u64, std::span<const u8>) override {}
    void flush() override {}
    bool writable() const override { return true; }
};

bool have_firmware() {
    if (std::filesystem::exists("/usr/share/seabios/bios-256k.bin")) return true;
    WARN("skipped: the package seabios is not installed");
    return false;
}

const EngineOptions kInterpreter{EngineKind::kInterpreter, {}};
const EngineOptions kTranslator{EngineKind::kTranslator, {}};

PcOptions options(const EngineOptions& engine = kInterpreter) {
    PcOptions options;
    options.memory = 16u << 20;
    options.engine = engine;
    options.network = NetworkCard::kRtl8029;
    options.ide[0] = {IdeUnit::Kind::kDisk, std::make_unique<CountingDisk>()};
    return options;
}

constexpr u64 kBooted = 12'000'000;

std::vector<u8> saved(const Pc& pc) {
    Writer writer;
    pc.save(writer);
    return std::move(writer).finish();
}

}  // namespace

TEST_CASE("SeaBIOS shows its name and boots a disk, under any engine alike") {
    if (!have_firmware()) return;
    EngineOptions by_system_call = kTranslator;
    by_system_call.translator.disabled.set(translator::Trick::kFsgsbase);
    std::set<u64> digests;
    for (const EngineOptions& engine : {kInterpreter, kTranslator, by_system_call}) {
        Pc pc(options(engine));
        CHECK(pc.run({.retired = kBooted}) == Stop::kLimit);
        CHECK(pc.vga().text_screen().text(0).starts_with("SeaBIOS"));
        CHECK(pc.platform().memory().read<u16>(PhysicalAddress{0x500}) != 0);
        digests.insert(pc.platform().digest());
    }
    CHECK(digests.size() == 1);
}

TEST_CASE("A restored machine goes on as if nothing had happened") {
    if (!have_firmware()) return;
    for (const u64 moment : {u64{1}, u64{1'234'567}, u64{5'000'001}, kBooted}) {
        Pc pc(options());
        pc.run({.retired = moment});
        const std::vector<u8> snapshot = saved(pc);
        Pc other(options(kTranslator));
        other.run({.retired = 777'777});
        Reader reader(snapshot, "test");
        other.restore(reader);
        reader.finish();
        CHECK(saved(other) == snapshot);
        pc.run({.retired = moment + 2'000'000});
        other.run({.retired = moment + 2'000'000});
        CHECK(other.platform().digest() == pc.platform().digest());
    }
}

TEST_CASE("A recorded run is replayed to the same state") {
    if (!have_firmware()) return;
    Pc pc(options());
    EventLog log;
    pc.record_into(&log);
    pc.run({.retired = 6'000'000});
    pc.give(KeyInput{devices::KeyCode::kEscape, true});
    pc.give(RateInput{{.nanoseconds = 3, .ticks = 1}});
    pc.run({.retired = 9'000'000});
    pc.give(KeyInput{devices::KeyCode::kEscape, false});
    pc.run({.retired = kBooted});
    Pc again(options());
    again.replay(log);
    again.run({.retired = kBooted});
    CHECK(again.platform().digest() == pc.platform().digest());
    Pc without(options());
    without.run({.retired = kBooted});
    CHECK(without.platform().digest() != pc.platform().digest());
}

TEST_CASE("The reset button and a triple fault start the machine again") {
    if (!have_firmware()) return;
    Pc pc(options());
    pc.run({.retired = kBooted});
    SECTION("the button") {
        pc.give(ButtonInput{Button::kReset});
        pc.run({.retired = kBooted + 1});
        CHECK(pc.platform().resets() == 1);
        CHECK(pc.platform().cpu().segment(SegmentName::kCs).selector == 0xf000);
    }
    SECTION("a triple fault") {
        pc.platform().cpu().activity = Activity::kShutdown;
        pc.platform().cpu().attention = true;
        pc.run({.retired = kBooted + 100});
        CHECK(pc.platform().resets() == 1);
    }
}

}  // namespace seventeen::machine
