// Processor: what the helpers of PrivilegeEngine work on while they carry out one operation.
#pragma once

#include "core/cpu_state.h"
#include "core/fault.h"
#include "mmu/mmu.h"
#include "privilege/descriptor.h"
#include "privilege/privilege_engine.h"
#include "privilege/segmented_memory.h"

namespace seventeen::privilege {

// A descriptor that passed its checks; loaded where nothing can fault any more.
struct CheckedSegment {
    u16 selector = 0;
    Descriptor descriptor;

    SegmentRegister loaded() const { return descriptor.segment(selector); }
};

struct Processor {
    Processor(PrivilegeEngine& engine, CpuState& state, mmu::Mmu& mmu)
        : engine(engine), state(state), mmu(mmu), memory(engine.memory()), tables(state, mmu) {}

    Fault set_accessed(CheckedSegment& segment) {
        return tables.set_accessed(segment.selector, segment.descriptor);
    }

    // Control passes to an instruction of a code segment at a privilege level, which becomes the
    // selector's RPL.
    void enter(const CheckedSegment& code, u32 offset, unsigned cpl) {
        SegmentRegister& cs = state.segment(SegmentName::kCs);
        cs = code.loaded();
        cs.selector = with_rpl(code.selector, cpl);
        state.rip = offset;
        engine.set_cpl(cpl);
    }
    // The same in real and V86 mode.
    void enter_paragraph(u16 selector, u32 offset) {
        engine.load_real_segment(SegmentName::kCs, selector);
        state.rip = offset;
    }

    PrivilegeEngine& engine;
    CpuState& state;
    mmu::Mmu& mmu;
    SegmentedMemory& memory;
    DescriptorTables tables;
    // A task switch has passed its commit point: a fault now belongs to the new task.
    bool task_switched = false;
};

}  // namespace seventeen::privilege
