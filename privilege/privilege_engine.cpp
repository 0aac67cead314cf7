// Builds the privilege engine and holds the two changes of state that all its parts share.
#include "privilege/privilege_engine.h"

#include "privilege/segment_state.h"

namespace seventeen::privilege {

PrivilegeEngine::PrivilegeEngine(CpuState& state, mmu::Mmu& mmu, const CpuModel& model,
                                 Wiring wiring)
    : state_(state), mmu_(mmu), model_(model), wiring_(wiring), memory_(state, mmu) {
    mmu.set_paging_model({model.physical_bits, model.has(Feature::kPat)});
}

void PrivilegeEngine::load_real_segment(SegmentName name, u16 selector) {
    state_.segment(name) = paragraph_segment(state_, name, selector);
    state_.attention = true;
}

void PrivilegeEngine::set_cpl(unsigned cpl) {
    state_.cpl = static_cast<u8>(cpl);
    state_.attention = true;
}

}  // namespace seventeen::privilege
