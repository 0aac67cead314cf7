// Catalogue: every encoding that cases may use, found by asking the decoder about all of them.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "decoder/decoder.h"

namespace seventeen::oracle {

// Where an encoding may stand in for others: its opcode bytes, with what is left to choose.
struct Encoding {
    u8 prefix = 0;  // one that decides the mnemonic or the operand size, or 0
    u8 opcode_map = 0;
    u8 opcode = 0;
    enum class ModRm : u8 { kNone, kRegister, kMemory };
    ModRm kind = ModRm::kNone;
    u8 modrm = 0;  // complete for kRegister; for kMemory its reg field alone matters

    void append_to(std::vector<u8>& bytes) const;  // prefix and opcode
};

// May the instruction run on the host CPU and mean the same thing there? Not where it enters the
// kernel (SYSENTER, INT 80h), shows privileged state that a guest has its own of, or is an encoding
// that newer CPUs gave another meaning.
bool comparable(const decoder::Instruction& instruction);

class Catalogue {
  public:
    struct Entry {
        decoder::Mnemonic mnemonic;
        std::vector<Encoding> with_memory;
        std::vector<Encoding> without_memory;
    };
    // A family of the instruction table, or "undefined": opcodes that no host defines.
    struct Family {
        std::string_view name;
        std::vector<Entry> entries;
    };

    explicit Catalogue(const decoder::Decoder& decoder);

    const std::vector<Family>& families() const { return families_; }
    const Family* find(std::string_view name) const;

  private:
    void add(decoder::Mnemonic mnemonic, const Encoding& encoding);
    void add_opcode(const decoder::Decoder& decoder, Encoding encoding);

    std::vector<Family> families_;
    std::map<decoder::Mnemonic, std::pair<std::size_t, std::size_t>> places_;
};

}  // namespace seventeen::oracle
