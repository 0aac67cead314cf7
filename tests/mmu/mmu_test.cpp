// The Mmu as its callers see it: crossings, MMIO, ROM, guards, coherence, runs, breakpoints.
#include "mmu/mmu.h"

#include <catch2/catch.hpp>

#include "tests/mmu/board.h"
#include "tests/mmu/test_machine.h"

namespace seventeen::mmu {
namespace {

constexpr u32 kData = 0x40000;

struct Fixture : Board {
    u32 value = 0;
    Fixture() { identity_map(); }
    Fault read_user(u32 linear) { return read32(linear, value, kUser); }
};

TEST_CASE_METHOD(Board, "With paging off, linear addresses are physical, and wrap at 4 GiB") {
    REQUIRE_FALSE(write32(kData, 0x11223344));
    CHECK(memory.read<u32>({kData}) == 0x11223344);
    std::vector<u8> rom(kPageSize, 0x77);
    memory.map_rom({0xfffff000}, rom);
    memory.write<u16>({0}, 0xbbaa);
    u32 value = 0;
    REQUIRE_FALSE(read32(0xfffffffe, value));
    CHECK(value == 0xbbaa7777);
}

TEST_CASE_METHOD(Fixture, "A write is seen by reads of either privilege and by fetches' bytes") {
    REQUIRE_FALSE(write32(kData, 0xcafe, kUser));
    REQUIRE_FALSE(read32(kData, value, kSupervisor));
    CHECK(value == 0xcafe);
    PhysicalAddress physical;
    REQUIRE_FALSE(mmu.fetch({kData + 1}, kUser, physical));
    CHECK(physical.value == kData + 1);
}

TEST_CASE_METHOD(Fixture,
                 "An access across pages faults at the first byte that may not be touched") {
    const u32 edge = kData + 0xffe;
    memory.write<u32>({edge}, 0x44332211);
    set_pte(0x41, 0);
    CHECK(read32(edge, value) == Fault::page(0, {0x41000}));
    CHECK(write32(edge, 0, kUser) == Fault::page(6, {0x41000}));
    CHECK(memory.read<u32>({edge}) == 0x44332211);
    CHECK((pte(0x40) & (kA | kD)) == 0);  // nothing at all has happened
    CHECK((pde(0) & kA) == 0);
    set_pte(0x40, 0x40000 | kP | kU);
    CHECK(write32(edge, 0, kUser) == Fault::page(7, {edge}));  // the first page comes first
    set_pte(0x41, 0x70000 | 7);
    set_pte(0x40, 0x50000 | 7);
    REQUIRE_FALSE(write32(edge, 0xaabbccdd, kUser));
    CHECK(memory.read<u16>({0x50ffe}) == 0xccdd);
    CHECK(memory.read<u16>({0x70000}) == 0xaabb);
    CHECK((pte(0x40) & (kA | kD)) == (kA | kD));
    CHECK((pte(0x41) & (kA | kD)) == (kA | kD));
}

TEST_CASE_METHOD(Fixture, "modify checks for writing first, and changes nothing if it may not") {
    set_pte(0x40, kData | kP | kU);
    unsigned calls = 0;
    const auto increment = [&](u32 old) {
        ++calls;
        return old + 1;
    };
    CHECK(mmu.modify<u32>({kData}, kUser, increment) == Fault::page(7, {kData}));
    CHECK(calls == 0);
    CHECK((pte(0x40) & kA) == 0);
    set_pte(0x40, kData | 7);
    REQUIRE_FALSE(mmu.modify<u32>({kData}, kUser, increment));
    REQUIRE_FALSE(mmu.modify<u32>({kData}, kUser, increment));
    CHECK(calls == 2);
    CHECK(memory.read<u32>({kData}) == 2);
}

TEST_CASE_METHOD(Fixture, "MMIO: reads, writes and read-modify-writes reach the chip once each") {
    BytesDevice device;
    mmio.claim({0xf0000000, kPageSize, &device, 0, 4});
    set_pte(0x40, 0xf0000000 | 7);
    REQUIRE_FALSE(write32(kData + 8, 0x01020304, kUser));
    REQUIRE_FALSE(read_user(kData + 8));
    CHECK(value == 0x01020304);
    REQUIRE_FALSE(mmu.modify<u8>({kData + 8}, kUser, [](u8 old) { return u8(old + 1); }));
    CHECK(device.bytes[8] == 5);
    CHECK(mmu.read_run({kData}, kUser) == nullptr);
    CHECK(mmu.write_run({kData}, kUser) == nullptr);
    set_pte(0x41, 0x41000 | 7);
    REQUIRE_FALSE(write32(kData + 0xffe, 0x04030201, kUser));  // half chip, half RAM
    CHECK(device.bytes[0xfff] == 2);
    CHECK(memory.read<u8>({0x41000}) == 3);
}

TEST_CASE_METHOD(Fixture, "ROM is read fast, and writes to it are lost; PAM changes are seen") {
    std::vector<u8> rom(kPageSize, 0x99);
    memory.map_rom({kData}, rom);
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 0x99999999);
    CHECK(mmu.read_run({kData}, kUser) == rom.data());
    CHECK(mmu.write_run({kData}, kUser) == nullptr);
    REQUIRE_FALSE(write32(kData, 0));
    CHECK(rom[0] == 0x99);
    memory.map_ram({kData}, kPageSize, 0x80000);
    REQUIRE_FALSE(write32(kData, 1));
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 1);
    memory.map_ram_read_only({kData}, kPageSize, 0x80000);
    REQUIRE_FALSE(write32(kData, 2));
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 1);
    memory.map_mmio({kData}, kPageSize);
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 0xffffffff);
}

