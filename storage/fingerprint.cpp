// Digests samples of a medium.
#include "storage/fingerprint.h"

#include <algorithm>
#include <vector>

#include "core/digest.h"

namespace seventeen::storage {

u64 fingerprint(BlockMedium& medium) {
    constexpr u64 kEnd = 128;  // sectors
    constexpr u64 kPiece = 8;
    constexpr u64 kPieces = 64;
    const u64 sectors = medium.sectors();
    u64 sum = digest_word(0, sectors);
    const auto add = [&](u64 sector, u64 count) {
        std::vector<u8> bytes(std::min(count, sectors - sector) * BlockMedium::kSectorSize);
        medium.read(sector, bytes);
        sum = digest(bytes, sum);
    };
    if (sectors == 0) return sum;
    add(0, kEnd);
    for (u64 i = 1; i <= kPieces; ++i) add(sectors / (kPieces + 1) * i, kPiece);
    add(sectors - std::min(sectors, kEnd), kEnd);
    return sum;
}

}  // namespace seventeen::storage
