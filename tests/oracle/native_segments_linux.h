// The host's descriptor tables, as far as a process may look at them and write them.
#pragma once

#include <array>

#include "tests/oracle/segments.h"

namespace seventeen::oracle {

// Does the GDT hold a flat 32-bit segment there, as 64-bit Linux kernels with 32-bit programs have?
bool is_flat_32_bit(u16 selector, bool code);

// The GDT, without bases: 0 where nothing is or user code may not see it.
std::array<u64, kDescriptorCount> visible_descriptors();

// Puts the local segments into the process's LDT. False where the kernel refuses, because it was
// built without modify_ldt or without 16-bit segments.
bool write_local_segments();

}  // namespace seventeen::oracle
