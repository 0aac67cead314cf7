// CPU models: four parts by name, each a list of features on top of the one before.
#include "privilege/cpu_model.h"

#include <array>
#include <initializer_list>
#include <utility>

#include "core/error.h"
#include "privilege/msr_index.h"

namespace seventeen::privilege {
namespace {

constexpr u64 bits(std::initializer_list<Feature> features) {
    u64 mask = 0;
    for (const Feature feature : features) mask |= u64{1} << static_cast<unsigned>(feature);
    return mask;
}

// The write-back enhanced IntelDX4: the last 486, with CPUID and VME (SDM 3B 22.5).
constexpr u64 k486Features =
    bits({Feature::kNone, Feature::k486, Feature::kCpuid, Feature::kFpu, Feature::kVme});

constexpr u64 kPentiumFeatures = k486Features | bits({Feature::kDe, Feature::kPse, Feature::kTsc,
                                                      Feature::kMsr, Feature::kMce, Feature::kCx8});

constexpr u64 kPentium3Features =
    kPentiumFeatures |
    bits({Feature::kPae, Feature::kApic, Feature::kSep, Feature::kMtrr, Feature::kPge,
          Feature::kMca, Feature::kCmov, Feature::kPat, Feature::kPse36, Feature::kMmx,
          Feature::kFxsr, Feature::kSse, Feature::kRdpmc, Feature::kLongNop, Feature::kUd2});

constexpr u64 kMaxFeatures =
    kPentium3Features |
    bits({Feature::kSse2, Feature::kSse3, Feature::kSsse3, Feature::kSse41, Feature::kSse42,
          Feature::kPopcnt, Feature::kMovbe, Feature::kClflush, Feature::kNx});

constexpr std::string_view kIntel = "GenuineIntel";

// `max` calls itself an in-order Atom (family 6, model 1Ch): a guest that knows which parts
// speculate then does not spend its time on defences against what we do not do, and one that does
// not know sees a family 6. No microcode was ever published for its stepping.
constexpr std::array<CpuModel, 4> kModels{{
    {"486", kIntel, "", 4, 8, 0, k486Features, 32, 1, 0, 0},
    {"pentium", kIntel, "", 5, 2, 12, kPentiumFeatures, 32, 1, 0, 0},
    {"pentium3", kIntel, "", 6, 8, 6, kPentium3Features, 36, 2, 2, 0},
    {"max", kIntel, "Seventeen x86 processor", 6, 0x1c, 12, kMaxFeatures, 36, 2, 0,
     kMiscEnableFastStrings | kMiscEnableBtsUnavailable | kMiscEnablePebsUnavailable},
}};

}  // namespace

CpuModel CpuModel::without(Feature feature) const {
    CpuModel copy = *this;
    copy.features &= ~(u64{1} << static_cast<unsigned>(feature));
    return copy;
}

u32 CpuModel::signature() const {
    return static_cast<u32>(model >> 4) << 16 | static_cast<u32>(family) << 8 |
           static_cast<u32>(model & 0xf) << 4 | stepping;
}

u32 CpuModel::implemented_flags() const {
    constexpr u32 k386Flags = kFlagFixed | kFlagsArithmetic | kFlagTf | kFlagIf | kFlagDf |
                              kFlagIopl | kFlagNt | kFlagRf | kFlagVm;
    return k386Flags | (has(Feature::k486) ? kFlagAc : 0) |
           (has(Feature::kVme) ? kFlagVif | kFlagVip : 0) | (has(Feature::kCpuid) ? kFlagId : 0);
}

u64 CpuModel::implemented_cr4() const {
    const std::pair<Feature, u64> rows[] = {
        {Feature::kVme, kCr4Vme | kCr4Pvi},
        {Feature::kTsc, kCr4Tsd},
        {Feature::kDe, kCr4De},
        {Feature::kPse, kCr4Pse},
        {Feature::kPae, kCr4Pae},
        {Feature::kMce, kCr4Mce},
        {Feature::kPge, kCr4Pge},
        {Feature::kRdpmc, kCr4Pce},
        {Feature::kFxsr, kCr4Osfxsr},
        {Feature::kSse, kCr4Osxmmexcpt},
    };
    u64 mask = 0;
    for (const auto& [feature, bit] : rows)
        if (has(feature)) mask |= bit;
    return mask;
}

std::span<const CpuModel> cpu_models() {
    return kModels;
}

const CpuModel& cpu_model(std::string_view name) {
    for (const CpuModel& model : kModels)
        if (model.name == name) return model;
    std::string names;
    for (const CpuModel& model : kModels) {
        if (!names.empty()) names += ", ";
        names += model.name;
    }
    throw Error("there is no CPU model '" + std::string(name) + "'; choose one of " + names);
}

CpuState reset_state(const CpuModel& model) {
    CpuState state = seventeen::reset_state();
    state.set_reg32(Gpr::kDx, model.has(Feature::kCpuid) ? model.signature() : 0);
    if (model.has(Feature::kApic)) state.msr.apic_base = kApicBaseReset;
    state.msr.misc_enable = model.default_misc_enable;
    return state;
}

}  // namespace seventeen::privilege
