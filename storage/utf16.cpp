// Decodes UTF-16 of either byte order and encodes UTF-8 (RFC 2781, RFC 3629).
#include "storage/utf16.h"

#include <vector>

namespace seventeen::storage {

namespace {

constexpr u32 kReplacement = 0xfffd;

void append(std::string& text, u32 point) {
    const auto put = [&text](u32 value) { text += static_cast<char>(value); };
    const auto tail = [&](unsigned shift) { put(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xc0 | point >> 6);
        tail(0);
    } else if (point < 0x1'0000) {
        put(0xe0 | point >> 12);
        tail(6);
        tail(0);
    } else {
        put(0xf0 | point >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

std::string utf8(const std::vector<u16>& units) {
    std::string text;
    for (std::size_t i = 0; i < units.size(); ++i) {
        const u32 unit = units[i];
        if (unit < 0xd800 || unit > 0xdfff) {
            append(text, unit);
        } else if (unit < 0xdc00 && i + 1 < units.size() && units[i + 1] >= 0xdc00 &&
                   units[i + 1] <= 0xdfff) {
            append(text, 0x1'0000 + ((unit - 0xd800) << 10 | (units[++i] - 0xdc00u)));
        } else {
            append(text, kReplacement);
        }
    }
    return text;
}

std::string decode(std::span<const u8> bytes, unsigned high, unsigned low) {
    std::vector<u16> units;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const auto unit = static_cast<u16>(bytes[i + high] << 8 | bytes[i + low]);
        if (unit == 0) break;
        units.push_back(unit);
    }
    return utf8(units);
}

}  // namespace

std::string utf8_of_little_utf16(std::span<const u8> bytes) {
    return decode(bytes, 1, 0);
}

std::string utf8_of_big_utf16(std::span<const u8> bytes) {
    return decode(bytes, 0, 1);
}

}  // namespace seventeen::storage
