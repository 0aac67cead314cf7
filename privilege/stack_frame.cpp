// Reads and writes the frames of far transfers and interrupts.
#include "privilege/stack_frame.h"

#include <cstring>

#include "core/check.h"

namespace seventeen::privilege {

namespace {

u32 stack_mask(const SegmentRegister& stack) {
    return stack.big() ? 0xffff'ffff : 0xffff;
}

// Copies of a known size need no call.
u32 load_item(const u8* from, unsigned size) {
    u32 value = 0;
    if (size == 4)
        std::memcpy(&value, from, 4);
    else
        std::memcpy(&value, from, 2);
    return value;
}

void store_item(u8* to, u32 value, unsigned size) {
    if (size == 4)
        std::memcpy(to, &value, 4);
    else
        std::memcpy(to, &value, 2);
}

}  // namespace

StackReader::StackReader(Processor& cpu, unsigned item_size)
    : cpu_(cpu),
      item_size_(item_size),
      mask_(cpu.memory.stack_mask()),
      pointer_(cpu.memory.stack_pointer()) {}

u32 StackReader::pointer() const {
    return (cpu_.state.reg32(Gpr::kSp) & ~mask_) | (pointer_ & mask_);
}

Fault StackReader::read(u32 offset, u32& value) const {
    if (item_size_ == 4) return cpu_.memory.read(SegmentName::kSs, offset, value);
    u16 word = 0;
    Fault fault = cpu_.memory.read(SegmentName::kSs, offset, word);
    value = word;
    return fault;
}

// Where the next items lie in plain memory, all on one page and in reach; nullptr: they may not.
const u8* StackReader::plain_run(u32 size) const {
    const SegmentRegister& stack = cpu_.state.segment(SegmentName::kSs);
    const u32 offset = pointer_ & mask_;
    const LinearAddress address = SegmentedMemory::linear(stack, offset);
    const bool one_page = address.offset() + size <= kPageSize && mask_ - offset >= size;
    if (!one_page || !stack.may_read(offset, size) || cpu_.state.flag(kFlagAc)) return nullptr;
    return cpu_.mmu.read_run(address, cpu_.memory.privilege());
}

Fault StackReader::pop(std::initializer_list<u32*> items) {
    if (const u8* from = plain_run(static_cast<u32>(items.size()) * item_size_)) {
        for (u32* item : items) {
            *item = load_item(from, item_size_);
            from += item_size_;
            pointer_ += item_size_;
        }
        return {};
    }
    const SegmentRegister& stack = cpu_.state.segment(SegmentName::kSs);
    u32 offset = pointer_;
    for (std::size_t i = 0; i < items.size(); ++i, offset += item_size_)
        if (!stack.may_read(offset & mask_, item_size_)) return Fault::stack();
    for (u32* item : items) {
        if (Fault fault = read(pointer_ & mask_, *item)) return fault;
        pointer_ += item_size_;
    }
    return {};
}

StackFrame::StackFrame(const SegmentRegister& stack, u32 pointer, unsigned item_size,
                       mmu::Privilege privilege)
    : stack_(stack),
      pointer_(pointer),
      item_size_(item_size),
      privilege_(privilege),
      mask_(stack_mask(stack)) {}

StackFrame::StackFrame(Processor& cpu, unsigned item_size)
    : StackFrame(cpu.state.segment(SegmentName::kSs), cpu.state.reg32(Gpr::kSp), item_size,
                 cpu.memory.privilege()) {}

u32 StackFrame::after(unsigned items) const {
    return (pointer_ & ~mask_) | ((pointer_ - items * item_size_) & mask_);
}

LinearAddress StackFrame::address(unsigned index) const {
    return SegmentedMemory::linear(stack_, offset(index));
}

bool StackFrame::has_room(unsigned items) const {
    for (unsigned i = 0; i < items; ++i)
        if (!stack_.may_write(offset(i), item_size_)) return false;
    return true;
}

void StackFrame::push(u32 value) {
    check(count_ < kMostItems, "a stack frame is not longer than a call gate's");
    items_[count_++] = value;
}

Fault StackFrame::check_pages(Processor& cpu) const {
    const u64 first_page = (address(0) + (item_size_ - 1)).page();
    const bool one_page = address(count_ - 1).page() == first_page;
    for (unsigned i = 0; i < count_; ++i) {
        if (privilege_ == mmu::Privilege::kUser)
            if (Fault fault = cpu.memory.check_alignment(address(i), item_size_)) return fault;
        if (one_page) continue;
        if (Fault fault = cpu.mmu.probe(address(i), privilege_, mmu::Access::kWrite, item_size_))
            return fault;
    }
    return {};
}

// At once, where all items lie in plain memory on one page.
bool StackFrame::write_plainly(Processor& cpu) const {
    const u32 size = count_ * item_size_;
    const LinearAddress last = address(count_ - 1);
    if (last.offset() + size > kPageSize || offset(0) - offset(count_ - 1) != size - item_size_)
        return false;
    if (privilege_ == mmu::Privilege::kUser && cpu.state.flag(kFlagAc)) return false;
    u8* to = cpu.mmu.write_run(last, privilege_);
    if (!to) return false;
    for (unsigned i = count_; i-- != 0; to += item_size_) store_item(to, items_[i], item_size_);
    return true;
}

Fault StackFrame::write(Processor& cpu) const {
    if (write_plainly(cpu)) return {};
    if (Fault fault = check_pages(cpu)) return fault;
    for (unsigned i = 0; i < count_; ++i) {
        Fault fault = item_size_ == 4
                          ? cpu.mmu.write(address(i), privilege_, items_[i])
                          : cpu.mmu.write(address(i), privilege_, static_cast<u16>(items_[i]));
        if (fault) return fault;
    }
    return {};
}

}  // namespace seventeen::privilege
