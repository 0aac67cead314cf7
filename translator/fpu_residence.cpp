// Moving the registers, and working out the x87's pointers.
#include "translator/fpu_residence.h"

namespace seventeen::translator {

void FpuResidence::load() {
    level_ = state_.cpl;
    context_.fpu_live = 1;
    take_back();
}

void FpuResidence::unload() {
    if (!live()) return;
    lend();
    context_.fpu_live = 0;
}

void FpuResidence::lend() {
    context_.fpu.give_to(state_.fpu);
}

void FpuResidence::take_back() {
    context_.fpu.take_from(state_.fpu);
    context_.x87_data = state_.fpu.data_pointer;
}

void FpuResidence::update_pointers(const Site& site) {
    if (!live()) return;
    if (site.x87_operand != Site::kNoOperation) {
        const interpreter::Operation& operation = site.block->operations[site.x87_operand];
        context_.x87_data = interpreter::effective_address(state_, operation) - site.x87_moved;
    }
    state_.fpu.data_pointer = context_.x87_data;
    if (context_.x87_note.any) apply(context_.x87_note);
    if (site.x87.any) apply(site.x87);
    context_.x87_note = {};
}

void FpuResidence::apply(const X87Note& note) {
    FpuState& fpu = state_.fpu;
    fpu.instruction_pointer = note.instruction_pointer;
    fpu.instruction_selector = state_.segment(SegmentName::kCs).selector;
    fpu.opcode = note.opcode;
    if (note.data_segment != X87Note::kNoData)
        fpu.data_selector = state_.segments[note.data_segment].selector;
}

}  // namespace seventeen::translator
