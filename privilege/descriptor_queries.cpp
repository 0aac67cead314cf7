// LAR, LSL, VERR and VERW: what a selector would give, asked without loading it.
#include "privilege/descriptor.h"
#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

// Bits 16..19 of the access rights are undefined (SDM 2A LAR); like the host, we show the limit's.
constexpr u32 kAccessRights = 0x00ff'ff00;

bool lar_knows(SystemType type) {
    switch (type) {
        case SystemType::kTss16:
        case SystemType::kLdt:
        case SystemType::kTss16Busy:
        case SystemType::kCallGate16:
        case SystemType::kTaskGate:
        case SystemType::kTss32:
        case SystemType::kTss32Busy:
        case SystemType::kCallGate32: return true;
        default: return false;
    }
}

// What has a limit: LDTs and TSSes.
bool lsl_knows(SystemType type) {
    switch (type) {
        case SystemType::kTss16:
        case SystemType::kLdt:
        case SystemType::kTss16Busy:
        case SystemType::kTss32:
        case SystemType::kTss32Busy: return true;
        default: return false;
    }
}

// Conforming code is within anyone's reach.
bool within_privilege(const CpuState& state, u16 selector, const Descriptor& descriptor) {
    return descriptor.conforming() ||
           (state.cpl <= descriptor.dpl() && selector_rpl(selector) <= descriptor.dpl());
}

// Reads the descriptor where the selector leads to one that `accepts` and privilege allows; the
// only faults are page faults.
template <typename Accepts>
Fault query(const CpuState& state, mmu::Mmu& mmu, u16 selector, Accepts accepts, bool& valid,
            Descriptor& descriptor) {
    valid = false;
    const DescriptorTables tables(state, mmu);
    if (selector_null(selector) || !tables.contains(selector)) return {};
    if (Fault fault = tables.read(selector, descriptor)) return fault;
    valid = accepts(descriptor) && within_privilege(state, selector, descriptor);
    return {};
}

}  // namespace

Fault PrivilegeEngine::require_protected_mode() const {
    return state_.real_or_v86() ? Fault::invalid_opcode() : Fault{};
}

Fault PrivilegeEngine::load_access_rights(u16 selector, bool& valid, u32& rights) {
    if (Fault fault = require_protected_mode()) return fault;
    Descriptor descriptor;
    const auto accepts = [](const Descriptor& d) {
        return !d.system() || lar_knows(d.system_type());
    };
    if (Fault fault = query(state_, mmu_, selector, accepts, valid, descriptor)) return fault;
    if (valid) rights = descriptor.high & kAccessRights;
    return {};
}

Fault PrivilegeEngine::load_segment_limit(u16 selector, bool& valid, u32& limit) {
    if (Fault fault = require_protected_mode()) return fault;
    Descriptor descriptor;
    const auto accepts = [](const Descriptor& d) {
        return !d.system() || lsl_knows(d.system_type());
    };
    if (Fault fault = query(state_, mmu_, selector, accepts, valid, descriptor)) return fault;
    if (valid) limit = descriptor.limit();
    return {};
}

Fault PrivilegeEngine::verify_read(u16 selector, bool& valid) {
    if (Fault fault = require_protected_mode()) return fault;
    Descriptor descriptor;
    const auto accepts = [](const Descriptor& d) { return d.readable(); };
    return query(state_, mmu_, selector, accepts, valid, descriptor);
}

Fault PrivilegeEngine::verify_write(u16 selector, bool& valid) {
    if (Fault fault = require_protected_mode()) return fault;
    Descriptor descriptor;
    const auto accepts = [](const Descriptor& d) { return d.writable_data(); };
    return query(state_, mmu_, selector, accepts, valid, descriptor);
}

}  // namespace seventeen::privilege
