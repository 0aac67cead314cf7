// Tests of far JMP and CALL to code segments, and of which gates and TSSes they may use.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

enum class Form : u8 { kJump, kCall };

Fault transfer(Bench& bench, Form form, u16 selector, u32 offset, unsigned size = 4) {
    return form == Form::kJump ? bench.engine.far_jump(selector, offset, size)
                               : bench.engine.far_call(selector, offset, size);
}

// A code segment of 4 KiB at kFree.
void set_code(Bench& bench, u32 attributes) {
    bench.set_descriptor(kFree, make_segment(0x30000, 0xfff, attributes));
}

}  // namespace

TEST_CASE("a far jump loads CS and EIP") {
    for (unsigned cpl : {0u, 3u}) {
        Bench bench;
        bench.protected_mode(cpl);
        set_code(bench, (kCodeSegment & ~kSegmentAccessed) | kSegmentBig | dpl(cpl));
        bench.state.attention = false;
        // An RPL inside CPL is allowed; CPL takes its place.
        REQUIRE(bench.engine.far_jump(kFree, 0xabc, 4) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == (kFree | cpl));
        CHECK(bench.segment(SegmentName::kCs).base == 0x30000);
        CHECK(bench.segment(SegmentName::kCs).limit == 0xfff);
        CHECK(bench.segment(SegmentName::kCs).big());
        CHECK(bench.state.rip == 0xabc);
        CHECK(bench.state.cpl == cpl);
        CHECK(bench.state.attention);
        CHECK(bench.descriptor(kFree).attributes() & kSegmentAccessed);
        CHECK(bench.segment(SegmentName::kCs).attributes & kSegmentAccessed);
    }
}

