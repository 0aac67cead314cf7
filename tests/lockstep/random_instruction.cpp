// What is an instruction, and which ones are fit.
#include "tests/lockstep/random_instruction.h"

#include <algorithm>

namespace seventeen::lockstep {

namespace {

using decoder::CodeSize;
using decoder::Family;
using decoder::Instruction;
using decoder::Mnemonic;

bool is_wild(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::HLT:
        case Mnemonic::MWAIT:
        case Mnemonic::LGDT:
        case Mnemonic::LIDT:
        case Mnemonic::LTR:
        case Mnemonic::LLDT:
        case Mnemonic::LMSW:
        case Mnemonic::MOV_CONTROL:
        case Mnemonic::MOV_DEBUG:
        case Mnemonic::WRMSR:
        case Mnemonic::RDTSC:
        case Mnemonic::SYSENTER:
        case Mnemonic::SYSEXIT:
        case Mnemonic::OUT: return true;
        default: return false;
    }
}

bool is_tame(const Instruction& instruction) {
    switch (instruction.row().family) {
        case Family::kIntegerAlu:
        case Family::kShift:
        case Family::kMultiplyDivide:
        case Family::kBitManipulation:
        case Family::kDataMovement:
        case Family::kStack: break;
        case Family::kControlFlow:
            return instruction.mnemonic >= Mnemonic::JO && instruction.mnemonic <= Mnemonic::JNLE;
        case Family::kX87:
        case Family::kMmx:
        case Family::kSse:
        case Family::kSse2:
        case Family::kSse3:
        case Family::kSse4: break;
        default: return false;
    }
    for (const decoder::Operand& operand : instruction.operands) {
        if (operand.kind == decoder::OperandKind::kRegister &&
            operand.register_class != decoder::RegisterClass::kGpr8 && operand.number == 4)
            return false;
    }
    return instruction.mnemonic != Mnemonic::LEAVE && instruction.mnemonic != Mnemonic::ENTER;
}

}  // namespace

std::vector<u8> random_instruction(Random& random, const decoder::Decoder& decoder, CodeSize size,
                                   bool tame) {
    for (;;) {
        std::vector<u8> bytes;
        const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
        if (chance(8)) bytes.push_back(0x66);
        if (chance(4)) bytes.push_back(0x67);
        if (chance(4)) {
            constexpr u8 kPrefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0, 0xf2, 0xf3};
            bytes.push_back(kPrefixes[random() % std::size(kPrefixes)]);
        }
        if (chance(25))
            bytes.push_back(0x0f);
        else if (chance(12))
            bytes.push_back(static_cast<u8>(0xd8 + random() % 8));
        while (bytes.size() < 8) bytes.push_back(static_cast<u8>(random()));
        // Displacements and immediates: often small.
        for (unsigned i = 0; i < 8; ++i)
            bytes.push_back(chance(50) ? 0 : static_cast<u8>(random()));
        Instruction instruction;
        const std::span<const u8> looked(bytes.data(), decoder::kMaxInstructionLength);
        if (decoder.decode(looked, size, instruction) != decoder::DecodeStatus::kOk) continue;
        if (is_wild(instruction.mnemonic) || (tame && !is_tame(instruction))) continue;
        // Branches near and mostly forward; backward ones make loops, which interrupts end.
        if (instruction.operands[0].kind == decoder::OperandKind::kRelative) {
            const u64 distance = random() % 64;
            const u64 displacement = chance(15) ? 0 - distance : distance;
            const auto& layout = instruction.layout;
            for (unsigned i = 0; i < layout.immediate_size; ++i)
                bytes[layout.immediate + i] = static_cast<u8>(displacement >> 8 * i);
        }
        bytes.resize(instruction.length);
        return bytes;
    }
}

}  // namespace seventeen::lockstep
