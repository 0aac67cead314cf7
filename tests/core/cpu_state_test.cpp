// CpuState: the state after RESET, and EFLAGS as the sum of its two halves.
#include "core/cpu_state.h"

#include <catch2/catch.hpp>
#include <type_traits>

namespace seventeen {

static_assert(std::is_standard_layout_v<CpuState>, "emitters use offsetof");
static_assert(std::is_trivially_copyable_v<CpuState>);

TEST_CASE("RESET leaves what the manual says") {
    const CpuState state = reset_state();
    CHECK(state.eip() == 0xfff0);
    CHECK(state.segment(SegmentName::kCs).selector == 0xf000);
    CHECK(state.segment(SegmentName::kCs).base == 0xffff0000);
    CHECK(state.eflags() == 0x0000'0002);
    CHECK(state.cr0 == 0x6000'0010);
    CHECK(state.dr[6] == 0xffff'0ff0);
    CHECK(state.dr[7] == 0x400);
    CHECK(state.idtr == DescriptorTable{0, 0xffff});
    CHECK(state.fpu.control == 0x0040);
    CHECK(state.fpu.mxcsr == 0x1f80);
    CHECK(state.cpl == 0);
    CHECK(state.activity == Activity::kRunning);
    for (const SegmentRegister& segment : state.segments) {
        CHECK(segment.limit == 0xffff);
        CHECK(segment.may_read(0xffff, 1));
        CHECK(segment.may_write(0xfffe, 2));
        CHECK_FALSE(segment.may_read(0xffff, 2));
    }
}

TEST_CASE("EFLAGS reads back as it was set") {
    CpuState state;
    const u32 all = kFlagsArithmetic | kFlagTf | kFlagIf | kFlagDf | kFlagIopl | kFlagNt | kFlagRf |
                    kFlagVm | kFlagAc | kFlagVif | kFlagVip | kFlagId | kFlagFixed;
    for (u32 bit = 0; bit < 22; ++bit) {
        const u32 flags = (all & (1u << bit)) | kFlagFixed;
        state.set_eflags(flags);
        CHECK(state.eflags() == flags);
        state.set_eflags(all & ~(1u << bit));
        CHECK(state.eflags() == ((all & ~(1u << bit)) | kFlagFixed));
    }
    state.set_eflags(kFlagIopl);
    CHECK(state.iopl() == 3);
}

}  // namespace seventeen