TEST_CASE_METHOD(Board, "The A20 gate takes effect at once") {
    memory.write<u8>({0x500}, 1);
    u8 byte = 0;
    REQUIRE_FALSE(mmu.read({0x100500}, kSupervisor, byte));
    CHECK(byte == 0xff);
    memory.set_a20(false);
    REQUIRE_FALSE(mmu.read({0x100500}, kSupervisor, byte));
    CHECK(byte == 1);
    PhysicalAddress physical;
    REQUIRE_FALSE(mmu.fetch({0x100500}, kSupervisor, physical));
    CHECK(physical.value == 0x500);
    memory.set_a20(true);
    REQUIRE_FALSE(mmu.read({0x100500}, kSupervisor, byte));
    CHECK(byte == 0xff);
}

TEST_CASE_METHOD(Fixture, "A page of tables holds code too: A and D updates are announced") {
    Recorder code{Guard::kCode};
    memory.add_observer(Guard::kCode, code);
    memory.set_guard(Guard::kCode, {kTable});
    REQUIRE_FALSE(read_user(kData));
    CHECK(code.seen == std::vector<Recorder::Seen>{{Guard::kCode, kTable + 0x40 * 4, 4}});
    REQUIRE_FALSE(read_user(kData));
    CHECK(code.seen.size() == 1);
    REQUIRE_FALSE(write32(kData, 1, kUser));
    CHECK(code.seen.size() == 2);
}

TEST_CASE_METHOD(Fixture, "Every write to a guarded page is announced, and none after it is not") {
    Recorder dirty{Guard::kDirty};
    memory.add_observer(Guard::kDirty, dirty);
    REQUIRE_FALSE(write32(kData, 1, kUser));  // a write pointer is out
    memory.set_guard(Guard::kDirty, {kData});
    REQUIRE_FALSE(write32(kData, 2, kUser));
    REQUIRE_FALSE(write32(kData + 4, 3));
    CHECK(mmu.write_run({kData}, kUser) == nullptr);
    CHECK(mmu.read_run({kData}, kUser) != nullptr);
    CHECK(dirty.seen.size() == 2);
    memory.clear_guard(Guard::kDirty, {kData});
    REQUIRE_FALSE(write32(kData, 4, kUser));
    CHECK(dirty.seen.size() == 2);
    CHECK(mmu.write_run({kData + 4}, kUser) == memory.ram().data() + kData + 4);
}

