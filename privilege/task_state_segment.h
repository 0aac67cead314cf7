// TaskStateSegment: the layout of 16- and 32-bit TSSes in guest memory (SDM 3A 7.2.1, 7.6).
#pragma once

#include <array>

#include "core/cpu_state.h"
#include "core/fault.h"
#include "mmu/mmu.h"

namespace seventeen::privilege {

// What a task switch loads.
struct TaskState {
    u32 page_directory = 0;  // of a 32-bit TSS only
    u32 eip = 0;
    u32 eflags = 0;
    std::array<u32, 8> gpr{};
    std::array<u16, kSegmentCount> selectors{};  // in SegmentName's order; 16-bit: FS, GS are null
    u16 ldt = 0;
    bool debug_trap = false;  // the T bit
};

class TaskStateSegment {
  public:
    // A TSS by its register or its descriptor's loaded form.
    TaskStateSegment(const SegmentRegister& segment, mmu::Mmu& mmu);

    bool is_32_bit() const { return is_32_bit_; }
    // Does the limit hold what a switch loads (stores)?
    bool holds_state() const;
    bool holds_saved_state() const;

    // Would load, save or write_link fault?
    Fault probe_load();
    Fault probe_save();
    Fault probe_link();

    Fault load(TaskState& task);
    // Stores the registers with this image of EFLAGS; CR3, LDTR and the stacks are not stored.
    Fault save(const CpuState& state, u32 eflags);
    Fault read_link(u16& selector);
    Fault write_link(u16 selector);

  private:
    Fault load_16_bit(TaskState& task);
    Fault load_32_bit(TaskState& task);
    Fault save_16_bit(const CpuState& state, u32 eflags);
    Fault save_32_bit(const CpuState& state, u32 eflags);
    LinearAddress at(u32 offset) const { return {static_cast<u32>(base_ + offset)}; }

    u64 base_;
    u32 limit_;
    bool is_32_bit_;
    mmu::Mmu& mmu_;
};

}  // namespace seventeen::privilege
