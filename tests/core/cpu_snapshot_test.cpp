// The CPU's snapshot section: complete, canonical and sceptical.
#include "core/cpu_snapshot.h"

#include <catch2/catch.hpp>
#include <functional>

#include "core/error.h"

namespace seventeen {

namespace {

std::vector<u8> saved(const CpuState& state) {
    Writer writer;
    save_cpu(state, writer);
    return std::move(writer).finish();
}

CpuState restored(const std::vector<u8>& image) {
    CpuState state;
    Reader reader(image, "test");
    restore_cpu(state, reader);
    reader.finish();
    return state;
}

// Every field differs from its default and from its neighbours.
CpuState busy_state() {
    CpuState state;
    u64 next = 0x100;
    const auto fill = [&](auto&... field) {
        ((field = static_cast<std::remove_reference_t<decltype(field)>>(next += 0x11)), ...);
    };
    for (unsigned i = 0; i < kGprCount; ++i) fill(state.gpr[i]);
    fill(state.rip, state.retired, state.pending_debug, state.cr2, state.cr3);
    state.set_eflags(kFlagCf | kFlagOf | kFlagPf | kFlagIf | kFlagVm | kFlagFixed | kFlagIopl);
    state.cpl = 3;
    state.interrupt_line = state.nmi_pending = state.nmi_blocked = true;
    state.interrupt_shadow = state.debug_shadow = true;
    state.activity = Activity::kHalted;
    for (SegmentRegister& s : state.segments) {
        fill(s.selector, s.limit, s.base);
        s.attributes = kSegmentPresent | kSegmentNotSystem | kSegmentWritable | kSegmentBig;
        s.update();
    }
    fill(state.ldtr.selector, state.ldtr.limit, state.ldtr.base);
    fill(state.tr.selector, state.tr.limit, state.tr.base);
    state.tr.attributes = kSegmentPresent | 11;
    state.ldtr.attributes = kSegmentPresent | 2;
    state.ldtr.update();
    state.tr.update();
    fill(state.gdtr.base, state.gdtr.limit, state.idtr.base, state.idtr.limit);
    state.cr0 = kCr0Pe | kCr0Pg | kCr0Wp;
    state.cr4 = kCr4Pae | kCr4Osxmmexcpt;
    for (u64& value : state.pdpte) fill(value);
    for (u64& value : state.dr) fill(value);
    MsrState& msr = state.msr;
    msr.efer = kEferNxe;
    fill(msr.apic_base, msr.sysenter_cs, msr.sysenter_esp, msr.sysenter_eip, msr.pat,
         msr.tsc_offset, msr.misc_enable, msr.mtrr_default_type);
    for (u64& value : msr.mtrr_variable) fill(value);
    for (u64& value : msr.mtrr_fixed) fill(value);
    FpuState& fpu = state.fpu;
    fill(fpu.control, fpu.status, fpu.opcode, fpu.instruction_pointer, fpu.instruction_selector,
         fpu.data_selector, fpu.data_pointer, fpu.mxcsr);
    fpu.valid = 0x5a;
    for (X87Register& r : fpu.registers) fill(r.significand, r.sign_exponent);
    for (XmmRegister& r : fpu.xmm) fill(r.lanes[0], r.lanes[1]);
    return state;
}

}  // namespace

TEST_CASE("every field survives") {
    const CpuState state = busy_state();
    CpuState copy = restored(saved(state));
    CHECK(copy.attention);
    copy.attention = state.attention;
    CHECK(copy == state);
    CHECK(restored(saved(reset_state())).segment(SegmentName::kCs) ==
          reset_state().segment(SegmentName::kCs));
}

TEST_CASE("no field has been added without being saved") {
    // Whoever changes a size here adds the field to the list in cpu_snapshot.cpp, to busy_state
    // above, and raises the section's version.
    CHECK(sizeof(SegmentRegister) == 48);
    CHECK(sizeof(MsrState) == 288);
    CHECK(sizeof(FpuState) == 416);
    CHECK(sizeof(CpuState) == 1440);
}

TEST_CASE("derived and lazy representations do not reach the file") {
    CpuState one = reset_state();
    CpuState two = reset_state();
    one.arithmetic.set(kFlagZf | kFlagPf);
    two.arithmetic.result = 0;  // the same two flags, as an instruction leaves them
    two.arithmetic.carries = 0;
    two.attention = true;
    CHECK(saved(one) == saved(two));
    CHECK(cpu_digest(one) == cpu_digest(two));
    two.arithmetic.set_cf(true);
    CHECK(cpu_digest(one) != cpu_digest(two));
}

TEST_CASE("the digest sees every field") {
    const CpuState state = busy_state();
    const u64 before = cpu_digest(state);
    const std::vector<std::function<void(CpuState&)>> changes = {
        [](CpuState& s) { s.gpr[15] ^= 1; },
        [](CpuState& s) { s.set_eflags(s.eflags() ^ kFlagAc); },
        [](CpuState& s) { s.retired ^= 1; },
        [](CpuState& s) { s.debug_shadow = false; },
        [](CpuState& s) { s.segment(SegmentName::kGs).base ^= 1; },
        [](CpuState& s) { s.dr[7] ^= 1; },
        [](CpuState& s) { s.msr.mtrr_fixed[10] ^= 1; },
        [](CpuState& s) { s.fpu.registers[7].sign_exponent ^= 0x8000; },
        [](CpuState& s) { s.fpu.xmm[15].lanes[1] ^= u64{1} << 63; },
    };
    for (const auto& change : changes) {
        CpuState other = state;
        change(other);
        CHECK(cpu_digest(other) != before);
    }
}

TEST_CASE("a state that no CPU could have is refused and changes nothing") {
    const auto refused = [](const char* why, const std::function<void(CpuState&)>& change) {
        CpuState bad = busy_state();
        change(bad);
        const std::vector<u8> image = saved(bad);
        Reader reader(image, "test");
        CpuState state;
        CHECK_THROWS_WITH(restore_cpu(state, reader),
                          Catch::Contains("section 'cpu' is damaged: impossible state: ") &&
                              Catch::Contains(why));
        CHECK(state == CpuState{});
    };
    refused("wider", [](CpuState& s) { s.gpr[3] = u64{1} << 32; });
    refused("wider", [](CpuState& s) { s.gdtr.base = u64{1} << 40; });
    refused("wider", [](CpuState& s) { s.segment(SegmentName::kFs).base = ~u64{0}; });
    refused("EFLAGS", [](CpuState& s) { s.system_flags |= 1u << 15; });
    refused("EFLAGS", [](CpuState& s) { s.system_flags &= ~kFlagFixed; });
    refused("privilege", [](CpuState& s) { s.cpl = 4; });
    refused("privilege", [](CpuState& s) { s.cpl = 0; });  // in V86 mode
    refused("activity", [](CpuState& s) { s.activity = static_cast<Activity>(3); });
    refused("attributes", [](CpuState& s) { s.tr.attributes |= 0x100; });
    refused("attributes", [](CpuState& s) { s.segments[0].attributes |= 1u << 31; });
    refused("CR0", [](CpuState& s) { s.cr0 |= 1u << 10; });
    refused("paging", [](CpuState& s) { s.cr0 &= ~kCr0Pe; });
    refused("CR4", [](CpuState& s) { s.cr4 |= 1u << 11; });
    refused("EFER", [](CpuState& s) { s.msr.efer |= 1u << 10; });
    refused("MXCSR", [](CpuState& s) { s.fpu.mxcsr |= 1u << 16; });
}

TEST_CASE("a section of another length is refused") {
    Writer writer;
    writer.begin("cpu", 1);
    writer.put(u64{2});
    writer.end();
    const std::vector<u8> image = std::move(writer).finish();
    CHECK_THROWS_WITH(restored(image), Catch::Contains("ends too early"));
}

}  // namespace seventeen
