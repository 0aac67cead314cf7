// CPUID: says which features the model has, which is what the engines implement (SDM 2A CPUID).
#include <algorithm>
#include <array>
#include <cstring>

#include "privilege/msr_index.h"
#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

constexpr u32 kExtendedLeaves = 0x8000'0000;
constexpr u32 kBrandFirst = 0x8000'0002;
constexpr u32 kBrandLast = 0x8000'0004;
constexpr u32 kAddressSizes = 0x8000'0008;
constexpr u32 kLinearBits = 32;
constexpr u32 kCacheLineOctets = 64 / 8;  // what CLFLUSH works on, in units of eight bytes

struct Leaf {
    u32 eax = 0;
    u32 ebx = 0;
    u32 ecx = 0;
    u32 edx = 0;
};

struct FeatureBit {
    Feature feature;
    unsigned bit;
};

constexpr FeatureBit kLeaf1Edx[] = {
    {Feature::kFpu, 0},    {Feature::kVme, 1},      {Feature::kDe, 2},    {Feature::kPse, 3},
    {Feature::kTsc, 4},    {Feature::kMsr, 5},      {Feature::kPae, 6},   {Feature::kMce, 7},
    {Feature::kCx8, 8},    {Feature::kApic, 9},     {Feature::kSep, 11},  {Feature::kMtrr, 12},
    {Feature::kPge, 13},   {Feature::kMca, 14},     {Feature::kCmov, 15}, {Feature::kPat, 16},
    {Feature::kPse36, 17}, {Feature::kClflush, 19}, {Feature::kMmx, 23},  {Feature::kFxsr, 24},
    {Feature::kSse, 25},   {Feature::kSse2, 26},
};
constexpr FeatureBit kLeaf1Ecx[] = {
    {Feature::kSse3, 0},   {Feature::kMonitor, 3}, {Feature::kSsse3, 9},   {Feature::kSse41, 19},
    {Feature::kSse42, 20}, {Feature::kMovbe, 22},  {Feature::kPopcnt, 23},
};
constexpr FeatureBit kExtendedLeaf1Edx[] = {{Feature::kNx, 20}};

template <std::size_t kSize>
u32 feature_bits(const CpuModel& model, const FeatureBit (&rows)[kSize]) {
    u32 mask = 0;
    for (const FeatureBit& row : rows)
        if (model.has(row.feature)) mask |= 1u << row.bit;
    return mask;
}

u32 four_characters(std::string_view text, std::size_t at) {
    u32 word = 0;
    if (at < text.size())
        std::memcpy(&word, text.data() + at, std::min<std::size_t>(4, text.size() - at));
    return word;
}

Leaf vendor_leaf(const CpuModel& model) {
    return {model.last_cpuid_leaf, four_characters(model.vendor, 0),
            four_characters(model.vendor, 8), four_characters(model.vendor, 4)};
}

// The APIC's bit follows its enable bit (SDM 3A 10.4.3).
Leaf feature_leaf(const CpuModel& model, const MsrState& msr) {
    const bool hides_apic = !(msr.apic_base & kApicBaseEnable);
    const CpuModel shown = hides_apic ? model.without(Feature::kApic) : model;
    const u32 line = model.has(Feature::kClflush) ? kCacheLineOctets << 8 : 0;
    return {model.signature(), model.brand_index | line, feature_bits(model, kLeaf1Ecx),
            feature_bits(shown, kLeaf1Edx)};
}

// The TLBs and caches of a Pentium III (Coppermine).
constexpr Leaf kCacheLeaf{0x0302'0101, 0, 0, 0x0c04'0882};

Leaf extended_leaf(const CpuModel& model, u32 number) {
    if (number == kExtendedLeaves) return {kAddressSizes, 0, 0, 0};
    if (number == kExtendedLeaves + 1) return {0, 0, 0, feature_bits(model, kExtendedLeaf1Edx)};
    if (number >= kBrandFirst && number <= kBrandLast) {
        const std::size_t at = (number - kBrandFirst) * sizeof(Leaf);
        return {four_characters(model.brand, at), four_characters(model.brand, at + 4),
                four_characters(model.brand, at + 8), four_characters(model.brand, at + 12)};
    }
    if (number == kAddressSizes) return {model.physical_bits | kLinearBits << 8, 0, 0, 0};
    return {};
}

Leaf leaf(const CpuModel& model, const MsrState& msr, u32 number) {
    const bool has_extended = !model.brand.empty();
    if (has_extended && number >= kExtendedLeaves && number <= kAddressSizes)
        return extended_leaf(model, number);
    // What lies beyond the last leaf shows the last basic one.
    switch (std::min<u32>(number, model.last_cpuid_leaf)) {
        case 0: return vendor_leaf(model);
        case 1: return feature_leaf(model, msr);
        default: return kCacheLeaf;
    }
}

}  // namespace

// Unprivileged, and it cannot fault: an instruction table row sees to models without it.
Fault PrivilegeEngine::cpuid() {
    const Leaf answer = leaf(model_, state_.msr, state_.reg32(Gpr::kAx));
    state_.set_reg32(Gpr::kAx, answer.eax);
    state_.set_reg32(Gpr::kBx, answer.ebx);
    state_.set_reg32(Gpr::kCx, answer.ecx);
    state_.set_reg32(Gpr::kDx, answer.edx);
    return {};
}

}  // namespace seventeen::privilege
