// InterruptGate: takes one event through the IVT or through a gate of the IDT (SDM 3A 6.11, 6.12,
// 20.1.4, 20.3.1; 2A INT n).
#pragma once

#include "core/fault.h"
#include "privilege/processor.h"
#include "privilege/stack_frame.h"

namespace seventeen::privilege {

struct InterruptEvent {
    // INT n, INT3 and INTO may use only gates of their level or an outer one, and a fault on their
    // way does not bear the EXT bit; all else is external to the program.
    enum class Origin : u8 { kProgram, kExternal };

    u8 vector = 0;
    Origin origin = Origin::kExternal;
    u32 flags = 0;  // the image of EFLAGS to save
    bool has_error_code = false;
    u32 error_code = 0;
};

class InterruptGate {
  public:
    InterruptGate(Processor& cpu, const InterruptEvent& event) : cpu_(cpu), event_(event) {}

    // On a fault nothing has changed, unless a task gate's switch was past its commit point.
    Fault enter();

  private:
    Fault enter_real_mode();
    Fault enter_protected_mode();
    Fault enter_task(u16 tss);
    Fault push_error_code();
    Fault fetch_handler();
    Fault enter_same_level();
    Fault enter_inner_level();
    Fault check_entry_point() const;
    void push_return(StackFrame& frame) const;
    void mask_flags();

    unsigned item_size() const { return gate_.gate_32_bit() ? 4 : 2; }
    unsigned error_items() const { return event_.has_error_code ? 1 : 0; }

    Processor& cpu_;
    const InterruptEvent& event_;
    Descriptor gate_;
    CheckedSegment code_;
};

}  // namespace seventeen::privilege
