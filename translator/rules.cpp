// Which rule takes an instruction, and the one most of them share: copying.
#include "translator/rules.h"

#include "decoder/properties.h"

namespace seventeen::translator {

using decoder::Family;
using decoder::Instruction;
using decoder::OperandKind;

namespace {

// No flag is what it was, whatever it was. (Flags that the manuals leave undefined are overwritten
// by these two families on every processor the tests know; others keep them.)
bool overwrites_flags(const Instruction& instruction) {
    const decoder::FlagUse use = decoder::flag_use(instruction);
    if (use.read & kFlagsArithmetic) return false;
    const Family family = instruction.row().family;
    const bool overwrites_undefined = family == Family::kIntegerAlu || family == Family::kShift;
    const u32 overwritten = use.written | (overwrites_undefined ? use.undefined : 0);
    return use.written != 0 && (overwritten & kFlagsArithmetic) == kFlagsArithmetic;
}

bool uses_flags(const Instruction& instruction) {
    const decoder::FlagUse use = decoder::flag_use(instruction);
    return (use.read | use.touched) & kFlagsArithmetic;
}

}  // namespace

void prepare_flags(Emitter& emitter) {
    if (uses_flags(emitter.instruction()) && !overwrites_flags(emitter.instruction()))
        emitter.flags_to_host();
}

void settle_flags(Emitter& emitter) {
    if (decoder::flag_use(emitter.instruction()).touched & kFlagsArithmetic)
        emitter.flags_are_in_host();
}

bool translate_by_copy(Emitter& emitter, Access access) {
    const Instruction& instruction = emitter.instruction();
    const MemoryForm form = emitter.operand_form(access);
    if (copy_instruction(instruction, form).size == 0) return false;
    emitter.operand_for_copy(access, emitter.memory_size());
    prepare_flags(emitter);
    if (form != MemoryForm::kNone) emitter.touch();
    emitter.copy(form);
    settle_flags(emitter);
    return true;
}

bool translate_instruction(Emitter& emitter) {
    if (emitter.open_immediate()) {
        translate_open_immediate(emitter);
        return true;
    }
    switch (emitter.instruction().row().family) {
        case Family::kIntegerAlu: return translate_integer_alu(emitter);
        case Family::kShift: return translate_shift(emitter);
        case Family::kMultiplyDivide: return translate_multiply_divide(emitter);
        case Family::kBitManipulation: return translate_bit_manipulation(emitter);
        case Family::kDataMovement: return translate_data_movement(emitter);
        case Family::kStack: return translate_stack(emitter);
        case Family::kControlFlow: return translate_control_flow(emitter);
        case Family::kFlagControl: return translate_flag_control(emitter);
        case Family::kString: return translate_string(emitter);
        case Family::kSystem: return translate_system(emitter);
        case Family::kSegment: return translate_segment(emitter);
        case Family::kX87: return translate_x87(emitter);
        case Family::kMmx:
        case Family::kSse:
        case Family::kSse2:
        case Family::kSse3:
        case Family::kSse4: return translate_vector(emitter);
        default: return false;
    }
}

}  // namespace seventeen::translator
