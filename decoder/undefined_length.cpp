// Sizes undefined opcodes as AMD's Zen 5 does: by the opcode alone, whatever prefixes and ModRM
// make of it. All of the bytes are fetched before #UD is raised, so that a page fault, the
// segment's limit or the limit of 15 bytes comes first (SDM 3A table 6-2 has faults of the fetch
// before those of decoding, but the manuals do not say how long a reserved opcode is).
#include "decoder/undefined_length.h"

namespace seventeen::decoder {

namespace {

// ModRM, SIB and displacement (SDM 2A, tables 2-1 to 2-3).
std::size_t modrm_length(std::span<const u8> rest, u8 address_size) {
    if (rest.empty()) return 1;
    const u8 mod = rest[0] >> 6, rm = rest[0] & 7;
    if (mod == 3) return 1;
    if (address_size == 2) return 1 + (mod == 0 ? (rm == 6 ? 2 : 0) : mod);
    const bool has_sib = rm == 4;
    if (has_sib && rest.size() < 2) return 2;
    const u8 base = has_sib ? rest[1] & 7 : rm;
    const std::size_t displacement = mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0;
    return 1 + (has_sib ? 1 : 0) + displacement;
}

// Those of the opcodes with no meaning, in some form at least, that have no ModRM either.
bool lacks_modrm(u8 opcode_after_0f) {
    switch (opcode_after_0f) {
        case 0x04:
        case 0x05:
        case 0x07:
        case 0x0a:
        case 0x0c:
        case 0x0e:
        case 0x24:
        case 0x25:
        case 0x26:
        case 0x27:
        case 0x36:
        case 0x37:
        case 0x39:
        case 0x3b:
        case 0x3c:
        case 0x3d:
        case 0x3e:
        case 0x3f:
        case 0x77:
        case 0x7a:
        case 0x7b:
        case 0xa6:
        case 0xa7: return true;
        default: return false;
    }
}

bool has_byte_immediate(u8 opcode_after_0f) {
    switch (opcode_after_0f) {
        case 0x0f:
        case 0x70:
        case 0x71:
        case 0x72:
        case 0x73:
        case 0xba:
        case 0xc2:
        case 0xc4:
        case 0xc5:
        case 0xc6: return true;
        default: return false;
    }
}

// MOV to and from control and debug registers: any ModRM names registers.
bool names_registers_only(u8 opcode_after_0f) {
    return opcode_after_0f >= 0x20 && opcode_after_0f <= 0x23;
}

// One byte: all that can be undefined have a ModRM; C6 and C7 are MOV with an immediate.
std::size_t one_byte_length(std::span<const u8> rest, u8 operand_size, u8 address_size) {
    const std::size_t immediate = rest[0] == 0xc6 ? 1 : rest[0] == 0xc7 ? operand_size : 0;
    return 1 + modrm_length(rest.subspan(1), address_size) + immediate;
}

}  // namespace

std::size_t undefined_length(std::span<const u8> rest, u8 operand_size, u8 address_size) {
    if (rest[0] != 0x0f) return one_byte_length(rest, operand_size, address_size);
    if (rest.size() < 2) return 2;
    const u8 opcode = rest[1];
    if (opcode == 0x38 || opcode == 0x3a) {
        if (rest.size() < 3) return 3;
        return 3 + modrm_length(rest.subspan(3), address_size) + (opcode == 0x3a ? 1 : 0);
    }
    if (lacks_modrm(opcode)) return 2;
    if (names_registers_only(opcode)) return 3;
    return 2 + modrm_length(rest.subspan(2), address_size) + (has_byte_immediate(opcode) ? 1 : 0);
}

}  // namespace seventeen::decoder
