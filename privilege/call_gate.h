// CallGate: a far JMP or CALL whose selector names a call gate (SDM 3A 5.8.3 to 5.8.5).
#pragma once

#include "core/fault.h"
#include "privilege/processor.h"

namespace seventeen::privilege {

class CallGate {
  public:
    // The selector as the instruction gave it, and the gate it names.
    CallGate(Processor& cpu, u16 selector, const Descriptor& gate)
        : cpu_(cpu), selector_(selector), gate_(gate) {}

    Fault jump();
    Fault call();

  private:
    // The gate's own rights, then the null and limit checks of its target.
    Fault fetch_target();
    Fault check_present() const;
    Fault call_same_level();
    Fault call_inner_level();
    u32 offset() const { return gate_.gate_offset(); }
    unsigned item_size() const { return gate_.gate_32_bit() ? 4 : 2; }

    Processor& cpu_;
    u16 selector_;
    Descriptor gate_;
    CheckedSegment code_;
};

}  // namespace seventeen::privilege
