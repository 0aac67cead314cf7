// The alignment check, for the accesses that a guest asked to have checked.
#include "privilege/segmented_memory.h"

namespace seventeen::privilege {

bool SegmentedMemory::checked_misaligned(LinearAddress address, std::size_t size) const {
    if (state_.cpl != 3 || !(state_.cr0 & kCr0Am)) return false;
    // SDM 3A table 6-7: 80-bit numbers want 8 bytes; 16-byte operands have checks of their own.
    const std::size_t alignment = size == 10 ? 8 : size == 6 ? 2 : size > 8 ? 1 : size;
    return address.value % alignment != 0;
}

}  // namespace seventeen::privilege
