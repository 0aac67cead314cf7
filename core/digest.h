// Digest: a fast 64-bit fingerprint of bytes, for checksums of files and hashes of guest state.
//
// It finds damage and divergence, not malice: any change confined to one aligned 8-byte word is
// certain to change the digest, any other one changes it but for one chance in about 2^64.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen {

inline constexpr u64 kDigestFactor = 0x9e37'79b9'7f4a'7c15;  // odd: 2^64 ÷ the golden ratio

// Adds one word; a bijection of the digest so far.
constexpr u64 digest_word(u64 sum, u64 word) {
    sum = (sum ^ word) * kDigestFactor;
    return sum ^ (sum >> 32);
}

// `seed` chains digests: the digest of what came before.
u64 digest(std::span<const u8> bytes, u64 seed = 0);

}  // namespace seventeen
