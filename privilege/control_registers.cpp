// MOV to and from the control registers, LMSW and CLTS.
#include <array>

#include "privilege/privilege_engine.h"
#include "privilege/segment_state.h"

namespace seventeen::privilege {

namespace {

// ET is fixed at one since the 486; bits that do not exist read as zero (SDM 3A 2.5).
constexpr u64 kCr0Writable =
    kCr0Pe | kCr0Mp | kCr0Em | kCr0Ts | kCr0Ne | kCr0Wp | kCr0Am | kCr0Nw | kCr0Cd | kCr0Pg;
constexpr u64 kMachineStatus = kCr0Pe | kCr0Mp | kCr0Em | kCr0Ts;  // what LMSW reaches

// A change of one of these rereads the PDPTEs where PAE paging results (SDM 3A 4.4.1).
constexpr u64 kCr0Rereading = kCr0Pg | kCr0Cd | kCr0Nw;
constexpr u64 kCr4Rereading = kCr4Pae | kCr4Pge | kCr4Pse;

// PDPTEs (SDM 3A table 4-8).
constexpr u64 kDirectoryPointerPresent = 1;
constexpr u64 kDirectoryPointerReserved = 0x1e6;
constexpr u64 kDirectoryPointerTable = 0xffff'ffe0;  // its address within CR3

// Writes what was not refused; every method changes all or nothing.
class ControlRegisters {
  public:
    ControlRegisters(CpuState& state, mmu::Mmu& mmu, const CpuModel& model)
        : state_(state), mmu_(mmu), model_(model) {}

    Fault write_cr0(u64 value) {
        const u64 wanted = (value & kCr0Writable) | kCr0Et;
        if ((wanted & kCr0Pg) && !(wanted & kCr0Pe)) return Fault::general_protection();
        if ((wanted & kCr0Nw) && !(wanted & kCr0Cd)) return Fault::general_protection();
        const u64 changed = state_.cr0 ^ wanted;
        if (changed & kCr0Rereading)
            if (Fault fault = reread(wanted, state_.cr4, state_.cr3)) return fault;
        state_.cr0 = wanted;
        if ((changed & kCr0Pe) && !(wanted & kCr0Pe))
            for (SegmentRegister& segment : state_.segments) relax_type(segment);
        if (changed & (kCr0Pg | kCr0Wp)) mmu_.flush_all();
        state_.attention = true;
        return {};
    }

    Fault write_cr3(u64 value) {
        if (Fault fault = reread(state_.cr0, state_.cr4, value)) return fault;
        state_.cr3 = value;
        mmu_.change_space();
        state_.attention = true;
        return {};
    }

    Fault write_cr4(u64 value) {
        if (value & ~model_.implemented_cr4()) return Fault::general_protection();
        const u64 changed = state_.cr4 ^ value;
        if (changed & kCr4Rereading)
            if (Fault fault = reread(state_.cr0, value, state_.cr3)) return fault;
        state_.cr4 = value;
        if (changed & (kCr4Pae | kCr4Pse))
            mmu_.flush_all();
        else if (changed & kCr4Pge)
            mmu_.change_space();
        state_.attention = true;
        return {};
    }

  private:
    // Reads the PDPTEs where `cr0` and `cr4` mean PAE paging; #GP(0) where one that is present has
    // a reserved bit set.
    Fault reread(u64 cr0, u64 cr4, u64 cr3) {
        if (!(cr0 & kCr0Pg) || !(cr4 & kCr4Pae)) return {};
        const u64 reserved = kDirectoryPointerReserved | ~u64{0} << model_.physical_bits;
        const PhysicalAddress table{cr3 & kDirectoryPointerTable};
        std::array<u64, 4> entries{};
        for (unsigned i = 0; i < entries.size(); ++i) {
            entries[i] = mmu_.memory().read<u64>(table + i * sizeof(u64));
            if ((entries[i] & kDirectoryPointerPresent) && (entries[i] & reserved))
                return Fault::general_protection();
        }
        state_.pdpte = entries;
        return {};
    }

    CpuState& state_;
    mmu::Mmu& mmu_;
    const CpuModel& model_;
};

}  // namespace

Fault PrivilegeEngine::require_supervisor() const {
    return state_.cpl == 0 ? Fault{} : Fault::general_protection();
}

Fault PrivilegeEngine::read_control(unsigned number, u32& value) {
    const u64* content = number == 0   ? &state_.cr0
                         : number == 2 ? &state_.cr2
                         : number == 3 ? &state_.cr3
                         : number == 4 ? &state_.cr4
                                       : nullptr;
    if (!content || (number == 4 && model_.implemented_cr4() == 0)) return Fault::invalid_opcode();
    if (Fault fault = require_supervisor()) return fault;
    value = static_cast<u32>(*content);
    return {};
}

Fault PrivilegeEngine::write_control(unsigned number, u32 value) {
    u32 before = 0;
    if (Fault fault = read_control(number, before)) return fault;
    ControlRegisters registers(state_, mmu_, model_);
    switch (number) {
        case 0:
            if (Fault fault = registers.write_cr0(value)) return fault;
            update_ferr();  // NE
            return {};
        case 3: return registers.write_cr3(value);
        case 4: return registers.write_cr4(value);
        default: state_.cr2 = value; return {};
    }
}

Fault PrivilegeEngine::load_page_directory(u32 value) {
    return ControlRegisters(state_, mmu_, model_).write_cr3(value);
}

// LMSW sets PE but cannot clear it (SDM 2A LMSW).
Fault PrivilegeEngine::load_machine_status(u16 value) {
    if (Fault fault = require_supervisor()) return fault;
    const u64 kept = state_.cr0 & ~(kMachineStatus & ~kCr0Pe);
    return ControlRegisters(state_, mmu_, model_).write_cr0(kept | (value & kMachineStatus));
}

Fault PrivilegeEngine::clear_task_switched() {
    if (Fault fault = require_supervisor()) return fault;
    state_.cr0 &= ~kCr0Ts;
    state_.attention = true;
    return {};
}

}  // namespace seventeen::privilege
