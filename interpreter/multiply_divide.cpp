// MUL, IMUL, DIV, IDIV.
//
// SF, ZF, AF and PF are undefined after a multiplication and all six flags after a division. They
// come out as on AMD's Zen, which the host oracle compares with: a multiplication leaves them as
// they were; a division sets AF and clears SF, ZF and PF.
#include "interpreter/arithmetic.h"
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;

constexpr u8 kAx = 0;  // byte offsets within CpuState::gpr
constexpr u8 kDx = static_cast<u8>(Gpr::kDx) * 8;

template <typename T>
struct Twice;
template <>
struct Twice<u8> {
    using type = u16;
};
template <>
struct Twice<u16> {
    using type = u32;
};
template <>
struct Twice<u32> {
    using type = u64;
};
template <typename T>
using Double = typename Twice<T>::type;

// AX, or the pair DX:AX, EDX:EAX.
template <typename T>
Double<T> double_accumulator(const Cpu& cpu) {
    if constexpr (sizeof(T) == 1) return cpu.reg<u16>(kAx);
    return static_cast<Double<T>>(Double<T>{cpu.reg<T>(kDx)} << kBits<T> | cpu.reg<T>(kAx));
}

template <typename T>
void set_double_accumulator(Cpu& cpu, T high, T low) {
    cpu.set_reg<T>(kAx, low);
    cpu.set_reg<T>(sizeof(T) == 1 ? kAx + 1 : kDx, high);
}

template <typename T, bool kInMemory>
Fault multiply(Cpu& cpu, const Operation& operation) {
    T factor;
    if (Fault fault = load_first<T, kInMemory>(cpu, operation, factor)) return fault;
    const u64 product = u64{factor} * cpu.reg<T>(kAx);
    const T high = static_cast<T>(product >> kBits<T>);
    set_double_accumulator<T>(cpu, high, static_cast<T>(product));
    set_cf_of(cpu.state.arithmetic, high != 0, high != 0);
    return {};
}

template <typename T>
s64 signed_product(T a, T b) {
    return static_cast<s64>(sign_extended(a)) * static_cast<s64>(sign_extended(b));
}

// CF and OF: the product does not fit its lower half.
template <typename T>
void set_signed_product_flags(Cpu& cpu, s64 product) {
    const bool lost = static_cast<s64>(sign_extended(static_cast<T>(product))) != product;
    set_cf_of(cpu.state.arithmetic, lost, lost);
}

template <typename T, bool kInMemory>
Fault signed_multiply(Cpu& cpu, const Operation& operation) {
    T factor;
    if (Fault fault = load_first<T, kInMemory>(cpu, operation, factor)) return fault;
    const s64 product = signed_product(factor, cpu.reg<T>(kAx));
    set_double_accumulator<T>(cpu, static_cast<T>(product >> kBits<T>), static_cast<T>(product));
    set_signed_product_flags<T>(cpu, product);
    return {};
}

// IMUL r, r/m and IMUL r, r/m, imm: the truncated product.
template <typename T, bool kMemorySource, bool kImmediate>
Fault signed_multiply_into(Cpu& cpu, const Operation& operation) {
    T source;
    constexpr Form kForm = kMemorySource ? Form::kRegisterMemory : Form::kRegisterRegister;
    if (Fault fault = load_second<T, kForm>(cpu, operation, source)) return fault;
    const T other =
        kImmediate ? static_cast<T>(operation.immediate) : cpu.reg<T>(operation.operand[0]);
    const s64 product = signed_product(source, other);
    cpu.set_reg<T>(operation.operand[0], static_cast<T>(product));
    set_signed_product_flags<T>(cpu, product);
    return {};
}

void set_division_flags(ArithmeticFlags& flags) {
    flags.set((flags.value() & (kFlagCf | kFlagOf)) | kFlagAf);
}

template <typename T, bool kInMemory>
Fault divide(Cpu& cpu, const Operation& operation) {
    T divisor;
    if (Fault fault = load_first<T, kInMemory>(cpu, operation, divisor)) return fault;
    const Double<T> dividend = double_accumulator<T>(cpu);
    if (divisor == 0) return Fault::of(Vector::kDivideError);
    const u64 quotient = dividend / divisor;
    if (quotient >> kBits<T>) return Fault::of(Vector::kDivideError);
    set_double_accumulator<T>(cpu, static_cast<T>(dividend % divisor), static_cast<T>(quotient));
    set_division_flags(cpu.state.arithmetic);
    return {};
}

template <typename T, bool kInMemory>
Fault signed_divide(Cpu& cpu, const Operation& operation) {
    T divisor;
    if (Fault fault = load_first<T, kInMemory>(cpu, operation, divisor)) return fault;
    const s64 dividend = static_cast<s64>(sign_extended(double_accumulator<T>(cpu)));
    const s64 by = static_cast<s64>(sign_extended(divisor));
    // The most negative dividend by -1 overflows even our own 64 bits.
    if (by == 0 || (by == -1 && static_cast<u64>(dividend) == u64{1} << 63))
        return Fault::of(Vector::kDivideError);
    const s64 quotient = dividend / by;
    if (static_cast<s64>(sign_extended(static_cast<T>(quotient))) != quotient)
        return Fault::of(Vector::kDivideError);
    set_double_accumulator<T>(cpu, static_cast<T>(dividend % by), static_cast<T>(quotient));
    set_division_flags(cpu.state.arithmetic);
    return {};
}

Handler bind_signed_multiply_into(const Instruction& instruction) {
    const bool immediate = instruction.operand_count == 3;
    const bool memory = instruction.operands[1].kind == decoder::OperandKind::kMemory;
    const auto pick = [&]<typename T>() -> Handler {
        if (memory) {
            return immediate ? &signed_multiply_into<T, true, true>
                             : &signed_multiply_into<T, true, false>;
        }
        return immediate ? &signed_multiply_into<T, false, true>
                         : &signed_multiply_into<T, false, false>;
    };
    return instruction.operands[0].size == 2 ? pick.template operator()<u16>()
                                             : pick.template operator()<u32>();
}

}  // namespace

Handler bind_multiply_divide(const Instruction& instruction) {
    const unsigned size = instruction.operands[0].size;
    const auto bind = [&](auto&& pick) {
        return by_width(size, [&]<typename T>() {
            return by_place(instruction,
                            [&]<bool kIn>() { return pick.template operator()<T, kIn>(); });
        });
    };
    switch (instruction.mnemonic) {
        case Mnemonic::MUL:
            return bind([]<typename T, bool kIn>() -> Handler { return &multiply<T, kIn>; });
        case Mnemonic::IMUL:
            if (instruction.operand_count > 1) return bind_signed_multiply_into(instruction);
            return bind([]<typename T, bool kIn>() -> Handler { return &signed_multiply<T, kIn>; });
        case Mnemonic::DIV:
            return bind([]<typename T, bool kIn>() -> Handler { return &divide<T, kIn>; });
        case Mnemonic::IDIV:
            return bind([]<typename T, bool kIn>() -> Handler { return &signed_divide<T, kIn>; });
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
