// A window lies alone, shows what it is told to, and is chosen in either way.
#include "translator/window.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "mmu/shared_memory.h"

namespace seventeen::translator {

namespace {

u8 read_through_gs(u32 offset) {
    u8 value = 0;
    asm volatile("movb %%gs:(%1), %0" : "=q"(value) : "r"(u64{offset}) : "memory");
    return value;
}

struct Mapping {
    u64 first = 0;
    u64 end = 0;
    std::string rights;
};

// Those of this process that have a byte in [first, end).
std::vector<Mapping> mappings_within(u64 first, u64 end) {
    std::vector<Mapping> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        Mapping mapping;
        char rights[5] = {};
        unsigned long from = 0;
        unsigned long to = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, rights) != 3) continue;
        mapping = {from, to, rights};
        if (mapping.first < end && mapping.end > first) found.push_back(mapping);
    }
    return found;
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
