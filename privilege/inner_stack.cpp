// Finds the stack of an inner privilege level in a 16- or 32-bit TSS.
#include "privilege/inner_stack.h"

namespace seventeen::privilege {

namespace {

// Where the stack pointer of level 0 lies; the selector follows it (SDM 3A 7.2.1, 7.6).
constexpr u32 kFirstStack16 = 2;
constexpr u32 kFirstStack32 = 4;

template <typename Pointer>
Fault read_stack(Processor& cpu, u32 offset, InnerStack& stack) {
    const SegmentRegister& tr = cpu.state.tr;
    if (offset + sizeof(Pointer) + sizeof(u16) - 1 > tr.limit)
        return Fault::with_code(Vector::kInvalidTss, selector_error(tr.selector));
    Pointer pointer = 0;
    if (Fault fault =
            cpu.mmu.read(SegmentedMemory::linear(tr, offset), mmu::Privilege::kSupervisor, pointer))
        return fault;
    stack.pointer = pointer;
    return cpu.mmu.read(SegmentedMemory::linear(tr, offset + sizeof(Pointer)),
                        mmu::Privilege::kSupervisor, stack.segment.selector);
}

}  // namespace

Fault find_inner_stack(Processor& cpu, unsigned level, InnerStack& stack) {
    const bool tss32 = cpu.state.tr.attributes & kSystemType32;
    if (Fault fault = tss32 ? read_stack<u32>(cpu, kFirstStack32 + level * 8, stack)
                            : read_stack<u16>(cpu, kFirstStack16 + level * 4, stack))
        return fault;
    const u16 selector = stack.segment.selector;
    const Fault invalid = Fault::with_code(Vector::kInvalidTss, stack.error_code());
    if (selector_null(selector)) return invalid;
    Descriptor& descriptor = stack.segment.descriptor;
    if (Fault fault = cpu.tables.fetch(selector, Vector::kInvalidTss, descriptor)) return fault;
    if (selector_rpl(selector) != level || descriptor.dpl() != level || !descriptor.writable_data())
        return invalid;
    if (!descriptor.present()) return Fault::stack(stack.error_code());
    return {};
}

}  // namespace seventeen::privilege