TEST_CASE_METHOD(Fixture, "A TLB line tells page tables from what else is guarded") {
    const TlbEntry* lines = mmu.tlb_entries(Privilege::kSupervisor);
    const TlbEntry& line = lines[kTable >> kPageShift];
    const TlbEntry& data = lines[kData >> kPageShift];
    REQUIRE_FALSE(read_user(kData));
    REQUIRE_FALSE(read32(kTable, value));
    CHECK(line.table_page == TlbEntry::kNone);  // its D bit is clear
    REQUIRE_FALSE(write32(kTable, pte(0)));
    CHECK(line.table_page == kTable >> kPageShift);
    CHECK(line.write_page == TlbEntry::kNone);
    REQUIRE_FALSE(write32(kData, 1));
    CHECK(data.write_page == kData >> kPageShift);
    CHECK(data.table_page == TlbEntry::kNone);
    memory.set_guard(Guard::kCode, {kTable});
    CHECK(line.table_page == TlbEntry::kNone);
    REQUIRE_FALSE(write32(kTable, pte(0)));
    CHECK(line.table_page == TlbEntry::kNone);
}

TEST_CASE_METHOD(Fixture, "Tables work in ROM, though their A and D bits are lost") {
    std::vector<u8> rom(2 * kPageSize);
    const u32 entry = 0x101000 | 7;
    std::memcpy(rom.data(), &entry, 4);
    const u32 page = kData | 7;
    std::memcpy(&rom[kPageSize + 0x40 * 4], &page, 4);
    memory.map_rom({0x100000}, rom);
    state.cr3 = 0x100000;
    mmu.flush_all();
    for (u32 i = 0; i < 3; ++i) {
        REQUIRE_FALSE(write32(kData, i, kUser));
        REQUIRE_FALSE(read_user(kData));
        CHECK(value == i);
    }
    CHECK(memory.read<u32>({0x100000}) == entry);
    CHECK(memory.read<u32>({0x101100}) == page);
}

TEST_CASE_METHOD(Fixture, "Tables work in a chip's memory, and are read at each access") {
    BytesDevice device;
    mmio.claim({0xf0000000, kPageSize, &device, 0, 4});
    memory.write<u32>({kDirectory}, 0xf0000000 | 7);
    const auto set = [&](u32 entry) { std::memcpy(&device.bytes[0x40 * 4], &entry, 4); };
    set(kData | 7);
    memory.write<u32>({kData}, 1);
    memory.write<u32>({0x50000}, 2);
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 1);
    CHECK(device.bytes[0x40 * 4] == (7 | kA));
    set(0x50000 | 7);  // the chip changes it by itself
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 2);
    PhysicalAddress physical;
    CHECK_FALSE(mmu.peek({kData}, physical));  // a debugger must not disturb a chip
}

TEST_CASE_METHOD(Fixture, "peek sets no A bits and does not need rights") {
    set_pte(0x40, 0x50000 | kP);
    PhysicalAddress physical;
    REQUIRE(mmu.peek({kData + 4}, physical));
    CHECK(physical.value == 0x50004);
    CHECK(pte(0x40) == (0x50000 | kP));
    CHECK_FALSE(mmu.peek({0x400000}, physical));
}

TEST_CASE_METHOD(Fixture, "probe says whether an access would fault, and sets its A and D bits") {
    set_pte(0x41, 0);
    CHECK_FALSE(mmu.probe({kData}, kUser, Access::kRead, kPageSize));
    CHECK((pte(0x40) & (kA | kD)) == kA);
    CHECK_FALSE(mmu.probe({kData}, kUser, Access::kWrite, 4));
    CHECK((pte(0x40) & (kA | kD)) == (kA | kD));
    CHECK(mmu.probe({kData + 0xffc}, kUser, Access::kWrite, 5) == Fault::page(6, {0x41000}));
    CHECK(mmu.probe({kData + 0xffc}, kUser, Access::kExecute, 5) == Fault::page(4, {0x41000}));
}

