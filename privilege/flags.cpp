// PUSHF, POPF, CLI and STI: who may see and change which flag.
#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

// How IF is reached by the running code (SDM 2A CLI, 2B STI, SDM 3A 20.3 and 20.4).
enum class InterruptFlag : u8 {
    kReal,     // IF itself
    kVirtual,  // VIF in its place
    kDenied,   // #GP(0)
};

bool virtual_8086_extensions(const CpuState& state) {
    return state.cr4 & kCr4Vme;
}

InterruptFlag interrupt_flag(const CpuState& state) {
    if (state.cpl <= state.iopl()) return InterruptFlag::kReal;
    const bool extended =
        state.v86() ? virtual_8086_extensions(state) : state.cpl == 3 && (state.cr4 & kCr4Pvi);
    return extended ? InterruptFlag::kVirtual : InterruptFlag::kDenied;
}

// In V86 mode PUSHF and POPF too need IOPL 3, or VME's virtual flag, which has no 32-bit form.
InterruptFlag image_interrupt_flag(const CpuState& state, unsigned operand_size) {
    if (!state.v86() || state.iopl() == 3) return InterruptFlag::kReal;
    if (virtual_8086_extensions(state) && operand_size == 2) return InterruptFlag::kVirtual;
    return InterruptFlag::kDenied;
}

// The flags that POPF changes outside of VME (SDM 2B POPF, "Effect of POPF/POPFD on the EFLAGS
// Register"); what the rest keeps, and RF, which is cleared, are not among them.
u32 poppable_flags(const CpuState& state, unsigned operand_size) {
    u32 mask = kFlagsArithmetic | kFlagTf | kFlagDf | kFlagNt;
    if (operand_size == 4) mask |= kFlagAc | kFlagId;
    if (state.cpl == 0) mask |= kFlagIopl;
    if (state.cpl <= state.iopl()) mask |= kFlagIf;
    return mask;
}

}  // namespace

Fault PrivilegeEngine::push_flags(unsigned operand_size) {
    u32 image = state_.eflags() & ~(kFlagVm | kFlagRf);
    switch (image_interrupt_flag(state_, operand_size)) {
        case InterruptFlag::kReal: break;
        case InterruptFlag::kDenied: return Fault::general_protection();
        case InterruptFlag::kVirtual:
            image = (image & ~kFlagIf) | (image & kFlagVif ? kFlagIf : 0) | kFlagIopl;
            break;
    }
    return operand_size == 2 ? memory_.push(static_cast<u16>(image)) : memory_.push(image);
}

Fault PrivilegeEngine::pop_flags(unsigned operand_size) {
    const InterruptFlag access = image_interrupt_flag(state_, operand_size);
    if (access == InterruptFlag::kDenied) return Fault::general_protection();

    const u32 top = memory_.stack_pointer();
    u32 image = 0;
    if (operand_size == 2) {
        u16 low = 0;
        if (Fault fault = memory_.read(SegmentName::kSs, top, low)) return fault;
        image = low;
    } else {
        if (Fault fault = memory_.read(SegmentName::kSs, top, image)) return fault;
    }

    u32 mask = poppable_flags(state_, operand_size);
    if (access == InterruptFlag::kVirtual) {
        if (image & kFlagTf) return Fault::general_protection();
        if (state_.flag(kFlagVip) && (image & kFlagIf)) return Fault::general_protection();
        image |= image & kFlagIf ? kFlagVif : 0;
        mask |= kFlagVif;
    }
    memory_.set_stack_pointer(top + operand_size);
    mask &= model_.implemented_flags();
    const u32 before = state_.eflags();
    const u32 after = (before & ~(mask | kFlagRf)) | (image & mask);
    state_.set_eflags(after);
    // An interrupt may wait for IF, TF needs care, and AC changes what accesses check.
    if ((after & kFlagTf) || ((before ^ after) & (kFlagIf | kFlagAc))) state_.attention = true;
    return {};
}

Fault PrivilegeEngine::clear_interrupt_flag() {
    switch (interrupt_flag(state_)) {
        case InterruptFlag::kReal: state_.system_flags &= ~kFlagIf; return {};
        case InterruptFlag::kVirtual: state_.system_flags &= ~kFlagVif; return {};
        default: return Fault::general_protection();
    }
}

Fault PrivilegeEngine::set_interrupt_flag() {
    switch (interrupt_flag(state_)) {
        case InterruptFlag::kReal:
            // The shadow belongs to the STI that opened the gate (SDM 2B STI).
            if (!state_.flag(kFlagIf)) {
                state_.system_flags |= kFlagIf;
                state_.interrupt_shadow = true;
                state_.attention = true;
            }
            return {};
        case InterruptFlag::kVirtual:
            if (state_.flag(kFlagVip)) return Fault::general_protection();
            state_.system_flags |= kFlagVif;
            return {};
        default: return Fault::general_protection();
    }
}

}  // namespace seventeen::privilege
