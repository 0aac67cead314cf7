// Tests of the layout of TSSes.
#include "privilege/task_state_segment.h"

#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

SegmentRegister tss(SystemType type, u32 limit) {
    return make_segment(kOtherTss, limit, system(type)).segment(kOtherTssSelector);
}

// Registers and selectors that tell which is which.
void number_registers(CpuState& state) {
    for (u32 i = 0; i < 8; ++i) state.gpr[i] = 0xaaaa'0010 + i;
    for (u16 i = 0; i < kSegmentCount; ++i) state.segments[i].selector = 0x20 + i;
    state.rip = 0xbbbb'0001;
}

}  // namespace

TEST_CASE("a 32-bit TSS is loaded field by field") {
    Bench bench;
    for (u32 i = 0; i < 26; ++i) bench.write<u32>(kOtherTss + i * 4, 0xcc00'0000 + i);
    bench.write<u32>(kOtherTss + 100, 0xffff'0001);
    TaskStateSegment segment(tss(SystemType::kTss32, 0x67), bench.mmu);
    TaskState task;
    REQUIRE(segment.load(task) == kNoFault);
    CHECK(segment.is_32_bit());
    CHECK(task.page_directory == 0xcc00'0007);
    CHECK(task.eip == 0xcc00'0008);
    CHECK(task.eflags == 0xcc00'0009);
    for (u32 i = 0; i < 8; ++i) CHECK(task.gpr[i] == 0xcc00'000a + i);
    for (u32 i = 0; i < kSegmentCount; ++i) CHECK(task.selectors[i] == 0x12 + i);
    CHECK(task.ldt == 0x18);
    CHECK(task.debug_trap);
    bench.write<u32>(kOtherTss + 100, 0xffff'fffe);
    REQUIRE(segment.load(task) == kNoFault);
    CHECK_FALSE(task.debug_trap);
}

TEST_CASE("a 16-bit TSS is loaded field by field") {
    Bench bench;
    for (u16 i = 0; i < 22; ++i) bench.write<u16>(kOtherTss + i * 2, 0xcc00 + i);
    TaskStateSegment segment(tss(SystemType::kTss16, 0x2b), bench.mmu);
    TaskState task;
    REQUIRE(segment.load(task) == kNoFault);
    CHECK_FALSE(segment.is_32_bit());
    CHECK(task.eip == 0xcc07);
    CHECK(task.eflags == 0xcc08);
    for (u32 i = 0; i < 8; ++i) CHECK(task.gpr[i] == 0xffff'cc09 + i);
    for (u32 i = 0; i < 4; ++i) CHECK(task.selectors[i] == 0xcc11 + i);
    CHECK(task.selectors[4] == 0);
    CHECK(task.selectors[5] == 0);
    CHECK(task.ldt == 0xcc15);
    CHECK_FALSE(task.debug_trap);
}

TEST_CASE("saving leaves static fields and upper halves alone") {
    Bench bench;
    number_registers(bench.state);
    for (u32 i = 0; i < 26; ++i) bench.write<u32>(kOtherTss + i * 4, 0xdddd'dddd);
    TaskStateSegment wide(tss(SystemType::kTss32, 0x67), bench.mmu);
    REQUIRE(wide.save(bench.state, 0x1234'5678) == kNoFault);
    CHECK(bench.dword(kOtherTss + 28) == 0xdddd'dddd);
    CHECK(bench.dword(kOtherTss + 32) == 0xbbbb'0001);
    CHECK(bench.dword(kOtherTss + 36) == 0x1234'5678);
    for (u32 i = 0; i < 8; ++i) CHECK(bench.dword(kOtherTss + 40 + i * 4) == 0xaaaa'0010 + i);
    for (u32 i = 0; i < 6; ++i) CHECK(bench.dword(kOtherTss + 72 + i * 4) == 0xdddd'0020 + i);
    CHECK(bench.dword(kOtherTss + 96) == 0xdddd'dddd);

    for (u32 i = 0; i < 26; ++i) bench.write<u32>(kOtherTss + i * 4, 0xdddd'dddd);
    TaskStateSegment narrow(tss(SystemType::kTss16, 0x2b), bench.mmu);
    REQUIRE(narrow.save(bench.state, 0x1234'5678) == kNoFault);
    CHECK(bench.word(kOtherTss + 12) == 0xdddd);
    CHECK(bench.word(kOtherTss + 14) == 1);
    CHECK(bench.word(kOtherTss + 16) == 0x5678);
    for (u32 i = 0; i < 8; ++i) CHECK(bench.word(kOtherTss + 18 + i * 2) == 0x10 + i);
    for (u32 i = 0; i < 4; ++i) CHECK(bench.word(kOtherTss + 34 + i * 2) == 0x20 + i);
    CHECK(bench.word(kOtherTss + 42) == 0xdddd);
}

TEST_CASE("the link is a word") {
    Bench bench;
    bench.write<u32>(kOtherTss, 0xdddd'1234);
    TaskStateSegment segment(tss(SystemType::kTss32, 0x67), bench.mmu);
    u16 link = 0;
    REQUIRE(segment.read_link(link) == kNoFault);
    CHECK(link == 0x1234);
    REQUIRE(segment.write_link(0x28) == kNoFault);
    CHECK(bench.dword(kOtherTss) == 0xdddd'0028);
}

TEST_CASE("the limits that a switch needs") {
    Bench bench;
    struct Row {
        SystemType type;
        u32 limit;
        bool state, saved;
    };
    constexpr Row kRows[] = {
        {SystemType::kTss32, 0x67, true, true},  {SystemType::kTss32, 0x66, false, true},
        {SystemType::kTss32, 0x5f, false, true}, {SystemType::kTss32, 0x5e, false, false},
        {SystemType::kTss16, 0x2b, true, true},  {SystemType::kTss16, 0x2a, false, true},
        {SystemType::kTss16, 0x29, false, true}, {SystemType::kTss16, 0x28, false, false},
    };
    for (const Row& row : kRows) {
        INFO("limit " << row.limit);
        const TaskStateSegment segment(tss(row.type, row.limit), bench.mmu);
        CHECK(segment.holds_state() == row.state);
        CHECK(segment.holds_saved_state() == row.saved);
    }
}

TEST_CASE("probes find page faults before anything is written") {
    Bench bench;
    bench.protected_mode(0);
    bench.enable_paging();
    TaskStateSegment segment(tss(SystemType::kTss32, 0x67), bench.mmu);
    bench.change_page(kOtherTss, 2);
    CHECK(segment.probe_load() == kNoFault);
    CHECK(segment.probe_save() ==
          Fault::page(kPageFaultPresent | kPageFaultWrite, {kOtherTss + 32}));
    CHECK(segment.probe_link() == Fault::page(kPageFaultPresent | kPageFaultWrite, {kOtherTss}));
    bench.change_page(kOtherTss, 1);
    CHECK(segment.probe_load() == Fault::page(0, {kOtherTss}));
}

}  // namespace seventeen::privilege
