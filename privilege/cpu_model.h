// CpuModel: what CPUID says and which instructions exist, for `--cpu NAME`.
#pragma once

#include <span>
#include <string>
#include <string_view>

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
    u64 features = 0;       // bit n: Feature n
    u8 physical_bits = 32;  // MAXPHYADDR

    bool has(Feature feature) const { return features >> static_cast<unsigned>(feature) & 1; }
};

// 486, pentium, pentium3, max. Throws Error listing the names where `name` is none of them.
const CpuModel& cpu_model(std::string_view name);
std::span<const CpuModel> cpu_models();

}  // namespace seventeen::privilege
