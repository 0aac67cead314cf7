// The pair stack: at its bottom lies a stub, as often as pairs are tried.
#include "translator/pair_stack.h"

#include <catch2/catch.hpp>

namespace seventeen::translator {

TEST_CASE("Whatever is looked for below the last pair is the stub for returns without one") {
    const u8 stub = 0;
    const PairStack pairs(&stub);
    for (u64 i = 0; i <= PairStack::kSearched; ++i) {
        // SAFETY: the stack's own memory.
        CHECK(reinterpret_cast<const u8* const*>(pairs.top())[i] == &stub);
    }
}

TEST_CASE("A stack that is deep has room for a whole stretch of calls") {
    const PairStack pairs(nullptr);
    CHECK_FALSE(pairs.is_deep(pairs.top()));
    CHECK_FALSE(pairs.is_deep(pairs.top() - 4096));
    u64 rsp = pairs.top();
    while (!pairs.is_deep(rsp)) rsp -= sizeof(u64);
    const u64 last = rsp - Countdown::kMost * sizeof(u64);
    // SAFETY: the stack's own memory, which is zero where nothing was pushed.
    CHECK(*reinterpret_cast<const u64*>(last) == 0);
}

}  // namespace seventeen::translator
