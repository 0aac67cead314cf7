// Tests of entering handlers through the IVT and through interrupt and trap gates.
#include "privilege/interrupt_gate.h"

#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

constexpr u8 kVector = 0x40;
constexpr u32 kEntry = 0x1234;
constexpr u16 kHandler = kFree;  // a code segment of 64 KiB at 0x30000
constexpr u32 kFlags = kFlagFixed | kFlagIf | kFlagTf | kFlagNt | kFlagCf | kFlagAc;
constexpr u32 kIdtCode = kVector * 8 + kErrorIdt;
using Origin = InterruptEvent::Origin;

InterruptEvent plain_event(Origin origin = Origin::kExternal) {
    InterruptEvent event;
    event.vector = kVector;
    event.origin = origin;
    event.flags = kFlags | kFlagRf;
    return event;
}

InterruptEvent error_event() {
    InterruptEvent event = plain_event();
    event.has_error_code = true;
    event.error_code = 0xeeee;
    return event;
}

Fault enter(Bench& bench, const InterruptEvent& event) {
    Processor cpu(bench.engine, bench.state, bench.mmu);
    return InterruptGate(cpu, event).enter();
}

void set_handler(Bench& bench, SystemType type, unsigned level, u32 extra = 0) {
    bench.set_descriptor(
        kHandler, make_segment(0x30000, 0xffff, kCodeSegment | kSegmentBig | dpl(level) | extra));
    bench.set_gate(kVector, make_gate(type, kHandler, kEntry));
    bench.state.set_eflags(kFlags | (bench.state.eflags() & (kFlagVm | kFlagIopl)));
}

std::function<void(Bench&)> change_gate(u32 clear, u32 set) {
    return [=](Bench& bench) {
        Descriptor gate = bench.read<Descriptor>(kIdt + kVector * 8);
        gate.high = (gate.high & ~(clear << 8)) | set << 8;
        bench.set_gate(kVector, gate);
    };
}

std::function<void(Bench&)> change_handler(u32 clear, u32 set) {
    return [=](Bench& bench) { bench.change_attributes(kHandler, clear, set); };
}

std::function<void(Bench&)> gate_to(u16 selector, u32 offset = kEntry) {
    return [=](Bench& bench) {
        bench.set_gate(kVector, make_gate(SystemType::kInterruptGate32, selector, offset));
    };
}

}  // namespace

TEST_CASE("real mode goes through the vector table") {
    Bench bench;
    bench.real_mode();
    bench.set_words(kVector * 4, {0x1234, 0x2000});
    bench.state.set_eflags(kFlags | kFlagRf | kFlagIopl);
    bench.state.interrupt_shadow = bench.state.debug_shadow = true;
    InterruptEvent event = error_event();  // of which real mode pushes nothing
    event.flags = kFlags | kFlagRf | kFlagIopl;
    bench.state.attention = false;
    REQUIRE(enter(bench, event) == kNoFault);
    CHECK(bench.selector(SegmentName::kCs) == 0x2000);
    CHECK(bench.state.rip == 0x1234);
    CHECK(bench.esp() == 0xffa);
    CHECK(bench.word(0x8ffe) == ((kFlags | kFlagIopl) & 0xffff));
    CHECK(bench.word(0x8ffc) == 0x1000);
    CHECK(bench.word(0x8ffa) == 0x100);
    CHECK(bench.state.eflags() == (kFlagFixed | kFlagNt | kFlagCf | kFlagIopl));
    CHECK(bench.state.attention);
    CHECK_FALSE(bench.state.interrupt_shadow);
    CHECK_FALSE(bench.state.debug_shadow);
}

TEST_CASE("the vector table lies where IDTR says") {
    Bench bench;
    bench.real_mode();
    bench.state.idtr = {0x5000, 0x3ff};
    bench.set_words(0x5000 + kVector * 4, {0x1234, 0x2000});
    REQUIRE(enter(bench, plain_event()) == kNoFault);
    CHECK(bench.selector(SegmentName::kCs) == 0x2000);
}

TEST_CASE("real mode's limits") {
    const u32 external = kErrorExternal;
    check_refusals(
        {{"table", [](Bench& b) { b.state.idtr.limit = kVector * 4 + 2; }, gp(external)},
         {"stack", [](Bench& b) { b.set_esp(3); }, ss(external)},
         {"stack at its end", [](Bench& b) { b.set_esp(1); }, ss(external)},
         {"entry point",
          [](Bench& b) {
              b.segment(SegmentName::kCs).limit = 0xfff;
              b.segment(SegmentName::kCs).update();
          },
          gp(external)}},
        [](Bench& bench) {
            bench.real_mode();
            bench.set_words(kVector * 4, {0x1234, 0x2000});
        },
        [](Bench& bench) { return enter(bench, plain_event()); });
}

