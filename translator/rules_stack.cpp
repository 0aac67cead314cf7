// Rules for PUSH, POP and LEAVE: the access first, then ESP, so that a fault restarts cleanly.
#include "translator/rules_stack.h"

#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::Operand;
using decoder::OperandKind;

namespace {

// ESP + `displacement` is a linear address within a window.
bool stack_in_window(const Emitter& emitter, Access access) {
    return emitter.windowed(access) && emitter.mode().stack32() &&
           emitter.mode().flat(SegmentName::kSs);
}

x86::Mem window_stack(const Emitter& emitter, s32 displacement, unsigned size) {
    x86::Mem place = x86::ptr(x86::r12d, emitter.from_stack_pointer(displacement), size);
    place.setSegment(x86::gs);
    return place;
}

// r8d = the offset in SS.
void load_stack_pointer(Emitter& emitter, s32 displacement) {
    Emitter::Assembler& out = emitter.out();
    const s32 from_r12 = emitter.from_stack_pointer(displacement);
    if (from_r12 != 0) out.lea(x86::r8d, x86::ptr(x86::r12, from_r12));
    if (!emitter.mode().stack32())
        out.movzx(x86::r8d, from_r12 != 0 ? x86::r8w : x86::r12w);
    else if (from_r12 == 0)
        out.mov(x86::r8d, x86::r12d);
}

}  // namespace

x86::Mem locate_push(Emitter& emitter, unsigned size) {
    if (stack_in_window(emitter, Access::kWrite))
        return window_stack(emitter, -static_cast<s32>(size), size);
    load_stack_pointer(emitter, -static_cast<s32>(size));
    emitter.apply_segment(SegmentName::kSs, Access::kWrite, size);
    return emitter.locate(Access::kWrite, size);
}

x86::Mem locate_pop(Emitter& emitter, unsigned size) {
    if (stack_in_window(emitter, Access::kRead)) return window_stack(emitter, 0, size);
    load_stack_pointer(emitter, 0);
    emitter.apply_segment(SegmentName::kSs, Access::kRead, size);
    return emitter.locate(Access::kRead, size);
}

void move_stack_pointer(Emitter& emitter, s32 by) {
    if (emitter.mode().stack32()) {
        emitter.fold_stack_pointer(by);
    } else {
        emitter.out().lea(x86::r10d, x86::ptr(x86::r12, by));
        emitter.out().mov(x86::r12w, x86::r10w);
    }
}

namespace {

bool translate_push(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const Operand& operand = instruction.operands[0];
    const unsigned size = instruction.operand_size;
    Emitter::Assembler& out = emitter.out();
    if (operand.kind == OperandKind::kMemory) {
        const x86::Mem from = emitter.memory_operand(Access::kRead, size);
        const x86::Gp value = size == 2 ? x86::Gp(x86::r10w) : x86::Gp(x86::r10d);
        const x86::Mem scratch = emitter.context(offsetof(Context, scratch), size);
        emitter.touch();
        out.mov(value, from);
        out.mov(scratch, value);
        const x86::Mem to = locate_push(emitter, size);
        out.mov(value, scratch);
        emitter.touch();
        out.mov(to, value);
    } else {
        const x86::Mem to = locate_push(emitter, size);
        emitter.touch();
        if (operand.kind == OperandKind::kImmediate)
            out.mov(to, static_cast<s32>(instruction.immediate));
        else
            out.mov(to, Emitter::guest(operand));
    }
    move_stack_pointer(emitter, -static_cast<s32>(size));
    return true;
}

// POP ESP: the value wins over the increment.
bool translate_pop(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const Operand& operand = instruction.operands[0];
    if (operand.kind != OperandKind::kRegister) return false;
    const unsigned size = instruction.operand_size;
    const x86::Mem from = locate_pop(emitter, size);
    emitter.touch();
    if (operand.number != static_cast<u8>(Gpr::kSp)) {
        emitter.out().mov(Emitter::guest(operand), from);
        move_stack_pointer(emitter, static_cast<s32>(size));
    } else {
        const x86::Gp value = size == 2 ? x86::Gp(x86::r8w) : x86::Gp(x86::r8d);
        emitter.out().mov(value, from);
        move_stack_pointer(emitter, static_cast<s32>(size));
        emitter.settle_stack_pointer();
        emitter.out().mov(Emitter::guest(operand), value);
    }
    return true;
}

bool translate_leave(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    if (instruction.operand_size != 4 || !emitter.mode().stack32()) return false;
    Emitter::Assembler& out = emitter.out();
    out.mov(x86::r8d, x86::ebp);
    emitter.apply_segment(SegmentName::kSs, Access::kRead, 4);
    const x86::Mem from = emitter.locate(Access::kRead, 4);
    emitter.touch();
    out.mov(x86::r8d, from);
    out.lea(x86::r12d, x86::ptr(x86::rbp, 4));
    out.mov(x86::ebp, x86::r8d);
    return true;
}

}  // namespace

bool translate_stack(Emitter& emitter) {
    switch (emitter.instruction().mnemonic) {
        case Mnemonic::PUSH: return translate_push(emitter);
        case Mnemonic::POP: return translate_pop(emitter);
        case Mnemonic::LEAVE: return translate_leave(emitter);
        default: return false;
    }
}

}  // namespace seventeen::translator
