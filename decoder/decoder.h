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
    // On kOk `into` holds the instruction; it is never longer than `bytes`. On kInvalid it holds
    // the undefined opcode's length and bytes: what a processor fetches before it raises #UD.
    DecodeStatus decode(std::span<const u8> bytes, CodeSize size, Instruction& into) const;

  private:
    struct Zydis;  // one configured Zydis decoder for each CodeSize
    std::shared_ptr<const Zydis> zydis_;
};

}  // namespace seventeen::decoder