TEST_CASE("a handler of the same level gets flags, CS, EIP and the error code") {
    for (SystemType type : {SystemType::kInterruptGate32, SystemType::kTrapGate32}) {
        Bench bench;
        bench.protected_mode(0);
        set_handler(bench, type, 0);
        bench.change_attributes(kHandler, kSegmentAccessed, 0);
        bench.state.interrupt_shadow = bench.state.debug_shadow = true;
        bench.state.attention = false;
        REQUIRE(enter(bench, error_event()) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == kHandler);
        CHECK(bench.state.rip == kEntry);
        REQUIRE(bench.esp() == kStack0 - 16);
        const u32 frame[] = {0xeeee, 0x6000, kCode0, kFlags | kFlagRf};
        for (unsigned i = 0; i < 4; ++i) CHECK(bench.dword(kStack0 - 16 + i * 4) == frame[i]);
        const u32 kept = kFlagFixed | kFlagCf | kFlagAc;
        CHECK(bench.state.eflags() == (type == SystemType::kTrapGate32 ? kept | kFlagIf : kept));
        CHECK(bench.descriptor(kHandler).attributes() & kSegmentAccessed);
        CHECK_FALSE(bench.state.interrupt_shadow);
        CHECK_FALSE(bench.state.debug_shadow);
        CHECK(bench.state.attention);
    }
}

