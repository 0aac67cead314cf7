// Where a paging program's things lie, and random entries, addresses and slots among them.
#pragma once

#include <vector>

#include "mmu/physical_memory.h"
#include "tests/lockstep/random_instruction.h"
#include "tests/lockstep/rom.h"

namespace seventeen::lockstep {

// RAM. Tables of a space lie at the same distances from its CR3.
inline constexpr u64 kRam = u64{8} << 20;
inline constexpr u32 kCounter = 0x500;
inline constexpr u32 kStack = 0x9000;
inline constexpr u32 kSpaces[] = {0x100000, 0x140000};  // CR3
inline constexpr u32 kUserTable = 0x2000;
inline constexpr u32 kLargeTable = 0x3000;
inline constexpr u32 kKernelTable = 0x130000;
inline constexpr u32 kCodeFrames = 0x400000;
inline constexpr u32 kDataFrames = 0x410000;
inline constexpr u32 kFrames = 16 + 64;
inline constexpr u32 kLargeFrame = 0x400000;

// Linear space: the kernel's is RAM as it lies; then user pages, then large pages.
inline constexpr u32 kUserPages = 0x400000;
inline constexpr u32 kCodePages = 32;
inline constexpr u32 kDataPages = 64;
inline constexpr u32 kFirstDataPage = 32;
inline constexpr u32 kFirstTablePage = 100;
inline constexpr u32 kPages = 128;
inline constexpr u32 kLarge = 0x800000;

// Bits of an entry.
inline constexpr u32 kPresent = 1, kWritable = 2, kUser = 4, kAccessed = 0x20, kDirty = 0x40;
inline constexpr u32 kLargePage = 0x80, kGlobal = 0x100;
inline constexpr u32 kAll = kPresent | kWritable | kUser;

// Selectors.
inline constexpr u16 kCode0 = 0x08;
inline constexpr u16 kData0 = 0x10;
inline constexpr u16 kCode3 = 0x18 | 3;
inline constexpr u16 kData3 = 0x20 | 3;
inline constexpr u16 kCode1 = 0x28 | 1;
inline constexpr u16 kData1 = 0x30 | 1;
inline constexpr u16 kTssSelector = 0x38;

// Where things lie in either format of page tables.
struct PagingFormat {
    bool pae = false;

    u32 entry_size() const { return pae ? 8 : 4; }
    u32 directory(u32 space) const { return space + (pae ? 0x1000 : 0); }
    u32 directory_entry(u32 space, u32 linear) const {
        return directory(space) + (linear >> (pae ? 21 : 22)) * entry_size();
    }
    u32 entry(u32 space, u32 page) const { return space + kUserTable + page * entry_size(); }
    // What a user page's entry is at first, in both spaces; 0: none.
    u32 pristine(u32 page) const;
    // Tables that user code sees, from kFirstTablePage on.
    std::vector<u32> tables() const;
};

class PagingChoice {
  public:
    PagingChoice(Random& random, PagingFormat format) : random_(random), format_(format) {}

    const PagingFormat& format() const { return format_; }
    bool chance(unsigned percent) { return random_() % 100 < percent; }
    u32 below(u32 limit) { return static_cast<u32>(random_() % limit); }
    u32 space() { return kSpaces[below(2)]; }

    u32 entry(u32 page);
    u32 address();  // of data, mostly
    // The place of a user page's entry, as the kernel sees it …
    u32 slot(u32& page);
    // … and as user code sees it.
    u32 as_seen(u32 slot) const;
    // A directory's entry for one of the two regions, and what it could be.
    u32 directory_slot(u32& value);

  private:
    Random& random_;
    PagingFormat format_;
};

// Both spaces as they are at first.
void map_spaces(const PagingFormat& format, mmu::PhysicalMemory& memory);
// The CPU is in the kernel, under paging, with flat segments and the tables of the ROM.
void enter_kernel(CpuState& state, u32 cr3, u32 entry);

}  // namespace seventeen::lockstep
