// The integer vocabulary: fixed-width aliases and one distinct type per kind of address.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace seventeen {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;

inline constexpr u64 kPageShift = 12;
inline constexpr u64 kPageSize = 1u << kPageShift;
inline constexpr u64 kPageMask = kPageSize - 1;

// What segmentation yields and paging consumes.
struct LinearAddress {
    u64 value = 0;
    auto operator<=>(const LinearAddress&) const = default;
    constexpr u64 page() const { return value >> kPageShift; }
    constexpr u64 offset() const { return value & kPageMask; }
    constexpr LinearAddress operator+(u64 delta) const { return {value + delta}; }
};

// What paging yields and the board decodes.
struct PhysicalAddress {
    u64 value = 0;
    auto operator<=>(const PhysicalAddress&) const = default;
    constexpr u64 page() const { return value >> kPageShift; }
    constexpr u64 offset() const { return value & kPageMask; }
    constexpr PhysicalAddress operator+(u64 delta) const { return {value + delta}; }
};

// A number in the 64 KiB I/O space.
struct IoPort {
    u16 value = 0;
    auto operator<=>(const IoPort&) const = default;
};

}  // namespace seventeen
