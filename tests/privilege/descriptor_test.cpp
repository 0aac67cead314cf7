// Tests of descriptor parsing and of the tables' limits and marks.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

TEST_CASE("a descriptor's fields are where the SDM says") {
    Descriptor descriptor;
    descriptor.low = 0x5678'abcd;
    descriptor.high = 0x12df'fb34;  // G, D/B, AVL, limit F, P, DPL 3, S, code, readable, accessed
    CHECK(descriptor.base() == 0x1234'5678);
    CHECK(descriptor.limit() == 0xfabc'dfff);
    CHECK(descriptor.attributes() == 0xd0fb);
    CHECK(descriptor.present());
    CHECK(descriptor.dpl() == 3);
    CHECK(descriptor.code());
    CHECK_FALSE(descriptor.conforming());
    CHECK(descriptor.readable());
    CHECK_FALSE(descriptor.writable_data());
    const SegmentRegister segment = descriptor.segment(0x1b);
    CHECK(segment.selector == 0x1b);
    CHECK(segment.base == 0x1234'5678);
    CHECK(segment.limit == 0xfabc'dfff);
    CHECK(segment.attributes == 0xd0fb);
    CHECK(segment.may_read(0xfabc'dfff, 1));
}

TEST_CASE("a byte-granular limit is taken as it is") {
    CHECK(make_segment(0, 0xf1234, kDataSegment).limit() == 0xf1234);
}

TEST_CASE("a gate's fields are where the SDM says") {
    const Descriptor gate32 = make_gate(SystemType::kCallGate32, 0x1b, 0x1234'5678, 2, 7);
    CHECK(gate32.call_gate());
    CHECK(gate32.gate_selector() == 0x1b);
    CHECK(gate32.gate_offset() == 0x1234'5678);
    CHECK(gate32.gate_parameters() == 7);
    CHECK(gate32.gate_32_bit());
    CHECK(gate32.dpl() == 2);
    const Descriptor gate16 = make_gate(SystemType::kCallGate16, 0x1b, 0x1234'5678, 2, 31);
    CHECK(gate16.gate_offset() == 0x5678);
    CHECK(gate16.gate_parameters() == 31);
    CHECK_FALSE(gate16.gate_32_bit());
}

TEST_CASE("each type is told apart") {
    struct Row {
        u32 type;  // with S
        bool code, conforming, writable, readable, available_tss, busy_tss, call_gate;
    };
    constexpr Row kRows[] = {
        {0x10, false, false, false, true, false, false, false},   // read-only data
        {0x12, false, false, true, true, false, false, false},    // data
        {0x16, false, false, true, true, false, false, false},    // expand-down data
        {0x18, true, false, false, false, false, false, false},   // execute-only code
        {0x1a, true, false, false, true, false, false, false},    // readable code
        {0x1c, true, true, false, false, false, false, false},    // conforming
        {0x1e, true, true, false, true, false, false, false},     // readable conforming
        {0x01, false, false, false, false, true, false, false},   // TSSes
        {0x03, false, false, false, false, false, true, false},   //
        {0x09, false, false, false, false, true, false, false},   //
        {0x0b, false, false, false, false, false, true, false},   //
        {0x04, false, false, false, false, false, false, true},   // call gates
        {0x0c, false, false, false, false, false, false, true},   //
        {0x02, false, false, false, false, false, false, false},  // LDT
        {0x05, false, false, false, false, false, false, false},  // task gate
        {0x0e, false, false, false, false, false, false, false},  // interrupt gate
        {0x00, false, false, false, false, false, false, false},  // reserved
    };
    for (const Row& row : kRows) {
        INFO("type " << row.type);
        const Descriptor descriptor = make_segment(0, 0, row.type);
        CHECK(descriptor.system() == !(row.type & 0x10));
        CHECK(descriptor.code() == row.code);
        CHECK(descriptor.conforming() == row.conforming);
        CHECK(descriptor.writable_data() == row.writable);
        CHECK(descriptor.readable() == row.readable);
        CHECK(descriptor.available_tss() == row.available_tss);
        CHECK(descriptor.busy_tss() == row.busy_tss);
        CHECK(descriptor.call_gate() == row.call_gate);
    }
}

TEST_CASE("a selector must lie wholly within its table") {
    Bench bench;
    bench.protected_mode(0);
    const DescriptorTables tables(bench.state, bench.mmu);
    bench.state.gdtr.limit = 0x57;
    CHECK(tables.contains(0x50));
    CHECK(tables.contains(0x53));
    CHECK_FALSE(tables.contains(0x58));
    bench.state.gdtr.limit = 0x56;
    CHECK_FALSE(tables.contains(0x50));
    bench.state.gdtr.limit = 0xffff;
    CHECK(tables.contains(0xfff8));
    CHECK(tables.contains(0x7c));
    CHECK_FALSE(tables.contains(0x84));  // beyond the LDT's 0x7f
    bench.state.ldtr = null_segment(0);
    CHECK_FALSE(tables.contains(0x04));
}

TEST_CASE("descriptors come from the table that the selector names") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_descriptor(0x50, make_segment(0x1111, 1, kDataSegment));
    bench.set_descriptor(0x54, make_segment(0x2222, 2, kDataSegment));
    const DescriptorTables tables(bench.state, bench.mmu);
    Descriptor descriptor;
    REQUIRE(tables.fetch(0x53, Vector::kInvalidTss, descriptor) == kNoFault);
    CHECK(descriptor.base() == 0x1111);
    REQUIRE(tables.fetch(0x57, Vector::kInvalidTss, descriptor) == kNoFault);
    CHECK(descriptor.base() == 0x2222);
    CHECK(tables.fetch(0x103, Vector::kInvalidTss, descriptor) == ts(0x100));
    CHECK(tables.fetch(0x87, Vector::kGeneralProtection, descriptor) == gp(0x84));
    REQUIRE(tables.fetch_global(0x50, Vector::kInvalidTss, descriptor) == kNoFault);
    CHECK(descriptor.base() == 0x1111);
    CHECK(tables.fetch_global(0x57, Vector::kInvalidTss, descriptor) == ts(0x54));
}

TEST_CASE("gates are limited by the IDT") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_gate(0x20, make_gate(SystemType::kTrapGate32, kCode0, 0x1234));
    const DescriptorTables tables(bench.state, bench.mmu);
    Descriptor gate;
    bench.state.idtr.limit = 0x107;
    REQUIRE(tables.fetch_gate(0x20, gate) == kNoFault);
    CHECK(gate.gate_offset() == 0x1234);
    bench.state.idtr.limit = 0x106;
    CHECK(tables.fetch_gate(0x20, gate) == gp(0x102));
}

TEST_CASE("the accessed bit is written only where it is clear") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_descriptor(kFree, make_segment(0, 1, kDataSegment & ~kSegmentAccessed));
    bench.enable_paging();
    bench.change_page(kGdt, 2);  // read-only
    DescriptorTables tables(bench.state, bench.mmu);
    Descriptor descriptor = bench.descriptor(kFree);
    CHECK(tables.set_accessed(kFree, descriptor) ==
          Fault::page(kPageFaultPresent | kPageFaultWrite, {kGdt + kFree + 5}));
    CHECK_FALSE(descriptor.attributes() & kSegmentAccessed);

    bench.change_page(kGdt, 0, 2);
    CHECK(tables.set_accessed(kFree, descriptor) == kNoFault);
    CHECK(descriptor.attributes() & kSegmentAccessed);
    CHECK(bench.descriptor(kFree).attributes() == kDataSegment);

    bench.change_page(kGdt, 2);
    CHECK(tables.set_accessed(kFree, descriptor) == kNoFault);
}

TEST_CASE("busy bits change in memory") {
    Bench bench;
    bench.protected_mode(0);
    DescriptorTables tables(bench.state, bench.mmu);
    CHECK(tables.set_busy(kOtherTssSelector) == kNoFault);
    CHECK(bench.descriptor(kOtherTssSelector).is(SystemType::kTss32Busy));
    CHECK(tables.clear_busy(kOtherTssSelector) == kNoFault);
    CHECK(bench.descriptor(kOtherTssSelector).is(SystemType::kTss32));
    CHECK(tables.probe_type(kOtherTssSelector) == kNoFault);
    bench.enable_paging();
    bench.change_page(kGdt, 2);
    CHECK(tables.probe_type(kOtherTssSelector).vector == Vector::kPageFault);
}

}  // namespace seventeen::privilege
