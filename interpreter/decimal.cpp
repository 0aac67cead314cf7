// DAA, DAS, AAA, AAS, AAM, AAD (SDM 2A's pseudo-code).
//
// Undefined flags come out as on AMD's Zen, which the host oracle compares with: those of the
// addition or subtraction that adjusts, of 16 bits in AAA and AAS; AAM clears them.
#include "interpreter/arithmetic.h"
#include "interpreter/families.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;

constexpr u8 kAl = 0;  // byte offsets within CpuState::gpr
constexpr u8 kAh = 1;
constexpr u8 kLargestDigit = 9;
constexpr u8 kLargestPacked = 0x99;

template <int kSign, typename T>
T add_or_subtract(ArithmeticFlags& flags, T value, T correction) {
    return kSign > 0 ? add_with_flags(flags, value, correction)
                     : subtract_with_flags(flags, value, correction);
}

// DAA and DAS; `kSign` is +1 or -1.
template <int kSign>
Fault adjust_packed(Cpu& cpu, const Operation&) {
    ArithmeticFlags& flags = cpu.state.arithmetic;
    const u8 old = cpu.reg<u8>(kAl);
    const bool low = (old & 0xf) > kLargestDigit || flags.af();
    const bool high = old > kLargestPacked || flags.cf();
    const u8 correction = static_cast<u8>((low ? 0x06 : 0) + (high ? 0x60 : 0));
    const u8 result = add_or_subtract<kSign>(flags, old, correction);
    // DAS also keeps the borrow that the low digit's correction took out of the whole byte.
    const bool borrowed = kSign < 0 && low && old < 0x06;
    cpu.set_reg<u8>(kAl, result);
    set_result(flags, result, high || borrowed, flags.of(), low);
    return {};
}

// AAA and AAS: the digit moves into AX as a whole (from the 286 on).
template <int kSign>
Fault adjust_unpacked(Cpu& cpu, const Operation&) {
    ArithmeticFlags& flags = cpu.state.arithmetic;
    const u16 old = cpu.reg<u16>(kAl);
    const bool carry = (old & 0xf) > kLargestDigit || flags.af();
    const u16 correction = carry ? 0x106 : 0;
    const u16 ax = add_or_subtract<kSign>(flags, old, correction);
    cpu.set_reg<u16>(kAl, ax & 0xff0f);
    set_result(flags, ax, carry, flags.of(), carry);
    return {};
}

Fault split_digits(Cpu& cpu, const Operation& operation) {  // AAM
    const u8 base = static_cast<u8>(operation.immediate);
    if (base == 0) return Fault::of(Vector::kDivideError);
    const u8 al = cpu.reg<u8>(kAl);
    cpu.set_reg<u8>(kAh, al / base);
    cpu.set_reg<u8>(kAl, al % base);
    logic_with_flags(cpu.state.arithmetic, cpu.reg<u8>(kAl));
    return {};
}

Fault join_digits(Cpu& cpu, const Operation& operation) {  // AAD
    const u8 base = static_cast<u8>(operation.immediate);
    const u8 tens = static_cast<u8>(cpu.reg<u8>(kAh) * base);
    cpu.set_reg<u16>(kAl, add_with_flags(cpu.state.arithmetic, cpu.reg<u8>(kAl), tens));
    return {};
}

}  // namespace

Handler bind_decimal(const Instruction& instruction) {
    switch (instruction.mnemonic) {
        case Mnemonic::DAA: return &adjust_packed<1>;
        case Mnemonic::DAS: return &adjust_packed<-1>;
        case Mnemonic::AAA: return &adjust_unpacked<1>;
        case Mnemonic::AAS: return &adjust_unpacked<-1>;
        case Mnemonic::AAM: return &split_digits;
        case Mnemonic::AAD: return &join_digits;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
