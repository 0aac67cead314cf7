// DR7's fields: enables, types, lengths, alignment.
#include <catch2/catch.hpp>

#include "mmu/data_breakpoints.h"

namespace seventeen::mmu {
namespace {

// DR7 fields for register 0: type in bits 16..17, length in bits 18..19.
constexpr u64 kWrite = 1u << 16;
constexpr u64 kReadWrite = 3u << 16;
constexpr u64 kTwo = 1u << 18;
constexpr u64 kEight = 2u << 18;
constexpr u64 kFour = 3u << 18;
constexpr u64 kLocal = 1;
constexpr u64 kGlobal = 2;

DataBreakpoints armed(u64 address, u64 control) {
    DataBreakpoints breakpoints;
    breakpoints.update({address, 0, 0, 0, 0, 0, 0, control});
    return breakpoints;
}

TEST_CASE("A breakpoint needs an enable bit and a data type") {
    CHECK_FALSE(armed(0x1000, kWrite).armed());
    CHECK(armed(0x1000, kWrite | kLocal).armed());
    CHECK(armed(0x1000, kWrite | kGlobal).armed());
    CHECK_FALSE(armed(0x1000, kLocal).armed());               // instruction
    CHECK_FALSE(armed(0x1000, (2u << 16) | kLocal).armed());  // I/O
}

TEST_CASE("A write breakpoint ignores reads, a read/write breakpoint meets both") {
    const LinearAddress at{0x1000};
    const DataBreakpoints write = armed(0x1000, kWrite | kLocal);
    CHECK(write.hits(at, 1, Access::kWrite) == 1);
    CHECK(write.hits(at, 1, Access::kRead) == 0);
    const DataBreakpoints both = armed(0x1000, kReadWrite | kLocal);
    CHECK(both.hits(at, 1, Access::kWrite) == 1);
    CHECK(both.hits(at, 1, Access::kRead) == 1);
}

TEST_CASE("The length covers an aligned range: any byte of it that is touched counts") {
    const auto [control, length] = GENERATE(table<u64, u64>({{kWrite | kLocal, 1},
                                                             {kWrite | kLocal | kTwo, 2},
                                                             {kWrite | kLocal | kFour, 4},
                                                             {kWrite | kLocal | kEight, 8}}));
    const DataBreakpoints breakpoints = armed(0x1005, control);
    const u64 first = 0x1005 & ~(length - 1);
    for (u64 address = 0xff0; address < 0x1020; ++address) {
        for (const u64 size : {1, 2, 4, 8}) {
            const bool overlaps = address < first + length && first < address + size;
            CHECK(breakpoints.hits({address}, size, Access::kWrite) == (overlaps ? 1 : 0));
        }
    }
    CHECK(breakpoints.on_page(1));
    CHECK_FALSE(breakpoints.on_page(0));
}

TEST_CASE("Each register has its own bit in DR6") {
    DataBreakpoints breakpoints;
    breakpoints.update(
        {0x10, 0x10, 0x20, 0x10, 0, 0, 0, 0x55 | 0x11110000});  // all local, write, one byte
    CHECK(breakpoints.hits({0x10}, 1, Access::kWrite) == 0b1011);
    CHECK(breakpoints.hits({0x10}, 0x20, Access::kWrite) == 0b1111);
    breakpoints.update({});
    CHECK_FALSE(breakpoints.armed());
}

}  // namespace
}  // namespace seventeen::mmu
