// The alignment check, for the accesses that a guest asked to have checked.
#include "privilege/segmented_memory.h"

namespace seventeen::privilege {

bool SegmentedMemory::checked_misaligned(LinearAddress address, std::size_t size) const {
    if (state_.cpl != 3 || !(state_.cr0 & kCr0Am)) return false;
    // SDM 3A table 6-7: 80-bit numbers want 8 bytes. Of 16-byte operands that may be unaligned
    // (MOVUPS) it leaves the check to processors; the host makes it. Longer areas are many
    // accesses; of those, x87 environments and images are made of words of 2 or 4 bytes.
    const auto alignment = [size]() -> std::size_t {
        switch (size) {
            case 10: return 8;
            case 6:
            case 14:
            case 94: return 2;
            case 28:
            case 108: return 4;
            default: return size > 16 ? 1 : size;
        }
    };
    return address.value % alignment() != 0;
}

}  // namespace seventeen::privilege
