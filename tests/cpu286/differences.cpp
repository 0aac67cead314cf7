// The list of deliberate 286/386 differences.
#include "tests/cpu286/differences.h"

#include <algorithm>
#include <array>

#include "decoder/decoder.h"

namespace seventeen::cpu286 {

namespace {

constexpr u8 kGeneralProtection = 13;

constexpr u8 kLock = 0xf0;

bool has_lock_prefix(const std::vector<u8>& bytes) {
    constexpr std::array<u8, 7> kPrefixes{0x26, 0x2e, 0x36, 0x3e, kLock, 0xf2, 0xf3};
    for (const u8 byte : bytes) {
        if (byte == kLock) return true;
        if (std::ranges::find(kPrefixes, byte) == kPrefixes.end()) return false;
    }
    return false;
}

}  // namespace

std::string deliberate_difference(const MooTest& test) {
    constexpr std::size_t kLongest286 = 10;
    decoder::Instruction instruction;
    const auto status = decoder::Decoder().decode(test.bytes, decoder::CodeSize::k16, instruction);
    if (status == decoder::DecodeStatus::kInvalid && has_lock_prefix(test.bytes))
        return "LOCK before an instruction that takes none: ignored by a 286, #UD from the 386 on";
    constexpr u8 kInvalidOpcode = 6;
    if (test.exception == kInvalidOpcode && instruction.mnemonic == decoder::Mnemonic::MOV_SEGMENT)
        return "MOV with FS or GS: #UD on a 286, which has neither";
    const bool faulted = test.exception == kGeneralProtection;
    // The captured bytes end with the HLT that stands behind the instruction.
    if (faulted && test.bytes.size() - 1 > kLongest286)
        return "an instruction of more than 10 bytes: #GP on a 286, the limit is 15 from the 386 "
               "on";
    if (faulted && instruction.row().family == decoder::Family::kString)
        return "a string instruction whose word wraps at FFFF: a 286 has already stepped its index "
               "(and count) when it faults, later CPUs restart it";
    return {};
}

}  // namespace seventeen::cpu286
