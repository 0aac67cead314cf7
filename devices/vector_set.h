// VectorSet: a set of interrupt vectors, as a local APIC's 256-bit registers hold it.
#pragma once

#include <array>
#include <bit>
#include <optional>

#include "core/types.h"

namespace seventeen::devices {

class VectorSet {
  public:
    static constexpr unsigned kWords = 8;
    static constexpr unsigned kWordBits = 32;

    bool contains(u8 vector) const { return words_[vector / kWordBits] & bit(vector); }
    void insert(u8 vector) { words_[vector / kWordBits] |= bit(vector); }
    void erase(u8 vector) { words_[vector / kWordBits] &= ~bit(vector); }
    void set(u8 vector, bool present) { present ? insert(vector) : erase(vector); }

    std::optional<u8> highest() const {
        for (unsigned i = kWords; i-- > 0;)
            if (words_[i] != 0)
                return static_cast<u8>(i * kWordBits + std::bit_width(words_[i]) - 1);
        return std::nullopt;
    }

    // The 32 vectors from 32 × `index`: one register.
    u32 word(unsigned index) const { return words_[index]; }
    void set_word(unsigned index, u32 value) { words_[index] = value; }

  private:
    static constexpr u32 bit(u8 vector) { return u32{1} << vector % kWordBits; }

    std::array<u32, kWords> words_{};
};

}  // namespace seventeen::devices
