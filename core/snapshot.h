// Snapshot Writer and Reader: named, versioned sections of little-endian values.
//
// A file is a magic, a format version, the number of sections and the sections; a section is a
// name, a version, a length, its bytes and a checksum over all of these. Reading past a section's
// end, leaving bytes behind, an unknown version, a missing, unknown or damaged section are Errors
// that name the section.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/types.h"

namespace seventeen {

// No padding: every bit of the value is written. (A long double has six bytes of padding.)
template <typename T>
concept SnapshotValue = std::is_integral_v<T> || std::is_enum_v<T> || std::is_same_v<T, float> ||
    std::is_same_v<T, double>;

class Writer {
  public:
    Writer();
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
    template <SnapshotValue T>
    void patch(std::size_t at, T value) {
        std::memcpy(out_.data() + at, &value, sizeof value);
    }

    std::vector<u8> out_;
    std::set<std::string, std::less<>> names_;
    std::size_t section_start_ = 0;
    std::size_t payload_start_ = 0;
    bool open_ = false;
};

class Reader {
  public:
    // Checks the whole frame; throws Error naming `origin` where it is damaged. The image stays
    // where it is while it is read.
    Reader(std::span<const u8> image, std::string origin);

    // Opens a section, whose version must be between `oldest` and `newest`, and returns it.
    u32 begin(std::string_view section, u32 oldest, u32 newest);
    void end();
    bool has(std::string_view section) const;
    // Everything that was wanted has been read: a section nobody opened is unknown, an Error.
    void finish() const;
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
        bool opened = false;
    };

    bool get_bool();
    void read_section();
    std::span<const u8> take(std::size_t size);
    [[noreturn]] void fail(std::string_view why) const;

    std::string origin_;
    std::map<std::string, Section, std::less<>> sections_;
    std::string name_;          // of the open section; empty while the frame is read
    std::span<const u8> rest_;  // what is still unread of either
};

}  // namespace seventeen
