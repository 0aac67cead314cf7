// Instructions as text: rendering and reading hexadecimal.
#include "tests/decoder/describe.h"

#include <array>
#include <sstream>

namespace seventeen::decoder {

namespace {

constexpr std::array kWords{"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
constexpr std::array kBytes{"al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"};
constexpr std::array kSegments{"es", "cs", "ss", "ds", "fs", "gs"};

std::string gpr(unsigned number, unsigned size) {
    if (number >= 8) return "r" + std::to_string(number) + ":" + std::to_string(8 * size);
    const std::string word = kWords[number];
    return size == 8 ? "r" + word : size == 4 ? "e" + word : word;
}

std::string register_text(const Operand& operand) {
    const std::string number = std::to_string(operand.number);
    switch (operand.register_class) {
        case RegisterClass::kGpr8:
            return operand.number < 8 ? kBytes[operand.number] : "r" + number + "b";
        case RegisterClass::kGpr16: return gpr(operand.number, 2);
        case RegisterClass::kGpr32: return gpr(operand.number, 4);
        case RegisterClass::kGpr64: return gpr(operand.number, 8);
        case RegisterClass::kSegment: return kSegments[operand.number];
        case RegisterClass::kControl: return "cr" + number;
        case RegisterClass::kDebug: return "dr" + number;
        case RegisterClass::kX87: return "st" + number;
        case RegisterClass::kMmx: return "mm" + number;
        case RegisterClass::kXmm: return "xmm" + number;
        case RegisterClass::kNone: break;
    }
    return "(no register)";
}

std::string memory_text(const Instruction& instruction, const Operand& operand) {
    const MemoryOperand& memory = instruction.memory;
    std::ostringstream text;
    text << 'm' << operand.size << ' ' << kSegments[static_cast<unsigned>(memory.segment)] << ":[";
    if (memory.ip_relative) text << "ip";
    if (memory.base != kNoGpr) text << gpr(memory.base, instruction.address_size);
    if (memory.index != kNoGpr)
        text << '+' << gpr(memory.index, instruction.address_size) << '*' << (1 << memory.scale);
    if (memory.displacement != 0) text << std::showpos << memory.displacement;
    text << ']';
    return text.str();
}

std::string operand_text(const Instruction& instruction, const Operand& operand, bool second) {
    std::ostringstream text;
    switch (operand.kind) {
        case OperandKind::kNone: return "(no operand)";
        case OperandKind::kRegister: return register_text(operand);
        case OperandKind::kMemory: return memory_text(instruction, operand);
        case OperandKind::kImmediate:
            text << "i" << operand.size << ' '
                 << (second ? instruction.immediate2 : instruction.immediate);
            break;
        case OperandKind::kRelative:
            text << "r" << operand.size << ' ' << instruction.immediate;
            break;
        case OperandKind::kFarPointer:
            text << "p" << operand.size << ' ' << std::hex << instruction.immediate2 << ':'
                 << instruction.immediate;
            break;
    }
    return text.str();
}

}  // namespace

std::vector<u8> from_hex(std::string_view text) {
    std::vector<u8> bytes;
    std::string digits;
    for (const char c : text)
        if (c != ' ') digits += c;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<u8>(std::stoul(digits.substr(i, 2), nullptr, 16)));
    return bytes;
}

std::string describe(const Instruction& instruction) {
    std::ostringstream text;
    text << 'o' << 8 * instruction.operand_size << " a" << 8 * instruction.address_size << ' ';
    if (instruction.lock) text << "lock ";
    if (instruction.rep) text << "rep ";
    if (instruction.repne) text << "repne ";
    if (instruction.segment_override)
        text << kSegments[static_cast<unsigned>(instruction.memory.segment)] << ": ";
    text << instruction.row().name;
    unsigned immediates = 0;
    for (unsigned i = 0; i < instruction.operand_count; ++i) {
        const Operand& operand = instruction.operands[i];
        const bool second = operand.kind == OperandKind::kImmediate && ++immediates == 2;
        text << (i == 0 ? " " : ", ") << operand_text(instruction, operand, second);
    }
    return text.str();
}

std::string decode_text(std::string_view hex, CodeSize size) {
    const std::vector<u8> bytes = from_hex(hex);
    Instruction instruction;
    switch (Decoder().decode(bytes, size, instruction)) {
        case DecodeStatus::kInvalid: return "invalid";
        case DecodeStatus::kTruncated: return "truncated";
        case DecodeStatus::kTooLong: return "too long";
        case DecodeStatus::kOk: break;
    }
    const std::size_t rest = bytes.size() - instruction.length;
    return describe(instruction) + (rest == 0 ? "" : " and " + std::to_string(rest) + " bytes");
}

}  // namespace seventeen::decoder
