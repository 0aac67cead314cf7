// DmaChannel: one channel of the 8237 as the chip on its DREQ/DACK wires sees it.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen::devices {

// "Read" and "write" are the device's: read() takes bytes from memory (8237 datasheet: read
// transfer), write() puts bytes into memory. Either moves what the channel's count, mode and mask
// permit, at most the whole span, and returns how many bytes moved: 0 where the channel is masked
// or was programmed for the other direction. A verify transfer counts bytes and touches no memory.
class DmaChannel {
  public:
    virtual ~DmaChannel() = default;
    virtual std::size_t read(std::span<u8> into) = 0;
    virtual std::size_t write(std::span<const u8> from) = 0;
    // TC came with the last byte of the last read() or write() that moved anything.
    virtual bool terminal_count() const = 0;
};

}  // namespace seventeen::devices
