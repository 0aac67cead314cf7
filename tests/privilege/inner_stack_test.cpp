// Tests of finding an inner level's stack in the TSS.
#include "privilege/inner_stack.h"

#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

Fault find(Bench& bench, unsigned level) {
    InnerStack stack;
    Processor cpu(bench.engine, bench.state, bench.mmu);
    return find_inner_stack(cpu, level, stack);
}

void use_16_bit_tss(Bench& bench) {
    bench.state.tr.attributes = system(SystemType::kTss16Busy);
    bench.set_words(kTss + 2, {0x9100, kData0, 0xa100, kData1});
}

}  // namespace

TEST_CASE("each TSS holds its stacks in its own format") {
    Bench bench;
    bench.protected_mode(3);
    Processor cpu(bench.engine, bench.state, bench.mmu);
    InnerStack stack;
    REQUIRE(find_inner_stack(cpu, 0, stack) == kNoFault);
    CHECK(stack.segment.selector == kData0);
    CHECK(stack.pointer == kStack0);
    REQUIRE(find_inner_stack(cpu, 1, stack) == kNoFault);
    CHECK(stack.segment.selector == kData1);
    CHECK(stack.pointer == kStack1);

    use_16_bit_tss(bench);
    REQUIRE(find_inner_stack(cpu, 0, stack) == kNoFault);
    CHECK(stack.segment.selector == kData0);
    CHECK(stack.pointer == 0x9100);
    REQUIRE(find_inner_stack(cpu, 1, stack) == kNoFault);
    CHECK(stack.segment.selector == kData1);
    CHECK(stack.pointer == 0xa100);
}

TEST_CASE("the TSS must reach as far as the stack") {
    Bench bench;
    bench.protected_mode(3);
    bench.state.tr.limit = 8 + 1;
    CHECK(find(bench, 0) == kNoFault);
    bench.state.tr.limit = 8;
    CHECK(find(bench, 0) == ts(kTssSelector));
    bench.state.tr.limit = 16 + 1;
    CHECK(find(bench, 1) == kNoFault);
    bench.state.tr.limit = 16;
    CHECK(find(bench, 1) == ts(kTssSelector));
    use_16_bit_tss(bench);
    bench.state.tr.limit = 5;
    CHECK(find(bench, 0) == kNoFault);
    bench.state.tr.limit = 4;
    CHECK(find(bench, 0) == ts(kTssSelector));
}

TEST_CASE("an inner stack is a writable data segment of exactly its level") {
    const auto setup = [](Bench& bench) {
        bench.protected_mode(3);
        bench.set_descriptor(kFree, make_segment(0, 0xffff, kDataSegment | dpl(1)));
        bench.write<u16>(kTss + 16, kFree | 1);
    };
    const auto selector = [](u16 value) {
        return [value](Bench& bench) { bench.write<u16>(kTss + 16, value); };
    };
    const auto attributes = [](u32 clear, u32 set) {
        return [=](Bench& bench) { bench.change_attributes(kFree, clear, set); };
    };
    check_refusals({{"null", selector(0), ts(0)},
                    {"null with an RPL", selector(1), ts(0)},
                    {"beyond the GDT", selector(0x101), ts(0x100)},
                    {"beyond the LDT", selector(0x85), ts(0x84)},
                    {"RPL", selector(kFree), ts(kFree)},
                    {"DPL", attributes(kSegmentDplMask, dpl(2)), ts(kFree)},
                    {"read-only", attributes(kSegmentWritable, 0), ts(kFree)},
                    {"code", attributes(0, kSegmentCode), ts(kFree)},
                    {"system", attributes(kSegmentNotSystem, 0), ts(kFree)},
                    {"absent", attributes(kSegmentPresent, 0), ss(kFree)},
                    {"absent and of another level",
                     attributes(kSegmentPresent | kSegmentDplMask, 0), ts(kFree)}},
                   setup, [](Bench& bench) { return find(bench, 1); });
}

TEST_CASE("the TSS is read with supervisor rights") {
    Bench bench;
    bench.protected_mode(3);
    bench.enable_paging();
    bench.change_page(kTss, 4);
    CHECK(find(bench, 0) == kNoFault);
    bench.change_page(kTss, 1);
    CHECK(find(bench, 0) == Fault::page(0, {kTss + 4}));
}

}  // namespace seventeen::privilege
