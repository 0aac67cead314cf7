// PrivilegeEngine: executes what the seventeen and the privileged instructions mean.
//
// Terms shared by all methods:
// - While an instruction runs, CpuState::rip is already the address of the *next* one (what a CALL
//   pushes). A method that returns a Fault has changed nothing else a guest could see (except where
//   the SDM says so: a task switch past its commit point); the engine then puts rip back to the
//   faulting instruction and hands the fault to deliver().
// - `operand_size` is the effective one in bytes, 2 or 4.
// - Whatever changes the mode, a segment, IF, TF, paging or a breakpoint raises
//   CpuState::attention, so engines look again before the next instruction.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "core/bus.h"
#include "core/cpu_state.h"
#include "core/engine.h"
#include "core/fault.h"
#include "core/line.h"
#include "core/scheduler.h"
#include "mmu/mmu.h"
#include "privilege/cpu_model.h"
#include "privilege/segmented_memory.h"

namespace seventeen::privilege {

enum class SoftwareInterrupt : u8 { kIntN, kInt3, kInto, kIcebp };

class PrivilegeEngine {
  public:
    struct Wiring {
        Bus& ports;
        Scheduler& scheduler;
        InterruptAcknowledge& interrupts;
    };

    PrivilegeEngine(CpuState& state, mmu::Mmu& mmu, const CpuModel& model, Wiring wiring);

    const CpuModel& model() const { return model_; }
    SegmentedMemory& memory() { return memory_; }
    // FERR#: up while an unmasked x87 exception is pending and CR0.NE is clear (IRQ 13 on a PC).
    Line& ferr() { return ferr_; }
    // IGNNE#, with CR0.NE clear: pending x87 exceptions do not stop the processor. A PC asserts it
    // when port F0h is written while FERR# is up, and until FERR# falls (SDM 1 D.2.1.2). The board
    // keeps its level: it is no state of the CPU's.
    void set_ignne(bool asserted) { ignne_ = asserted; }

    // Told of each write to IA32_APIC_BASE, whose page and enable bit are the board's business.
    void on_apic_base(std::function<void(u64 value)> listener) {
        apic_base_written_ = std::move(listener);
    }

    // --- segments (segment_load.cpp) ---
    Fault load_segment(SegmentName name, u16 selector);  // MOV, POP, LxS; never CS
    Fault load_ldtr(u16 selector);                       // LLDT
    Fault load_task_register(u16 selector);              // LTR

    // --- far transfers (far_transfer.cpp, call_gate.cpp, interrupt_return.cpp) ---
    Fault far_jump(u16 selector, u32 offset, unsigned operand_size);
    Fault far_call(u16 selector, u32 offset, unsigned operand_size);
    Fault far_return(unsigned operand_size, u16 release);  // RETF imm16: bytes to release
    Fault interrupt_return(unsigned operand_size);
    Fault sysenter();
    Fault sysexit();

    // --- interrupts and exceptions (interrupt_delivery.cpp, software_interrupt.cpp) ---
    Fault software_interrupt(u8 vector, SoftwareInterrupt kind);
    // Delivers an exception whose return address is rip; escalates to #DF and to shutdown. Ends
    // both shadows and drops CpuState::pending_debug, which the faulting instruction did not earn
    // (SDM 3A 6.8.3, 6.9). The RF it pushes is 1 for a fault; for #DB, which may be a trap, it is
    // RF as it stands (SDM 3B 17.3.1.1), which whoever raises #DB has set.
    void deliver(Fault fault);
    void deliver_external(u8 vector);  // an acknowledged INTR; also NMI, with vector 2

    // --- the boundary between two instructions (boundary.cpp) ---
    // An engine does, before each instruction (or each run of instructions it knows to be safe):
    //     if (state.attention) switch (service_boundary()) ...
    //     if (needs_care()) { begin_careful, one instruction, end_careful } else run on
    // and looks again whenever attention is raised. Code that runs on may assume that TF, RF and
    // both shadows are clear and no instruction breakpoint is enabled: whatever makes one of them
    // true (POPF, IRET, STI, MOV SS, MOV DR, a task switch, a delivery) raises attention.
    //
    // A repeated string instruction that stops between two iterations leaves rip at itself and sets
    // RF (raising attention): the breakpoint on it is not met twice, and whatever interrupts it
    // pushes RF = 1 (SDM 3B 17.3.1.1). While TF is set it stops after every iteration. It looks at
    // attention between iterations, where data breakpoints and interrupts show.
    enum class Boundary : u8 { kRun, kHalted, kShutdown };
    // Takes a pending debug trap, then NMI, then INTR (SDM 3A table 6-2), each at most once; wakes
    // from HLT. Clears CpuState::attention, unless a delivery raised it again, care is needed, a
    // trap is held back by a shadow or the CPU does not run.
    Boundary service_boundary();
    // The next instruction must be run alone between begin_careful() and end_careful(): TF, RF, a
    // shadow after STI/MOV SS or an instruction breakpoint is in force.
    bool needs_care() const;
    // Has service_boundary() nothing to do, and needs the next instruction no care but that RF is
    // cleared before it?
    bool boundary_is_plain() const;
    // Before the instruction is fetched. Instruction breakpoints at rip (unless RF or MOV SS hides
    // them): a #DB fault to deliver. Otherwise RF and both shadows are used up, and TF remembered.
    Fault begin_careful();
    // After an instruction (or iteration) that retired, not after a fault: notes the single-step
    // trap if TF was set when it began, and raises attention.
    void end_careful();

