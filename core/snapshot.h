// Snapshot Writer and Reader: named, versioned sections of little-endian values.
//
// A file is a magic, a format version and sections; a section is a name, a version, a length, its
// bytes and a checksum. Reading past a section's end, leaving bytes behind, an unknown version, a
// missing section or a damaged one are Errors that name the section.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/types.h"

namespace seventeen {

template <typename T>
concept SnapshotValue = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class Writer {
  public:
    void begin(std::string_view section, u32 version);
    void end();
    template <SnapshotValue T>
    void put(T value) {
        static_assert(std::endian::native == std::endian::little);
        bytes(&value, sizeof value);
    }
    void bytes(const void* data, std::size_t size);
    void string(std::string_view text);  // length first
    // The finished file image.
    std::vector<u8> finish() &&;

  private:
    std::vector<u8> out_;
    std::size_t section_start_ = 0;
    bool open_ = false;
};

class Reader {
  public:
    // Checks the whole frame; throws Error naming `origin` where it is damaged.
    Reader(std::span<const u8> image, std::string origin);

    // Opens a section, whose version must be between `oldest` and `newest`, and returns it.
    u32 begin(std::string_view section, u32 oldest, u32 newest);
    void end();
    bool has(std::string_view section) const;
    template <SnapshotValue T>
    T get() {
        T value;
        if constexpr (std::is_same_v<T, bool>) {
            value = get_bool();
        } else {
            bytes(&value, sizeof value);
        }
        return value;
    }
    template <SnapshotValue T>
    void get(T& value) {
        value = get<T>();
    }
    void bytes(void* into, std::size_t size);
    std::string string();
    // The open section holds something impossible: throws Error naming it.
    [[noreturn]] void damaged(std::string_view why) const;

  private:
    struct Section {
        u32 version = 0;
        std::span<const u8> payload;
    };

    bool get_bool();

    std::span<const u8> image_;
    std::string origin_;
    std::map<std::string, Section, std::less<>> sections_;
    std::string name_;
    std::span<const u8> rest_;
};

}  // namespace seventeen
