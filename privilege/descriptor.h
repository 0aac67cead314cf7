// Descriptors: eight bytes of a descriptor table parsed, and the tables they are looked up in.
#pragma once

#include "core/cpu_state.h"
#include "core/fault.h"
#include "mmu/mmu.h"

namespace seventeen::privilege {

// Parts of a selector (SDM 3A 3.4.2).
inline constexpr u16 kSelectorRpl = 3;
inline constexpr u16 kSelectorLocal = 4;  // TI: in the LDT
inline constexpr unsigned kDescriptorSize = 8;

constexpr unsigned selector_rpl(u16 selector) {
    return selector & kSelectorRpl;
}
constexpr bool selector_null(u16 selector) {
    return (selector & ~kSelectorRpl) == 0;
}
// The error code that names a selector; its EXT bit is set where the fault meets an event.
constexpr u32 selector_error(u16 selector) {
    return selector & ~u32{kSelectorRpl};
}
constexpr u16 with_rpl(u16 selector, unsigned rpl) {
    return static_cast<u16>((selector & ~kSelectorRpl) | rpl);
}

// Types of system descriptors (SDM 3A table 3-2); those not named are reserved.
enum class SystemType : u8 {
    kTss16 = 1,
    kLdt = 2,
    kTss16Busy = 3,
    kCallGate16 = 4,
    kTaskGate = 5,
    kInterruptGate16 = 6,
    kTrapGate16 = 7,
    kTss32 = 9,
    kTss32Busy = 11,
    kCallGate32 = 12,
    kInterruptGate32 = 14,
    kTrapGate32 = 15,
};
inline constexpr u8 kSystemTypeBusy = 2;  // set in the types of busy TSSes
inline constexpr u8 kSystemType32 = 8;    // set in the types of 32-bit TSSes and gates

struct Descriptor {
    u32 low = 0;
    u32 high = 0;

    // In the layout of SegmentRegister::attributes.
    u32 attributes() const { return (high >> 8) & 0xf0ff; }
    bool present() const { return attributes() & kSegmentPresent; }
    unsigned dpl() const { return (attributes() & kSegmentDplMask) >> kSegmentDplShift; }

    bool system() const { return !(attributes() & kSegmentNotSystem); }
    SystemType system_type() const {
        return static_cast<SystemType>(attributes() & kSegmentTypeMask);
    }
    bool is(SystemType type) const { return system() && system_type() == type; }
    bool available_tss() const { return is(SystemType::kTss16) || is(SystemType::kTss32); }
    bool busy_tss() const { return is(SystemType::kTss16Busy) || is(SystemType::kTss32Busy); }
    bool call_gate() const { return is(SystemType::kCallGate16) || is(SystemType::kCallGate32); }

    bool code() const { return has(kSegmentNotSystem | kSegmentCode); }
    bool conforming() const { return code() && has(kSegmentConforming); }
    bool writable_data() const { return !system() && !code() && (attributes() & kSegmentWritable); }
    bool readable() const { return !system() && (!code() || has(kSegmentReadable)); }

    // Segments and TSSes.
    u32 base() const { return low >> 16 | (high & 0xff) << 16 | (high & 0xff00'0000); }
    u32 limit() const;  // in bytes: granularity applied
    SegmentRegister segment(u16 selector) const;

    // Gates.
    u16 gate_selector() const { return static_cast<u16>(low >> 16); }
    unsigned gate_parameters() const { return high & 0x1f; }
    bool gate_32_bit() const { return attributes() & kSystemType32; }
    u32 gate_offset() const { return (low & 0xffff) | (gate_32_bit() ? high & 0xffff'0000 : 0); }

  private:
    bool has(u32 mask) const { return (attributes() & mask) == mask; }
};

// The GDT, the LDT and the IDT, read with supervisor rights as the SDM says (3A 4.6.1).
class DescriptorTables {
  public:
    DescriptorTables(const CpuState& state, mmu::Mmu& mmu) : state_(state), mmu_(mmu) {}

    // Does the selector's table reach as far as its index? (Never, for an LDT that is null.)
    bool contains(u16 selector) const;
    // The descriptor of a selector that its table contains.
    Fault read(u16 selector, Descriptor& descriptor) const;
    // The same; a selector beyond its table is a fault of kind `outside` that names it.
    Fault fetch(u16 selector, Vector outside, Descriptor& descriptor) const;
    // As fetch, for what only the GDT may hold (LDTs and TSSes).
    Fault fetch_global(u16 selector, Vector outside, Descriptor& descriptor) const;
    // The gate of a vector; #GP names one beyond the IDT (SDM 3A 6.13).
    Fault fetch_gate(u8 vector, Descriptor& gate) const;

    // Sets the accessed bit in memory, and in `descriptor`, where it is clear.
    Fault set_accessed(u16 selector, Descriptor& descriptor);
    // Busy bits of TSS descriptors, in memory only.
    Fault set_busy(u16 selector) { return modify_type(selector, kSystemTypeBusy, 0); }
    Fault clear_busy(u16 selector) { return modify_type(selector, 0, kSystemTypeBusy); }
    // Would set_busy and clear_busy fault?
    Fault probe_type(u16 selector);

  private:
    LinearAddress address_of(u16 selector) const;
    Fault modify_type(u16 selector, u8 set, u8 clear);

    const CpuState& state_;
    mmu::Mmu& mmu_;
};

}  // namespace seventeen::privilege
