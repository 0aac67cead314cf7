// Learning from a load that the privilege engine has done.
#include "translator/segment_loads.h"

#include <cstring>

#include "privilege/descriptor.h"
#include "translator/block_key.h"

namespace seventeen::translator {

void learn_segment(SegmentLoads& loads, const CpuState& state, mmu::Mmu& mmu, SegmentName name) {
    using privilege::kDescriptorSize;
    if (state.real_or_v86()) return;
    SegmentLoad load;
    load.segment = state.segment(name);
    const u16 selector = load.segment.selector;
    load.key = selector | u32{state.cpl} << SegmentLoad::kLevelShift;
    load.flat = is_flat(load.segment);
    load.null = privilege::selector_null(selector);
    if (!load.null) {
        if (selector & privilege::kSelectorLocal) return;
        load.last_byte = selector | (kDescriptorSize - 1);
        load.table = state.gdtr.base;
        load.place = static_cast<u32>(load.table + (load.last_byte - (kDescriptorSize - 1)));
        const LinearAddress place{load.place};
        if (place.offset() > kPageSize - kDescriptorSize) return;
        const u8* bytes = mmu.read_run(place, mmu::Privilege::kSupervisor);
        if (!bytes) return;
        std::memcpy(&load.descriptor, bytes, kDescriptorSize);
    }
    loads[selector / kDescriptorSize % kSegmentLoads] = load;
}

}  // namespace seventeen::translator
