// LOCK: #UD everywhere but before a list of instructions with a memory destination.
#include <catch2/catch.hpp>

#include <array>

#include "decoder/decoder.h"

namespace seventeen::decoder {

namespace {

// SDM 2A, LOCK: ADD ADC AND BTC BTR BTS CMPXCHG CMPXCHG8B DEC INC NEG NOT OR SBB SUB XOR XADD XCHG;
// here as opcodes, so that nothing is shared with the table under test.
bool may_lock(unsigned map, unsigned opcode, unsigned modrm) {
    const unsigned group = (modrm >> 3) & 7;
    if ((modrm >> 6) == 3) return false;
    if (map == 0) {
        if (opcode < 0x38) return (opcode & 7) < 2;  // op r/m, r; CMP is 38h and 39h
        switch (opcode) {
            case 0x80:
            case 0x81:
            case 0x82:
            case 0x83: return group != 7;  // not CMP
            case 0x86:
            case 0x87: return true;
            case 0xf6:
            case 0xf7: return group == 2 || group == 3;
            case 0xfe:
            case 0xff: return group < 2;
            default: return false;
        }
    }
    if (map != 1) return false;
    switch (opcode) {
        case 0xab:
        case 0xb0:
        case 0xb1:
        case 0xb3:
        case 0xbb:
        case 0xc0:
        case 0xc1: return true;
        case 0xba: return group > 4;
        case 0xc7: return group == 1;
        default: return false;
    }
}

bool is_prefix(unsigned byte) {
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
           (byte >= 0x64 && byte <= 0x67) || byte == 0xf0 || byte == 0xf2 || byte == 0xf3;
}

// The encoding with LOCK and room for everything that may follow.
std::array<u8, 15> locked(unsigned map, unsigned opcode, unsigned modrm) {
    std::array<u8, 15> bytes{0xf0};
    unsigned n = 1;
    if (map > 0) bytes[n++] = 0x0f;
    if (map > 1) bytes[n++] = map == 2 ? 0x38 : 0x3a;
    bytes[n++] = static_cast<u8>(opcode);
    bytes[n] = static_cast<u8>(modrm);
    return bytes;
}

bool leads_elsewhere(unsigned map, unsigned opcode) {
    return map == 0 ? opcode == 0x0f || is_prefix(opcode)
                    : map == 1 && (opcode == 0x38 || opcode == 0x3a);
}

}  // namespace

TEST_CASE("LOCK is legal before just what the manual lists") {
    const Decoder decoder;
    unsigned legal = 0;
    for (const CodeSize size : {CodeSize::k16, CodeSize::k32})
        for (unsigned map = 0; map < 4; ++map)
            for (unsigned opcode = 0; opcode < 256; ++opcode)
                for (unsigned modrm = 0; modrm < 256 && !leads_elsewhere(map, opcode); ++modrm) {
                    Instruction instruction;
                    const auto bytes = locked(map, opcode, modrm);
                    const DecodeStatus status = decoder.decode(bytes, size, instruction);
                    const bool accepted = status == DecodeStatus::kOk && instruction.lock;
                    if (accepted != may_lock(map, opcode, modrm))
                        FAIL_CHECK("map " << map << " opcode " << std::hex << opcode << " modrm "
                                          << modrm);
                    legal += accepted;
                }
    CHECK(legal == 2 * 192 * (14 + 2) + 2 * (4 * 168 + 2 * 48 + 2 * 48 + 7 * 192 + 72 + 24));
}

}  // namespace seventeen::decoder
