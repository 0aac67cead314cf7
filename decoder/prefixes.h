// Prefixes: the legacy prefixes of one instruction, with what counts where one is repeated.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen::decoder {

inline constexpr u8 kPrefixOperandSize = 0x66;
inline constexpr u8 kPrefixAddressSize = 0x67;
inline constexpr u8 kPrefixLock = 0xf0;
inline constexpr u8 kPrefixRepne = 0xf2;
inline constexpr u8 kPrefixRep = 0xf3;

constexpr bool is_prefix(u8 byte) {
    switch (byte) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
        case kPrefixOperandSize:
        case kPrefixAddressSize:
        case kPrefixLock:
        case kPrefixRepne:
        case kPrefixRep: return true;
        default: return false;
    }
}

struct Prefixes {
    u8 count = 0;  // bytes, repeated ones included
    bool lock = false;
    bool operand_size = false;
    bool address_size = false;
    u8 repeat = 0;   // the last of F2 and F3, or 0
    u8 segment = 0;  // the last segment override's byte, or 0
};

// Stops at the first byte that is none; `count` equals bytes.size() where there is no such byte.
Prefixes scan_prefixes(std::span<const u8> bytes);

}  // namespace seventeen::decoder
