// The CPU's snapshot section: every architectural field, and none that derives from another.
#pragma once

#include "core/cpu_state.h"
#include "core/snapshot.h"

namespace seventeen {

void save_cpu(const CpuState& state, Writer& writer);

// Throws Error, and leaves `state` alone, where the section holds what no CPU could. Recomputes
// derived fields and raises `attention`.
void restore_cpu(CpuState& state, Reader& reader);

// A fingerprint of the same fields: equal states have equal digests on any host.
u64 cpu_digest(const CpuState& state);

}  // namespace seventeen
