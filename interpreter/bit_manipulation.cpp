// BT, BTS, BTR, BTC, BSF, BSR, POPCNT.
#include <bit>

#include "interpreter/arithmetic.h"
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

struct Test {
    template <typename T>
    static T apply(T value, T) {
        return value;
    }
};
struct Set {
    template <typename T>
    static T apply(T value, T bit) {
        return static_cast<T>(value | bit);
    }
};
struct Reset {
    template <typename T>
    static T apply(T value, T bit) {
        return static_cast<T>(value & ~bit);
    }
};
struct Complement {
    template <typename T>
    static T apply(T value, T bit) {
        return static_cast<T>(value ^ bit);
    }
};

// Only CF is defined; the others stay, as on the host.
template <typename Op, typename T>
T apply_to_bit(Cpu& cpu, T value, unsigned position) {
    cpu.state.arithmetic.set_cf(value >> position & 1);
    return Op::apply(value, static_cast<T>(T{1} << position));
}

// A register bit offset reaches beyond the operand: it is a signed bit number from the operand's
// address (SDM 2A 3.1.1.9, Bit(BitBase, BitOffset)).
template <typename Op, typename T>
Fault bit_in_memory_by_register(Cpu& cpu, const Operation& operation) {
    const T offset = cpu.reg<T>(operation.operand[1]);
    const s32 element =
        static_cast<s32>(static_cast<s64>(sign_extended(offset)) >> std::countr_zero(kBits<T>));
    const u32 address = (effective_address(cpu.state, operation) +
                         static_cast<u32>(element) * static_cast<u32>(sizeof(T))) &
                        operation.address_mask;
    const unsigned position = offset % kBits<T>;
    if constexpr (std::is_same_v<Op, Test>) {
        T value;
        if (Fault fault = cpu.memory.read(operation.segment, address, value)) return fault;
        apply_to_bit<Op>(cpu, value, position);
        return {};
    } else {
        return cpu.memory.modify<T>(operation.segment, address, [&](T value) {
            return apply_to_bit<Op>(cpu, value, position);
        });
    }
}

template <typename Op, typename T, bool kInMemory, bool kImmediate>
Fault bit(Cpu& cpu, const Operation& operation) {
    const T offset =
        kImmediate ? static_cast<T>(operation.immediate) : cpu.reg<T>(operation.operand[1]);
    const unsigned position = offset % kBits<T>;
    if constexpr (std::is_same_v<Op, Test>) {
        T value;
        if (Fault fault = load_first<T, kInMemory>(cpu, operation, value)) return fault;
        apply_to_bit<Op>(cpu, value, position);
        return {};
    } else {
        return update<T, kInMemory>(
            cpu, operation, [&](T value) { return apply_to_bit<Op>(cpu, value, position); });
    }
}

// A zero source sets ZF and leaves the destination alone. The flags that the SDM leaves undefined
// come out as on AMD's Zen: PF from the bit number, the others clear.
template <typename T, bool kInMemory, bool kReverse>
Fault bit_scan(Cpu& cpu, const Operation& operation) {
    constexpr Form kForm = kInMemory ? Form::kRegisterMemory : Form::kRegisterRegister;
    T source;
    if (Fault fault = load_second<T, kForm>(cpu, operation, source)) return fault;
    ArithmeticFlags& flags = cpu.state.arithmetic;
    const int position = source == 0 ? 0
                         : kReverse  ? static_cast<int>(kBits<T>) - 1 - std::countl_zero(source)
                                     : std::countr_zero(source);
    const bool even = std::popcount(static_cast<unsigned>(position)) % 2 == 0;
    flags.set((even ? kFlagPf : 0) | (source == 0 ? kFlagZf : 0));
    if (source != 0) cpu.set_reg<T>(operation.operand[0], static_cast<T>(position));
    return {};
}

template <typename T, bool kInMemory>
Fault population_count(Cpu& cpu, const Operation& operation) {
    constexpr Form kForm = kInMemory ? Form::kRegisterMemory : Form::kRegisterRegister;
    T source;
    if (Fault fault = load_second<T, kForm>(cpu, operation, source)) return fault;
    cpu.set_reg<T>(operation.operand[0], static_cast<T>(std::popcount(source)));
    cpu.state.arithmetic.set(source == 0 ? kFlagZf : 0);
    return {};
}

template <typename Pick>
Handler by_word_width(const Instruction& instruction, Pick&& pick) {
    return instruction.operands[0].size == 2 ? pick.template operator()<u16>()
                                             : pick.template operator()<u32>();
}

template <typename Op>
Handler bind_bit(const Instruction& instruction) {
    const bool immediate = instruction.operands[1].kind == OperandKind::kImmediate;
    const bool memory = instruction.operands[0].kind == OperandKind::kMemory;
    return by_word_width(instruction, [&]<typename T>() -> Handler {
        if (!memory) return immediate ? &bit<Op, T, false, true> : &bit<Op, T, false, false>;
        return immediate ? &bit<Op, T, true, true> : &bit_in_memory_by_register<Op, T>;
    });
}

template <bool kReverse>
Handler bind_scan(const Instruction& instruction) {
    const bool memory = instruction.operands[1].kind == OperandKind::kMemory;
    return by_word_width(instruction, [&]<typename T>() -> Handler {
        return memory ? &bit_scan<T, true, kReverse> : &bit_scan<T, false, kReverse>;
    });
}

}  // namespace

Handler bind_bit_manipulation(const Instruction& instruction) {
    switch (instruction.mnemonic) {
        case Mnemonic::BT: return bind_bit<Test>(instruction);
        case Mnemonic::BTS: return bind_bit<Set>(instruction);
        case Mnemonic::BTR: return bind_bit<Reset>(instruction);
        case Mnemonic::BTC: return bind_bit<Complement>(instruction);
        case Mnemonic::BSF: return bind_scan<false>(instruction);
        case Mnemonic::BSR: return bind_scan<true>(instruction);
        case Mnemonic::POPCNT: {
            const bool memory = instruction.operands[1].kind == OperandKind::kMemory;
            return by_word_width(instruction, [&]<typename T>() -> Handler {
                return memory ? &population_count<T, true> : &population_count<T, false>;
            });
        }
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
