// Random code that writes itself: the next instruction, the block it is in, its page, another one.
#pragma once

#include <vector>

#include "tests/lockstep/random_instruction.h"

namespace seventeen::lockstep {

// How a program can write to its own code.
struct CodeReach {
    decoder::CodeSize size = decoder::CodeSize::k32;
    std::vector<u8> prefixes;        // of a memory operand that reaches code
    bool short_addresses = false;    // offsets of 16 bits
    u32 base = 0;                    // of the segment
    u32 alias = 0;                   // code shows this much further up as well; 0: it does not
    bool through_es_and_ss = false;  // string instructions and pushes reach it, too, from 0
};

class SelfModifyingCode {
  public:
    // The image lies at `code`.
    SelfModifyingCode(Random& random, const CodeReach& reach, u32 code, u32 code_size);

    // Adds an instruction that writes code, with what it needs before and behind it.
    void append(std::vector<u8>& image);
    // Bytes that are an instruction, to be written somewhere.
    std::vector<u8> instruction_bytes(std::size_t size);

  private:
    // An instruction that writes to memory: its opcode, ModRM's reg field, how long its immediate
    // is; the immediate is as long as the operand where `writes` is set, and is what is written.
    struct Form;
    static const Form kForms[];

    std::vector<u8> write(const Form& form, u32 target, bool wide);
    void append_plain(std::vector<u8>& image);
    void append_patched_immediate(std::vector<u8>& image);
    void append_string(std::vector<u8>& image);
    void append_push(std::vector<u8>& image);
    u32 target(u32 here);
    void append_number(std::vector<u8>& image, u32 value, unsigned size);
    void append_load(std::vector<u8>& image, unsigned number, u32 value);
    unsigned operand_size() const { return reach_.size == decoder::CodeSize::k32 ? 4 : 2; }
    bool chance(unsigned percent) { return random_() % 100 < percent; }

    Random& random_;
    CodeReach reach_;
    u32 code_;
    u32 code_size_;
    decoder::Decoder decoder_;
};

}  // namespace seventeen::lockstep
