// SegmentedMemory: segment:offset accesses with limit, type and alignment checks, then the Mmu.
#pragma once

#include "core/cpu_state.h"
#include "core/fault.h"
#include "mmu/mmu.h"

namespace seventeen::privilege {

class SegmentedMemory {
  public:
    SegmentedMemory(CpuState& state, mmu::Mmu& mmu) : state_(state), mmu_(mmu) {}

    template <typename T>
    Fault read(SegmentName name, u32 offset, T& value) {
        const SegmentRegister& segment = state_.segment(name);
        if (!segment.may_read(offset, sizeof(T))) [[unlikely]]
            return violation(name);
        const LinearAddress address = linear(segment, offset);
        if (misaligned(address, sizeof(T))) [[unlikely]]
            return Fault::with_code(Vector::kAlignmentCheck, 0);
        return mmu_.read(address, privilege(), value);
    }

    template <typename T>
    Fault write(SegmentName name, u32 offset, const T& value) {
        const SegmentRegister& segment = state_.segment(name);
        if (!segment.may_write(offset, sizeof(T))) [[unlikely]]
            return violation(name);
        const LinearAddress address = linear(segment, offset);
        if (misaligned(address, sizeof(T))) [[unlikely]]
            return Fault::with_code(Vector::kAlignmentCheck, 0);
        return mmu_.write(address, privilege(), value);
    }

    // `change(T) -> T` runs once, where nothing can fault any more.
    template <typename T, typename Change>
    Fault modify(SegmentName name, u32 offset, Change&& change) {
        const SegmentRegister& segment = state_.segment(name);
        // A writable data segment is always readable.
        if (!segment.may_write(offset, sizeof(T))) [[unlikely]]
            return violation(name);
        const LinearAddress address = linear(segment, offset);
        if (misaligned(address, sizeof(T))) [[unlikely]]
            return Fault::with_code(Vector::kAlignmentCheck, 0);
        return mmu_.modify<T>(address, privilege(), change);
    }

    // Would a write of `size` bytes at this place fault?
    Fault probe_write(SegmentName name, u32 offset, unsigned size) {
        const SegmentRegister& segment = state_.segment(name);
        if (!segment.may_write(offset, size)) return violation(name);
        const LinearAddress address = linear(segment, offset);
        if (Fault fault = check_alignment(address, size)) return fault;
        return mmu_.probe(address, privilege(), mmu::Access::kWrite, size);
    }

    // --- the current stack, with SS.B's wrap ---
    u32 stack_mask() const { return state_.segment(SegmentName::kSs).big() ? 0xffff'ffff : 0xffff; }
    u32 stack_pointer() const { return state_.reg32(Gpr::kSp) & stack_mask(); }
    // Keeps the upper half of ESP on a 16-bit stack.
    void set_stack_pointer(u32 value) {
        const u32 mask = stack_mask();
        state_.set_reg32(Gpr::kSp, (state_.reg32(Gpr::kSp) & ~mask) | (value & mask));
    }
    template <typename T>
    Fault push(T value) {
        const u32 top = (stack_pointer() - static_cast<u32>(sizeof(T))) & stack_mask();
        if (Fault fault = write(SegmentName::kSs, top, value)) return fault;
        set_stack_pointer(top);
        return {};
    }
    template <typename T>
    Fault pop(T& value) {
        const u32 top = stack_pointer();
        if (Fault fault = read(SegmentName::kSs, top, value)) return fault;
        set_stack_pointer(top + static_cast<u32>(sizeof(T)));
        return {};
    }

    // #AC for an access at the current level that lies at a known linear address.
    Fault check_alignment(LinearAddress address, std::size_t size) const {
        return misaligned(address, size) ? Fault::with_code(Vector::kAlignmentCheck, 0) : Fault{};
    }

    mmu::Privilege privilege() const {
        return state_.cpl == 3 ? mmu::Privilege::kUser : mmu::Privilege::kSupervisor;
    }
    static LinearAddress linear(const SegmentRegister& segment, u32 offset) {
        return {static_cast<u32>(segment.base + offset)};
    }
    // Limit or type: #SS(0) through SS, #GP(0) through the others (SDM 3A 5.3).
    static Fault violation(SegmentName name) {
        return name == SegmentName::kSs ? Fault::stack() : Fault::general_protection();
    }

  private:
    // SDM 3A 6.15, vector 17: CR0.AM, EFLAGS.AC and CPL 3 together.
    bool misaligned(LinearAddress address, std::size_t size) const {
        if (!(state_.system_flags & kFlagAc)) [[likely]]
            return false;
        return checked_misaligned(address, size);
    }
    bool checked_misaligned(LinearAddress address, std::size_t size) const;

    CpuState& state_;
    mmu::Mmu& mmu_;
};

}  // namespace seventeen::privilege
