// Properties: features, ends of blocks and flags of one instruction.
#include "decoder/properties.h"

#include <algorithm>

namespace seventeen::decoder {

namespace {

bool has_register_of(const Instruction& instruction, RegisterClass register_class) {
    return std::any_of(
        instruction.operands.begin(), instruction.operands.end(),
        [register_class](const Operand& o) { return o.register_class == register_class; });
}

// SSE brought these for MMX registers; SSE2 widened them to XMM registers.
bool is_sse_integer(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::PAVGB:
        case Mnemonic::PAVGW:
        case Mnemonic::PEXTRW:
        case Mnemonic::PINSRW:
        case Mnemonic::PMAXSW:
        case Mnemonic::PMAXUB:
        case Mnemonic::PMINSW:
        case Mnemonic::PMINUB:
        case Mnemonic::PMOVMSKB:
        case Mnemonic::PMULHUW:
        case Mnemonic::PSADBW: return true;
        default: return false;
    }
}

// 0F 19..1F are P6's hint NOPs. 0F 0D is #UD there and a NOP since the first 64-bit processors,
// whose 32-bit newcomer was SSE3.
Feature nop_feature(const Instruction& instruction) {
    if (instruction.opcode_map == 0) return Feature::kNone;
    return instruction.opcode == 0x0d ? Feature::kSse3 : Feature::kLongNop;
}

constexpr u32 kAllButOverflowAndAdjust = kFlagCf | kFlagPf | kFlagZf | kFlagSf;

unsigned destination_bits(const Instruction& instruction) {
    return instruction.operands[0].size * 8;
}

// SDM 2B, SAL/SAR/SHL/SHR: a count of zero keeps every flag; AF is undefined otherwise, OF where
// the count is over one, CF where SHL or SHR move out every bit.
FlagUse shift_by(const Instruction& instruction, unsigned count) {
    if (count == 0) return {};
    FlagUse use{0, kAllButOverflowAndAdjust, kFlagAf, kFlagsArithmetic};
    (count == 1 ? use.written : use.undefined) |= kFlagOf;
    if (instruction.mnemonic != Mnemonic::SAR && count >= destination_bits(instruction)) {
        use.written &= ~kFlagCf;
        use.undefined |= kFlagCf;
    }
    return use;
}

// SDM 2B, SHLD and SHRD: everything is undefined where the count is over the operand's size.
FlagUse double_shift_by(const Instruction& instruction, unsigned count) {
    if (count == 0) return {};
    if (count > destination_bits(instruction)) return {0, 0, kFlagsArithmetic, kFlagsArithmetic};
    FlagUse use{0, kAllButOverflowAndAdjust, kFlagAf, kFlagsArithmetic};
    (count == 1 ? use.written : use.undefined) |= kFlagOf;
    return use;
}

FlagUse rotate_by(u32 read, unsigned count) {
    if (count == 0) return {};
    FlagUse use{read, kFlagCf, 0, kFlagCf | kFlagOf};
    (count == 1 ? use.written : use.undefined) |= kFlagOf;
    return use;
}

// `count`: the immediate, masked as the processor masks it.
FlagUse shift_use(const Instruction& instruction, unsigned count) {
    switch (instruction.mnemonic) {
        case Mnemonic::SHL:
        case Mnemonic::SHR:
        case Mnemonic::SAR: return shift_by(instruction, count);
        case Mnemonic::SHLD:
        case Mnemonic::SHRD: return double_shift_by(instruction, count);
        default: return rotate_by(instruction.row().flags_read, count);
    }
}

// Any count but zero may come out of CL: what counts of one, of several and of too many do.
FlagUse shift_by_cl_use(const Instruction& instruction) {
    FlagUse use;
    for (const unsigned count : {1u, 2u, 31u}) {
        const FlagUse one = shift_use(instruction, count);
        use.read |= one.read;
        use.undefined |= one.undefined;
        use.touched |= one.touched;
    }
    return use;
}

bool is_compare_string(Mnemonic mnemonic) {
    return mnemonic >= Mnemonic::CMPSB && mnemonic <= Mnemonic::SCASD;
}

bool is_float_compare_to_flags(Mnemonic mnemonic) {
    return mnemonic == Mnemonic::FCOMI || mnemonic == Mnemonic::FCOMIP ||
           mnemonic == Mnemonic::FUCOMI || mnemonic == Mnemonic::FUCOMIP;
}

bool writes_register_of(const Instruction& instruction, RegisterClass register_class) {
    return instruction.operands[0].register_class == register_class;
}

bool loads_ss(const Instruction& instruction) {
    const Operand& first = instruction.operands[0];
    return instruction.mnemonic == Mnemonic::LSS ||
           (instruction.mnemonic != Mnemonic::PUSH_SEGMENT &&
            first.register_class == RegisterClass::kSegment &&
            first.number == static_cast<u8>(SegmentName::kSs));
}

}  // namespace

