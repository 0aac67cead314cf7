// The alignment check, for the accesses that a guest asked to have checked.
#include "privilege/segmented_memory.h"

namespace seventeen::privilege {

bool SegmentedMemory::checked_misaligned(LinearAddress address, std::size_t size) const {
    if (state_.cpl != 3 || !(state_.cr0 & kCr0Am)) return false;
    // SDM 3A table 6-7: 80-bit numbers want 8 bytes. Of 16-byte operands that may be unaligned
    // (MOVUPS) it leaves the check to processors; the host makes it. Longer areas are many
    // accesses.
    const std::size_t alignment = size == 10 ? 8 : size == 6 ? 2 : size > 16 ? 1 : size;
    return address.value % alignment != 0;
}

}  // namespace seventeen::privilege
