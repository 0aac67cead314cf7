// Start states obey the rules that hardware keeps, and are varied.
#include "tests/oracle/start_state.h"

#include <catch2/catch.hpp>

#include <set>

namespace seventeen::oracle {
namespace {

TEST_CASE("start states are ones a CPU can be in") {
    Random random(3);
    std::set<u32> pointers;
    for (int i = 0; i < 2000; ++i) {
        Registers registers;
        randomise_registers(random, registers);
        CHECK(kStack.contains(registers[Gpr::kSp] - 1));
        CHECK((registers.eflags & (kFlagIf | kFlagFixed)) == (kFlagIf | kFlagFixed));
        CHECK((registers.eflags & (kFlagVm | kFlagIopl | kFlagRf)) == 0);
        CHECK((registers.fx.mxcsr & ~kMxcsrMask) == 0);
        const bool pending = registers.fx.status & ~registers.fx.control & 0x3f;
        CHECK((registers.fx.status >> 7 & 1) == pending);
        CHECK((registers.fx.status >> 15 & 1) == pending);
        if (kData.contains(registers[Gpr::kAx])) pointers.insert(registers[Gpr::kAx]);
    }
    CHECK(pointers.size() > 200);
}

TEST_CASE("start segments may be loaded, and every such one comes up") {
    Random random(5);
    std::set<u16> found;
    for (int i = 0; i < 5000; ++i) {
        Registers registers;
        registers.eflags |= kFlagTf;
        randomise_segments(random, registers);
        for (const u16 selector : registers.selectors) {
            const LocalSegment* segment = local_segment(selector);
            if (segment) CHECK(segment->present);
            found.insert(selector);
        }
        const LocalSegment* code = local_segment(registers[SegmentName::kCs]);
        const LocalSegment* stack = local_segment(registers[SegmentName::kSs]);
        if (code) CHECK(code->is_code());
        if (stack) CHECK((!stack->is_code() && stack->rights == LocalSegment::Rights::kMore));
        const bool steps = registers.eflags & kFlagTf;
        CHECK(steps == is_32_bit(registers[SegmentName::kSs]));
    }
    CHECK(found.size() == 2 + kLocalSegmentCount - 2);  // the flat two; two are not present
}

TEST_CASE("the generator of random numbers is reproducible and keeps its bounds") {
    Random first(9), second(9);
    for (int i = 0; i < 100; ++i) {
        CHECK(first.next() == second.next());
        CHECK(first.below(7) < 7);
        second.below(7);
    }
    CHECK_FALSE(first.chance(0));
    CHECK(first.chance(100));
}

TEST_CASE("every class of 80-bit number comes up") {
    Random random(1);
    bool zero = false, denormal = false, infinity = false, quiet = false, unnormal = false;
    for (int i = 0; i < 1000; ++i) {
        const auto [significand, sign_exponent] = random.extended();
        const unsigned exponent = sign_exponent & 0x7fff;
        const bool integer_bit = significand >> 63;
        zero |= exponent == 0 && significand == 0;
        denormal |= exponent == 0 && significand != 0 && !integer_bit;
        infinity |= exponent == 0x7fff && significand == u64{1} << 63;
        quiet |= exponent == 0x7fff && significand >> 62 == 3;
        unnormal |= exponent != 0 && exponent != 0x7fff && !integer_bit;
    }
    CHECK((zero && denormal && infinity && quiet && unnormal));
}

}  // namespace
}  // namespace seventeen::oracle
