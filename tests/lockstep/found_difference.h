// What the tests are made of that lockstep prints where it finds a difference.
#pragma once

#include <catch2/catch.hpp>

#include <initializer_list>

#include "core/cpu_snapshot.h"
#include "tests/lockstep/lockstep.h"
#include "tests/lockstep/rom.h"

namespace seventeen::lockstep {

inline void put(mmu::PhysicalMemory& memory, u64 address, std::initializer_list<u8> bytes) {
    memory.write({address}, bytes.begin(), bytes.size());
}

// So many instructions without a stop.
inline Plan plan_of(u64 retired, u64 instructions) {
    Plan plan;
    plan.limit = retired + instructions;
    plan.shortest_step = plan.longest_step = instructions;
    return plan;
}

inline std::string what_differs(const Result& result) {
    return result.difference ? result.difference->what : std::string();
}

}  // namespace seventeen::lockstep