TEST_CASE_METHOD(Fixture, "Runs lead to plain memory, and nowhere where an access would fault") {
    CHECK(mmu.read_run({kData + 3}, kUser) == memory.ram().data() + kData + 3);
    CHECK((pte(0x40) & (kA | kD)) == kA);
    CHECK(mmu.write_run({kData + 3}, kUser) == memory.ram().data() + kData + 3);
    CHECK((pte(0x40) & (kA | kD)) == (kA | kD));
    set_pte(0x41, 0x41000 | kP);
    CHECK(mmu.read_run({0x41000}, kUser) == nullptr);
    CHECK(mmu.write_run({0x41000}, kSupervisor) == nullptr);
    CHECK(mmu.read_run({0x41000}, kSupervisor) != nullptr);
    // A table in use is not plain memory for writing.
    CHECK(mmu.write_run({kTable}, kSupervisor) == nullptr);
    CHECK(mmu.read_run({kTable}, kSupervisor) != nullptr);
}

TEST_CASE_METHOD(Fixture, "fetch obeys the rules for code") {
    state.cr4 |= kCr4Pae;
    state.msr.efer = kEferNxe;
    state.pdpte[0] = 0x30000 | 1;
    memory.write<u64>({0x30000}, 0x31000 | 7);
    memory.write<u64>({0x31000}, u64{kData} | 7);
    memory.write<u64>({0x31008}, u64{kData} | 7 | u64{1} << 63);
    memory.write<u64>({0x31010}, u64{kData} | 3);
    mmu.flush_all();
    PhysicalAddress physical;
    CHECK_FALSE(mmu.fetch({0x123}, kUser, physical));
    CHECK(physical.value == kData + 0x123);
    CHECK(mmu.fetch({0x1000}, kUser, physical) == Fault::page(0x15, {0x1000}));
    CHECK(mmu.fetch({0x1000}, kSupervisor, physical) == Fault::page(0x11, {0x1000}));
    CHECK(mmu.fetch({0x2000}, kUser, physical) == Fault::page(0x15, {0x2000}));
    CHECK_FALSE(mmu.fetch({0x2000}, kSupervisor, physical));
    CHECK(mmu.fetch({0x3000}, kUser, physical) == Fault::page(0x14, {0x3000}));
}

TEST_CASE_METHOD(Fixture, "The fetch generation tells of whatever may change where code lies") {
    PhysicalAddress physical;
    REQUIRE_FALSE(mmu.fetch({kData}, kUser, physical));
    u64 last = mmu.fetch_generation();
    const auto changed = [&] { return std::exchange(last, mmu.fetch_generation()) != last; };
    CHECK_FALSE(changed());
    REQUIRE_FALSE(write32(0x60000, 1));  // plain memory
    set_pte(0x77, 0);                    // an entry that nobody used
    CHECK_FALSE(changed());
    set_pte(0x40, 0x50000 | 7);
    CHECK(changed());
    REQUIRE_FALSE(mmu.fetch({kData}, kUser, physical));
    CHECK(physical.value == 0x50000);
    mmu.change_space();
    CHECK(changed());
    mmu.flush_all();
    CHECK(changed());
    memory.map_mmio({0x200000}, kPageSize);
    CHECK(changed());
    memory.set_a20(false);
    CHECK(changed());
}

TEST_CASE_METHOD(Fixture, "A write that drops a translation raises attention") {
    REQUIRE_FALSE(read_user(kData));
    state.attention = false;
    REQUIRE_FALSE(write32(kData, 5));
    CHECK_FALSE(state.attention);
    memory.write<u32>({kTable + 4 * (kData >> kPageShift)}, 0);
    CHECK(state.attention);
}

TEST_CASE_METHOD(Fixture, "INVLPG changes nothing that could be seen") {
    REQUIRE_FALSE(write32(kData, 5));
    mmu.invalidate_page({kData + 0x123});
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 5);
}

