// Image: what a file or a disk holds, as bytes at offsets; each format turns one Image into
// another.
#pragma once

#include <span>
#include <string>

#include "core/types.h"

namespace seventeen::storage {

// 48-bit LBA reaches no further (ATA/ATAPI-6, 6.2); it keeps all arithmetic on sizes far from 2^64.
inline constexpr u64 kMaxDiskSize = u64{512} << 48;

// Does a piece lie within `size` bytes? Never overflows.
constexpr bool lies_within(u64 offset, u64 length, u64 size) {
    return offset <= size && length <= size - offset;
}

// Text from an image, safe to show on a terminal: control characters become question marks.
std::string printable(std::string text);

class Image {
  public:
    explicit Image(std::string name) : name_(std::move(name)) {}
    virtual ~Image() = default;
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    virtual u64 size() const = 0;
    // What lies past the end reads as zeros.
    void read(u64 offset, std::span<u8> into);
    // What a child image knows its parent by; empty where the format has no such thing.
    virtual std::string identity() const { return {}; }
    // The host file this was made from, for messages.
    const std::string& name() const { return name_; }

    // The image contradicts itself or its format.
    [[noreturn]] void damaged(const std::string& why) const;
    // The image wants something that is not here; `remedy` says what the user can do.
    [[noreturn]] void unsupported(const std::string& what, const std::string& remedy) const;

  protected:
    // Not empty, and lies within size().
    virtual void read_inside(u64 offset, std::span<u8> into) = 0;

  private:
    std::string name_;
};

}  // namespace seventeen::storage
