// CpuModel: what CPUID says and which instructions exist, for `--cpu NAME`.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/cpu_state.h"
#include "core/feature.h"
#include "core/types.h"

namespace seventeen::privilege {

struct CpuModel {
    std::string_view name;
    std::string_view vendor;  // 12 characters
    std::string_view brand;   // empty: no brand leaves
    u8 family = 0;
    u8 model = 0;
    u8 stepping = 0;
    u64 features = 0;             // bit n: Feature n
    u8 physical_bits = 32;        // MAXPHYADDR
    u8 last_cpuid_leaf = 1;       // of the basic ones
    u8 brand_index = 0;           // CPUID leaf 1, EBX bits 7..0
    u64 default_misc_enable = 0;  // IA32_MISC_ENABLE after reset; 0: the model has no such MSR

    bool has(Feature feature) const { return features >> static_cast<unsigned>(feature) & 1; }
    // The same model with something left off: a board without a local APIC takes kApic away, so
    // that CPUID never promises what nothing answers.
    CpuModel without(Feature feature) const;

    // EAX of CPUID leaf 1, which is also what RESET leaves in EDX (SDM 2A CPUID, 3A table 9-1).
    u32 signature() const;
    // The EFLAGS bits that exist; the others keep their fixed values whatever is written.
    u32 implemented_flags() const;
    // The CR4 bits that exist; MOV CR4 refuses the others.
    u64 implemented_cr4() const;
};

// 486, pentium, pentium3, max. Throws Error listing the names where `name` is none of them.
const CpuModel& cpu_model(std::string_view name);
std::span<const CpuModel> cpu_models();

// What RESET leaves: core's reset_state() and what the model adds (signature, MSRs).
CpuState reset_state(const CpuModel& model);

}  // namespace seventeen::privilege
