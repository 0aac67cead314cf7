// CpuState: all architectural registers of one CPU, standard layout (emitters use offsetof).
//
// Laid out for long mode too: registers are 64 bits wide and their upper halves stay zero while
// only 16- and 32-bit code runs. Arithmetic flags are lazy (core/flags.h); `system_flags` holds the
// others. `retired` counts retired instructions and, with `Scheduler`, is the machine's clock.
#pragma once

#include <array>

#include "core/flags.h"
#include "core/fpu_state.h"
#include "core/segment_register.h"
#include "core/types.h"

namespace seventeen {

enum class Gpr : u8 { kAx, kCx, kDx, kBx, kSp, kBp, kSi, kDi };
inline constexpr unsigned kGprCount = 16;
inline constexpr unsigned kNoGpr = kGprCount;  // gpr[kNoGpr] reads as zero: "no base", "no index"

// CR0 (SDM 3A 2.5).
inline constexpr u64 kCr0Pe = 1u << 0;
inline constexpr u64 kCr0Mp = 1u << 1;
inline constexpr u64 kCr0Em = 1u << 2;
inline constexpr u64 kCr0Ts = 1u << 3;
inline constexpr u64 kCr0Et = 1u << 4;
inline constexpr u64 kCr0Ne = 1u << 5;
inline constexpr u64 kCr0Wp = 1u << 16;
inline constexpr u64 kCr0Am = 1u << 18;
inline constexpr u64 kCr0Nw = 1u << 29;
inline constexpr u64 kCr0Cd = 1u << 30;
inline constexpr u64 kCr0Pg = 1u << 31;

// CR4.
inline constexpr u64 kCr4Vme = 1u << 0;
inline constexpr u64 kCr4Pvi = 1u << 1;
inline constexpr u64 kCr4Tsd = 1u << 2;
inline constexpr u64 kCr4De = 1u << 3;
inline constexpr u64 kCr4Pse = 1u << 4;
inline constexpr u64 kCr4Pae = 1u << 5;
inline constexpr u64 kCr4Mce = 1u << 6;
inline constexpr u64 kCr4Pge = 1u << 7;
inline constexpr u64 kCr4Pce = 1u << 8;
inline constexpr u64 kCr4Osfxsr = 1u << 9;
inline constexpr u64 kCr4Osxmmexcpt = 1u << 10;

// EFER.
inline constexpr u64 kEferNxe = 1u << 11;

struct DescriptorTable {
    u64 base = 0;
    u16 limit = 0xffff;
    bool operator==(const DescriptorTable&) const = default;
};

enum class Activity : u8 { kRunning, kHalted, kShutdown };

// Model-specific registers that hold state of their own (SDM 4).
struct MsrState {
    u64 efer = 0;
    u64 apic_base = 0;
    u64 sysenter_cs = 0;
    u64 sysenter_esp = 0;
    u64 sysenter_eip = 0;
    u64 pat = 0x0007040600070406;
    u64 tsc_offset = 0;  // added to virtual time by RDTSC; WRMSR to the TSC sets it
    u64 misc_enable = 0;
    std::array<u64, 16> mtrr_variable{};
    std::array<u64, 11> mtrr_fixed{};
    u64 mtrr_default_type = 0;
    bool operator==(const MsrState&) const = default;
};

struct CpuState {
    std::array<u64, kGprCount + 1> gpr{};
    u64 rip = 0;
    ArithmeticFlags arithmetic;
    u32 system_flags = kFlagFixed;  // every EFLAGS bit but the six arithmetic ones
    u8 cpl = 0;                     // current privilege level (3 in V86 mode)
    // Raised by whatever an engine must look at before the next instruction: an interrupt line
    // changed, an earlier event was scheduled, running code was overwritten, the mode changed.
    // The engine clears it when it has looked.
    bool attention = false;
    bool interrupt_line = false;    // INTR, level: the interrupt controller holds it
    bool nmi_pending = false;       // edge, latched until taken
    bool nmi_blocked = false;       // until IRET (SDM 3A 6.7.1)
    bool interrupt_shadow = false;  // STI: no maskable interrupt before the next instruction
    bool debug_shadow = false;      // MOV SS, POP SS: no interrupt and no debug trap either
    Activity activity = Activity::kRunning;
    // #DB conditions met by the instruction that just retired, as DR6 bits; delivered as a trap at
    // the boundary (SDM 3A 17.3.1).
    u32 pending_debug = 0;
    u64 retired = 0;

    std::array<SegmentRegister, kSegmentCount> segments{};
    SegmentRegister ldtr;
    SegmentRegister tr;
    DescriptorTable gdtr;
    DescriptorTable idtr;
    u64 cr0 = kCr0Et;
    u64 cr2 = 0;
    u64 cr3 = 0;
    u64 cr4 = 0;
    std::array<u64, 4> pdpte{};  // loaded with CR3 under PAE (SDM 3A 4.4.1)
    std::array<u64, 8> dr{0, 0, 0, 0, 0, 0, 0xffff0ff0, 0x400};
    MsrState msr;
    FpuState fpu;

    bool operator==(const CpuState&) const = default;

    u32 eip() const { return static_cast<u32>(rip); }
    u32 reg32(Gpr r) const { return static_cast<u32>(gpr[static_cast<unsigned>(r)]); }
    void set_reg32(Gpr r, u32 value) { gpr[static_cast<unsigned>(r)] = value; }
    SegmentRegister& segment(SegmentName name) { return segments[static_cast<unsigned>(name)]; }
    const SegmentRegister& segment(SegmentName name) const {
        return segments[static_cast<unsigned>(name)];
    }

    u32 eflags() const { return system_flags | arithmetic.value(); }
    // Replaces all of EFLAGS; whoever calls it has applied privilege rules and fixed bits.
    void set_eflags(u32 flags) {
        arithmetic.set(flags);
        system_flags = (flags & ~kFlagsArithmetic) | kFlagFixed;
    }
    bool flag(u32 mask) const { return system_flags & mask; }  // system flags only
    unsigned iopl() const { return (system_flags & kFlagIopl) >> kFlagIoplShift; }

    bool protected_mode() const { return cr0 & kCr0Pe; }
    bool v86() const { return system_flags & kFlagVm; }
    // Real-address or virtual-8086 mode: selectors are paragraphs.
    bool real_or_v86() const { return !protected_mode() || v86(); }
    bool paging() const { return cr0 & kCr0Pg; }
};

// What RESET leaves (SDM 3A table 9-1): CS:EIP at the reset vector, everything else cleared.
CpuState reset_state();

}  // namespace seventeen
