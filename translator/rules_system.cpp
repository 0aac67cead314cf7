// Rules for instructions that read the machine's own registers.
#include <optional>

#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::Operand;
using decoder::OperandKind;
using decoder::RegisterClass;

namespace {

// What it read is a line over the instructions retired, while the Translator knows that.
bool translate_time_stamp(Emitter& emitter) {
    Emitter::Assembler& out = emitter.out();
    emitter.flags_to_saved();
    const asmjit::Label slow = emitter.slow_path();
    if (!emitter.mode().has(Mode::kKernel)) {
        out.test(emitter.state(offsetof(CpuState, cr4), 4), kCr4Tsd);
        out.jnz(slow);
    }
    out.mov(x86::r9, emitter.context(offsetof(Context, time_stamp_step), 8));
    out.test(x86::r9, x86::r9);
    out.jz(slow);
    out.mov(x86::r8, emitter.context(offsetof(Context, horizon), 8));
    out.sub(x86::r8, x86::r13);
    out.add(x86::r8, emitter.completed());
    out.imul(x86::r8, x86::r9);
    out.add(x86::r8, emitter.context(offsetof(Context, time_stamp_start), 8));
    out.mov(x86::eax, x86::r8d);
    out.shr(x86::r8, 32);
    out.mov(x86::edx, x86::r8d);
    return true;
}

// Where the register lies, if there is one.
std::optional<std::size_t> offset_of_control(u8 number, const privilege::CpuModel& model) {
    switch (number) {
        case 0: return offsetof(CpuState, cr0);
        case 2: return offsetof(CpuState, cr2);
        case 3: return offsetof(CpuState, cr3);
        case 4:
            if (model.implemented_cr4() != 0) return offsetof(CpuState, cr4);
            return std::nullopt;
        default: return std::nullopt;
    }
}

// MOV from a control register, at CPL 0.
bool translate_move_from_control(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const Operand& to = instruction.operands[0];
    if (to.register_class != RegisterClass::kGpr32 || to.number == static_cast<u8>(Gpr::kSp))
        return false;
    const auto offset = offset_of_control(instruction.operands[1].number, emitter.model());
    if (!offset || !emitter.mode().has(Mode::kKernel)) return false;
    emitter.out().mov(Emitter::guest(to), emitter.state(*offset, 4));
    return true;
}

// CR0, whoever asks: 16 bits to memory, the operand size to a register.
bool translate_store_machine_status(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const Operand& to = instruction.operands[0];
    Emitter::Assembler& out = emitter.out();
    if (to.kind == OperandKind::kMemory) {
        const x86::Mem place = emitter.memory_operand(Access::kWrite, 2);
        out.mov(x86::r10w, emitter.state(offsetof(CpuState, cr0), 2));
        emitter.touch();
        out.mov(place, x86::r10w);
        return true;
    }
    if (to.number == static_cast<u8>(Gpr::kSp)) return false;
    out.mov(Emitter::guest(to), emitter.state(offsetof(CpuState, cr0), to.size));
    return true;
}

}  // namespace

bool translate_system(Emitter& emitter) {
    switch (emitter.instruction().mnemonic) {
        case Mnemonic::MOV_CONTROL: return translate_move_from_control(emitter);
        case Mnemonic::SMSW: return translate_store_machine_status(emitter);
        case Mnemonic::RDTSC: return translate_time_stamp(emitter);
        default: return false;
    }
}

}  // namespace seventeen::translator
