// QuickDecoder: a Decoder that remembers.
//
// An instruction's *head* is all of it but displacement and immediate: prefixes, opcode, ModRM,
// SIB. Programs use a few thousand heads over and over, and what lies behind a head only shows in
// two numbers of the Instruction. So what the Decoder made of a head is kept, and only the numbers
// are read anew. Nothing about encodings is known here: whether an opcode has a ModRM byte is seen
// from what the Decoder answered, how a number is extended is asked of it with other bytes in its
// place, and a head that does not account for every byte of the instruction is not kept.
#pragma once

#include <array>
#include <vector>

#include "decoder/decoder.h"

namespace seventeen::decoder {

class QuickDecoder {
  public:
    QuickDecoder() : shapes_(kShapes) {}
    // As Decoder::decode.
    DecodeStatus decode(std::span<const u8> bytes, CodeSize size, Instruction& into);
    // How many were not asked of the Decoder.
    u64 remembered() const { return remembered_; }

  private:
    static constexpr std::size_t kShapes = 4096;

    struct Head {
        u64 key = 0;  // 0: it can't be told where the head ends
        u8 length = 0;
        u8 map = 0;  // of the opcode: 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A
        u8 opcode = 0;
    };
    struct Shape {
        u64 key = 0;
        bool is_signed = false;  // the immediate
        Instruction instruction;
    };
    enum class ModRm : u8 { kUnknown, kNone, kPresent };

    Head head_of(std::span<const u8> bytes, CodeSize size) const;
    Shape& shape_of(const Head& head);
    void learn(const Head& head, CodeSize size, const Instruction& instruction);
    static void rebuild(const Shape& shape, std::span<const u8> bytes, Instruction& into);

    Decoder decoder_;
    std::array<std::array<ModRm, 256>, 4> modrm_{};  // by map and opcode
    std::vector<Shape> shapes_;                      // by hash of the key
    u64 remembered_ = 0;
};

}  // namespace seventeen::decoder
