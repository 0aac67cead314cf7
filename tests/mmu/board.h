// Board: a CPU's state, a megabyte of RAM and a Mmu, for tests that set up paging by hand.
#pragma once

#include "core/bus.h"
#include "mmu/mmu.h"

namespace seventeen::mmu {

// Bits of page-table entries, as the tests' tables are written with.
inline constexpr u32 kP = 1;
inline constexpr u32 kW = 2;
inline constexpr u32 kU = 4;
inline constexpr u32 kA = 0x20;
inline constexpr u32 kD = 0x40;
inline constexpr u32 kPs = 0x80;
inline constexpr u32 kG = 0x100;

struct Board {
    static constexpr u64 kRamSize = 1 << 20;
    // Two-level tables: the directory, and the table of the first 4 MiB.
    static constexpr u64 kDirectory = 0x10000;
    static constexpr u64 kTable = 0x11000;
    static constexpr auto kSupervisor = Privilege::kSupervisor;
    static constexpr auto kUser = Privilege::kUser;

    CpuState state;
    Bus mmio{"memory", u64{1} << 36};
    PhysicalMemory memory{kRamSize, mmio};
    Mmu mmu{state, memory};

    Board() { memory.map_ram({0}, kRamSize, 0); }

    // Paging on; the first megabyte maps to itself, writable by everyone.
    void identity_map() {
        memory.write<u32>({kDirectory}, kTable | kP | kW | kU);
        for (u32 page = 0; page < kRamSize / kPageSize; ++page) set_pte(page, page << 12 | 7);
        state.cr3 = kDirectory;
        state.cr0 |= kCr0Pe | kCr0Pg | kCr0Wp;
        mmu.flush_all();
    }
    void set_pte(u64 page, u32 entry) { memory.write<u32>({kTable + page * 4}, entry); }
    u32 pte(u64 page) { return memory.read<u32>({kTable + page * 4}); }
    u32 pde(u64 slot) { return memory.read<u32>({kDirectory + slot * 4}); }

    Fault read32(u32 linear, u32& value, Privilege privilege = kSupervisor) {
        return mmu.read(LinearAddress{linear}, privilege, value);
    }
    Fault write32(u32 linear, u32 value, Privilege privilege = kSupervisor) {
        return mmu.write(LinearAddress{linear}, privilege, value);
    }
};

}  // namespace seventeen::mmu
