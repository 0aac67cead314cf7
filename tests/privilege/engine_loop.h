// An engine's loop in small, over a bench in real mode whose every vector has a handler.
#pragma once

#include <functional>

#include "privilege/debug_registers.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

using Boundary = PrivilegeEngine::Boundary;

inline constexpr u8 kIrq = 0x20;
inline constexpr u16 kHandlers = 0x2000;  // the real-mode code segment of all handlers

inline u32 handler(unsigned vector) {
    return 0x100 + vector * 16;
}

// Real mode; each vector's handler lies at kHandlers:handler(vector). Code runs at 1000:0100.
inline void prepare(Bench& bench) {
    bench.real_mode();
    for (unsigned vector = 0; vector < 256; ++vector)
        bench.set_words(vector * 4, {handler(vector), kHandlers});
    bench.interrupts.vector = kIrq;
    bench.state.system_flags |= kFlagIf;
    bench.state.attention = true;
}

// What one turn of an engine's loop did.
enum class Turn : u8 { kInstruction, kBreakpoint, kStopped };

// As an engine does it; `effect` is the instruction, one byte long.
inline Turn turn(
    Bench& bench, const std::function<Fault()>& effect = [] { return Fault{}; }) {
    CpuState& state = bench.state;
    if (state.attention && bench.engine.service_boundary() != Boundary::kRun) return Turn::kStopped;
    const bool careful = bench.engine.needs_care();
    if (careful) {
        if (const Fault fault = bench.engine.begin_careful()) {
            bench.engine.deliver(fault);
            return Turn::kBreakpoint;
        }
    }
    const u64 start = state.rip++;
    if (const Fault fault = effect()) {
        state.rip = start;
        bench.engine.deliver(fault);
    } else if (careful) {
        bench.engine.end_careful();
    }
    return Turn::kInstruction;
}

inline bool in_handler(const Bench& bench, unsigned vector) {
    return bench.state.segment(SegmentName::kCs).selector == kHandlers &&
           bench.state.rip == handler(vector);
}

// The frame on the real-mode stack: what an IRET would return to.
struct Frame {
    u16 ip, cs, flags;
};
inline Frame frame(Bench& bench, unsigned depth = 0) {
    const u32 at = 0x8000 + (bench.esp() & 0xffff) + 6 * depth;
    return {bench.word(at), bench.word(at + 2), bench.word(at + 4)};
}

inline u32 dr6(const Bench& bench) {
    return static_cast<u32>(bench.state.dr[6]);
}

inline constexpr u32 kDr6Clear = 0xffff0ff0;

// What the handler of MOV SS does, short of loading the segment.
inline std::function<Fault()> move_to_stack_segment(Bench& bench) {
    return [&bench] {
        bench.state.debug_shadow = true;
        bench.state.attention = true;
        return Fault{};
    };
}

}  // namespace seventeen::privilege
