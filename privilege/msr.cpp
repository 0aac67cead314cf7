// RDMSR and WRMSR: which registers a model has, what they read and what may be written to them.
#include <array>

#include "privilege/msr_index.h"
#include "privilege/privilege_engine.h"
#include "privilege/time_stamp.h"

namespace seventeen::privilege {

namespace {

constexpr u64 kLowHalf = 0xffff'ffff;

// Registers that hold no state: they read the same for ever, because what they count or control
// does not exist here. Those said to be the MTRRs' are the P6's, which came with it.
struct ConstantMsr {
    enum class Write : u8 { kRefused, kIgnored, kZeroOnly };

    u32 index;
    Feature feature;
    u64 value;
    Write write;
};

constexpr std::array<ConstantMsr, 13> kConstants{{
    {kMsrP5McAddress, Feature::kMce, 0, ConstantMsr::Write::kIgnored},
    {kMsrP5McType, Feature::kMce, 0, ConstantMsr::Write::kIgnored},
    {kMsrPlatformId, Feature::kMtrr, 0, ConstantMsr::Write::kRefused},
    {kMsrPowerOnConfiguration, Feature::kMtrr, 0, ConstantMsr::Write::kIgnored},
    {kMsrUpdateTrigger, Feature::kMtrr, 0, ConstantMsr::Write::kIgnored},
    {kMsrUpdateSignature, Feature::kMtrr, u64{1} << 32, ConstantMsr::Write::kIgnored},
    {kMsrPerformanceCounter0, Feature::kRdpmc, 0, ConstantMsr::Write::kIgnored},
    {kMsrPerformanceCounter1, Feature::kRdpmc, 0, ConstantMsr::Write::kIgnored},
    {kMsrEventSelect0, Feature::kRdpmc, 0, ConstantMsr::Write::kIgnored},
    {kMsrEventSelect1, Feature::kRdpmc, 0, ConstantMsr::Write::kIgnored},
    {kMsrMtrrCapabilities, Feature::kMtrr, kMtrrCapabilities, ConstantMsr::Write::kRefused},
    // No error-reporting banks.
    {kMsrMachineCheckCapabilities, Feature::kMca, 0, ConstantMsr::Write::kRefused},
    {kMsrMachineCheckStatus, Feature::kMca, 0, ConstantMsr::Write::kZeroOnly},
}};

const ConstantMsr* find_constant(const CpuModel& model, u32 index) {
    for (const ConstantMsr& msr : kConstants)
        if (msr.index == index && model.has(msr.feature)) return &msr;
    return nullptr;
}

// What a value must satisfy to be stored.
enum class Rule : u8 {
    kLowHalf,  // the upper half is dropped
    kApicBase,
    kMiscEnable,
    kEfer,
    kPageAttributes,
    kVariableRangeBase,
    kVariableRangeMask,
    kFixedRange,
    kDefaultType,
};

struct StoredMsr {
    u64* value = nullptr;  // nullptr: there is no such register
    Feature feature = Feature::kNever;
    Rule rule = Rule::kLowHalf;
};

StoredMsr find_mtrr(MsrState& msr, u32 index) {
    const auto fixed = [&](std::size_t n) {
        return StoredMsr{&msr.mtrr_fixed[n], Feature::kMtrr, Rule::kFixedRange};
    };
    if (index >= kMsrMtrrVariableFirst && index <= kMsrMtrrVariableLast)
        return {&msr.mtrr_variable[index - kMsrMtrrVariableFirst], Feature::kMtrr,
                index % 2 ? Rule::kVariableRangeMask : Rule::kVariableRangeBase};
    if (index == kMsrMtrrFixed64k) return fixed(0);
    if (index >= kMsrMtrrFixed16kFirst && index <= kMsrMtrrFixed16kLast)
        return fixed(1 + index - kMsrMtrrFixed16kFirst);
    if (index >= kMsrMtrrFixed4kFirst && index <= kMsrMtrrFixed4kLast)
        return fixed(3 + index - kMsrMtrrFixed4kFirst);
    if (index == kMsrMtrrDefaultType)
        return {&msr.mtrr_default_type, Feature::kMtrr, Rule::kDefaultType};
    return {};
}

StoredMsr find_stored(const CpuModel& model, MsrState& msr, u32 index) {
    const StoredMsr found = [&]() -> StoredMsr {
        switch (index) {
            case kMsrApicBase: return {&msr.apic_base, Feature::kApic, Rule::kApicBase};
            case kMsrSysenterCs: return {&msr.sysenter_cs, Feature::kSep, Rule::kLowHalf};
            case kMsrSysenterEsp: return {&msr.sysenter_esp, Feature::kSep, Rule::kLowHalf};
            case kMsrSysenterEip: return {&msr.sysenter_eip, Feature::kSep, Rule::kLowHalf};
            // Came with the Pentium 4, as SSE2 did.
            case kMsrMiscEnable: return {&msr.misc_enable, Feature::kSse2, Rule::kMiscEnable};
            case kMsrPageAttributeTable: return {&msr.pat, Feature::kPat, Rule::kPageAttributes};
            case kMsrEfer: return {&msr.efer, Feature::kNx, Rule::kEfer};
            default: return find_mtrr(msr, index);
        }
    }();
    return model.has(found.feature) ? found : StoredMsr{};
}

// SDM 3A tables 11-8 and 11-10: UC, WC, WT, WP, WB; the PAT has UC- besides.
constexpr bool mtrr_type(u64 type) {
    return type == 0 || type == 1 || (type >= 4 && type <= 6);
}
constexpr bool pat_type(u64 type) {
    return mtrr_type(type) || type == 7;
}
template <typename Valid>
bool every_byte(u64 value, Valid valid) {
    for (unsigned shift = 0; shift < 64; shift += 8)
        if (!valid(value >> shift & 0xff)) return false;
    return true;
}

// #GP(0) for reserved bits and values; otherwise `value` becomes what is stored (SDM 4).
Fault admit(const CpuModel& model, const StoredMsr& msr, u64& value) {
    const u64 beyond_memory = ~u64{0} << model.physical_bits;
    const u64 page_address = ~beyond_memory & ~kPageMask;
    const auto only = [&](u64 defined) { return (value & ~defined) == 0; };
    const bool accepted = [&] {
        switch (msr.rule) {
            case Rule::kLowHalf: value &= kLowHalf; return true;
            case Rule::kApicBase: {
                const bool valid = only(page_address | kApicBaseEnable | kApicBaseBootstrap);
                // Which processor boots is not software's to say.
                value = (value & ~kApicBaseBootstrap) | (*msr.value & kApicBaseBootstrap);
                return valid;
            }
            case Rule::kMiscEnable: return ((value ^ *msr.value) & ~kMiscEnableWritable) == 0;
            case Rule::kEfer: return only(kEferNxe);
            case Rule::kPageAttributes: return every_byte(value, pat_type);
            case Rule::kVariableRangeBase:
                return only(page_address | 0xff) && mtrr_type(value & 0xff);
            case Rule::kVariableRangeMask: return only(page_address | kMtrrVariableValid);
            case Rule::kFixedRange: return every_byte(value, mtrr_type);
            case Rule::kDefaultType:
                return only(kMtrrDefaultEnables | 0xff) && mtrr_type(value & 0xff);
        }
        return false;
    }();
    return accepted ? Fault{} : Fault::general_protection();
}

// Before the Pentium 4 a write cleared the counter's upper half (SDM 3B 17.17.3).
u64 written_time_stamp(const CpuModel& model, u64 value) {
    return model.has(Feature::kSse2) ? value : value & kLowHalf;
}

}  // namespace

Fault PrivilegeEngine::read_msr(u32 index, u64& value) {
    if (Fault fault = require_supervisor()) return fault;
    if (index == kMsrTimeStampCounter && model_.has(Feature::kTsc)) {
        value = time_stamp(state_, wiring_.scheduler);
        return {};
    }
    if (const ConstantMsr* msr = find_constant(model_, index)) {
        if (index == kMsrUpdateTrigger) return Fault::general_protection();  // write only
        value = msr->value;
        return {};
    }
    const StoredMsr msr = find_stored(model_, state_.msr, index);
    if (!msr.value) return Fault::general_protection();
    value = *msr.value;
    return {};
}

Fault PrivilegeEngine::write_msr(u32 index, u64 value) {
    if (Fault fault = require_supervisor()) return fault;
    if (index == kMsrTimeStampCounter && model_.has(Feature::kTsc)) {
        set_time_stamp(state_, wiring_.scheduler, written_time_stamp(model_, value));
        return {};
    }
    if (const ConstantMsr* msr = find_constant(model_, index)) {
        const bool accepted = msr->write == ConstantMsr::Write::kIgnored ||
                              (msr->write == ConstantMsr::Write::kZeroOnly && value == 0);
        return accepted ? Fault{} : Fault::general_protection();
    }
    const StoredMsr msr = find_stored(model_, state_.msr, index);
    if (!msr.value) return Fault::general_protection();
    if (Fault fault = admit(model_, msr, value)) return fault;
    *msr.value = value;
    if (index == kMsrEfer) mmu_.flush_all();
    if (index == kMsrApicBase) apic_base_written_(value);
    return {};
}

}  // namespace seventeen::privilege
