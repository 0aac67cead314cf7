// Tests of frames read from and written to stacks: limits, wrap, alignment and page faults.
#include "privilege/stack_frame.h"

#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

SegmentRegister stack16(u32 base, u32 limit) {
    return make_segment(base, limit, kDataSegment).segment(kFree);
}

}  // namespace

TEST_CASE("a reader pops in order and leaves ESP alone") {
    Bench bench;
    bench.protected_mode(0);
    Processor cpu(bench.engine, bench.state, bench.mmu);
    bench.set_dwords(kStack0, {0x11223344, 0x55667788});
    u32 a = 0;
    u32 b = 0;
    StackReader dwords(cpu, 4);
    REQUIRE(dwords.pop({&a, &b}) == kNoFault);
    CHECK(a == 0x11223344);
    CHECK(b == 0x55667788);
    CHECK(bench.esp() == kStack0);
    CHECK(dwords.pointer() == kStack0 + 8);
    dwords.skip(4);
    CHECK(dwords.pointer() == kStack0 + 12);

    StackReader words(cpu, 2);
    REQUIRE(words.pop({&a, &b}) == kNoFault);
    CHECK(a == 0x3344);
    CHECK(b == 0x1122);
    CHECK(words.pointer() == kStack0 + 4);
}

TEST_CASE("a reader wraps within SP and keeps the upper half of ESP") {
    Bench bench;
    bench.protected_mode(0);
    Processor cpu(bench.engine, bench.state, bench.mmu);
    bench.segment(SegmentName::kSs) = stack16(0x10000, 0xffff);
    bench.set_esp(0x1234fffe);
    bench.write<u16>(0x1fffe, 0xaaaa);
    bench.write<u16>(0x10000, 0xbbbb);
    u32 a = 0;
    u32 b = 0;
    StackReader reader(cpu, 2);
    REQUIRE(reader.pop({&a, &b}) == kNoFault);
    CHECK(a == 0xaaaa);
    CHECK(b == 0xbbbb);
    CHECK(reader.pointer() == 0x12340002);
}

TEST_CASE("a reader checks the limit for all items before it reads one") {
    Bench bench;
    bench.protected_mode(0);
    Processor cpu(bench.engine, bench.state, bench.mmu);
    bench.enable_paging();
    bench.change_page(0x9000, 1);
    bench.segment(SegmentName::kSs).limit = 0x9ff7;
    bench.segment(SegmentName::kSs).update();
    bench.set_esp(0x9ff0);
    u32 a = 0;
    u32 b = 0;
    u32 c = 0;
    CHECK(StackReader(cpu, 4).pop({&a, &b, &c}) == ss(0));
    CHECK(StackReader(cpu, 4).pop({&a, &b}) == Fault::page(0, {0x9ff0}));
}

TEST_CASE("a frame is pushed downwards") {
    Bench bench;
    bench.protected_mode(0);
    Processor cpu(bench.engine, bench.state, bench.mmu);
    StackFrame frame(cpu, 4);
    frame.push(0x11111111);
    frame.push(0x22222222);
    REQUIRE(frame.write(cpu) == kNoFault);
    CHECK(bench.dword(kStack0 - 4) == 0x11111111);
    CHECK(bench.dword(kStack0 - 8) == 0x22222222);
    CHECK(bench.esp() == kStack0);
    CHECK(frame.pointer() == kStack0 - 8);
}

TEST_CASE("a frame on a 16-bit stack wraps and keeps the upper half of ESP") {
    Bench bench;
    bench.protected_mode(0);
    Processor cpu(bench.engine, bench.state, bench.mmu);
    StackFrame frame(stack16(0x10000, 0xffff), 0x56780002, 2, mmu::Privilege::kSupervisor);
    CHECK(frame.has_room(3));
    frame.push(0x1234aaaa);
    frame.push(0xbbbb);
    REQUIRE(frame.write(cpu) == kNoFault);
    CHECK(bench.word(0x10000) == 0xaaaa);
    CHECK(bench.word(0x1fffe) == 0xbbbb);
    CHECK(frame.pointer() == 0x5678fffe);
}

TEST_CASE("room is what the limit leaves") {
    struct Row {
        const char* what;
        u32 attributes;
        u32 limit;
        u32 pointer;
        unsigned items;
        bool room;
    };
    const u32 down = kDataSegment | kSegmentExpandDown;
    const Row rows[] = {
        {"at the top", kDataSegment | kSegmentBig, 0xfff, 0x1000, 4, true},
        {"one byte too high", kDataSegment | kSegmentBig, 0xfff, 0x1001, 4, false},
        {"below the bottom", kDataSegment | kSegmentBig, 0xfff, 8, 3, false},
        {"just to the bottom", kDataSegment | kSegmentBig, 0xfff, 8, 2, true},
        {"expand-down, above the limit", down | kSegmentBig, 0xfff, 0x1008, 2, true},
        {"expand-down, into the limit", down | kSegmentBig, 0xfff, 0x1008, 3, false},
        {"expand-down, 16 bits", down, 0xfff, 0, 4, true},
        {"read-only", kSegmentPresent | kSegmentNotSystem | kSegmentBig, 0xfff, 0x100, 1, false},
        {"16 bits, wrapped item", kDataSegment, 0xffff, 2, 1, false},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const SegmentRegister stack = make_segment(0, row.limit, row.attributes).segment(8);
        const StackFrame frame(stack, row.pointer, 4, mmu::Privilege::kSupervisor);
        CHECK(frame.has_room(row.items) == row.room);
    }
}

TEST_CASE("a frame across two pages is written whole or not at all") {
    Bench bench;
    bench.protected_mode(0);
    bench.enable_paging();
    bench.change_page(0x8000, 2);
    Processor cpu(bench.engine, bench.state, bench.mmu);
    bench.set_esp(0x9004);
    StackFrame frame(cpu, 4);
    for (u32 value : {1u, 2u, 3u}) frame.push(value);
    check_refused(bench, Fault::page(kPageFaultPresent | kPageFaultWrite, {0x8ffc}),
                  [&] { return frame.write(cpu); });
    bench.change_page(0x8000, 0, 2);
    CHECK(frame.write(cpu) == kNoFault);
    CHECK(bench.dword(0x8ffc) == 2);
}

TEST_CASE("a user's frame is written with user rights and checked for alignment") {
    Bench bench;
    bench.protected_mode(3);
    bench.enable_paging();
    Processor cpu(bench.engine, bench.state, bench.mmu);
    bench.set_esp(kStack3 + 2);
    StackFrame misaligned(cpu, 4);
    misaligned.push(1);
    bench.state.system_flags |= kFlagAc;
    CHECK(misaligned.write(cpu) == kNoFault);
    bench.state.cr0 |= kCr0Am;
    check_refused(bench, Fault::with_code(Vector::kAlignmentCheck, 0),
                  [&] { return misaligned.write(cpu); });
    // The same place as an inner level's stack.
    StackFrame inner(bench.segment(SegmentName::kSs), kStack3 + 2, 4, mmu::Privilege::kSupervisor);
    inner.push(1);
    CHECK(inner.write(cpu) == kNoFault);

    bench.change_page(kStack3, 4);
    bench.state.cr0 &= ~kCr0Am;
    check_refused(bench,
                  Fault::page(kPageFaultPresent | kPageFaultWrite | kPageFaultUser, {kStack3}),
                  [&] { return misaligned.write(cpu); });
}

}  // namespace seventeen::privilege
