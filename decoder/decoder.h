// Decoder: bytes and mode → Instruction. The only door to Zydis.
#pragma once

#include <memory>
#include <span>

#include "decoder/instruction.h"

namespace seventeen::decoder {

inline constexpr std::size_t kMaxInstructionLength = 15;

enum class DecodeStatus : u8 {
    kOk,
    kInvalid,    // no such instruction, or an illegal LOCK: #UD
    kTruncated,  // more bytes are needed: fetch from the next page
    kTooLong,    // over 15 bytes: #GP(0)
};

class Decoder {
  public:
    Decoder();
    // On kOk `into` holds the instruction; it is never longer than `bytes`. On kInvalid
    // `into.length` is the length as far as it is known and `into.bytes` what was looked at.
    DecodeStatus decode(std::span<const u8> bytes, CodeSize size, Instruction& into) const;

  private:
    struct Zydis;  // one configured Zydis decoder for each CodeSize
    std::shared_ptr<const Zydis> zydis_;
};

}  // namespace seventeen::decoder
