// Rules for the instructions that work on flags.
#include "translator/rules.h"
#include "translator/rules_stack.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Mnemonic;

namespace {

x86::Mem system_flags(const Emitter& emitter) {
    return emitter.state(offsetof(CpuState, system_flags), 4);
}

// CLI, STI, PUSHF at CPL 0 (elsewhere IOPL, VM and VME have a say).
bool translate_clear_interrupt(Emitter& emitter) {
    if (!emitter.mode().has(Mode::kKernel)) return false;
    emitter.flags_to_saved();
    emitter.out().and_(system_flags(emitter), ~static_cast<s32>(kFlagIf));
    return true;
}

// While no interrupt waits, nobody can tell whether the next instruction is in STI's shadow: none
// is raised before it but by itself, and a block never ends so close to an event.
bool translate_set_interrupt(Emitter& emitter) {
    if (!emitter.mode().has(Mode::kKernel)) return false;
    emitter.flags_to_saved();
    const asmjit::Label slow = emitter.slow_path();
    emitter.out().cmp(emitter.state(offsetof(CpuState, interrupt_line), 1), 0);
    emitter.out().jne(slow);
    emitter.out().or_(system_flags(emitter), kFlagIf);
    return true;
}

// TF, RF and VM are clear in translated code at CPL 0.
bool translate_push_flags(Emitter& emitter) {
    if (!emitter.mode().has(Mode::kKernel)) return false;
    constexpr unsigned kOverflowBit = 11;
    const unsigned size = emitter.instruction().operand_size;
    Emitter::Assembler& out = emitter.out();
    emitter.flags_to_saved();
    out.movzx(x86::r10d, x86::r11w);
    out.shl(x86::r10d, kOverflowBit);
    out.and_(x86::r10d, kFlagOf);
    out.or_(x86::r10d, system_flags(emitter));
    out.movzx(x86::r9d, x86::r11w);
    out.shr(x86::r9d, 8);
    out.and_(x86::r9d, kFlagsArithmetic & 0xff);
    out.or_(x86::r10d, x86::r9d);
    const x86::Mem image = emitter.context(offsetof(Context, scratch), 4);
    out.mov(image, x86::r10d);
    const x86::Mem to = locate_push(emitter, size);
    out.mov(x86::r10d, image);
    emitter.touch();
    size == 2 ? out.mov(to, x86::r10w) : out.mov(to, x86::r10d);
    move_stack_pointer(emitter, -static_cast<s32>(size));
    return true;
}

// Only the arithmetic flags and IF may differ from what they are, and IF at CPL 0 alone; what IF
// would let in is the interpreter's.
bool translate_pop_flags(Emitter& emitter) {
    constexpr unsigned kOverflowBit = 11;
    const unsigned size = emitter.instruction().operand_size;
    const bool kernel = emitter.mode().has(Mode::kKernel);
    if (!kernel && !emitter.mode().user()) return false;
    const u32 quiet = kFlagsArithmetic | (kernel ? kFlagIf : 0);
    Emitter::Assembler& out = emitter.out();
    emitter.flags_to_saved();
    const asmjit::Label slow = emitter.slow_path();
    emitter.slow_path_leaves();  // DF
    const asmjit::Label popped = out.newLabel();
    if (!kernel) {  // V86 mode needs IOPL 3
        out.test(system_flags(emitter), kFlagVm);
        out.jnz(slow);
    }
    const x86::Mem from = locate_pop(emitter, size);
    emitter.touch();
    size == 2 ? out.movzx(x86::r10d, from) : out.mov(x86::r10d, from);
    out.mov(x86::r9d, x86::r10d);
    out.xor_(x86::r9d, system_flags(emitter));
    if (size == 2) out.movzx(x86::r9d, x86::r9w);
    out.test(x86::r9d, static_cast<s32>(~quiet));
    out.jnz(slow);
    if (kernel) {
        out.and_(x86::r9d, kFlagIf);
        out.jz(popped);
        out.cmp(emitter.state(offsetof(CpuState, interrupt_line), 1), 0);
        out.jne(slow);
        out.xor_(system_flags(emitter), x86::r9d);
        out.bind(popped);
    }
    out.movzx(x86::r11d, x86::r10b);
    out.and_(x86::r11d, kFlagsArithmetic & 0xff);
    out.shl(x86::r11d, 8);
    out.shr(x86::r10d, kOverflowBit);
    out.and_(x86::r10d, 1);
    out.or_(x86::r11d, x86::r10d);
    move_stack_pointer(emitter, static_cast<s32>(size));
    return true;
}

}  // namespace

bool translate_flag_control(Emitter& emitter) {
    switch (emitter.instruction().mnemonic) {
        case Mnemonic::CLC:
        case Mnemonic::STC:
        case Mnemonic::CMC:
        case Mnemonic::LAHF:  // bit 1 reads as one, bits 3 and 5 as zero, on the host as here
        case Mnemonic::SAHF:
            emitter.flags_to_host();
            emitter.copy(MemoryForm::kNone);
            return true;
        case Mnemonic::CLI: return translate_clear_interrupt(emitter);
        case Mnemonic::STI: return translate_set_interrupt(emitter);
        case Mnemonic::PUSHF:
        case Mnemonic::PUSHFD: return translate_push_flags(emitter);
        case Mnemonic::POPF:
        case Mnemonic::POPFD: return translate_pop_flags(emitter);
        case Mnemonic::CLD: return !emitter.mode().has(Mode::kBackwards);
        case Mnemonic::STD: return emitter.mode().has(Mode::kBackwards);
        default: return false;
    }
}

}  // namespace seventeen::translator
