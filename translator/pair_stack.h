// PairStack: what rsp points to in translated code: where calls will be returned to.
//
// A CALL of the guest is one of the host's too, which leaves the address of its *landing* here; RET
// is RET, so the host predicts it. r8d is where the guest wants to return. A landing compares that
// with the address behind its own CALL. Where they differ, a few pairs below are tried, for calls
// may not have been returned to; else r8d is looked up as any indirect branch is. So pairs may be
// wrong, or missing, and only time is lost.
//
// But a landing stands for an address in one Mode and address space, as JumpTables' slots do: all
// pairs are dropped whenever one of those is emptied or another table selected (losses()).
#pragma once

#include "core/types.h"
#include "translator/countdown.h"

namespace seventeen::translator {

class PairStack {
  public:
    // What a landing holds at an offset: the address behind its CALL, negated.
    static constexpr int kNegatedEip = 6;
    // Pairs that are tried below a wrong one.
    static constexpr int kSearched = 4;

    // Throws Error where the host has no room. `unpaired`: the stub at the bottom.
    explicit PairStack(const u8* unpaired);
    ~PairStack();
    PairStack(const PairStack&) = delete;
    PairStack& operator=(const PairStack&) = delete;

    // rsp where there is no pair.
    u64 top() const { return top_; }
    // Do calls without returns threaten to fill it before C++ looks again?
    bool is_deep(u64 rsp) const { return top_ - rsp > kDeep; }

  private:
    static constexpr u64 kDeep = u64{1} << 20;
    // For signal handlers.
    static constexpr u64 kMargin = u64{1} << 20;
    // Every instruction of a stretch could be a CALL.
    static constexpr u64 kBelow = kDeep + Countdown::kMost * sizeof(u64) + kMargin;
    static constexpr u64 kSize = kBelow + (kSearched + 1) * sizeof(u64);

    u8* memory_ = nullptr;
    u64 top_ = 0;
};

}  // namespace seventeen::translator
