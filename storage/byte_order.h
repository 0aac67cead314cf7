// Byte order: numbers out of bytes, most or least significant byte first.
#pragma once

#include <array>
#include <span>

#include "core/check.h"
#include "storage/image.h"

namespace seventeen::storage {

template <typename T>
T big(std::span<const u8> bytes, std::size_t at = 0) {
    check(lies_within(at, sizeof(T), bytes.size()), "a number lies outside its bytes");
    u64 value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = value << 8 | bytes[at + i];
    return static_cast<T>(value);
}

template <typename T>
T little(std::span<const u8> bytes, std::size_t at = 0) {
    check(lies_within(at, sizeof(T), bytes.size()), "a number lies outside its bytes");
    u64 value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) value = value << 8 | bytes[at + i];
    return static_cast<T>(value);
}

template <typename T>
T big(Image& image, u64 offset) {
    std::array<u8, sizeof(T)> bytes{};
    image.read(offset, bytes);
    return big<T>(std::span<const u8>(bytes));
}

template <typename T>
T little(Image& image, u64 offset) {
    std::array<u8, sizeof(T)> bytes{};
    image.read(offset, bytes);
    return little<T>(std::span<const u8>(bytes));
}

}  // namespace seventeen::storage
