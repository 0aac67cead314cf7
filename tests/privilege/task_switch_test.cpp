// Tests of task switches by JMP, CALL, interrupt and IRET, with 16- and 32-bit TSSes.
#include "privilege/debug_registers.h"
#include "tests/privilege/two_tasks.h"

namespace seventeen::privilege {

TEST_CASE("a jump ends the old task") {
    for (u16 target : {kNewTss, kGate}) {
        Bench bench;
        set_tasks(bench);
        bench.state.system_flags |= kFlagNt;
        bench.write<u16>(kOtherTss, 0x1111);
        bench.state.attention = false;
        REQUIRE(bench.engine.far_jump(target, 0xdead'beef, 4) == kNoFault);
        check_switched(bench, 0);
        check_saved(bench, kOldFlags | kFlagNt);
        CHECK_FALSE(busy(bench, kOldTss));
        CHECK(busy(bench, kNewTss));
        CHECK(bench.word(kOtherTss) == 0x1111);
    }
}

TEST_CASE("a call nests") {
    for (u16 target : {kNewTss, kGate}) {
        Bench bench;
        set_tasks(bench);
        REQUIRE(bench.engine.far_call(target, 0, 4) == kNoFault);
        check_switched(bench, kFlagNt);
        check_saved(bench, kOldFlags);
        CHECK(busy(bench, kOldTss));
        CHECK(busy(bench, kNewTss));
        CHECK(bench.word(kOtherTss) == kOldTss);
        CHECK(bench.esp() == kNewStack);
    }
}

TEST_CASE("interrupts and exceptions nest, and push an error code on the new stack") {
    Bench bench;
    set_tasks(bench);
    bench.engine.deliver_external(kVector);
    check_switched(bench, kFlagNt);
    check_saved(bench, kOldFlags);
    CHECK(busy(bench, kOldTss));
    CHECK(bench.word(kOtherTss) == kOldTss);

    set_tasks(bench);
    bench.change_attributes(kNewTss, kSystemTypeBusy, 0);
    bench.set_gate(static_cast<u8>(Vector::kGeneralProtection),
                   make_gate(SystemType::kTaskGate, kNewTss, 0));
    bench.engine.deliver(gp(0xabc));
    CHECK(bench.state.tr.selector == kNewTss);
    check_saved(bench, kOldFlags | kFlagRf);
    CHECK(bench.esp() == kNewStack - 4);
    CHECK(bench.dword(kNewStack - 4) == 0xabc);

    set_tasks(bench);
    bench.change_attributes(kNewTss, kSystemTypeBusy, 0);
    REQUIRE(bench.engine.software_interrupt(kVector, SoftwareInterrupt::kIntN) == kNoFault);
    check_switched(bench, kFlagNt);
}

TEST_CASE("a 16-bit task gets a 16-bit error code") {
    Bench bench;
    set_tasks(bench);
    bench.set_descriptor(kNewTss, make_segment(kOtherTss, 0x2b, system(SystemType::kTss16)));
    bench.set_words(kOtherTss + 14, {0x345, 0x0002, 1, 2, 3, 4, 0xc000, 6, 7, 8, kData0, kCode0,
                                     kData0, kData0, kNoLdt});
    bench.set_gate(static_cast<u8>(Vector::kGeneralProtection),
                   make_gate(SystemType::kTaskGate, kNewTss, 0));
    // The flat stack takes all of ESP, whose upper half is ones.
    bench.set_descriptor(kData0, make_segment(0, 0xffff, kDataSegment));
    bench.engine.deliver(gp(0xabc));
    CHECK(bench.state.tr.selector == kNewTss);
    CHECK(bench.state.rip == 0x345);
    CHECK(bench.esp() == 0xffff'bffe);
    CHECK(bench.word(0xbffe) == 0xabc);
    CHECK(bench.state.reg32(Gpr::kAx) == 0xffff'0001);
    CHECK(bench.state.eflags() == (kFlagFixed | kFlagNt));
    CHECK_FALSE(bench.segment(SegmentName::kFs).usable());
}

TEST_CASE("an old 16-bit task is saved in its format") {
    Bench bench;
    set_tasks(bench);
    bench.state.tr.attributes = system(SystemType::kTss16Busy);
    REQUIRE(bench.engine.far_call(kNewTss, 0, 4) == kNoFault);
    check_switched(bench, kFlagNt);
    CHECK(bench.word(kTss + 14) == 0x6000);
    CHECK(bench.word(kTss + 16) == kOldFlags);
    CHECK(bench.word(kTss + 26) == kStack0);
    CHECK(bench.word(kTss + 36) == kCode0);
}

TEST_CASE("IRET returns to the linked task") {
    Bench bench;
    set_nested(bench);
    REQUIRE(bench.engine.interrupt_return(4) == kNoFault);
    check_switched(bench, 0);
    check_saved(bench, kOldFlags);  // without NT
    CHECK_FALSE(busy(bench, kOldTss));
    CHECK(busy(bench, kNewTss));

    // A nested task may itself be resumed: NT comes from its TSS.
    set_nested(bench);
    set_field(bench, kEflags, kFlagFixed | kFlagZf | kFlagNt);
    bench.change_attributes(kOldTss, 0, kSystemTypeBusy);
    REQUIRE(bench.engine.interrupt_return(4) == kNoFault);
    check_switched(bench, kFlagNt);
}

TEST_CASE("a task switches there and back") {
    Bench bench;
    set_tasks(bench, 0);
    REQUIRE(bench.engine.far_call(kNewTss, 0, 4) == kNoFault);
    bench.state.rip = 0x5678;
    REQUIRE(bench.engine.interrupt_return(4) == kNoFault);
    CHECK(bench.state.tr.selector == kOldTss);
    CHECK(bench.state.rip == 0x6000);
    CHECK(bench.esp() == kStack0);
    CHECK(bench.state.eflags() == kOldFlags);
    CHECK(bench.dword(kOtherTss + kEip) == 0x5678);
    CHECK(bench.dword(kOtherTss + kEflags) == (kFlagFixed | kFlagZf));
    CHECK(busy(bench, kOldTss));
    CHECK_FALSE(busy(bench, kNewTss));
}

TEST_CASE("the LDT of the new task serves its segments") {
    Bench bench;
    set_tasks(bench);
    set_field(bench, kLdtField, kLdtSelector);
    bench.state.ldtr = null_segment(0);
    bench.set_descriptor(0x0c, make_segment(0x30000, 0xffff, kDataSegment - 1 + dpl(3)));
    set_field(bench, kDs, 0x0f);
    set_field(bench, kFs, 0);
    REQUIRE(bench.engine.far_call(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.rip == kNewEntry);
    CHECK(bench.state.ldtr.selector == kLdtSelector);
    CHECK(bench.state.ldtr.base == kLdt);
    CHECK(bench.segment(SegmentName::kDs).base == 0x30000);
    CHECK(bench.descriptor(0x0c).attributes() & kSegmentAccessed);
    CHECK_FALSE(bench.segment(SegmentName::kFs).usable());
    CHECK(bench.selector(SegmentName::kFs) == 0);
}

TEST_CASE("a conforming code segment runs at its RPL") {
    Bench bench;
    set_tasks(bench);
    bench.set_descriptor(kOther, make_segment(0, 0xffff, kCodeSegment | kSegmentConforming));
    set_field(bench, kCs, kOther | 3);
    REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.rip == kNewEntry);
    CHECK(bench.state.cpl == 3);
}

TEST_CASE("a task in V86 mode") {
    Bench bench;
    set_tasks(bench);
    set_field(bench, kEflags, kFlagVm | kFlagIf | kFlagIopl);
    set_field(bench, kLdtField, kLdtSelector);
    bench.set_dwords(kOtherTss + kEs, {0x1111, 0x2222, 0x3333, 0x4444, 0, 0x6666});
    REQUIRE(bench.engine.far_call(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.v86());
    CHECK(bench.state.cpl == 3);
    CHECK(bench.state.rip == kNewEntry);
    CHECK(bench.state.eflags() == (kFlagFixed | kFlagVm | kFlagIf | kFlagIopl | kFlagNt));
    const u16 selectors[] = {0x1111, 0x2222, 0x3333, 0x4444, 0, 0x6666};
    for (unsigned i = 0; i < kSegmentCount; ++i)
        CHECK(bench.state.segments[i] == v86_segment(selectors[i]));
    CHECK(bench.state.ldtr.selector == kLdtSelector);
}

TEST_CASE("leaving a V86 task through a task gate saves VM") {
    Bench bench;
    set_tasks(bench);
    bench.v86_mode(0);
    bench.engine.deliver_external(kVector);
    check_switched(bench, kFlagNt);
    CHECK(bench.dword(kTss + kEflags) == (kOldFlags | kFlagVm));
    CHECK(bench.word(kTss + kCs) == 0x1000);
}

TEST_CASE("CR3 comes with a 32-bit TSS while paging is on") {
    for (bool paging : {false, true}) {
        Bench bench;
        set_tasks(bench);
        bench.write<u32>(kPageDirectory + 0x2000, kPageTable | 7);
        set_field(bench, kCr3, kPageDirectory + 0x2000);
        if (paging) bench.enable_paging();
        REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
        CHECK(bench.state.cr3 == (paging ? kPageDirectory + 0x2000 : 0));
        CHECK(bench.state.rip == kNewEntry);
    }
    Bench bench;
    set_tasks(bench);
    bench.enable_paging();
    bench.set_descriptor(kNewTss, make_segment(kOtherTss, 0x2b, system(SystemType::kTss16)));
    bench.set_words(kOtherTss + 14,
                    {0x345, 2, 0, 0, 0, 0, 0, 0, 0, 0, kData0, kCode0, kData0, 0, 0});
    REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.cr3 == kPageDirectory);
    CHECK(bench.state.rip == 0x345);
}

TEST_CASE("under PAE the PDPTEs come with CR3") {
    constexpr u32 kPointers = kPageDirectory + 0x2000;
    for (bool reserved : {false, true}) {
        Bench bench;
        set_tasks(bench);
        // One 2 MiB page over everything that is used.
        bench.write<u64>(kPageDirectory, 0x87);
        bench.write<u64>(kPointers, kPageDirectory | 1);
        bench.write<u64>(kPointers + 0x20, (kPageDirectory | 1) + (reserved ? 2 : 0));
        bench.write<u64>(kPointers + 0x28, 0x1230'0000);
        bench.state.cr4 |= kCr4Pae;
        bench.state.cr3 = kPointers;
        bench.state.pdpte = {kPageDirectory | 1, 0, 0, 0};
        bench.state.cr0 |= kCr0Pg;
        bench.mmu.flush_all();
        set_field(bench, kCr3, kPointers + 0x20);
        REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
        CHECK(bench.state.tr.selector == kNewTss);
        CHECK(bench.state.cr3 == kPointers + (reserved ? 0 : 0x20));
        CHECK(bench.state.rip == (reserved ? 0x7000 + 13 : kNewEntry));
        CHECK(bench.state.pdpte[1] == (reserved ? 0 : 0x1230'0000));
    }
}

TEST_CASE("descriptors are read through the new task's page tables") {
    Bench bench;
    set_tasks(bench);
    bench.enable_paging();
    // The new task sees another page at the GDT, where its code segment lies elsewhere.
    constexpr u32 kNewTable = kPageDirectory + 0x3000;
    constexpr u32 kNewGdt = 0x20000;
    for (u32 i = 0; i < 1024; ++i) bench.write<u32>(kNewTable + i * 4, i << 12 | 7);
    bench.write<u32>(kNewTable + (kGdt >> 12) * 4, kNewGdt | 7);
    bench.write<u32>(kPageDirectory + 0x2000, kNewTable | 7);
    for (u32 i = 0; i < 256; i += 4) bench.write<u32>(kNewGdt + i, bench.dword(kGdt + i));
    bench.write<Descriptor>(kNewGdt + (kCode3 & ~7),
                            make_segment(0x30000, 0xffff, kCodeSegment | dpl(3)));
    set_field(bench, kCr3, kPageDirectory + 0x2000);
    REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.segment(SegmentName::kCs).base == 0x30000);
}

TEST_CASE("the T bit asks for a debug trap") {
    Bench bench;
    set_tasks(bench);
    set_field(bench, kTrap, 1);
    REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.rip == kNewEntry);
    CHECK(bench.state.pending_debug == kDr6TaskSwitch);
    CHECK(bench.engine.service_boundary() == PrivilegeEngine::Boundary::kRun);
    CHECK(bench.state.rip == 0x7001);
    CHECK(bench.dword(bench.esp()) == kNewEntry);
    CHECK(bench.state.dr[6] == (0xffff0ff0 | kDr6TaskSwitch));
}

TEST_CASE("a switch clears local breakpoints and shadows") {
    Bench bench;
    set_tasks(bench);
    bench.state.dr[7] = 0x7ff;
    bench.state.interrupt_shadow = bench.state.debug_shadow = true;
    REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.dr[7] == 0x6aa);
    CHECK_FALSE(bench.state.interrupt_shadow);
    CHECK_FALSE(bench.state.debug_shadow);
}

TEST_CASE("a TSS brings no flags that the model lacks") {
    Bench bench("486");
    set_tasks(bench);
    set_field(bench, kEflags, 0xffff'ffff & ~kFlagVm);
    REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.eflags() == (bench.engine.model().implemented_flags() & ~kFlagVm));
}

}  // namespace seventeen::privilege