    // --- flags (flags.cpp): CPL, IOPL, VM, VME and PVI rules ---
    Fault push_flags(unsigned operand_size);
    Fault pop_flags(unsigned operand_size);
    Fault clear_interrupt_flag();
    Fault set_interrupt_flag();

    // --- privileged registers (control_registers.cpp, debug_registers.cpp, msr.cpp, …) ---
    Fault require_supervisor() const;  // #GP(0) unless CPL 0 (so always in V86 mode)
    Fault read_control(unsigned number, u32& value);
    Fault write_control(unsigned number, u32 value);
    Fault load_machine_status(u16 value);  // LMSW
    Fault clear_task_switched();           // CLTS
    // CR3, as MOV and a task switch load it: the PDPTEs with it under PAE, #GP(0) and nothing
    // changed where they have reserved bits set; translations are flushed but for global ones.
    Fault load_page_directory(u32 value);
    Fault read_debug(unsigned number, u32& value);
    Fault write_debug(unsigned number, u32 value);
    Fault load_descriptor_table(DescriptorTable& table, u32 base, u16 limit);  // LGDT, LIDT
    Fault invalidate_page(LinearAddress address);
    Fault write_back_caches();  // INVD, WBINVD
    Fault halt();
    Fault read_time_stamp(u64& value);
    // The counter as it grows with the instructions retired, until one sets it, the CPU idles or
    // the clock's rate changes. A step of zero: they have no whole number of nanoseconds.
    struct TimeStampLine {
        u64 step = 0;
        u64 start = 0;  // at CpuState::retired == 0
    };
    TimeStampLine time_stamp_line() const;
    Fault read_performance_counter(u32 index, u64& value);
    Fault read_msr(u32 index, u64& value);
    Fault write_msr(u32 index, u64 value);
    Fault cpuid();  // EAX, ECX → EAX, EBX, ECX, EDX

    // --- descriptor queries (descriptor_queries.cpp): false clears ZF; #UD outside protected mode
    // ---
    Fault load_access_rights(u16 selector, bool& valid, u32& rights);  // LAR, before masking
    Fault load_segment_limit(u16 selector, bool& valid, u32& limit);   // LSL
    Fault verify_read(u16 selector, bool& valid);
    Fault verify_write(u16 selector, bool& valid);
    Fault require_protected_mode() const;  // #UD in real and V86 mode (ARPL, LLDT, SLDT, …)

    // --- ports (io_permission.cpp): IOPL or the TSS's bitmap; I/O breakpoints ---
    Fault check_port(u16 port, Width width);
    Fault input(u16 port, Width width, u32& value);
    Fault output(u16 port, Width width, u32 value);

    // --- x87, MMX and SSE availability (fpu_access.cpp) ---
    Fault require_x87() const;   // #NM
    Fault require_wait() const;  // #NM for WAIT: MP and TS
    Fault require_mmx() const;   // #UD, #NM
    Fault require_sse() const;   // #UD, #NM
    // A pending unmasked x87 exception meets a waiting x87 or an MMX instruction: #MF. With CR0.NE
    // clear it is #MF too as long as it is a value, but deliver() raises nothing then: the CPU
    // freezes before that instruction, as if halted, until an interrupt comes; unless IGNNE# is
    // asserted, and the instruction runs.
    Fault report_x87_error();
    // FERR# follows the status word's ES while CR0.NE is clear. Whatever changes one of them calls
    // it, so that IRQ 13 comes right behind the error, as on the P6, while FIP still tells of it;
    // a board does so after a reset.
    void update_ferr();

    // Attributes, limit and base that real and V86 mode give a segment.
    void load_real_segment(SegmentName name, u16 selector);
    void set_cpl(unsigned cpl);

  private:
    void freeze();
    bool needs_more_than_rf() const;

    CpuState& state_;
    mmu::Mmu& mmu_;
    const CpuModel model_;
    Wiring wiring_;
    SegmentedMemory memory_;
    Line ferr_;
    bool ignne_ = false;
    std::function<void(u64)> apic_base_written_ = [](u64) {};
    // The careful instruction in progress.
    struct {
        bool single_step = false;   // TF was set; a software interrupt takes it back (3B 17.3.1.4)
        bool debug_shadow = false;  // it followed MOV SS, so a MOV SS now has no shadow of its own
    } careful_;
    // Private helpers: split them over classes in files of their own, not over this list.
};

}  // namespace seventeen::privilege
