// What an access does and with whose rights.
#pragma once

#include "core/types.h"

namespace seventeen::mmu {

enum class Access : u8 { kRead, kWrite, kExecute };
// With whose rights: descriptor tables, TSSes and the IDT are always read as supervisor.
enum class Privilege : u8 { kSupervisor, kUser };

}  // namespace seventeen::mmu
