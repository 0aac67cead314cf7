// Device: a chip answers reads and writes at an offset within it and knows nothing of its address.
#pragma once

#include <string_view>

#include "core/types.h"

namespace seventeen {

class Reader;
class Writer;

// Width of one access in bytes: 1, 2, 4 or 8.
using Width = unsigned;

class Device {
  public:
    virtual ~Device() = default;

    // The name its snapshot section and messages carry.
    virtual std::string_view name() const = 0;
    // `offset` counts from the start of the claimed range `region`; a chip that claims several
    // ranges on one bus tells them apart by the number it was claimed with.
    virtual u64 read(unsigned region, u64 offset, Width width) = 0;
    virtual void write(unsigned region, u64 offset, u64 value, Width width) = 0;
    virtual void reset() {}
    virtual void save(Writer&) const {}
    virtual void restore(Reader&) {}
};

// How a chip that masters the bus reaches memory; guards and dirty marks are honoured behind it.
class DmaPort {
  public:
    virtual ~DmaPort() = default;
    virtual void dma_read(PhysicalAddress address, void* into, std::size_t size) = 0;
    virtual void dma_write(PhysicalAddress address, const void* from, std::size_t size) = 0;
};

}  // namespace seventeen
