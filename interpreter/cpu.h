// Cpu: what a handler works on, and the accesses handlers share.
#pragma once

#include <cstring>

#include "core/cpu_state.h"
#include "core/fault.h"
#include "mmu/mmu.h"
#include "privilege/privilege_engine.h"

namespace seventeen::interpreter {

struct Cpu {
    CpuState& state;
    mmu::Mmu& mmu;
    privilege::PrivilegeEngine& privilege;
    privilege::SegmentedMemory memory;
    // CpuState::retired may not pass this: a repeated string instruction yields when it is reached.
    u64 target = 0;

    // SAFETY: `offset` comes from make_operation and names a register within gpr.
    template <typename T>
    T reg(u8 offset) const {
        T value;
        std::memcpy(&value, reinterpret_cast<const u8*>(state.gpr.data()) + offset, sizeof value);
        return value;
    }
    template <typename T>
    void set_reg(u8 offset, T value) {
        std::memcpy(reinterpret_cast<u8*>(state.gpr.data()) + offset, &value, sizeof value);
    }
};

}  // namespace seventeen::interpreter
