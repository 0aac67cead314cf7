// Single lanes to and from general registers or memory, and the lanes' signs as a mask.
#include "interpreter/packed_integer.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

template <typename Lane, typename Register>
constexpr unsigned lane_index(const Operation& operation) {
    return operation.immediate & (sizeof(Register) / sizeof(Lane) - 1);
}

// PINSRB, PINSRW, PINSRD: the source is a general register's low bits or as much memory.
template <typename Lane, typename Register, bool kInMemory>
Fault run_insert(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    Lane value;
    if constexpr (kInMemory) {
        if (Fault fault = load_operand(cpu, operation, value)) return fault;
    } else {
        value = static_cast<Lane>(cpu.reg<u32>(operation.operand[1]));
    }
    auto lanes = split<Lane>(get_register<Register>(cpu.state, operation.operand[0]));
    lanes[lane_index<Lane, Register>(operation)] = value;
    set_register(cpu.state, operation.operand[0], join<Register>(lanes));
    return {};
}

// PEXTRB, PEXTRW, PEXTRD, EXTRACTPS: zero-extended into a general register.
template <typename Lane, typename Register, bool kInMemory>
Fault run_extract(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    const auto lanes = split<Lane>(get_register<Register>(cpu.state, operation.operand[1]));
    const Lane value = lanes[lane_index<Lane, Register>(operation)];
    if constexpr (kInMemory) {
        if (Fault fault = store_operand(cpu, operation, value)) return fault;
    } else {
        cpu.set_reg<u32>(operation.operand[0], value);
    }
    if constexpr (kIsMmx<Register>) enter_mmx(cpu.state);
    return {};
}

// PMOVMSKB, MOVMSKPS, MOVMSKPD: `Lane` is signed.
template <typename Lane, typename Register>
Fault run_mask(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    const auto lanes = split<Lane>(get_register<Register>(cpu.state, operation.operand[1]));
    u32 mask = 0;
    for (unsigned i = 0; i < lanes.size(); ++i) mask |= u32{lanes[i] < 0} << i;
    cpu.set_reg<u32>(operation.operand[0], mask);
    if constexpr (kIsMmx<Register>) enter_mmx(cpu.state);
    return {};
}

template <typename Lane, typename Register>
Handler insert(const Instruction& instruction) {
    return is_memory(instruction.operands[1]) ? &run_insert<Lane, Register, true>
                                              : &run_insert<Lane, Register, false>;
}
template <typename Lane, typename Register>
Handler extract(const Instruction& instruction) {
    return is_memory(instruction.operands[0]) ? &run_extract<Lane, Register, true>
                                              : &run_extract<Lane, Register, false>;
}

}  // namespace

Handler bind_sse_extract(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PINSRB: return insert<u8, XmmRegister>(instruction);
        case PINSRW:
            return is_mmx(instruction.operands[0]) ? insert<u16, u64>(instruction)
                                                   : insert<u16, XmmRegister>(instruction);
        case PINSRD: return insert<u32, XmmRegister>(instruction);
        case PEXTRB: return extract<u8, XmmRegister>(instruction);
        case PEXTRW:
            return is_mmx(instruction.operands[1]) ? extract<u16, u64>(instruction)
                                                   : extract<u16, XmmRegister>(instruction);
        case PEXTRD:
        case EXTRACTPS: return extract<u32, XmmRegister>(instruction);
        case PMOVMSKB:
            return is_mmx(instruction.operands[1]) ? &run_mask<s8, u64>
                                                   : &run_mask<s8, XmmRegister>;
        case MOVMSKPS: return &run_mask<s32, XmmRegister>;
        case MOVMSKPD: return &run_mask<s64, XmmRegister>;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
