// FpuResidence: whose the registers are, and the x87's pointers from notes of sites and exits.
#include "translator/fpu_residence.h"

#include <catch2/catch.hpp>

namespace seventeen::translator {

TEST_CASE("FPU registers stay while the privilege level does") {
    CpuState state;
    state.cpl = 3;
    state.fpu.xmm[2].lanes[1] = 7;
    Context context;
    FpuResidence fpu(state, context);
    CHECK_FALSE(fpu.live());
    CHECK_FALSE(fpu.overdue());
    fpu.load();
    CHECK(fpu.live());
    CHECK_FALSE(fpu.overdue());
    CHECK(context.fpu.xmm[2].lanes[1] == 7);
    context.fpu.xmm[2].lanes[1] = 8;
    state.cpl = 0;
    CHECK(fpu.overdue());
    CHECK(state.fpu.xmm[2].lanes[1] == 7);
    fpu.unload();
    CHECK_FALSE(fpu.live());
    CHECK(state.fpu.xmm[2].lanes[1] == 8);
}

TEST_CASE("A site's note comes after one left by an exit") {
    CpuState state;
    state.segment(SegmentName::kCs).selector = 0x23;
    state.segment(SegmentName::kFs).selector = 0x3b;
    Context context;
    FpuResidence fpu(state, context);
    fpu.load();
    context.x87_data = 0x600;
    context.x87_note = {0x100, 0x1e8, true, static_cast<u8>(SegmentName::kFs)};
    Site site;
    site.x87 = {0x200, 0x0c1, true, X87Note::kNoData};
    fpu.update_pointers(site);
    CHECK(state.fpu.instruction_pointer == 0x200);
    CHECK(state.fpu.instruction_selector == 0x23);
    CHECK(state.fpu.opcode == 0x0c1);
    CHECK(state.fpu.data_pointer == 0x600);
    CHECK(state.fpu.data_selector == 0x3b);
    CHECK_FALSE(context.x87_note.any);
}

TEST_CASE("A site's operand tells the data pointer") {
    CpuState state;
    state.set_reg32(Gpr::kBx, 0x1000);
    Context context;
    FpuResidence fpu(state, context);
    fpu.load();
    Block block;
    interpreter::Operation operation{};
    operation.base = static_cast<u8>(Gpr::kBx);
    operation.index = kNoGpr;
    operation.displacement = 8;
    operation.address_mask = ~u32{0};
    block.operations.push_back(operation);
    Site site;
    site.block = &block;
    site.x87 = {0x200, 0x0c1, true, static_cast<u8>(SegmentName::kDs)};
    site.x87_operand = 0;
    fpu.update_pointers(site);
    CHECK(state.fpu.data_pointer == 0x1008);
    state.set_reg32(Gpr::kBx, 0x1020);
    site.x87_moved = 0x20;
    fpu.update_pointers(site);
    CHECK(state.fpu.data_pointer == 0x1008);
    // The register may have changed at the next callout, which has the address still.
    state.set_reg32(Gpr::kBx, 0);
    fpu.update_pointers(Site{});
    CHECK(state.fpu.data_pointer == 0x1008);
}

}  // namespace seventeen::translator