TEST_CASE("a 16-bit gate pushes words") {
    for (SystemType type : {SystemType::kInterruptGate16, SystemType::kTrapGate16}) {
        Bench bench;
        bench.protected_mode(0);
        set_handler(bench, type, 0);
        bench.set_gate(kVector, make_gate(type, kHandler, 0xabcd'1234));
        bench.state.rip = 0x1'6000;
        REQUIRE(enter(bench, error_event()) == kNoFault);
        CHECK(bench.state.rip == 0x1234);
        REQUIRE(bench.esp() == kStack0 - 8);
        const u32 frame[] = {0xeeee, 0x6000, kCode0, kFlags & 0xffff};
        for (unsigned i = 0; i < 4; ++i) CHECK(bench.word(kStack0 - 8 + i * 2) == frame[i]);
        CHECK(bench.state.flag(kFlagIf) == (type == SystemType::kTrapGate16));
    }
}

TEST_CASE("a handler of an inner level gets the stack of the TSS") {
    Bench bench;
    bench.protected_mode(3);
    set_handler(bench, SystemType::kInterruptGate32, 1);
    REQUIRE(enter(bench, error_event()) == kNoFault);
    CHECK(bench.state.cpl == 1);
    CHECK(bench.selector(SegmentName::kCs) == (kHandler | 1));
    CHECK(bench.selector(SegmentName::kSs) == kData1);
    CHECK(bench.selector(SegmentName::kDs) == kData3);
    REQUIRE(bench.esp() == kStack1 - 24);
    const u32 frame[] = {0xeeee, 0x6000, kCode3, kFlags | kFlagRf, kStack3, kData3};
    for (unsigned i = 0; i < 6; ++i) CHECK(bench.dword(kStack1 - 24 + i * 4) == frame[i]);
}

TEST_CASE("a 16-bit gate to an inner level") {
    Bench bench;
    bench.protected_mode(3);
    set_handler(bench, SystemType::kTrapGate16, 0);
    REQUIRE(enter(bench, plain_event()) == kNoFault);
    CHECK(bench.state.cpl == 0);
    REQUIRE(bench.esp() == kStack0 - 10);
    const u32 frame[] = {0x6000, kCode3, kFlags & 0xffff, kStack3, kData3};
    for (unsigned i = 0; i < 5; ++i) CHECK(bench.word(kStack0 - 10 + i * 2) == frame[i]);
}

TEST_CASE("a conforming handler runs at the interrupted level") {
    Bench bench;
    bench.protected_mode(3);
    set_handler(bench, SystemType::kInterruptGate32, 0, kSegmentConforming);
    REQUIRE(enter(bench, plain_event()) == kNoFault);
    CHECK(bench.state.cpl == 3);
    CHECK(bench.selector(SegmentName::kCs) == (kHandler | 3));
    CHECK(bench.esp() == kStack3 - 12);
}

TEST_CASE("leaving V86 mode pushes and clears the data segments") {
    for (SystemType type : {SystemType::kInterruptGate32, SystemType::kTrapGate16}) {
        const bool wide = type == SystemType::kInterruptGate32;
        const unsigned size = wide ? 4 : 2;
        Bench bench;
        bench.v86_mode(3);
        set_handler(bench, type, 0);
        bench.segment(SegmentName::kEs) = v86_segment(0x1111);
        bench.segment(SegmentName::kFs) = v86_segment(0x2222);
        bench.segment(SegmentName::kGs) = v86_segment(0x3333);
        InterruptEvent event = error_event();
        event.flags = bench.state.eflags();
        REQUIRE(enter(bench, event) == kNoFault);
        CHECK(bench.state.cpl == 0);
        CHECK_FALSE(bench.state.v86());
        CHECK(bench.state.flag(kFlagIf) == !wide);
        CHECK_FALSE(bench.state.flag(kFlagTf | kFlagNt));
        CHECK(bench.state.iopl() == 3);
        CHECK(bench.selector(SegmentName::kCs) == kHandler);
        CHECK(bench.selector(SegmentName::kSs) == kData0);
        REQUIRE(bench.esp() == kStack0 - 10 * size);
        const u32 flags = event.flags & (wide ? ~0u : 0xffff);
        const u32 frame[] = {0xeeee, 0x100,  0x1000, flags,  0x1000,
                             0x800,  0x1111, 0x700,  0x2222, 0x3333};
        for (unsigned i = 0; i < 10; ++i) {
            const u32 at = bench.esp() + i * size;
            CHECK((wide ? bench.dword(at) : bench.word(at)) == frame[i]);
        }
        for (SegmentName name :
             {SegmentName::kDs, SegmentName::kEs, SegmentName::kFs, SegmentName::kGs}) {
            CHECK(bench.selector(name) == 0);
            CHECK_FALSE(bench.segment(name).usable());
        }
    }
}

TEST_CASE("V86 mode is left for level 0 only") {
    const auto handler = [](unsigned level, u32 extra) {
        return [=](Bench& bench) {
            set_handler(bench, SystemType::kTrapGate32, level, extra);
            change_gate(0, dpl(3))(bench);
        };
    };
    for (Origin origin : {Origin::kProgram, Origin::kExternal}) {
        const u32 code = kHandler | (origin == Origin::kExternal ? kErrorExternal : 0);
        check_refusals(
            {{"level 1", handler(1, 0), gp(code)},
             {"level 3", handler(3, 0), gp(code)},
             {"conforming", handler(0, kSegmentConforming), gp(code)}},
            [](Bench& bench) { bench.v86_mode(3); },
            [origin](Bench& bench) { return enter(bench, plain_event(origin)); });
    }
}

TEST_CASE("gates are checked in the SDM's order, with the EXT bit for what is external") {
    for (Origin origin : {Origin::kProgram, Origin::kExternal}) {
        const bool external = origin == Origin::kExternal;
        const u32 ext = external ? kErrorExternal : 0;
        INFO((external ? "external" : "program"));
        check_refusals(
            {{"beyond the IDT", [](Bench& b) { b.state.idtr.limit = kVector * 8 + 6; },
              gp(kIdtCode | ext)},
             {"a call gate", change_gate(0xf, 0xc), gp(kIdtCode | ext)},
             {"a TSS", change_gate(0xf, 0x9), gp(kIdtCode | ext)},
             {"code", change_gate(0, kSegmentNotSystem), gp(kIdtCode | ext)},
             {"absent gate", change_gate(kSegmentPresent, 0), np(kIdtCode | ext)},
             {"absent gate of the wrong type", change_gate(0x8f, 0xc), gp(kIdtCode | ext)},
             {"null handler",
              [](Bench& b) {
                  gate_to(3)(b);
                  change_gate(0, dpl(3))(b);
              },
              gp(ext)},
             {"handler beyond the GDT",
              [](Bench& b) {
                  gate_to(0x102)(b);
                  change_gate(0, dpl(3))(b);
              },
              gp(0x100 | ext)},
             {"data", change_handler(kSegmentCode, 0), gp(kHandler | ext)},
             {"an outer handler", change_handler(kSegmentDplMask, dpl(2)), gp(kHandler | ext)},
             {"absent handler", change_handler(kSegmentPresent, 0), np(kHandler | ext)},
             {"short TSS", [](Bench& b) { b.state.tr.limit = 8; }, ts(kTssSelector | ext)},
             {"null stack", [](Bench& b) { b.write<u16>(kTss + 8, 0); }, ts(ext)},
             {"stack's level", [](Bench& b) { b.write<u16>(kTss + 8, kData1); },
              ts((kData1 & ~3u) | ext)},
             {"absent stack", [](Bench& b) { b.change_attributes(kData0, kSegmentPresent, 0); },
              ss(kData0 | ext)},
             {"no room",
              [](Bench& b) {
                  b.set_descriptor(kData0, make_segment(0, 0xffff, kDataSegment | kSegmentBig));
                  b.write<u32>(kTss + 4, 19);
              },
              ss(kData0 | ext)},
             {"entry point",
              [](Bench& b) {
                  gate_to(kHandler, 0x10000)(b);
                  change_gate(0, dpl(3))(b);
              },
              gp(ext)}},
            [](Bench& bench) {
                bench.protected_mode(1);
                set_handler(bench, SystemType::kInterruptGate32, 0);
                change_gate(0, dpl(3))(bench);
            },
            [origin](Bench& bench) { return enter(bench, plain_event(origin)); });
    }
}

TEST_CASE("only a program is held to the gate's level") {
    Bench bench;
    bench.protected_mode(3);
    set_handler(bench, SystemType::kInterruptGate32, 0);
    check_refused(bench, gp(kIdtCode), [&] { return enter(bench, plain_event(Origin::kProgram)); });
    // Before the gate's presence.
    change_gate(kSegmentPresent, 0)(bench);
    check_refused(bench, gp(kIdtCode), [&] { return enter(bench, plain_event(Origin::kProgram)); });
    change_gate(0, kSegmentPresent)(bench);
    CHECK(enter(bench, plain_event()) == kNoFault);
}

TEST_CASE("room is needed for the error code too") {
    const auto setup = [](Bench& bench) {
        bench.protected_mode(0);
        set_handler(bench, SystemType::kInterruptGate32, 0);
        bench.set_segment(SegmentName::kSs, make_segment(0, 0xffff, kDataSegment | kSegmentBig),
                          kData0);
        bench.set_esp(12);
    };
    check_refusals({{"same level", [](Bench&) {}, ss(kErrorExternal)}}, setup,
                   [](Bench& bench) { return enter(bench, error_event()); });
    Bench bench;
    setup(bench);
    CHECK(enter(bench, plain_event()) == kNoFault);
    CHECK(bench.esp() == 0);
}

TEST_CASE("the stack comes before the entry point at the same level") {
    const auto setup = [](Bench& bench) {
        bench.protected_mode(0);
        set_handler(bench, SystemType::kInterruptGate32, 0);
        gate_to(kHandler, 0x10000)(bench);
    };
    check_refusals({{"entry point", [](Bench&) {}, gp(kErrorExternal)},
                    {"stack",
                     [](Bench& b) {
                         b.segment(SegmentName::kSs).limit = 0xfff;
                         b.segment(SegmentName::kSs).update();
                     },
                     ss(kErrorExternal)}},
                   setup, [](Bench& bench) { return enter(bench, plain_event()); });
}

TEST_CASE("page faults on the way change nothing and bear no EXT bit") {
    check_refusals(
        {{"IDT", [](Bench& b) { b.change_page(kIdt, 1); }, Fault::page(0, {kIdt + kVector * 8})},
         {"GDT", [](Bench& b) { b.change_page(kGdt, 1); }, Fault::page(0, {kGdt + kHandler})},
         {"TSS", [](Bench& b) { b.change_page(kTss, 1); }, Fault::page(0, {kTss + 4})},
         {"stack", [](Bench& b) { b.change_page(kStack0 - 4, 2); },
          Fault::page(kPageFaultPresent | kPageFaultWrite, {kStack0 - 4})}},
        [](Bench& bench) {
            bench.protected_mode(3);
            set_handler(bench, SystemType::kInterruptGate32, 0);
            bench.enable_paging();
        },
        [](Bench& bench) { return enter(bench, error_event()); });
}

TEST_CASE("#AC on the frame of a level-3 handler bears the EXT bit") {
    Bench bench;
    bench.protected_mode(3);
    set_handler(bench, SystemType::kInterruptGate32, 3);
    bench.state.cr0 |= kCr0Am;
    bench.set_esp(kStack3 - 2);
    check_refused(bench, Fault::with_code(Vector::kAlignmentCheck, kErrorExternal),
                  [&] { return enter(bench, plain_event()); });
}

}  // namespace seventeen::privilege
