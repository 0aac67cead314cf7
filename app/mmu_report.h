// What `info mmu` says about paging: the software TLB, watched page tables, windows.
#pragma once

#include <string>

#include "machine/platform.h"

namespace seventeen::app {

std::string describe_mmu(machine::Platform& platform);

std::string describe_tlb(const mmu::TlbCounts& tlb);
std::string describe_walks(const mmu::Statistics& statistics);
std::string describe_windows(const translator::Statistics& statistics,
                             const translator::Census& census);

}  // namespace seventeen::app
