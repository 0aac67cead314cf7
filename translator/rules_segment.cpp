// Rules that read segment registers. Loads are the privilege engine's.
#include "translator/rules.h"
#include "translator/rules_stack.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;
using decoder::RegisterClass;

namespace {

void load_selector(Emitter& emitter, const x86::Gp& into, u8 segment) {
    const std::size_t offset = offsetof(CpuState, segments) + segment * sizeof(SegmentRegister) +
                               offsetof(SegmentRegister, selector);
    emitter.out().movzx(into, emitter.state(offset, 2));
}

// A 32-bit register is zero-extended; memory takes 16 bits whatever the operand size.
bool translate_move(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const u8 segment = instruction.operands[1].number;
    if (instruction.operands[1].register_class != RegisterClass::kSegment) return false;
    if (instruction.operands[0].kind == OperandKind::kMemory) {
        const x86::Mem to = emitter.memory_operand(Access::kWrite, 2);
        load_selector(emitter, x86::r10d, segment);
        emitter.touch();
        emitter.out().mov(to, x86::r10w);
    } else if (instruction.operands[0].size == 4) {
        load_selector(emitter, Emitter::guest(instruction.operands[0]), segment);
    } else {
        load_selector(emitter, x86::r10d, segment);
        emitter.out().mov(Emitter::guest(instruction.operands[0]), x86::r10w);
    }
    return true;
}

bool translate_push(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const unsigned size = instruction.operand_size;
    const x86::Mem to = locate_push(emitter, size);
    load_selector(emitter, x86::r10d, instruction.operands[0].number);
    emitter.touch();
    size == 2 ? emitter.out().mov(to, x86::r10w) : emitter.out().mov(to, x86::r10d);
    move_stack_pointer(emitter, -static_cast<s32>(size));
    return true;
}

}  // namespace

bool translate_segment(Emitter& emitter) {
    switch (emitter.instruction().mnemonic) {
        case Mnemonic::MOV_SEGMENT: return translate_move(emitter);
        case Mnemonic::PUSH_SEGMENT: return translate_push(emitter);
        default: return false;
    }
}

}  // namespace seventeen::translator
