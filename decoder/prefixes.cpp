// Prefixes: scanning. Any number in any order; the last of a group counts (SDM 2A 2.1.1 leaves
// more than one of a group undefined; this is what processors do).
#include "decoder/prefixes.h"

namespace seventeen::decoder {

Prefixes scan_prefixes(std::span<const u8> bytes) {
    Prefixes found;
    for (const u8 byte : bytes) {
        if (!is_prefix(byte)) break;
        switch (byte) {
            case kPrefixOperandSize: found.operand_size = true; break;
            case kPrefixAddressSize: found.address_size = true; break;
            case kPrefixLock: found.lock = true; break;
            case kPrefixRepne:
            case kPrefixRep: found.repeat = byte; break;
            default: found.segment = byte; break;
        }
        ++found.count;
    }
    return found;
}

}  // namespace seventeen::decoder
