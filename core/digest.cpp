// Adds bytes to a digest, a word at a time.
#include "core/digest.h"

#include <cstring>

namespace seventeen {

u64 digest(std::span<const u8> bytes, u64 seed) {
    u64 sum = digest_word(digest_word(kDigestFactor, seed), bytes.size());
    while (!bytes.empty()) {
        u64 word = 0;
        const std::size_t size = bytes.size() < sizeof word ? bytes.size() : sizeof word;
        std::memcpy(&word, bytes.data(), size);
        sum = digest_word(sum, word);
        bytes = bytes.subspan(size);
    }
    return sum;
}

}  // namespace seventeen
