// MOV, MOVZX, MOVSX, XCHG, LEA, XLAT, CBW and its like, BSWAP, MOVBE, CMOVcc, SETcc, NOP, hints.
#include <array>
#include <utility>

#include "interpreter/arithmetic.h"
#include "interpreter/conditions.h"
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

constexpr u8 kAx = 0;  // byte offsets within CpuState::gpr
constexpr u8 kDx = static_cast<u8>(Gpr::kDx) * 8;

template <typename T, Form kForm>
Fault move(Cpu& cpu, const Operation& operation) {
    T value;
    if (Fault fault = load_second<T, kForm>(cpu, operation, value)) return fault;
    return store_first<T, memory_destination(kForm)>(cpu, operation, value);
}

// MOVZX, MOVSX: Extend is an unsigned or signed view of the source.
template <typename To, typename Extend, bool kMemorySource>
Fault extend(Cpu& cpu, const Operation& operation) {
    using From = std::make_unsigned_t<Extend>;
    constexpr Form kForm = kMemorySource ? Form::kRegisterMemory : Form::kRegisterRegister;
    From value;
    if (Fault fault = load_second<From, kForm>(cpu, operation, value)) return fault;
    cpu.set_reg<To>(operation.operand[0], static_cast<To>(static_cast<Extend>(value)));
    return {};
}

template <typename From>
Handler bind_extend(const Instruction& instruction) {
    const bool memory = instruction.operands[1].kind == OperandKind::kMemory;
    if (instruction.operands[0].size == 2)
        return memory ? &extend<u16, From, true> : &extend<u16, From, false>;
    return memory ? &extend<u32, From, true> : &extend<u32, From, false>;
}

// One operand may be memory, in either place; both forms exchange the same two things.
template <typename T, bool kMemory>
Fault exchange(Cpu& cpu, const Operation& operation) {
    if constexpr (kMemory) {
        T old = 0;
        const u8 place = operation.operand[1];
        const T replacement = cpu.reg<T>(place);
        const Fault fault = update<T, true>(cpu, operation, [&](T value) {
            old = value;
            return replacement;
        });
        if (!fault) cpu.set_reg<T>(place, old);
        return fault;
    } else {
        const T first = cpu.reg<T>(operation.operand[0]);
        cpu.set_reg<T>(operation.operand[0], cpu.reg<T>(operation.operand[1]));
        cpu.set_reg<T>(operation.operand[1], first);
        return {};
    }
}

template <typename T>
Fault load_effective_address(Cpu& cpu, const Operation& operation) {
    cpu.set_reg<T>(operation.operand[0], static_cast<T>(effective_address(cpu.state, operation)));
    return {};
}

Fault translate_byte(Cpu& cpu, const Operation& operation) {  // XLAT
    const u32 offset = (cpu.state.reg32(Gpr::kBx) + cpu.reg<u8>(kAx)) & operation.address_mask;
    u8 value;
    if (Fault fault = cpu.memory.read(operation.segment, offset, value)) return fault;
    cpu.set_reg<u8>(kAx, value);
    return {};
}

// CBW, CWDE: the accumulator's lower half, sign-extended.
template <typename To, typename From>
Fault extend_accumulator(Cpu& cpu, const Operation&) {
    cpu.set_reg<To>(kAx, static_cast<To>(sign_extended(cpu.reg<From>(kAx))));
    return {};
}

// CWD, CDQ: the accumulator's sign fills the data register.
template <typename T>
Fault fill_with_sign(Cpu& cpu, const Operation&) {
    cpu.set_reg<T>(kDx, sign_bit(cpu.reg<T>(kAx)) ? static_cast<T>(~T{0}) : T{0});
    return {};
}

// BSWAP of a 16-bit register is undefined; it clears the register, as on the host.
template <typename T>
Fault swap_bytes(Cpu& cpu, const Operation& operation) {
    const u8 place = operation.operand[0];
    cpu.set_reg<T>(place,
                   sizeof(T) == 2 ? T{0} : static_cast<T>(__builtin_bswap32(cpu.reg<T>(place))));
    return {};
}

template <typename T>
constexpr T swapped(T value) {
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
    return static_cast<T>(__builtin_bswap32(value));
}

template <typename T, Form kForm>
Fault move_swapped(Cpu& cpu, const Operation& operation) {  // MOVBE
    T value;
    if (Fault fault = load_second<T, kForm>(cpu, operation, value)) return fault;
    return store_first<T, memory_destination(kForm)>(cpu, operation, swapped(value));
}

// The source is read whatever the condition says, so it faults all the same.
template <unsigned kCode, typename T, bool kMemorySource>
Fault conditional_move(Cpu& cpu, const Operation& operation) {
    constexpr Form kForm = kMemorySource ? Form::kRegisterMemory : Form::kRegisterRegister;
    T value;
    if (Fault fault = load_second<T, kForm>(cpu, operation, value)) return fault;
    if (condition_holds<kCode>(cpu.state.arithmetic)) cpu.set_reg<T>(operation.operand[0], value);
    return {};
}

template <unsigned kCode, bool kInMemory>
Fault set_on_condition(Cpu& cpu, const Operation& operation) {
    return store_first<u8, kInMemory>(cpu, operation,
                                      condition_holds<kCode>(cpu.state.arithmetic) ? 1 : 0);
}

