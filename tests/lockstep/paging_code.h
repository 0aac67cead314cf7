// The code of a paging program: sixteen pages that edit page tables, access memory and jump about.
#pragma once

#include <vector>

#include "tests/lockstep/paging_layout.h"

namespace seventeen::lockstep {

class PagingCode {
  public:
    PagingCode(Random& random, PagingChoice& choose) : random_(random), choose_(choose) {}

    std::vector<u8> make();
    // Where an instruction starts, as long as the page shows what it showed at first.
    u32 target();

  private:
    void append_ring(std::vector<u8>& code);
    void append_edit(std::vector<u8>& code);
    void append_access(std::vector<u8>& code);
    void append_jump(std::vector<u8>& code);
    void append_drop(std::vector<u8>& code);
    void append_plain(std::vector<u8>& code);
    static void append(std::vector<u8>& code, std::initializer_list<unsigned> bytes, u32 number);

    Random& random_;
    PagingChoice& choose_;
    decoder::Decoder decoder_;
    std::vector<u32> starts_;  // of instructions
};

}  // namespace seventeen::lockstep
