// FpuResidence: when the guest's x87, MMX and SSE registers are in the host's units, and when not.
//
// They come when translated code meets the first instruction that works on them (Site::Kind::kFpu)
// and go when it is left or the privilege level changes: kernels hardly use them, and a callout
// costs twice as much while they are there (stubs.cpp saves and loads them all, as C++ uses them).
//
// The x87's pointers never are in the host's unit, which would have translated code's: X87Note.
#pragma once

#include "translator/block.h"
#include "translator/context.h"

namespace seventeen::translator {

class FpuResidence {
  public:
    FpuResidence(CpuState& state, Context& context) : state_(state), context_(context) {}

    bool live() const { return context_.fpu_live; }
    // They will be there when translated code goes on.
    void load();
    void unload();
    // Have they outstayed the privilege level that they were loaded for?
    bool overdue() const { return live() && state_.cpl != level_; }

    // At every callout, before anything that may change CS or a data segment: CpuState's pointers
    // are those of the last x87 instruction, which is the site's or, if that has none, one that
    // was noted at an exit.
    void update_pointers(const Site& site);

    // CpuState has the registers from lend() to take_back(): around an instruction that C++ runs.
    void lend();
    void take_back();

  private:
    void apply(const X87Note& note);

    CpuState& state_;
    Context& context_;
    u8 level_ = 0;
};

}  // namespace seventeen::translator
