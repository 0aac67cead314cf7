// Values read from the current stack, and frames pushed on a stack that may not be current yet.
//
// Both leave ESP alone: a transfer reads or writes its whole frame first and moves ESP when nothing
// can fault any more. Limits are checked for the frame as a whole before its first byte is touched
// (SDM: "top n bytes of stack not within stack limits").
#pragma once

#include <array>
#include <initializer_list>

#include "core/cpu_state.h"
#include "core/fault.h"
#include "privilege/processor.h"

namespace seventeen::privilege {

class StackReader {
  public:
    // Items are 2 or 4 bytes long; the reader starts at the top of the current stack.
    StackReader(Processor& cpu, unsigned item_size);

    // Zero-extended items, in the order in which POP would meet them; #SS(0) beyond the limit.
    Fault pop(std::initializer_list<u32*> items);
    void skip(u32 bytes) { pointer_ += bytes; }
    // What ESP becomes: an SP wraps within itself and keeps the upper half.
    u32 pointer() const;

  private:
    Fault read(u32 offset, u32& value) const;
    const u8* plain_run(u32 size) const;

    Processor& cpu_;
    unsigned item_size_;
    u32 mask_;
    u32 pointer_;
};

class StackFrame {
  public:
    // `pointer` is ESP before the first push; a user's frame is checked for alignment as well.
    StackFrame(const SegmentRegister& stack, u32 pointer, unsigned item_size,
               mmu::Privilege privilege);
    // On the current stack, at the current level.
    StackFrame(Processor& cpu, unsigned item_size);

    // Is there room for so many items?
    bool has_room(unsigned items) const;
    void push(u32 value);
    // All items or, on a fault, none (but for a stack that overlaps its own page tables).
    Fault write(Processor& cpu) const;
    u32 pointer() const { return after(count_); }

  private:
    static constexpr unsigned kMostItems = 36;  // a call gate's: SS, ESP, 31 parameters, CS, EIP

    u32 after(unsigned items) const;  // ESP
    u32 offset(unsigned index) const { return after(index + 1) & mask_; }
    LinearAddress address(unsigned index) const;
    Fault check_pages(Processor& cpu) const;
    bool write_plainly(Processor& cpu) const;

    SegmentRegister stack_;
    u32 pointer_;
    unsigned item_size_;
    mmu::Privilege privilege_;
    u32 mask_;
    unsigned count_ = 0;
    std::array<u32, kMostItems> items_;  // of these so many
};

}  // namespace seventeen::privilege