template <std::size_t... kCodes>
Handler bind_conditional_move(const Instruction& instruction, unsigned code,
                              std::index_sequence<kCodes...>) {
    static constexpr std::array<std::array<Handler, 4>, 16> kHandlers{
        {{&conditional_move<kCodes, u16, false>, &conditional_move<kCodes, u16, true>,
          &conditional_move<kCodes, u32, false>, &conditional_move<kCodes, u32, true>}...}};
    const bool memory = instruction.operands[1].kind == OperandKind::kMemory;
    const bool wide = instruction.operands[0].size == 4;
    return kHandlers[code][(wide ? 2 : 0) + (memory ? 1 : 0)];
}

template <std::size_t... kCodes>
Handler bind_set(const Instruction& instruction, unsigned code, std::index_sequence<kCodes...>) {
    static constexpr std::array<std::array<Handler, 2>, 16> kHandlers{
        {{&set_on_condition<kCodes, false>, &set_on_condition<kCodes, true>}...}};
    return kHandlers[code][instruction.operands[0].kind == OperandKind::kMemory];
}

Fault nothing(Cpu&, const Operation&) {
    return {};
}

// Checked like a load of one byte, but that an execute-only segment will do (SDM 2A, CLFLUSH).
Fault flush_line(Cpu& cpu, const Operation& operation) {
    SegmentRegister segment = cpu.state.segment(operation.segment);
    if (segment.attributes & kSegmentCode) {
        segment.attributes |= kSegmentReadable;
        segment.update();
    }
    const u32 offset = effective_address(cpu.state, operation);
    u8 byte;
    if (!segment.may_read(offset, sizeof byte))
        return privilege::SegmentedMemory::violation(operation.segment);
    const LinearAddress address = privilege::SegmentedMemory::linear(segment, offset);
    return cpu.mmu.read(address, cpu.memory.privilege(), byte);
}

// XCHG's register operand, where the other is memory, may be written first or second.
Handler bind_exchange(const Instruction& instruction) {
    const bool memory = instruction.operands[0].kind == OperandKind::kMemory;
    return by_width(instruction.operands[0].size, [&]<typename T>() -> Handler {
        return memory ? &exchange<T, true> : &exchange<T, false>;
    });
}

Handler bind_conditional(const Instruction& instruction) {
    constexpr std::make_index_sequence<16> kCodes;
    const auto distance = [&](Mnemonic first) {
        return static_cast<unsigned>(instruction.mnemonic) - static_cast<unsigned>(first);
    };
    if (distance(Mnemonic::CMOVO) < kCodes.size())
        return bind_conditional_move(instruction, distance(Mnemonic::CMOVO), kCodes);
    if (distance(Mnemonic::SETO) < kCodes.size())
        return bind_set(instruction, distance(Mnemonic::SETO), kCodes);
    return nullptr;
}

}  // namespace

Handler bind_data_movement(const Instruction& instruction) {
    const bool wide = instruction.operands[0].size == 4;
    switch (instruction.mnemonic) {
        case Mnemonic::MOV:
        case Mnemonic::MOVNTI:  // the hint not to cache means nothing here
            return by_width(instruction.operands[0].size, [&]<typename T>() {
                return by_form(instruction,
                               []<Form kForm>() -> Handler { return &move<T, kForm>; });
            });
        case Mnemonic::MOVZX:
            return instruction.operands[1].size == 1 ? bind_extend<u8>(instruction)
                                                     : bind_extend<u16>(instruction);
        case Mnemonic::MOVSX:
            return instruction.operands[1].size == 1 ? bind_extend<s8>(instruction)
                                                     : bind_extend<s16>(instruction);
        case Mnemonic::XCHG: return bind_exchange(instruction);
        case Mnemonic::LEA:
            return wide ? &load_effective_address<u32> : &load_effective_address<u16>;
        case Mnemonic::XLAT: return &translate_byte;
        case Mnemonic::CBW: return &extend_accumulator<u16, u8>;
        case Mnemonic::CWDE: return &extend_accumulator<u32, u16>;
        case Mnemonic::CWD: return &fill_with_sign<u16>;
        case Mnemonic::CDQ: return &fill_with_sign<u32>;
        case Mnemonic::BSWAP: return wide ? &swap_bytes<u32> : &swap_bytes<u16>;
        case Mnemonic::MOVBE:
            return by_form(instruction, [&]<Form kForm>() -> Handler {
                return wide ? &move_swapped<u32, kForm> : &move_swapped<u16, kForm>;
            });
        case Mnemonic::CLFLUSH: return &flush_line;
        case Mnemonic::NOP:
        case Mnemonic::PAUSE:
        case Mnemonic::LFENCE:  // accesses happen in program order anyway
        case Mnemonic::SFENCE:
        case Mnemonic::MFENCE:
        case Mnemonic::PREFETCHNTA:
        case Mnemonic::PREFETCHT0:
        case Mnemonic::PREFETCHT1:
        case Mnemonic::PREFETCHT2: return &nothing;
        default: return bind_conditional(instruction);
    }
}

}  // namespace seventeen::interpreter