TEST_CASE("a far call pushes CS and the next instruction's address") {
    for (unsigned size : {2u, 4u}) {
        INFO("operand size " << size);
        Bench bench;
        bench.protected_mode(3);
        set_code(bench, kCodeSegment | dpl(3));
        bench.state.rip = 0x12345678;
        REQUIRE(bench.engine.far_call(kFree | 3, 0xffff'0123 & (size == 2 ? ~0u : 0xffff), size) ==
                kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == (kFree | 3));
        CHECK(bench.state.rip == 0x123);
        CHECK(bench.esp() == kStack3 - 2 * size);
        if (size == 4) {
            CHECK(bench.dword(kStack3 - 4) == kCode3);
            CHECK(bench.dword(kStack3 - 8) == 0x12345678);
        } else {
            CHECK(bench.word(kStack3 - 2) == kCode3);
            CHECK(bench.word(kStack3 - 4) == 0x5678);
        }
    }
}

TEST_CASE("a far call on a 16-bit stack moves SP only") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_segment(SegmentName::kSs, make_segment(0x20000, 0xffff, kDataSegment), kFree);
    bench.set_esp(0xabcd'0004);
    REQUIRE(bench.engine.far_call(kCode0, 0x100, 4) == kNoFault);
    CHECK(bench.esp() == 0xabcd'fffc);
    CHECK(bench.dword(0x20000) == kCode0);
    CHECK(bench.dword(0x2fffc) == 0x6000);
}

TEST_CASE("conforming code runs at the caller's level") {
    for (Form form : {Form::kJump, Form::kCall}) {
        Bench bench;
        bench.protected_mode(3);
        set_code(bench, kCodeSegment | kSegmentConforming | dpl(0));
        REQUIRE(transfer(bench, form, kFree, 0x10) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == (kFree | 3));
        CHECK(bench.state.cpl == 3);
        // Any RPL: it is not looked at.
        bench.protected_mode(1);
        REQUIRE(transfer(bench, form, kFree | 3, 0x10) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == (kFree | 1));
        CHECK(bench.state.cpl == 1);
    }
}

TEST_CASE("direct far transfers are checked in the SDM's order") {
    struct Row {
        const char* what;
        unsigned cpl;
        u16 selector;
        u32 attributes;
        u32 offset;
        Fault expected;
    };
    const u32 absent = kCodeSegment & ~kSegmentPresent;
    const Row rows[] = {
        {"null", 0, 3, kCodeSegment, 0, gp(0)},
        {"beyond the GDT", 0, 0x102, kCodeSegment, 0, gp(0x100)},
        {"beyond the LDT", 0, 0x84, kCodeSegment, 0, gp(0x84)},
        {"data", 0, kFree, kDataSegment, 0, gp(kFree)},
        {"an LDT", 0, kFree, system(SystemType::kLdt), 0, gp(kFree)},
        {"an interrupt gate", 0, kFree, system(SystemType::kInterruptGate32), 0, gp(kFree)},
        {"a reserved type", 0, kFree, kSegmentPresent, 0, gp(kFree)},
        {"inner code", 3, kFree, kCodeSegment | dpl(0), 0, gp(kFree)},
        {"outer code", 0, kFree, kCodeSegment | dpl(3), 0, gp(kFree)},
        {"RPL beyond CPL", 0, kFree | 3, kCodeSegment | dpl(0), 0, gp(kFree)},
        {"outer conforming code", 0, kFree, kCodeSegment | kSegmentConforming | dpl(1), 0,
         gp(kFree)},
        {"absent", 0, kFree, absent, 0, np(kFree)},
        {"absent, wrong level", 3, kFree, absent, 0, gp(kFree)},
        {"absent conforming", 3, kFree, absent | kSegmentConforming, 0, np(kFree)},
        {"beyond the limit", 0, kFree, kCodeSegment, 0x1000, gp(0)},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        for (Form form : {Form::kJump, Form::kCall}) {
            Bench bench;
            bench.protected_mode(row.cpl);
            set_code(bench, row.attributes);
            check_refused(bench, row.expected,
                          [&] { return transfer(bench, form, row.selector, row.offset); });
        }
    }
}

TEST_CASE("a call's stack is checked before its target's limit, after its presence") {
    const auto setup = [](Bench& bench) {
        bench.protected_mode(0);
        set_code(bench, kCodeSegment);
        bench.set_segment(SegmentName::kSs, make_segment(0, 0xfff, kDataSegment | kSegmentBig), 8);
        bench.set_esp(0x1001);
    };
    check_refusals(
        {{"room", [](Bench&) {}, ss(0)},
         {"absent", [](Bench& b) { b.change_attributes(kFree, kSegmentPresent, 0); }, np(kFree)},
         {"one item fits", [](Bench& b) { b.set_esp(4); }, ss(0)}},
        setup, [](Bench& bench) { return bench.engine.far_call(kFree, 0x1000, 4); });
}

TEST_CASE("page faults of a far call change nothing") {
    Bench bench;
    bench.protected_mode(3);
    set_code(bench, (kCodeSegment & ~kSegmentAccessed) | dpl(3));
    bench.enable_paging();
    bench.change_page(kGdt, 2);
    check_refused(bench, Fault::page(kPageFaultPresent | kPageFaultWrite, {kGdt + kFree + 5}),
                  [&] { return bench.engine.far_call(kFree | 3, 0, 4); });
    check_refused(bench, Fault::page(kPageFaultPresent | kPageFaultWrite, {kGdt + kFree + 5}),
                  [&] { return bench.engine.far_jump(kFree | 3, 0, 4); });
    bench.change_page(kGdt, 0, 2);
    bench.change_attributes(kFree, 0, kSegmentAccessed);
    bench.change_page(kStack3 - 4, 1);
    check_refused(bench, Fault::page(kPageFaultWrite | kPageFaultUser, {kStack3 - 4}),
                  [&] { return bench.engine.far_call(kFree | 3, 0, 4); });
}

TEST_CASE("real and V86 mode transfer to paragraphs") {
    for (bool v86 : {false, true}) {
        Bench bench;
        v86 ? bench.v86_mode(0) : bench.real_mode();
        REQUIRE(bench.engine.far_jump(0x2000, 0x345, 2) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == 0x2000);
        CHECK(bench.segment(SegmentName::kCs).base == 0x20000);
        CHECK(bench.state.rip == 0x345);
        CHECK(bench.state.cpl == (v86 ? 3 : 0));

        REQUIRE(bench.engine.far_call(0x3000, 0x100, 2) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == 0x3000);
        CHECK(bench.esp() == 0xffc);
        CHECK(bench.word(0x8000 + 0xffe) == 0x2000);
        CHECK(bench.word(0x8000 + 0xffc) == 0x345);

        REQUIRE(bench.engine.far_call(0x4000, 0x200, 4) == kNoFault);
        CHECK(bench.esp() == 0xff4);
        CHECK(bench.dword(0x8000 + 0xff8) == 0x3000);
        CHECK(bench.dword(0x8000 + 0xff4) == 0x100);
    }
}

TEST_CASE("real and V86 mode check the stack, then the limit") {
    for (bool v86 : {false, true}) {
        const auto setup = [v86](Bench& bench) { v86 ? bench.v86_mode(0) : bench.real_mode(); };
        check_refusals({{"limit", [](Bench&) {}, gp(0)}}, setup,
                       [](Bench& bench) { return bench.engine.far_jump(0x2000, 0x10000, 4); });
        check_refusals({{"limit", [](Bench&) {}, gp(0)},
                        {"stack", [](Bench& b) { b.set_esp(5); }, ss(0)},
                        {"an item that wraps", [](Bench& b) { b.set_esp(2); }, ss(0)}},
                       setup,
                       [](Bench& bench) { return bench.engine.far_call(0x2000, 0x10000, 4); });
    }
}

TEST_CASE("unreal mode's code segment keeps its limit and D bit across a far jump") {
    Bench bench;
    bench.real_mode();
    SegmentRegister& cs = bench.segment(SegmentName::kCs);
    cs = make_segment(0, 0xfffff, kCodeSegment | kFlat32).segment(8);
    REQUIRE(bench.engine.far_jump(0x1000, 0x123456, 4) == kNoFault);
    CHECK(bench.state.rip == 0x123456);
    CHECK(cs.limit == 0xffff'ffff);
    CHECK(cs.big());
    CHECK(cs.base == 0x10000);
    CHECK(cs.may_write(0, 4));
}

TEST_CASE("TSSes and task gates are held to CPL and RPL") {
    for (Form form : {Form::kJump, Form::kCall}) {
        const auto operation = [form](Bench& bench) { return transfer(bench, form, kFree | 1, 0); };
        const auto attributes = [](u32 clear, u32 set) {
            return [=](Bench& bench) { bench.change_attributes(kFree, clear, set); };
        };
        check_refusals(
            {{"CPL", attributes(kSegmentDplMask, dpl(0)), gp(kFree)},
             {"RPL",
              [](Bench& b) {
                  b.protected_mode(0);
                  b.change_attributes(kFree, kSegmentDplMask, 0);
              },
              gp(kFree)},
             {"busy", attributes(0, kSystemTypeBusy), gp(kFree)},
             {"absent", attributes(kSegmentPresent, 0), np(kFree)},
             {"absent and busy", attributes(kSegmentPresent, 2), gp(kFree)}},
            [](Bench& bench) {
                bench.protected_mode(1);
                bench.set_descriptor(
                    kFree, make_segment(kOtherTss, 0x67, system(SystemType::kTss32) | dpl(1)));
            },
            operation);
        check_refusals(
            {{"CPL", attributes(kSegmentDplMask, dpl(0)), gp(kFree)},
             {"absent", attributes(kSegmentPresent, 0), np(kFree)},
             {"busy TSS", [](Bench& b) { b.change_attributes(kOtherTssSelector, 0, 2); },
              gp(kOtherTssSelector)},
             {"absent TSS",
              [](Bench& b) { b.change_attributes(kOtherTssSelector, kSegmentPresent, 0); },
              np(kOtherTssSelector)},
             {"not a TSS",
              [](Bench& b) {
                  b.set_descriptor(kFree, make_gate(SystemType::kTaskGate, kData0, 0, 1));
              },
              gp(kData0)},
             {"a local TSS",
              [](Bench& b) {
                  b.set_descriptor(kFree, make_gate(SystemType::kTaskGate, 0x0d, 0, 1));
              },
              gp(0x0c)},
             {"beyond the GDT",
              [](Bench& b) {
                  b.set_descriptor(kFree, make_gate(SystemType::kTaskGate, 0x101, 0, 1));
              },
              gp(0x100)}},
            [](Bench& bench) {
                bench.protected_mode(1);
                bench.set_descriptor(kFree,
                                     make_gate(SystemType::kTaskGate, kOtherTssSelector, 0, 1));
            },
            operation);
    }
}

TEST_CASE("a TSS in the LDT is refused") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_descriptor(0x0c, make_segment(kOtherTss, 0x67, system(SystemType::kTss32)));
    check_refused(bench, gp(0x0c), [&] { return bench.engine.far_jump(0x0c, 0, 4); });
}

}  // namespace seventeen::privilege
