// Binds instructions to handlers through their rows' families.
#include "interpreter/bind.h"

#include "core/check.h"
#include "decoder/properties.h"
#include "interpreter/families.h"

namespace seventeen::interpreter {

namespace {

using decoder::Family;
using decoder::Instruction;

Fault undefined(Cpu&, const Operation&) {
    return Fault::invalid_opcode();
}
Fault too_long(Cpu&, const Operation&) {
    return Fault::general_protection();
}

Binder binder_of(Family family) {
    switch (family) {
        case Family::kIntegerAlu: return &bind_integer_alu;
        case Family::kShift: return &bind_shift;
        case Family::kMultiplyDivide: return &bind_multiply_divide;
        case Family::kBitManipulation: return &bind_bit_manipulation;
        case Family::kDecimal: return &bind_decimal;
        case Family::kDataMovement: return &bind_data_movement;
        case Family::kStack: return &bind_stack;
        case Family::kControlFlow: return &bind_control_flow;
        case Family::kString: return &bind_string;
        case Family::kFlagControl: return &bind_flag_control;
        case Family::kInputOutput: return &bind_input_output;
        case Family::kSegment: return &bind_segment;
        case Family::kSystem: return &bind_system;
        case Family::kX87: return &bind_x87;
        case Family::kMmx: return &bind_mmx;
        case Family::kSse: return &bind_sse;
        case Family::kSse2: return &bind_sse2;
        case Family::kSse3: return &bind_sse3;
        case Family::kSse4: return &bind_sse4;
    }
    return nullptr;
}

}  // namespace

Operation bind_operation(const Instruction& instruction, const privilege::CpuModel& model) {
    Operation operation = make_operation(instruction);
    operation.ends_block = decoder::ends_block(instruction);
    operation.run = model.has(decoder::required_feature(instruction))
                        ? binder_of(instruction.row().family)(instruction)
                        : &undefined;
    check(operation.run, "an instruction of the table has no handler");
    return operation;
}

Operation undecodable_operation(decoder::DecodeStatus status, u8 length) {
    Operation operation;
    operation.run = status == decoder::DecodeStatus::kTooLong ? &too_long : &undefined;
    operation.length = length;
    operation.ends_block = true;
    return operation;
}

}  // namespace seventeen::interpreter
