// Rom: the last 64 KiB below 1 MiB as a test fills them: handlers, descriptor tables, a TSS.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "core/cpu_state.h"
#include "core/types.h"

namespace seventeen::lockstep {

inline constexpr u32 kRom = 0xf0000;
inline constexpr u32 kRomSize = 0x10000;
inline constexpr u32 kGdt = kRom + 0x3000;
inline constexpr u32 kIdt = kRom + 0x4000;
inline constexpr u32 kTss = kRom + 0x5000;

// Attributes of segments (core/segment_register.h).
inline constexpr u32 kFlat = kSegmentBig | kSegmentGranular;
inline constexpr u32 kCodeBits = 0x9b;
inline constexpr u32 kDataBits = 0x93;
inline constexpr u32 kUserBits = kSegmentDplMask;

class Rom {
  public:
    Rom() : bytes_(kRomSize) {}

    template <typename Bytes>
    void put_all(u32 address, const Bytes& bytes) {
        for (const auto byte : bytes) bytes_.at(address++ - kRom) = static_cast<u8>(byte);
    }
    void put(u32 address, std::initializer_list<unsigned> bytes) { put_all(address, bytes); }
    void dword(u32 address, u32 value) {
        put(address, {value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff, value >> 24});
    }
    void descriptor(u16 selector, u32 base, u32 limit, u32 attributes) {
        const u32 at = kGdt + (selector & ~7u);
        dword(at, base << 16 | (limit & 0xffff));
        dword(at + 4,
              (base & 0xff00'0000) | (base >> 16 & 0xff) | (limit & 0xf0000) | attributes << 8);
    }
    // `kind`: the upper half of a gate's second dword but the offset, as 0x8e00.
    void gate(u8 vector, u16 selector, u32 offset, u32 kind) {
        dword(kIdt + vector * 8u, u32{selector} << 16 | (offset & 0xffff));
        dword(kIdt + vector * 8u + 4, (offset & 0xffff'0000) | kind);
    }
    std::vector<u8> take() { return std::move(bytes_); }

  private:
    std::vector<u8> bytes_;
};

// Appends code to the ROM.
class Code {
  public:
    Code(Rom& rom, u32 at) : rom_(&rom), at_(at) {}
    u32 at() const { return at_; }
    Code& put(std::initializer_list<unsigned> bytes) {
        rom_->put(at_, bytes);
        at_ += static_cast<u32>(bytes.size());
        return *this;
    }
    Code& dword(u32 value) {
        rom_->dword(at_, value);
        at_ += 4;
        return *this;
    }
    // The distance to `target` from behind it.
    Code& relative(u32 target) { return dword(target - (at_ + 4)); }

  private:
    Rom* rom_;
    u32 at_;
};

inline SegmentRegister segment(u16 selector, u32 base, u32 limit, u32 attributes) {
    SegmentRegister made;
    made.selector = selector;
    made.base = base;
    made.limit = limit;
    made.attributes = attributes;
    made.update();
    return made;
}

}  // namespace seventeen::lockstep
