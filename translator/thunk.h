// Thunk: a function by which position-independent code learns its own address.
//
// `mov reg, [esp]; ret`. Functions that use data begin with a call of one, mostly in another page,
// where the call and the return would each go through the jump map. So a block goes on behind such
// a call as if the three instructions were one, after a look into the map: as long as that has the
// thunk's own block, whose four bytes are guarded and whose page has been fetched from in this
// address space, they do just that.
#pragma once

#include <optional>
#include <span>

#include "core/cpu_state.h"
#include "core/types.h"

namespace seventeen::translator {

struct Thunk {
    static constexpr std::size_t kSize = 4;
    static constexpr unsigned kInstructions = 2;

    Gpr result = Gpr::kAx;  // the register that gets the return address
    u32 place = 0;          // what jump maps hold for it
};

// The result's register, if the 32-bit code is a thunk.
std::optional<Gpr> thunk_result(std::span<const u8, Thunk::kSize> code);

}  // namespace seventeen::translator
