// BlockMedium: what a drive reads and writes, in sectors of 512 bytes; disk images implement it.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen {

// Host trouble (an I/O error, a full disk) is thrown as Error; drives catch nothing, so that a
// guest is never told that a write succeeded when it did not.
class BlockMedium {
  public:
    static constexpr std::size_t kSectorSize = 512;

    virtual ~BlockMedium() = default;
    virtual u64 sectors() const = 0;
    // A whole number of sectors, all of which lie on the medium.
    virtual void read(u64 sector, std::span<u8> into) = 0;
    virtual void write(u64 sector, std::span<const u8> from) = 0;
    // What was written is on stable storage when this returns.
    virtual void flush() = 0;
    virtual bool writable() const = 0;
};

}  // namespace seventeen
