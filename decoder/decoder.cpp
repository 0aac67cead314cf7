// Decoder: normalises prefixes, lets Zydis decode, and turns its answer into our Instruction.
//
// What Zydis is not asked: prefixes reach it once each and without LOCK (its refusals of LOCK hide
// the length, and with it #GP for over 15 bytes), and encodings no model of ours has (VEX, EVEX,
// XOP, 3DNow!, PadLock) are refused before it reads on. Newer instructions that reuse older ones'
// encodings (LZCNT, TZCNT, MPX, CET, WBNOINVD, CLDEMOTE) are switched off: they decode as they
// always did.
#include "decoder/decoder.h"

#include <algorithm>
#include <bit>

#include "core/check.h"
#include "decoder/prefixes.h"
#include "decoder/undefined_length.h"
#include "decoder/zydis_tables.h"

namespace seventeen::decoder {

// A ModRM byte of at least this names a register.
constexpr u8 kModRmRegister = 0xc0;

struct Decoder::Zydis {
    std::array<ZydisDecoder, 3> by_code_size;
};

namespace {

ZydisDecoder configured(ZydisMachineMode mode, ZydisStackWidth stack) {
    ZydisDecoder decoder;
    bool good = ZYAN_SUCCESS(ZydisDecoderInit(&decoder, mode, stack));
    for (const ZydisDecoderMode newer :
         {ZYDIS_DECODER_MODE_MPX, ZYDIS_DECODER_MODE_CET, ZYDIS_DECODER_MODE_LZCNT,
          ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE}) {
        good = good && ZYAN_SUCCESS(ZydisDecoderEnableMode(&decoder, newer, ZYAN_FALSE));
    }
    check(good, "Zydis knows its own modes");
    return decoder;
}

// Encodings that no model has but Zydis knows: VEX, EVEX, XOP, 3DNow!, VIA's PadLock. Outside
// 64-bit code C4, C5 and 62 are LES, LDS and BOUND with a memory operand; a register operand there
// was #UD before VEX and EVEX took it. 0F 0D with a register operand is reserved (SDM 2D table A-6,
// group P).
bool no_model_has(std::span<const u8> opcode, CodeSize size) {
    const u8 next = opcode.size() > 1 ? opcode[1] : 0;
    switch (opcode[0]) {
        case 0x62:
        case 0xc4:
        case 0xc5: return size == CodeSize::k64 || next >= kModRmRegister;
        case 0x8f: return (next & 0x38) != 0;  // POP is /0 only
        case 0x0f:
            return next == 0x0f || next == 0xa6 || next == 0xa7 ||
                   (next == 0x0d && opcode.size() > 2 && opcode[2] >= kModRmRegister);
        default: return false;
    }
}

// The instruction with each prefix once and no LOCK.
struct Normalised {
    std::array<u8, kMaxInstructionLength> bytes;
    u8 prefixes = 0;
    u8 size = 0;

