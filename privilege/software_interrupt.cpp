// INT n, INT3, INTO and ICEBP, with virtual-8086 mode's IOPL rule and VME's redirection (SDM 2A
// INT n; 3A 20.3.3).
#include "privilege/debug_registers.h"
#include "privilege/interrupt_gate.h"
#include "privilege/privilege_engine.h"
#include "privilege/task_switch.h"

namespace seventeen::privilege {

namespace {

constexpr u32 kTssMapBase = 102;         // where a 32-bit TSS holds its I/O map's offset
constexpr u32 kRedirectionMapSize = 32;  // bytes, right below the I/O map
constexpr unsigned kVectorSize = 4;      // of an entry in the 8086 program's vector table

// INT n in virtual-8086 mode under VME.
class RedirectedInterrupt {
  public:
    RedirectedInterrupt(Processor& cpu, u8 vector) : cpu_(cpu), vector_(vector) {}

    // Does the TSS's bitmap leave the vector to the 8086 program? #GP(0) without a bitmap.
    Fault query(bool& redirected);
    // Through the vector table at linear address 0, without leaving V86 mode.
    Fault enter();

  private:
    Processor& cpu_;
    u8 vector_;
};

Fault RedirectedInterrupt::query(bool& redirected) {
    const SegmentRegister& tr = cpu_.state.tr;
    u16 map_base = 0;
    if (!(tr.attributes & kSystemType32) || kTssMapBase + sizeof map_base - 1 > tr.limit)
        return Fault::general_protection();
    if (Fault fault = cpu_.mmu.read(SegmentedMemory::linear(tr, kTssMapBase),
                                    mmu::Privilege::kSupervisor, map_base))
        return fault;
    // Where the map base is below 32 this wraps, beyond any limit.
    const u32 offset = map_base - kRedirectionMapSize + vector_ / 8;
    if (offset > tr.limit) return Fault::general_protection();
    u8 bits = 0;
    if (Fault fault =
            cpu_.mmu.read(SegmentedMemory::linear(tr, offset), mmu::Privilege::kSupervisor, bits))
        return fault;
    redirected = !(bits >> (vector_ % 8) & 1);
    return {};
}

Fault RedirectedInterrupt::enter() {
    CpuState& state = cpu_.state;
    const bool virtual_if = state.iopl() < 3;
    u32 flags = state.eflags();
    if (virtual_if) flags = (flags & ~kFlagIf) | (flags & kFlagVif ? kFlagIf : 0) | kFlagIopl;
    StackFrame frame(cpu_, sizeof(u16));
    if (!frame.has_room(3)) return Fault::stack();
    u32 pointer = 0;
    if (Fault fault =
            cpu_.mmu.read({u64{vector_} * kVectorSize}, mmu::Privilege::kSupervisor, pointer))
        return fault;
    frame.push(flags);
    frame.push(state.segment(SegmentName::kCs).selector);
    frame.push(state.eip());
    if (Fault fault = frame.write(cpu_)) return fault;
    state.set_reg32(Gpr::kSp, frame.pointer());
    state.system_flags &= ~(kFlagTf | kFlagRf | (virtual_if ? kFlagVif : kFlagIf));
    cpu_.enter_paragraph(static_cast<u16>(pointer >> 16), pointer & 0xffff);
    return {};
}

Fault enter_virtual_8086(Processor& cpu, u8 vector, bool& redirected) {
    redirected = false;
    RedirectedInterrupt interrupt(cpu, vector);
    if (cpu.state.cr4 & kCr4Vme)
        if (Fault fault = interrupt.query(redirected)) return fault;
    if (redirected) return interrupt.enter();
    return cpu.state.iopl() < 3 ? Fault::general_protection() : Fault{};
}

}  // namespace

Fault PrivilegeEngine::software_interrupt(u8 vector, SoftwareInterrupt kind) {
    Processor cpu(*this, state_, mmu_);
    // INT3, INTO and ICEBP care neither for IOPL nor for the bitmap.
    bool redirected = false;
    if (kind == SoftwareInterrupt::kIntN && state_.v86())
        if (Fault fault = enter_virtual_8086(cpu, vector, redirected)) return fault;
    if (!redirected) {
        InterruptEvent event;
        event.vector = vector;
        if (kind != SoftwareInterrupt::kIcebp) event.origin = InterruptEvent::Origin::kProgram;
        event.flags = state_.eflags() & ~kFlagRf;
        Fault fault = settle(cpu, InterruptGate(cpu, event).enter());
        if (fault) return fault;
    }
    if (kind == SoftwareInterrupt::kIcebp) state_.dr[7] &= ~u64{kDr7GeneralDetect};
    // TF was cleared before the instruction could be trapped (SDM 3B 17.3.1.4).
    careful_.single_step = false;
    return {};
}

}  // namespace seventeen::privilege
