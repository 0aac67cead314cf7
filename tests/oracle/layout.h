// Layout: the linear addresses that a case runs in, the same on the host CPU and in the guest.
//
// Everything else below 4 GiB is unmapped on both sides, so an access that misses faults alike.
#pragma once

#include <array>

#include "core/types.h"

namespace seventeen::oracle {

enum class Rights : u8 { kRead, kReadWrite, kReadExecute };

struct Region {
    u32 base;
    u32 size;
    Rights rights;
    constexpr u32 end() const { return base + size; }
    constexpr bool contains(u32 address) const { return address - base < size; }
};

// The instructions of the case; two pages, so that one may cross.
inline constexpr Region kCode{0x1000'0000, 0x2000, Rights::kReadExecute};
// What the jump behind the last instruction leads to.
inline constexpr Region kExit{0x1000'4000, 0x1000, Rights::kReadExecute};

// The memory that cases work on and that is compared, in the order in which an image holds it.
inline constexpr Region kData{0x1001'0000, 0x2000, Rights::kReadWrite};
inline constexpr Region kConstants{0x1001'2000, 0x1000, Rights::kRead};
inline constexpr Region kStack{0x1002'0000, 0x1000, Rights::kReadWrite};
// Reached by 16-bit addresses, up to their wrap and past it.
inline constexpr Region kLow{0x0000'f000, 0x2000, Rights::kReadWrite};

inline constexpr std::array<Region, 4> kMemory{kData, kConstants, kStack, kLow};
inline constexpr u32 kMemorySize = kData.size + kConstants.size + kStack.size + kLow.size;

// Where an image holds the byte at a linear address; kMemorySize where it does not.
constexpr u32 image_offset(u32 address) {
    u32 offset = 0;
    for (const Region& region : kMemory) {
        if (region.contains(address)) return offset + (address - region.base);
        offset += region.size;
    }
    return kMemorySize;
}

// The inverse, for messages.
constexpr u32 image_address(u32 offset) {
    for (const Region& region : kMemory) {
        if (offset < region.size) return region.base + offset;
        offset -= region.size;
    }
    return 0;
}

// Selectors as Linux gives them to 32-bit processes; the guest's GDT is made to match.
inline constexpr u16 kUserCode32 = 0x23;
inline constexpr u16 kUserData = 0x2b;
inline constexpr u16 kUserCode64 = 0x33;
inline constexpr unsigned kDescriptorCount = 16;  // of the GDT

}  // namespace seventeen::oracle
