// Two tasks ready to switch between, for the tests of task switches.
#pragma once

#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

inline constexpr u16 kOldTss = kTssSelector;
inline constexpr u16 kNewTss = kOtherTssSelector;
inline constexpr u16 kGate = kFree;       // a task gate to kNewTss
inline constexpr u16 kOther = kFree + 8;  // a descriptor for a test's own use
inline constexpr u8 kVector = 0x40;       // a task gate to kNewTss in the IDT
inline constexpr u32 kOldFlags = kFlagFixed | kFlagIf | kFlagCf;
inline constexpr u32 kNewEntry = 0x1234;
inline constexpr u32 kNewStack = 0xc000;
inline constexpr u32 kTsEntry = 0x7000 + 10;  // of #TS and so on: 0x7000 + vector
inline constexpr u32 kNoLdt = 0;

// Offsets in a 32-bit TSS.
enum Field : u32 {
    kCr3 = 28,
    kEip = 32,
    kEflags = 36,
    kEsp = 56,
    kEs = 72,
    kCs = 76,
    kSs = 80,
    kDs = 84,
    kFs = 88,
    kGs = 92,
    kLdtField = 96,
    kTrap = 100,
};

// CPL 0, interrupt gates for exceptions, and a second task of level `level` ready to run.
inline void set_tasks(Bench& bench, unsigned level = 3) {
    bench.protected_mode(0);
    bench.state.set_eflags(kOldFlags);
    for (u8 vector = 0; vector < 32; ++vector)
        bench.set_gate(vector, make_gate(SystemType::kInterruptGate32, kCode0, 0x7000u + vector));
    const u16 code = level == 3 ? kCode3 : kCode0;
    const u16 data = level == 3 ? kData3 : kData0;
    // ESP0 and SS0, for the handlers of faults.
    bench.set_dwords(kOtherTss + 4, {kStack0 + 0x800, kData0});
    bench.set_dwords(kOtherTss + kCr3, {0, kNewEntry, kFlagFixed | kFlagZf, 0xa0, 0xa1, 0xa2, 0xa3,
                                        kNewStack, 0xa5, 0xa6, 0xa7});
    bench.set_dwords(kOtherTss + kEs, {data, code, data, data, data, data, kNoLdt, 0});
    bench.set_descriptor(kGate, make_gate(SystemType::kTaskGate, kNewTss, 0));
    bench.set_gate(kVector, make_gate(SystemType::kTaskGate, kNewTss, 0));
}

inline void set_field(Bench& bench, Field field, u32 value) {
    bench.write<u32>(kOtherTss + field, value);
}

inline std::function<void(Bench&)> field(Field name, u32 value) {
    return [=](Bench& bench) { set_field(bench, name, value); };
}

// The current task is a nested one, whose TSS links back to kNewTss.
inline void set_nested(Bench& bench) {
    set_tasks(bench);
    bench.change_attributes(kNewTss, 0, kSystemTypeBusy);
    bench.write<u16>(kTss, kNewTss);
    bench.state.system_flags |= kFlagNt;
}

inline bool busy(Bench& bench, u16 selector) {
    return bench.descriptor(selector).busy_tss();
}

// The new task of set_tasks runs, with these system flags beside those of its TSS.
inline void check_switched(Bench& bench, u32 extra_flags) {
    const CpuState& state = bench.state;
    CHECK(state.tr.selector == kNewTss);
    CHECK(state.tr.base == kOtherTss);
    CHECK((state.tr.attributes & kSegmentTypeMask) == static_cast<u32>(SystemType::kTss32Busy));
    CHECK(state.cr0 & kCr0Ts);
    CHECK(state.eflags() == (kFlagFixed | kFlagZf | extra_flags));
    CHECK(state.rip == kNewEntry);
    const u32 gprs[] = {0xa0, 0xa1, 0xa2, 0xa3, kNewStack, 0xa5, 0xa6, 0xa7};
    for (unsigned i = 0; i < 8; ++i) CHECK(state.gpr[i] == gprs[i]);
    CHECK(state.cpl == 3);
    CHECK(bench.selector(SegmentName::kCs) == kCode3);
    for (SegmentName name : {SegmentName::kSs, SegmentName::kDs, SegmentName::kEs, SegmentName::kFs,
                             SegmentName::kGs}) {
        CHECK(bench.selector(name) == kData3);
        CHECK(bench.segment(name).usable());
    }
    CHECK_FALSE(state.ldtr.usable());
    CHECK(state.attention);
}

// The old task lies in its TSS as `flags` and `eip`.
inline void check_saved(Bench& bench, u32 flags, u32 eip = 0x6000) {
    CHECK(bench.dword(kTss + kEip) == eip);
    CHECK(bench.dword(kTss + kEflags) == flags);
    CHECK(bench.dword(kTss + kEsp) == kStack0);
    CHECK(bench.word(kTss + kCs) == kCode0);
    CHECK(bench.word(kTss + kGs) == kData0);
}

}  // namespace seventeen::privilege
