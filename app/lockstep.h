// `seventeen lockstep`: the same run under interpreter and translator, compared as it goes.
#pragma once

#include "app/options.h"

namespace seventeen::app {

// Compares CPU and memory every `hash_every` instructions (ten million unless given) until the
// limit, power-off or a difference, which is bisected to one instruction. A thousand costs hardly
// more than a million (memory_comparison.h). Exit status 0 where there was none, else 1.
int run_lockstep(const RunOptions& options);

}  // namespace seventeen::app
