// What holds for every answer of the decoder, whatever the bytes.
#pragma once

#include <string>

#include "decoder/decoder.h"

namespace seventeen::decoder {

// The parts that `layout` names and those it leaves out fill the instruction exactly.
inline bool layout_fills(const Instruction& instruction, CodeSize size) {
    if (size == CodeSize::k64) return true;  // REX has no place in it
    const Layout& layout = instruction.layout;
    const unsigned opcode_bytes = 1 + (instruction.opcode_map > 0) + (instruction.opcode_map > 1);
    const bool far_pointer = instruction.operands[0].kind == OperandKind::kFarPointer;
    const bool enter = instruction.mnemonic == Mnemonic::ENTER;
    return instruction.length == layout.prefixes + opcode_bytes + (layout.modrm != 0) +
                                     (layout.sib != 0) + layout.displacement_size +
                                     layout.immediate_size + (far_pointer ? 2 : 0) + enter;
}

inline bool parts_are_in_order(const Instruction& instruction) {
    const Layout& layout = instruction.layout;
    unsigned last = layout.prefixes;
    for (const u8 part : {layout.modrm, layout.sib, layout.displacement, layout.immediate}) {
        if (part == 0) continue;
        if (part <= last || part >= instruction.length) return false;
        last = part;
    }
    return true;
}

inline bool operands_are_sound(const Instruction& instruction) {
    if (instruction.operand_count > instruction.operands.size()) return false;
    unsigned memory = 0;
    for (unsigned i = 0; i < instruction.operands.size(); ++i) {
        const Operand& operand = instruction.operands[i];
        if ((operand.kind != OperandKind::kNone) != (i < instruction.operand_count)) return false;
        if ((operand.kind == OperandKind::kRegister) !=
            (operand.register_class != RegisterClass::kNone))
            return false;
        memory += operand.kind == OperandKind::kMemory;
    }
    return memory <= 1 && (memory == 1) == instruction.has_memory();
}

// Empty, or the invariant that these bytes break.
inline std::string broken_invariant(const Decoder& decoder, std::span<const u8> bytes,
                                    CodeSize size) {
    Instruction instruction;
    const DecodeStatus status = decoder.decode(bytes, size, instruction);
    Instruction again;
    if (decoder.decode(bytes, size, again) != status || again != instruction)
        return "the same bytes decode alike";
    if (instruction.length > bytes.size()) return "no longer than the bytes given";
    if (instruction.length > kMaxInstructionLength) return "no longer than 15 bytes";
    if (status == DecodeStatus::kTruncated && bytes.size() >= kMaxInstructionLength)
        return "15 bytes are enough to know";
    if (status == DecodeStatus::kTooLong && bytes.size() < kMaxInstructionLength)
        return "too long only after 15 bytes";
    if (status == DecodeStatus::kInvalid && size != CodeSize::k64) {
        const auto whole = bytes.first(instruction.length);
        if (decoder.decode(whole, size, again) != status || again != instruction)
            return "what follows an undefined opcode does not matter";
        if (decoder.decode(whole.first(whole.size() - 1), size, again) != DecodeStatus::kTruncated)
            return "an undefined opcode less a byte is truncated";
    }
    if (status != DecodeStatus::kOk) return "";
    if (instruction.mnemonic == Mnemonic::kInvalid) return "a decoded instruction has a row";
    if (decoder.decode(bytes.first(instruction.length), size, again) != DecodeStatus::kOk ||
        again != instruction)
        return "what follows an instruction does not matter";
    if (decoder.decode(bytes.first(instruction.length - 1u), size, again) !=
        DecodeStatus::kTruncated)
        return "a byte less is truncated";
    if (!layout_fills(instruction, size)) return "the layout fills the instruction";
    if (!parts_are_in_order(instruction)) return "the parts come in order";
    if (!operands_are_sound(instruction)) return "operands are sound";
    if (instruction.lock && !(instruction.row().lockable && instruction.has_memory()))
        return "LOCK needs a lockable row and a memory destination";
    return "";
}

}  // namespace seventeen::decoder
