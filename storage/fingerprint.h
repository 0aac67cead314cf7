// Fingerprint: tells disks apart by samples of what they hold, whatever their format or file times.
#pragma once

#include "core/block_medium.h"

namespace seventeen::storage {

// Of the size, the first and last 64 KiB and 64 pieces of 4 KiB between them. Finds another disk;
// a change elsewhere goes unnoticed.
u64 fingerprint(BlockMedium& medium);

}  // namespace seventeen::storage