    Normalised(const Prefixes& found, std::span<const u8> rest) {
        if (found.segment != 0) bytes[prefixes++] = found.segment;
        if (found.operand_size) bytes[prefixes++] = kPrefixOperandSize;
        if (found.address_size) bytes[prefixes++] = kPrefixAddressSize;
        if (found.repeat != 0) bytes[prefixes++] = found.repeat;
        std::copy(rest.begin(), rest.end(), bytes.begin() + prefixes);
        size = static_cast<u8>(prefixes + rest.size());
    }
};

bool is_mandatory(const ZydisDecodedInstruction& raw, u8 prefix) {
    return std::any_of(
        raw.raw.prefixes, raw.raw.prefixes + raw.raw.prefix_count, [prefix](const auto& candidate) {
            return candidate.value == prefix && candidate.type == ZYDIS_PREFIX_TYPE_MANDATORY;
        });
}

// Sizes of 16- and 32-bit code; `toggled` by a prefix.
u8 effective_size(CodeSize size, bool toggled) {
    return (size == CodeSize::k16) != toggled ? 2 : 4;
}

u8 operand_size(const ZydisDecodedInstruction& raw, const Prefixes& prefixes, CodeSize size) {
    if (size == CodeSize::k64 && raw.operand_width >= 16) return raw.operand_width / 8;
    const bool toggled = prefixes.operand_size && !is_mandatory(raw, kPrefixOperandSize);
    return effective_size(size, toggled);
}

u8 address_size(const Prefixes& prefixes, CodeSize size) {
    if (size == CodeSize::k64) return prefixes.address_size ? 4 : 8;
    return effective_size(size, prefixes.address_size);
}

SegmentName segment_of_prefix(u8 prefix) {
    switch (prefix) {
        case 0x26: return SegmentName::kEs;
        case 0x2e: return SegmentName::kCs;
        case 0x36: return SegmentName::kSs;
        case 0x64: return SegmentName::kFs;
        case 0x65: return SegmentName::kGs;
        default: return SegmentName::kDs;
    }
}

Mnemonic mnemonic_of(const ZydisDecodedInstruction& raw, const ZydisDecodedOperand& first) {
    const bool far = raw.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
    const bool sse = raw.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT;
    const bool segment = raw.operand_count_visible > 0 &&
                         first.type == ZYDIS_OPERAND_TYPE_REGISTER &&
                         kRegisterOf[first.reg.value].register_class == RegisterClass::kSegment;
    switch (raw.mnemonic) {
        case ZYDIS_MNEMONIC_MOV:
            if (raw.opcode_map == ZYDIS_OPCODE_MAP_0F)
                return raw.opcode & 1 ? Mnemonic::MOV_DEBUG : Mnemonic::MOV_CONTROL;
            return raw.opcode == 0x8c || raw.opcode == 0x8e ? Mnemonic::MOV_SEGMENT : Mnemonic::MOV;
        case ZYDIS_MNEMONIC_PUSH: return segment ? Mnemonic::PUSH_SEGMENT : Mnemonic::PUSH;
        case ZYDIS_MNEMONIC_POP: return segment ? Mnemonic::POP_SEGMENT : Mnemonic::POP;
        case ZYDIS_MNEMONIC_JMP: return far ? Mnemonic::JMP_FAR : Mnemonic::JMP;
        case ZYDIS_MNEMONIC_CALL: return far ? Mnemonic::CALL_FAR : Mnemonic::CALL;
        case ZYDIS_MNEMONIC_RET: return far ? Mnemonic::RET_FAR : Mnemonic::RET;
        case ZYDIS_MNEMONIC_MOVSD: return sse ? Mnemonic::MOVSD_SSE : Mnemonic::MOVSD;
        case ZYDIS_MNEMONIC_CMPSD: return sse ? Mnemonic::CMPSD_SSE : Mnemonic::CMPSD;
        default: return kMnemonicOf[raw.mnemonic];
    }
}

// Bytes that the instruction reads or writes there.
u16 memory_size(Mnemonic mnemonic, const ZydisDecodedOperand& raw) {
    switch (mnemonic) {
        case Mnemonic::LEA:
        case Mnemonic::INVLPG:
        case Mnemonic::NOP:
        case Mnemonic::PREFETCHNTA:
        case Mnemonic::PREFETCHT0:
        case Mnemonic::PREFETCHT1:
        case Mnemonic::PREFETCHT2:
        case Mnemonic::UD0:
        case Mnemonic::UD1: return 0;
        case Mnemonic::CLFLUSH: return 1;  // checked as a load of one byte (SDM 2A, CLFLUSH)
        default: return raw.size / 8;
    }
}

MemoryOperand memory_operand(const ZydisDecodedOperandMem& raw) {
    const auto gpr = [](ZydisRegister name) {
        const RegisterName found = kRegisterOf[name];
        return found.register_class == RegisterClass::kNone ? static_cast<u8>(kNoGpr)
                                                            : found.number;
    };
    MemoryOperand memory;
    memory.segment = static_cast<SegmentName>(kRegisterOf[raw.segment].number);
    memory.base = gpr(raw.base);
    memory.index = gpr(raw.index);
    memory.scale = raw.scale == 0 ? u8{0} : static_cast<u8>(std::countr_zero(raw.scale));
    memory.displacement = raw.disp.has_displacement ? raw.disp.value : 0;
    memory.ip_relative = raw.base == ZYDIS_REGISTER_RIP || raw.base == ZYDIS_REGISTER_EIP;
    return memory;
}

void add_operand(const ZydisDecodedOperand& raw, Instruction& into) {
    check(into.operand_count < into.operands.size(), "no row has more operands");
    Operand& operand = into.operands[into.operand_count];
    operand.size = raw.size / 8;
    switch (raw.type) {
        case ZYDIS_OPERAND_TYPE_REGISTER: {
            const RegisterName name = kRegisterOf[raw.reg.value];
            operand.kind = OperandKind::kRegister;
            operand.register_class = name.register_class;
            operand.number = name.number;
            break;
        }
        case ZYDIS_OPERAND_TYPE_MEMORY:
            operand.kind = OperandKind::kMemory;
            operand.size = memory_size(into.mnemonic, raw);
            into.memory = memory_operand(raw.mem);
            break;
        case ZYDIS_OPERAND_TYPE_POINTER:
            operand.kind = OperandKind::kFarPointer;
            into.immediate = raw.ptr.offset;
            into.immediate2 = raw.ptr.segment;
            break;
        default:
            operand.kind = raw.imm.is_relative ? OperandKind::kRelative : OperandKind::kImmediate;
            if (into.operand_count > 0 &&
                into.operands[into.operand_count - 1].kind == OperandKind::kImmediate) {
                into.immediate2 = static_cast<u16>(raw.imm.value.u);
            } else {
                into.immediate = raw.imm.value.s;
            }
            break;
    }
    ++into.operand_count;
}

// `shift`: by how much normalising moved everything after the prefixes.
void set_layout(const ZydisDecodedInstruction& raw, u8 shift, Instruction& into) {
    Layout& layout = into.layout;
    const auto place = [shift](u8 offset) { return static_cast<u8>(offset + shift); };
    if (raw.attributes & ZYDIS_ATTRIB_HAS_MODRM) {
        layout.modrm = place(raw.raw.modrm.offset);
        into.modrm = into.bytes[layout.modrm];
    }
    if (raw.attributes & ZYDIS_ATTRIB_HAS_SIB) layout.sib = place(raw.raw.sib.offset);
    if (raw.raw.disp.size != 0) {
        layout.displacement = place(raw.raw.disp.offset);
        layout.displacement_size = raw.raw.disp.size / 8;
    }
    if (raw.raw.imm[0].size != 0) {
        layout.immediate = place(raw.raw.imm[0].offset);
        layout.immediate_size = raw.raw.imm[0].size / 8;
    }
}

// Everything but mnemonic, operands and layout.
void set_attributes(const ZydisDecodedInstruction& raw, const Prefixes& prefixes, CodeSize size,
                    Instruction& into) {
    into.operand_size = operand_size(raw, prefixes, size);
    into.address_size = address_size(prefixes, size);
    into.lock = prefixes.lock;
    // Zydis calls REP of a string instruction mandatory too.
    const bool repeats = prefixes.repeat != 0 && (into.row().family == Family::kString ||
                                                  !is_mandatory(raw, prefixes.repeat));
    into.rep = repeats && prefixes.repeat == kPrefixRep;
    into.repne = repeats && prefixes.repeat == kPrefixRepne;
    into.segment_override =
        prefixes.segment != 0 && (size != CodeSize::k64 || prefixes.segment >= 0x64);
    if (into.segment_override) into.memory.segment = segment_of_prefix(prefixes.segment);
    into.opcode_map = static_cast<u8>(raw.opcode_map);
    into.opcode = raw.opcode;
}

bool lock_is_legal(const Instruction& instruction) {
    return instruction.row().lockable && instruction.operands[0].kind == OperandKind::kMemory;
}

// Cuts `into` to an undefined opcode, unless not all of it is there. (In 64-bit code, which no
// engine runs yet, it is not sized.)
bool cut_undefined(const Prefixes& prefixes, CodeSize size, Instruction& into) {
    if (size == CodeSize::k64) return true;
    const u8 available = into.length;
    const std::span<const u8> bytes(into.bytes.data(), available);
    const std::size_t length =
        prefixes.count + undefined_length(bytes.subspan(prefixes.count),
                                          effective_size(size, prefixes.operand_size),
                                          address_size(prefixes, size));
    if (length > available) return false;
    into.length = static_cast<u8>(length);
    std::fill(into.bytes.begin() + into.length, into.bytes.end(), u8{0});
    return true;
}

}  // namespace

Decoder::Decoder()
    : zydis_(std::make_shared<const Zydis>(
          Zydis{{configured(ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16),
                 configured(ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32),
                 configured(ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)}})) {}

DecodeStatus Decoder::decode(std::span<const u8> bytes, CodeSize size, Instruction& into) const {
    const auto window = bytes.first(std::min(bytes.size(), kMaxInstructionLength));
    const DecodeStatus incomplete =
        window.size() == kMaxInstructionLength ? DecodeStatus::kTooLong : DecodeStatus::kTruncated;
    into = Instruction{};
    into.length = static_cast<u8>(window.size());
    std::copy(window.begin(), window.end(), into.bytes.begin());

    const Prefixes prefixes = scan_prefixes(window);
    into.layout.prefixes = prefixes.count;
    const auto rest = window.subspan(prefixes.count);
    if (rest.empty()) return incomplete;
    const auto undefined = [&] {
        return cut_undefined(prefixes, size, into) ? DecodeStatus::kInvalid : incomplete;
    };
    if (no_model_has(rest, size)) return undefined();

    const Normalised normalised(prefixes, rest);
    const ZydisDecoder& zydis = zydis_->by_code_size[static_cast<std::size_t>(size)];
    ZydisDecoderContext context;
    ZydisDecodedInstruction raw;
    const ZyanStatus status = ZydisDecoderDecodeInstruction(
        &zydis, &context, normalised.bytes.data(), normalised.size, &raw);
    if (status == ZYDIS_STATUS_NO_MORE_DATA) return incomplete;
    if (!ZYAN_SUCCESS(status)) return undefined();

    const u8 shift = static_cast<u8>(prefixes.count - normalised.prefixes);
    into.length = static_cast<u8>(raw.length + shift);
    std::fill(into.bytes.begin() + into.length, into.bytes.end(), u8{0});
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    ZydisDecoderDecodeOperands(&zydis, &context, &raw, operands.data(), raw.operand_count_visible);
    into.mnemonic = mnemonic_of(raw, operands[0]);
    if (into.mnemonic == Mnemonic::kInvalid || raw.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
        return DecodeStatus::kInvalid;
    set_attributes(raw, prefixes, size, into);
    set_layout(raw, shift, into);
    for (u8 i = 0; i < raw.operand_count_visible; ++i) add_operand(operands[i], into);
    return into.lock && !lock_is_legal(into) ? DecodeStatus::kInvalid : DecodeStatus::kOk;
}

}  // namespace seventeen::decoder
