// Rules that read segment registers, and that load them as they were loaded before.
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

bool may_load(const Emitter& emitter, u8 segment) {
    return segment != static_cast<u8>(SegmentName::kSs) && !emitter.x87_noted();
}

// ES, DS, FS or GS = r8d, which another descriptor or Mode makes the interpreter's business.
void load_segment(Emitter& emitter, u8 segment) {
    Emitter::Assembler& out = emitter.out();
    const asmjit::Label slow = emitter.slow_path();
    out.mov(x86::r9d,
            static_cast<u32>(offsetof(CpuState, segments) + segment * sizeof(SegmentRegister)));
    out.mov(x86::r10d, emitter.mode().flat(static_cast<SegmentName>(segment)) ? 1 : 0);
    out.call(emitter.context(offsetof(Context, load_segment), 8));
    out.jne(slow);
}

bool translate_move_to(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const u8 segment = instruction.operands[0].number;
    if (!may_load(emitter, segment)) return false;
    Emitter::Assembler& out = emitter.out();
    emitter.flags_to_saved();
    if (instruction.operands[1].kind == OperandKind::kMemory) {
        const x86::Mem from = emitter.memory_operand(Access::kRead, 2);
        emitter.touch();
        out.movzx(x86::r8d, from);
    } else {
        out.movzx(x86::r8d, Emitter::guest16(instruction.operands[1].number));
    }
    load_segment(emitter, segment);
    return true;
}

// A 32-bit register is zero-extended; memory takes 16 bits whatever the operand size.
bool translate_move(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const u8 segment = instruction.operands[1].number;
    if (instruction.operands[1].register_class != RegisterClass::kSegment)
        return translate_move_to(emitter);
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

bool translate_pop(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const u8 segment = instruction.operands[0].number;
    if (!may_load(emitter, segment)) return false;
    const unsigned size = instruction.operand_size;
    emitter.flags_to_saved();
    const x86::Mem from = locate_pop(emitter, size);
    emitter.touch();
    size == 2 ? emitter.out().movzx(x86::r8d, from) : emitter.out().mov(x86::r8d, from);
    if (size == 4) emitter.out().movzx(x86::r8d, x86::r8w);
    load_segment(emitter, segment);
    move_stack_pointer(emitter, static_cast<s32>(size));
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
        case Mnemonic::POP_SEGMENT: return translate_pop(emitter);
        default: return false;
    }
}

}  // namespace seventeen::translator
