// IN and OUT: who may reach a port (SDM 1 19.5.2), and I/O breakpoints.
#include "privilege/debug_registers.h"
#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

// Where a 32-bit TSS holds the offset of its I/O map; types as in SegmentRegister::attributes.
constexpr u32 kMapBase = 0x66;
constexpr u32 kTss32 = 9;
constexpr u32 kTssBusy = 2;

// SDM 3B 17.2.4: enabled port breakpoints whose aligned range the access touches, as DR6 bits.
u32 port_breakpoints(const CpuState& state, u16 port, Width width) {
    if (!(state.dr[7] & kDr7Enabled) || !(state.cr4 & kCr4De)) return 0;
    u32 met = 0;
    for (unsigned i = 0; i < kBreakpointCount; ++i) {
        const Breakpoint breakpoint = Breakpoint::of(state.dr[7], i);
        if (!breakpoint.enabled || breakpoint.kind != BreakpointKind::kPort) continue;
        const u64 first = state.dr[i] & ~u64{breakpoint.length - 1};
        if (first < u64{port} + width && port < first + breakpoint.length) met |= 1u << i;
    }
    return met;
}

void note_port_breakpoints(CpuState& state, u16 port, Width width) {
    const u32 met = port_breakpoints(state, port, width);
    if (!met) return;
    state.pending_debug |= met;
    state.attention = true;
}

}  // namespace

Fault PrivilegeEngine::check_port(u16 port, Width width) {
    if (!state_.protected_mode() || (!state_.v86() && state_.cpl <= state_.iopl())) return {};
    const SegmentRegister& tss = state_.tr;
    const u32 type = tss.attributes & kSegmentTypeMask & ~kTssBusy;
    if (!tss.usable() || type != kTss32 || tss.limit < kMapBase + 1)
        return Fault::general_protection();
    const auto read = [&](u32 offset, u16& value) {
        return mmu_.read(SegmentedMemory::linear(tss, offset), mmu::Privilege::kSupervisor, value);
    };
    u16 map = 0;
    if (Fault fault = read(kMapBase, map)) return fault;
    // Two bytes are always read, since the ports of one access may have bits in both.
    const u32 offset = u32{map} + port / 8;
    if (offset + 1 > tss.limit) return Fault::general_protection();
    u16 bits = 0;
    if (Fault fault = read(offset, bits)) return fault;
    const u32 asked = ((1u << width) - 1) << (port % 8);
    return bits & asked ? Fault::general_protection() : Fault{};
}

Fault PrivilegeEngine::input(u16 port, Width width, u32& value) {
    if (Fault fault = check_port(port, width)) return fault;
    value = static_cast<u32>(wiring_.ports.read(port, width));
    note_port_breakpoints(state_, port, width);
    return {};
}

Fault PrivilegeEngine::output(u16 port, Width width, u32 value) {
    if (Fault fault = check_port(port, width)) return fault;
    wiring_.ports.write(port, value, width);
    note_port_breakpoints(state_, port, width);
    return {};
}

}  // namespace seventeen::privilege
