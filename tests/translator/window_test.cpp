// A window lies alone, shows what it is told to, and is chosen in either way.
#include "translator/window.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "mmu/shared_memory.h"
#include "tests/translator/host_mappings.h"

namespace seventeen::translator {

namespace {

u8 read_through_gs(u32 offset) {
    u8 value = 0;
    asm volatile("movb %%gs:(%1), %0" : "=q"(value) : "r"(u64{offset}) : "memory");
    return value;
}

}  // namespace

TEST_CASE("A window is chosen by the instruction and by the system call alike") {
    mmu::SharedMemory ram(2 * kPageSize);
    ram.bytes()[5] = 55;
    ram.bytes()[kPageSize + 5] = 66;
    Window one;
    Window other;
    REQUIRE(one.fill(0x10, 1, ram.fd(), 0, false));
    REQUIRE(other.fill(0x10, 1, ram.fd(), 1, false));
    std::vector<BaseWrite> ways{BaseWrite::kSystemCall};
    if (best_base_write() == BaseWrite::kInstruction) ways.push_back(BaseWrite::kInstruction);
    for (const BaseWrite how : ways) {
        select_window(one.base(), how);
        CHECK(read_through_gs(0x10005) == 55);
        select_window(other.base(), how);
        CHECK(read_through_gs(0x10005) == 66);
        select_window(0, how);
    }
}

TEST_CASE("Nothing of the process lies in a window or in the gap behind it") {
    constexpr u64 kReach = (u64{1} << 32) + 0x10000;  // the last byte's access, however wide
    mmu::SharedMemory ram(2 * kPageSize);
    const std::vector<Window> windows(3);
    for (const Window& window : windows) {
        CHECK(window.base() % (u64{1} << 32) == 0);
        u64 covered = window.base();
        for (const Mapping& mapping : mappings_within(window.base(), window.base() + kReach)) {
            CHECK(mapping.rights == "---p");
            CHECK(mapping.first <= covered);  // no hole, into which something could come
            covered = mapping.end;
        }
        CHECK(covered >= window.base() + kReach);
    }
    Window window;
    REQUIRE(window.fill(0xfffff, 1, ram.fd(), 0, true));
    window.empty_all();
    for (const Mapping& mapping : mappings_within(window.base(), window.base() + kReach))
        CHECK(mapping.rights == "---p");
}

}  // namespace seventeen::translator