Feature required_feature(const Instruction& instruction) {
    const Row& row = instruction.row();
    if (instruction.mnemonic == Mnemonic::NOP) return nop_feature(instruction);
    if (instruction.mnemonic == Mnemonic::PEXTRW && instruction.opcode_map == 3)
        return Feature::kSse41;  // the form with a memory destination
    const bool widened = row.feature == Feature::kMmx || is_sse_integer(instruction.mnemonic);
    if (widened && has_register_of(instruction, RegisterClass::kXmm)) return Feature::kSse2;
    return row.feature;
}

bool is_repeated_string(const Instruction& instruction) {
    return instruction.row().family == Family::kString && (instruction.rep || instruction.repne);
}

bool ends_block(const Instruction& instruction) {
    const Row& row = instruction.row();
    if (row.kind == Class::kControl || is_repeated_string(instruction)) return true;
    switch (instruction.mnemonic) {
        case Mnemonic::MOV_CONTROL: return writes_register_of(instruction, RegisterClass::kControl);
        case Mnemonic::MOV_DEBUG: return writes_register_of(instruction, RegisterClass::kDebug);
        case Mnemonic::POPF:
        case Mnemonic::POPFD:
        case Mnemonic::STI:
        case Mnemonic::HLT:
        case Mnemonic::MWAIT:
        case Mnemonic::LMSW:
        case Mnemonic::CLTS:
        case Mnemonic::INVLPG:
        case Mnemonic::INVD:
        case Mnemonic::WBINVD:
        case Mnemonic::WRMSR:
        case Mnemonic::RSM: return true;
        case Mnemonic::BOUND: return false;  // raises #BR as other instructions raise #PF
        default: break;
    }
    switch (row.family) {
        case Family::kControlFlow:
        case Family::kInputOutput: return true;
        case Family::kString: return row.kind == Class::kPrivileged;  // INS, OUTS
        case Family::kSegment: return loads_ss(instruction);
        default: return false;
    }
}

FlagUse flag_use(const Instruction& instruction) {
    const Row& row = instruction.row();
    if (row.family == Family::kShift) {
        const bool by_register =
            instruction.operands[instruction.operand_count - 1].kind == OperandKind::kRegister;
        return by_register
                   ? shift_by_cl_use(instruction)
                   : shift_use(instruction, static_cast<unsigned>(instruction.immediate) & 31);
    }
    FlagUse use{row.flags_read, row.flags_written, row.flags_undefined,
                row.flags_written | row.flags_undefined};
    if (is_compare_string(instruction.mnemonic)) {
        use.touched = kFlagsArithmetic;
        if (!is_repeated_string(instruction)) use.written = kFlagsArithmetic;
    } else if (is_float_compare_to_flags(instruction.mnemonic)) {
        use.touched = kFlagsArithmetic;
    }
    return use;
}

}  // namespace seventeen::decoder
