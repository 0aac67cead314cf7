// Rules for x87, MMX and SSE: copied, and run on the host's units over the guest's registers.
//
// They need a block whose Mode says that the registers are there (Mode::kFpuLive); elsewhere the
// first of them leaves for such a block. Any of them may fault on the host: a pending x87
// exception, an unmasked SIMD one, a misaligned operand, each of which the interpreter then raises.
#include <algorithm>

#include "decoder/properties.h"
#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Family;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

namespace {

// They touch more of the environment than the registers; or what they do depends on the maker.
bool is_environment(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::FLDENV:
        case Mnemonic::FNSTENV:
        case Mnemonic::FRSTOR:
        case Mnemonic::FNSAVE:
        case Mnemonic::FNINIT:
        case Mnemonic::FENI8087_NOP:
        case Mnemonic::FDISI8087_NOP:
        case Mnemonic::FSETPM287_NOP: return true;
        default: return false;
    }
}

bool stores(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::FST:
        case Mnemonic::FSTP:
        case Mnemonic::FIST:
        case Mnemonic::FISTP:
        case Mnemonic::FISTTP:
        case Mnemonic::FBSTP:
        case Mnemonic::FNSTCW:
        case Mnemonic::FNSTSW: return true;
        default: return false;
    }
}

// Control instructions leave FIP and FDP alone (SDM 1 8.1.8).
bool is_control(Mnemonic mnemonic) {
    return mnemonic == Mnemonic::FNSTCW || mnemonic == Mnemonic::FNSTSW ||
           mnemonic == Mnemonic::FLDCW || mnemonic == Mnemonic::FNCLEX ||
           mnemonic == Mnemonic::FWAIT;
}

bool has_xmm(const Instruction& instruction) {
    return std::any_of(instruction.operands.begin(), instruction.operands.end(),
                       [](const decoder::Operand& operand) {
                           return operand.register_class == decoder::RegisterClass::kXmm;
                       });
}

bool host_has_sse4() {
    return __builtin_cpu_supports("sse4.2");
}

bool copy_checked(Emitter& emitter, Access access) {
    const Instruction& instruction = emitter.instruction();
    const MemoryForm form = emitter.operand_form(access);
    if (copy_instruction(instruction, form).size == 0) return false;
    if (!emitter.mode().has(Mode::kFpuLive)) {
        emitter.leave_for_fpu();
        return true;
    }
    emitter.operand_for_copy(access, emitter.memory_size());
    prepare_flags(emitter);
    emitter.may_fault();
    emitter.copy(form);
    settle_flags(emitter);
    return true;
}

// A Mode without Mode::kX87Faults stands for a control word that masks everything (block_key.cpp):
// one that doesn't is the interpreter's, which leaves the block. Nothing is pending there, so FERR#
// stays low.
bool load_masked_control(Emitter& emitter) {
    constexpr u32 kMasks = 0x3f;
    if (!emitter.mode().has(Mode::kFpuLive)) {
        emitter.leave_for_fpu();
        return true;
    }
    Emitter::Assembler& out = emitter.out();
    const x86::Mem from = emitter.memory_operand(Access::kRead, 2);
    emitter.flags_to_saved();
    emitter.slow_path_leaves();
    emitter.touch();
    out.movzx(x86::r10d, from);
    out.not_(x86::r10d);
    out.test(x86::r10d, kMasks);
    out.jnz(emitter.slow_path());
    emitter.touch();
    out.fldcw(from);
    return true;
}

// AMD processors take a bit that ours doesn't have; the others fault.
bool load_mxcsr(Emitter& emitter) {
    if (!emitter.mode().has(Mode::kFpuLive)) {
        emitter.leave_for_fpu();
        return true;
    }
    Emitter::Assembler& out = emitter.out();
    const x86::Mem from = emitter.memory_operand(Access::kRead, 4);
    const x86::Mem value = emitter.context(offsetof(Context, scratch), 4);
    emitter.flags_to_saved();
    emitter.touch();
    out.mov(x86::r10d, from);
    out.test(x86::r10d, ~kMxcsrMask);
    out.jnz(emitter.slow_path());
    out.mov(value, x86::r10d);
    out.ldmxcsr(value);
    return true;
}

}  // namespace

bool translate_x87(Emitter& emitter) {
    const Mnemonic mnemonic = emitter.instruction().mnemonic;
    if (!emitter.mode().has(Mode::kX87) || is_environment(mnemonic)) return false;
    if (mnemonic == Mnemonic::FLDCW && !emitter.mode().has(Mode::kX87Faults))
        return load_masked_control(emitter);
    if (!copy_checked(emitter, stores(mnemonic) ? Access::kWrite : Access::kRead)) return false;
    if (emitter.mode().has(Mode::kFpuLive) && !is_control(mnemonic)) emitter.note_x87();
    return true;
}

bool translate_vector(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    switch (instruction.mnemonic) {
        case Mnemonic::MASKMOVQ:  // they store through EDI
        case Mnemonic::MASKMOVDQU:
        case Mnemonic::FXSAVE:
        case Mnemonic::FXRSTOR: return false;
        case Mnemonic::CRC32:  // of general registers, with the operand size of 64-bit code
            return host_has_sse4() && emitter.mode().code32() &&
                   translate_by_copy(emitter, Access::kRead);
        default: break;
    }
    const bool mmx = instruction.row().family == Family::kMmx && !has_xmm(instruction);
    if (!emitter.mode().has(Mode::kX87) || (!mmx && !emitter.mode().has(Mode::kSse))) return false;
    if (instruction.row().family >= Family::kSse3 && !host_has_sse4()) return false;
    if (instruction.mnemonic == Mnemonic::LDMXCSR) return load_mxcsr(emitter);
    const bool writes = instruction.operands[0].kind == OperandKind::kMemory;
    return copy_checked(emitter, writes ? Access::kWrite : Access::kRead);
}

}  // namespace seventeen::translator
