// SegmentRegister: which offsets a limit, a type and a direction permit.
#include "core/segment_register.h"

#include <catch2/catch.hpp>

namespace seventeen {

namespace {

constexpr u32 kData = kSegmentPresent | kSegmentNotSystem | kSegmentWritable;

SegmentRegister segment(u32 attributes, u32 limit) {
    SegmentRegister result;
    result.attributes = attributes;
    result.limit = limit;
    result.update();
    return result;
}

}  // namespace

TEST_CASE("an expand-up segment reaches from zero to its limit") {
    const SegmentRegister s = segment(kData, 0xffff);
    CHECK(s.may_read(0, 1));
    CHECK(s.may_write(0xffff, 1));
    CHECK(s.may_read(0xfffc, 4));
    CHECK_FALSE(s.may_read(0xfffd, 4));
    CHECK_FALSE(s.may_read(0x10000, 1));
    CHECK_FALSE(s.may_read(0xffff'ffff, 2));
}

TEST_CASE("a flat segment has no end, and accesses do not wrap round it") {
    const SegmentRegister s = segment(kData | kSegmentBig | kSegmentGranular, 0xffff'ffff);
    CHECK(s.may_read(0xffff'fffc, 4));
    CHECK_FALSE(s.may_read(0xffff'fffd, 4));
    CHECK(s.may_write(0xffff'ffff, 1));
}

TEST_CASE("an expand-down segment reaches from above its limit to its top") {
    const SegmentRegister small = segment(kData | kSegmentExpandDown, 0x0fff);
    CHECK_FALSE(small.may_read(0x0fff, 1));
    CHECK_FALSE(small.may_read(0x0ffd, 4));
    CHECK(small.may_read(0x1000, 1));
    CHECK(small.may_write(0xfffc, 4));
    CHECK_FALSE(small.may_write(0xfffd, 4));
    CHECK_FALSE(small.may_write(0x10000, 1));
    const SegmentRegister big = segment(kData | kSegmentExpandDown | kSegmentBig, 0x0fff);
    CHECK(big.may_read(0x10000, 4));
    CHECK(big.may_read(0xffff'fffc, 4));
    CHECK_FALSE(big.may_read(0xffff'fffd, 4));
    CHECK_FALSE(big.may_read(0, 1));
}

TEST_CASE("an expand-down segment whose limit is its top is empty") {
    for (const u32 limit : {0xffffu, 0x1'0000u, 0xffff'ffffu}) {
        const SegmentRegister s = segment(kData | kSegmentExpandDown, limit);
        for (const u32 offset : {0u, 1u, 0xffffu, 0x10000u, 0xffff'ffffu})
            CHECK_FALSE(s.may_read(offset, 1));
    }
    const SegmentRegister big = segment(kData | kSegmentExpandDown | kSegmentBig, 0xffff'ffff);
    CHECK_FALSE(big.may_read(0, 1));
    CHECK_FALSE(big.may_read(0xffff'ffff, 1));
}

TEST_CASE("types grant what they say") {
    constexpr u32 kBase = kSegmentPresent | kSegmentNotSystem;
    CHECK(segment(kBase, 9).may_read(0, 1));
    CHECK_FALSE(segment(kBase, 9).may_write(0, 1));
    CHECK_FALSE(segment(kBase | kSegmentCode, 9).may_read(0, 1));
    CHECK(segment(kBase | kSegmentCode | kSegmentReadable, 9).may_read(0, 1));
    CHECK_FALSE(segment(kBase | kSegmentCode | kSegmentReadable, 9).may_write(0, 1));
    // Bit 2 means conforming here, not expand-down.
    const u32 conforming = kBase | kSegmentCode | kSegmentReadable | kSegmentConforming;
    CHECK(segment(conforming, 9).may_read(9, 1));
    CHECK_FALSE(segment(kData | kSegmentUnusable, 9).may_read(0, 1));
    CHECK_FALSE(segment(kSegmentPresent | kSegmentWritable, 9).may_read(0, 1));  // a system segment
}

}  // namespace seventeen