TEST_CASE_METHOD(Fixture, "Data breakpoints are met by the accesses that touch them") {
    REQUIRE_FALSE(write32(kData, 1, kUser));  // the page is in the TLB already
    state.dr[0] = kData + 4;
    state.dr[1] = kData + 8;
    state.dr[7] = 0x400 | 1 | 2 << 2 | 0xd << 16 | 0xf << 20;  // DR0: write, DR1: both; 4 bytes
    mmu.breakpoints_changed();
    state.attention = false;  // the page tables were written
    const auto met = [&] {
        CHECK(state.attention == (state.pending_debug != 0));
        state.attention = false;
        return std::exchange(state.pending_debug, 0);
    };
    REQUIRE_FALSE(write32(kData, 1, kUser));
    CHECK(met() == 0);
    REQUIRE_FALSE(read32(kData + 4, value, kUser));
    CHECK(met() == 0);
    REQUIRE_FALSE(write32(kData + 1, 1, kUser));
    CHECK(met() == 1);
    REQUIRE_FALSE(read32(kData + 5, value));
    CHECK(met() == 2);
    REQUIRE_FALSE(mmu.modify<u64>({kData + 4}, kUser, [](u64 old) { return old; }));
    CHECK(met() == 3);
    CHECK(mmu.read_run({kData}, kUser) == nullptr);
    CHECK(mmu.write_run({kData}, kUser) == nullptr);
    CHECK(mmu.read_run({0x41000}, kUser) != nullptr);
    // Neither a probe nor an access that faults counts.
    CHECK_FALSE(mmu.probe({kData}, kUser, Access::kWrite, 16));
    set_pte(0x41, 0);
    state.attention = false;  // a translation was dropped
    state.dr[0] = kData + 0xffc;
    mmu.breakpoints_changed();
    CHECK(write32(kData + 0xffd, 0, kUser));
    CHECK(met() == 0);
    set_pte(0x41, 0x41000 | 7);
    REQUIRE_FALSE(write32(kData + 0xfff, 0, kUser));
    CHECK(met() == 1);
    state.dr[7] = 0x400;
    mmu.breakpoints_changed();
    REQUIRE_FALSE(write32(kData + 0xffc, 0, kUser));
    CHECK(met() == 0);
    CHECK(mmu.write_run({kData}, kUser) != nullptr);
}

TEST_CASE_METHOD(Fixture, "Walks, their faults and flushes are counted") {
    const Statistics before = mmu.statistics();
    set_pte(0x41, 0);
    set_pte(0x42, 0x42000 | kP | kU);
    CHECK_FALSE(read_user(kData));
    CHECK_FALSE(read_user(kData));
    CHECK(mmu.statistics().walks == before.walks + 1);  // the second is a hit
    CHECK(read_user(0x41000));
    CHECK(write32(0x42000, 0, kUser));
    CHECK(read_user(kData + 0xffe));  // into 0x41
    CHECK(mmu.statistics().faults[kPageFaultUser] == 2);
    CHECK(mmu.statistics().faults[kPageFaultUser | kPageFaultWrite | kPageFaultPresent] == 1);
    CHECK(mmu.statistics().checks == before.checks + 1);  // of the two pages one was known
    mmu.change_space();
    mmu.flush_all();
    mmu.invalidate_page({kData});
    mmu.breakpoints_changed();
    const Statistics& after = mmu.statistics();
    CHECK(after.space_flushes == before.space_flushes + 1);
    CHECK(after.mode_flushes == before.mode_flushes + 1);
    CHECK(after.invalidations == before.invalidations + 1);
    CHECK(after.breakpoint_flushes == before.breakpoint_flushes + 1);
    CHECK(after.map_flushes == before.map_flushes);
    Mmu::ShadowPage page;
    mmu.shadow(kData >> kPageShift, kUser, page);
    CHECK(after.shadow_walks == before.shadow_walks + 1);
}

TEST_CASE_METHOD(Fixture, "flush_all takes over replaced debug registers and memory") {
    REQUIRE_FALSE(read_user(kData));
    state.dr[0] = kData;
    state.dr[7] = 0x400 | 1 | 3 << 16;
    const u32 entry = 0x50000 | 7;
    std::memcpy(&memory.ram()[kTable + 0x40 * 4], &entry, 4);
    memory.ram()[0x50000] = 0x42;
    mmu.flush_all();
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 0x42);
    CHECK(state.pending_debug == 1);
}

}  // namespace
}  // namespace seventeen::mmu
