// ROL, ROR, RCL, RCR, SHL, SHR, SAR, SHLD, SHRD.
//
// Counts are masked to five bits. A masked count of zero changes no flag. Flags that the manuals
// leave undefined come out as on AMD's Zen, which the host oracle compares with: OF by the formula
// for a count of one at every count, AF set after shifts.
#include "interpreter/arithmetic.h"
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

constexpr u8 kCl = 8;  // byte offset of CL within CpuState::gpr
constexpr unsigned kCountMask = 31;

struct RotateLeft {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, unsigned count) {
        const unsigned n = count % kBits<T>;
        const T result = n ? static_cast<T>(value << n | value >> (kBits<T> - n)) : value;
        const bool carry = result & 1;
        set_cf_of(flags, carry, carry != sign_bit(result));
        return result;
    }
};
struct RotateRight {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, unsigned count) {
        const unsigned n = count % kBits<T>;
        const T result = n ? static_cast<T>(value >> n | value << (kBits<T> - n)) : value;
        const bool carry = sign_bit(result);
        set_cf_of(flags, carry, carry != static_cast<bool>(result >> (kBits<T> - 2) & 1));
        return result;
    }
};
// Through carry: a rotation of width + 1 bits.
struct RotateLeftCarry {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, unsigned count) {
        const unsigned n = count % (kBits<T> + 1);
        const bool carry_in = flags.cf();
        T result = value;
        bool carry = carry_in;
        if (n != 0) {
            const u64 wide = u64{carry_in} << kBits<T> | value;
            const u64 rotated = wide << n | wide >> (kBits<T> + 1 - n);
            result = static_cast<T>(rotated);
            carry = rotated >> kBits<T> & 1;
        }
        set_cf_of(flags, carry, carry != sign_bit(result));
        return result;
    }
};
struct RotateRightCarry {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, unsigned count) {
        const unsigned n = count % (kBits<T> + 1);
        const bool carry_in = flags.cf();
        T result = value;
        bool carry = carry_in;
        if (n != 0) {
            const u64 wide = u64{carry_in} << kBits<T> | value;
            const u64 rotated = wide >> n | wide << (kBits<T> + 1 - n);
            result = static_cast<T>(rotated);
            carry = rotated >> kBits<T> & 1;
        }
        const bool next = result >> (kBits<T> - 2) & 1;
        set_cf_of(flags, carry, sign_bit(result) != next);
        return result;
    }
};
struct ShiftLeft {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, unsigned count) {
        const u64 wide = u64{value} << count;
        const T result = static_cast<T>(wide);
        const bool carry = wide >> kBits<T> & 1;
        set_result(flags, result, carry, carry != sign_bit(result), true);
        return result;
    }
};
struct ShiftRight {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, unsigned count) {
        const T result = static_cast<T>(u64{value} >> count);
        const bool carry = u64{value} >> (count - 1) & 1;
        const bool next = result >> (kBits<T> - 2) & 1;
        set_result(flags, result, carry, sign_bit(result) != next, true);
        return result;
    }
};
struct ShiftArithmeticRight {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, unsigned count) {
        const s64 wide = static_cast<s64>(sign_extended(value));
        const T result = static_cast<T>(wide >> count);
        set_result(flags, result, wide >> (count - 1) & 1, false, true);
        return result;
    }
};

// The count: CL where it is a register operand, else the immediate (an implied one included).
template <bool kByCl>
unsigned shift_count(const Cpu& cpu, const Operation& operation) {
    return (kByCl ? cpu.reg<u8>(kCl) : operation.immediate) & kCountMask;
}

template <typename Op, typename T, bool kInMemory, bool kByCl>
Fault shift(Cpu& cpu, const Operation& operation) {
    const unsigned count = shift_count<kByCl>(cpu, operation);
    return update<T, kInMemory>(cpu, operation, [&](T value) {
        return count == 0 ? value : Op::apply(cpu.state.arithmetic, value, count);
    });
}

template <typename Op>
Handler bind_simple(const Instruction& instruction) {
    const bool by_cl = instruction.operands[1].kind == OperandKind::kRegister;
    return by_width(instruction.operands[0].size, [&]<typename T>() {
        return by_place(instruction, [&]<bool kIn>() -> Handler {
            return by_cl ? &shift<Op, T, kIn, true> : &shift<Op, T, kIn, false>;
        });
    });
}

// A 16-bit double shift by more than 16 rotates the source by the rest, as on Zen; CF and OF are
// those of the destination shifted alone.
template <typename T>
u64 source_behind(T source) {
    return kBits<T> == 16 ? u64{source} << 16 | source : u64{source};
}

struct DoubleLeft {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, T source, unsigned count) {
        const u64 wide = u64{value} << 32 | source_behind(source);
        const T result = static_cast<T>(wide >> (32 - count));
        const u64 alone = u64{value} << count;
        const bool carry = alone >> kBits<T> & 1;
        set_result(flags, result, carry, carry != sign_bit(static_cast<T>(alone)), true);
        return result;
    }
};
struct DoubleRight {
    template <typename T>
    static T apply(ArithmeticFlags& flags, T value, T source, unsigned count) {
        const u64 wide = source_behind(source) << kBits<T> | value;
        const T result = static_cast<T>(wide >> count);
        const bool carry = u64{value} >> (count - 1) & 1;
        const bool next = result >> (kBits<T> - 2) & 1;
        set_result(flags, result, carry, sign_bit(result) != next, true);
        return result;
    }
};

template <typename Op, typename T, bool kInMemory, bool kByCl>
Fault double_shift(Cpu& cpu, const Operation& operation) {
    const unsigned count = shift_count<kByCl>(cpu, operation);
    const T source = cpu.reg<T>(operation.operand[1]);
    return update<T, kInMemory>(cpu, operation, [&](T value) {
        return count == 0 ? value : Op::apply(cpu.state.arithmetic, value, source, count);
    });
}

template <typename Op>
Handler bind_double(const Instruction& instruction) {
    const bool by_cl = instruction.operands[2].kind == OperandKind::kRegister;
    const auto pick = [&]<typename T>() {
        return by_place(instruction, [&]<bool kIn>() -> Handler {
            return by_cl ? &double_shift<Op, T, kIn, true> : &double_shift<Op, T, kIn, false>;
        });
    };
    return instruction.operands[0].size == 2 ? pick.template operator()<u16>()
                                             : pick.template operator()<u32>();
}

}  // namespace

Handler bind_shift(const Instruction& instruction) {
    switch (instruction.mnemonic) {
        case Mnemonic::ROL: return bind_simple<RotateLeft>(instruction);
        case Mnemonic::ROR: return bind_simple<RotateRight>(instruction);
        case Mnemonic::RCL: return bind_simple<RotateLeftCarry>(instruction);
        case Mnemonic::RCR: return bind_simple<RotateRightCarry>(instruction);
        case Mnemonic::SHL: return bind_simple<ShiftLeft>(instruction);
        case Mnemonic::SHR: return bind_simple<ShiftRight>(instruction);
        case Mnemonic::SAR: return bind_simple<ShiftArithmeticRight>(instruction);
        case Mnemonic::SHLD: return bind_double<DoubleLeft>(instruction);
        case Mnemonic::SHRD: return bind_double<DoubleRight>(instruction);
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
