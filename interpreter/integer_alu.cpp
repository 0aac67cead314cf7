// ADD, ADC, SUB, SBB, CMP, AND, OR, XOR, TEST, INC, DEC, NEG, NOT, XADD, CMPXCHG, CMPXCHG8B.
#include "interpreter/arithmetic.h"
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;

struct Add {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a, T b) {
        return add_with_flags(flags, a, b);
    }
};
struct AddWithCarry {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a, T b) {
        return add_with_flags(flags, a, b, flags.cf());
    }
};
struct Subtract {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a, T b) {
        return subtract_with_flags(flags, a, b);
    }
};
struct SubtractWithBorrow {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a, T b) {
        return subtract_with_flags(flags, a, b, flags.cf());
    }
};
struct And {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a, T b) {
        return logic_with_flags(flags, static_cast<T>(a & b));
    }
};
struct Or {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a, T b) {
        return logic_with_flags(flags, static_cast<T>(a | b));
    }
};
struct Xor {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a, T b) {
        return logic_with_flags(flags, static_cast<T>(a ^ b));
    }
};

struct Increment {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a) {
        const bool carry = flags.cf();
        const T result = add_with_flags<T>(flags, a, 1);
        flags.set_cf(carry);
        return result;
    }
};
struct Decrement {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a) {
        const bool carry = flags.cf();
        const T result = subtract_with_flags<T>(flags, a, 1);
        flags.set_cf(carry);
        return result;
    }
};
struct Negate {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T a) {
        return subtract_with_flags<T>(flags, 0, a);
    }
};
struct Not {
    template <typename T>
    static T apply(ArithmeticFlags&, T a) {
        return static_cast<T>(~a);
    }
};

template <typename Op, typename T, Form kForm>
Fault binary(Cpu& cpu, const Operation& operation) {
    T source;
    if (Fault fault = load_second<T, kForm>(cpu, operation, source)) return fault;
    return update<T, memory_destination(kForm)>(
        cpu, operation, [&](T value) { return Op::apply(cpu.state.arithmetic, value, source); });
}

// CMP, TEST: flags only, so the destination is read and never written.
template <typename Op, typename T, Form kForm>
Fault compare(Cpu& cpu, const Operation& operation) {
    T first;
    T second;
    if (Fault fault = load_first<T, memory_destination(kForm)>(cpu, operation, first)) return fault;
    if (Fault fault = load_second<T, kForm>(cpu, operation, second)) return fault;
    Op::apply(cpu.state.arithmetic, first, second);
    return {};
}

template <typename Op, typename T, bool kInMemory>
Fault unary(Cpu& cpu, const Operation& operation) {
    return update<T, kInMemory>(cpu, operation,
                                [&](T value) { return Op::apply(cpu.state.arithmetic, value); });
}

template <typename T, bool kInMemory>
Fault exchange_add(Cpu& cpu, const Operation& operation) {
    const T source = cpu.reg<T>(operation.operand[1]);
    T old = 0;
    T sum = 0;
    const Fault fault = update<T, kInMemory>(cpu, operation, [&](T value) {
        old = value;
        return sum = add_with_flags(cpu.state.arithmetic, value, source);
    });
    if (fault) return fault;
    cpu.set_reg<T>(operation.operand[1], old);
    if constexpr (!kInMemory) cpu.set_reg<T>(operation.operand[0], sum);  // XADD r, r: sum wins
    return {};
}

// The destination is written in any case, so it must be writable even when the compare fails.
template <typename T, bool kInMemory>
Fault compare_exchange(Cpu& cpu, const Operation& operation) {
    constexpr u8 kAccumulator = 0;
    const T expected = cpu.reg<T>(kAccumulator);
    const T replacement = cpu.reg<T>(operation.operand[1]);
    T old = 0;
    const Fault fault = update<T, kInMemory>(cpu, operation, [&](T value) {
        old = value;
        return value == expected ? replacement : value;
    });
    if (fault) return fault;
    subtract_with_flags(cpu.state.arithmetic, expected, old);
    if (old != expected) cpu.set_reg<T>(kAccumulator, old);
    return {};
}

Fault compare_exchange_8_bytes(Cpu& cpu, const Operation& operation) {
    CpuState& state = cpu.state;
    const auto pair = [&](Gpr high, Gpr low) {
        return u64{state.reg32(high)} << 32 | state.reg32(low);
    };
    const u64 expected = pair(Gpr::kDx, Gpr::kAx);
    const u64 replacement = pair(Gpr::kCx, Gpr::kBx);
    u64 old = 0;
    const Fault fault = update<u64, true>(cpu, operation, [&](u64 value) {
        old = value;
        return value == expected ? replacement : value;
    });
    if (fault) return fault;
    if (old != expected) {
        state.set_reg32(Gpr::kDx, static_cast<u32>(old >> 32));
        state.set_reg32(Gpr::kAx, static_cast<u32>(old));
    }
    const u32 others = state.arithmetic.value() & ~kFlagZf;
    state.arithmetic.set(others | (old == expected ? kFlagZf : 0));
    return {};
}

template <typename Op>
Handler bind_binary(const Instruction& instruction) {
    return by_width(instruction.operands[0].size, [&]<typename T>() {
        return by_form(instruction, []<Form kForm>() -> Handler { return &binary<Op, T, kForm>; });
    });
}

template <typename Op>
Handler bind_compare(const Instruction& instruction) {
    return by_width(instruction.operands[0].size, [&]<typename T>() {
        return by_form(instruction, []<Form kForm>() -> Handler { return &compare<Op, T, kForm>; });
    });
}

template <typename Op>
Handler bind_unary(const Instruction& instruction) {
    return by_width(instruction.operands[0].size, [&]<typename T>() {
        return by_place(instruction, []<bool kIn>() -> Handler { return &unary<Op, T, kIn>; });
    });
}

}  // namespace

Handler bind_integer_alu(const Instruction& instruction) {
    const unsigned size = instruction.operands[0].size;
    switch (instruction.mnemonic) {
        case Mnemonic::ADD: return bind_binary<Add>(instruction);
        case Mnemonic::ADC: return bind_binary<AddWithCarry>(instruction);
        case Mnemonic::SUB: return bind_binary<Subtract>(instruction);
        case Mnemonic::SBB: return bind_binary<SubtractWithBorrow>(instruction);
        case Mnemonic::AND: return bind_binary<And>(instruction);
        case Mnemonic::OR: return bind_binary<Or>(instruction);
        case Mnemonic::XOR: return bind_binary<Xor>(instruction);
        case Mnemonic::CMP: return bind_compare<Subtract>(instruction);
        case Mnemonic::TEST: return bind_compare<And>(instruction);
        case Mnemonic::INC: return bind_unary<Increment>(instruction);
        case Mnemonic::DEC: return bind_unary<Decrement>(instruction);
        case Mnemonic::NEG: return bind_unary<Negate>(instruction);
        case Mnemonic::NOT: return bind_unary<Not>(instruction);
        case Mnemonic::XADD:
            return by_width(size, [&]<typename T>() {
                return by_place(instruction,
                                []<bool kIn>() -> Handler { return &exchange_add<T, kIn>; });
            });
        case Mnemonic::CMPXCHG:
            return by_width(size, [&]<typename T>() {
                return by_place(instruction,
                                []<bool kIn>() -> Handler { return &compare_exchange<T, kIn>; });
            });
        case Mnemonic::CMPXCHG8B: return &compare_exchange_8_bytes;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
