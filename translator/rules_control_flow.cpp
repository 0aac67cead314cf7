// Rules for near jumps, calls, returns and loops.
#include "translator/rules.h"
#include "translator/rules_stack.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

namespace {

// Where a relative branch leads.
u32 relative_target(const Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const u32 target = emitter.next_eip() + static_cast<u32>(instruction.immediate);
    return instruction.operand_size == 2 ? target & 0xffff : target;
}

bool reachable(const Emitter& emitter, u32 target) {
    return target <= emitter.mode().code_limit;
}

// Is every target that an indirect branch can have within CS?
bool all_reachable(const Emitter& emitter) {
    return reachable(emitter, emitter.instruction().operand_size == 2 ? 0xffff : 0xffff'ffff);
}

// r8d = the target that a register or memory operand holds.
void load_target(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const unsigned size = instruction.operand_size;
    Emitter::Assembler& out = emitter.out();
    if (instruction.operands[0].kind == OperandKind::kMemory) {
        const x86::Mem from = emitter.memory_operand(Access::kRead, size);
        emitter.touch();
        size == 2 ? out.movzx(x86::r8d, from) : out.mov(x86::r8d, from);
    } else {
        const x86::Gp from = Emitter::guest(instruction.operands[0]);
        size == 2 ? out.movzx(x86::r8d, from) : out.mov(x86::r8d, from);
    }
}

bool translate_jump(Emitter& emitter) {
    if (emitter.instruction().operands[0].kind == OperandKind::kRelative) {
        const u32 target = relative_target(emitter);
        if (!reachable(emitter, target)) return false;
        emitter.exit_to(target);
        return true;
    }
    if (!all_reachable(emitter)) return false;
    load_target(emitter);
    emitter.exit_indirect();
    return true;
}

bool translate_call(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const unsigned size = instruction.operand_size;
    const bool direct = instruction.operands[0].kind == OperandKind::kRelative;
    if (direct ? !reachable(emitter, relative_target(emitter)) : !all_reachable(emitter))
        return false;
    Emitter::Assembler& out = emitter.out();
    const x86::Mem target = emitter.context(offsetof(Context, scratch), 4);
    if (!direct) {
        load_target(emitter);
        out.mov(target, x86::r8d);
    }
    const x86::Mem to = locate_push(emitter, size);
    emitter.touch();
    out.mov(to, static_cast<s32>(emitter.next_eip()));
    if (direct && size == 4 && emitter.go_through_thunk(relative_target(emitter))) return true;
    move_stack_pointer(emitter, -static_cast<s32>(size));
    if (direct) {
        emitter.exit_to(relative_target(emitter), Emitter::Branch::kCall);
    } else {
        out.mov(x86::r8d, target);
        emitter.exit_indirect(Emitter::Branch::kCall);
    }
    return true;
}

bool translate_return(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const unsigned size = instruction.operand_size;
    if (!all_reachable(emitter)) return false;
    const x86::Mem from = locate_pop(emitter, size);
    Emitter::Assembler& out = emitter.out();
    emitter.touch();
    size == 2 ? out.movzx(x86::r8d, from) : out.mov(x86::r8d, from);
    const u16 released = static_cast<u16>(instruction.immediate);
    move_stack_pointer(emitter, static_cast<s32>(size) + released);
    emitter.exit_indirect(Emitter::Branch::kReturn);
    return true;
}

bool translate_conditional_jump(Emitter& emitter, unsigned code) {
    const u32 target = relative_target(emitter);
    if (!reachable(emitter, target)) return false;
    emitter.flags_to_host();
    if (emitter.go_round(target)) {
        constexpr unsigned kNegated = 1;
        const auto condition = static_cast<x86::CondCode>(code ^ kNegated);
        emitter.out().j(condition, emitter.exit_later(emitter.next_eip()));
        return true;
    }
    emitter.out().j(static_cast<x86::CondCode>(code), emitter.exit_later(target));
    return true;
}

// `jump` leaves the block where CX or ECX is zero (or is not); ECX keeps its value.
void jump_on_count(Emitter& emitter, unsigned address_size, bool if_zero, asmjit::Label exit) {
    Emitter::Assembler& out = emitter.out();
    const asmjit::Label zero = out.newLabel();
    const asmjit::Label on = out.newLabel();
    if (address_size == 2) {
        out.mov(x86::r9, x86::rcx);
        out.movzx(x86::ecx, x86::cx);
    }
    const auto restore = [&] {
        if (address_size == 2) out.mov(x86::rcx, x86::r9);
    };
    out.jecxz(x86::rcx, zero);
    restore();
    if_zero ? out.short_().jmp(on) : out.jmp(exit);
    out.bind(zero);
    restore();
    if (if_zero) out.jmp(exit);
    out.bind(on);
}

bool translate_count_jump(Emitter& emitter, unsigned address_size) {
    const u32 target = relative_target(emitter);
    if (!reachable(emitter, target)) return false;
    emitter.flags_to_host();
    jump_on_count(emitter, address_size, true, emitter.exit_later(target));
    return true;
}

bool translate_loop(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const u32 target = relative_target(emitter);
    if (!reachable(emitter, target)) return false;
    emitter.flags_to_host();
    Emitter::Assembler& out = emitter.out();
    if (instruction.address_size == 4) {
        out.lea(x86::ecx, x86::ptr(x86::rcx, -1));
    } else {
        out.lea(x86::r9d, x86::ptr(x86::rcx, -1));
        out.mov(x86::cx, x86::r9w);
    }
    jump_on_count(emitter, instruction.address_size, false, emitter.exit_later(target));
    return true;
}

}  // namespace

bool translate_control_flow(Emitter& emitter) {
    const Mnemonic mnemonic = emitter.instruction().mnemonic;
    const unsigned code = static_cast<unsigned>(mnemonic) - static_cast<unsigned>(Mnemonic::JO);
    if (code < 16) return translate_conditional_jump(emitter, code);
    switch (mnemonic) {
        case Mnemonic::JMP: return translate_jump(emitter);
        case Mnemonic::CALL: return translate_call(emitter);
        case Mnemonic::RET: return translate_return(emitter);
        case Mnemonic::JCXZ: return translate_count_jump(emitter, 2);
        case Mnemonic::JECXZ: return translate_count_jump(emitter, 4);
        case Mnemonic::LOOP: return translate_loop(emitter);
        default: return translate_crossing(emitter);
    }
}

}  // namespace seventeen::translator
