// x87 state in memory: protected-mode formats against the host, the others by the SDM's figures.
#include "interpreter/x87.h"
#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

namespace {

const X87Code kFldenv = x87_memory(0xd9, 4);
const X87Code kFnstenv = x87_memory(0xd9, 6);
const X87Code kFrstor = x87_memory(0xdd, 4);
const X87Code kFnsave = x87_memory(0xdd, 6);
const X87Code kAll[] = {kFldenv, kFnstenv, kFrstor, kFnsave};

X87Code with_16_bit_operand(X87Code code) {
    code.insert(code.begin(), 0x66);
    return code;
}

FpuState sample() {
    FpuState fpu;
    fpu.control = 0x037f;
    fpu.status = 0x1822;  // TOP 3
    fpu.valid = 0x0f;
    fpu.registers[1] = {u64{1} << 63, 0x3fff};
    fpu.registers[2] = {1, 0};
    fpu.registers[3] = {u64{1} << 63, 0xffff};
    fpu.opcode = 0x5a5;
    fpu.instruction_selector = 0x1234;
    fpu.instruction_pointer = 0x1'abcd;
    fpu.data_selector = 0xf000;
    fpu.data_pointer = 0xfff3;
    return fpu;
}
constexpr u16 kSampleTags = 0xffa1;  // R0 zero, R1 valid, R2 denormal, R3 infinity

}  // namespace

TEST_CASE("x87 state in memory in protected mode is the host's") {
    X87Bench bench;
    for (const X87Code& code : kAll) {
        bench.compare(code, 5000);
        bench.compare(with_16_bit_operand(code), 5000);
    }
}

TEST_CASE("real and virtual-8086 mode store and load linear pointers") {
    X87Bench bench;
    SECTION("real") {
        bench.bench.real_mode();
    }
    SECTION("virtual-8086") {
        bench.bench.v86_mode(3);
    }
    bench.bench.state.cr0 &= ~(kCr0Pe * !bench.bench.state.v86());
    bench.bench.state.set_reg32(Gpr::kDx, 0x100);
    const u32 linear = static_cast<u32>(bench.bench.segment(SegmentName::kDs).base) + 0x100;
    const u32 ip = 0x12340 + 0x1abcd;
    const u32 dp = 0xf0000 + 0xfff3;
    const FpuState before = sample();

    bench.fpu() = before;
    REQUIRE_FALSE(bench.run(kFnstenv));
    const u32 expected32[] = {0xffff'037f,
                              0xffff'1822,
                              0xffff'0000 | kSampleTags,
                              0xffff'0000 | (ip & 0xffff),
                              (ip >> 16) << 12 | 0x5a5,
                              0xffff'0000 | (dp & 0xffff),
                              (dp >> 16) << 12};
    for (unsigned i = 0; i < 7; ++i) CHECK(bench.bench.dword(linear + 4 * i) == expected32[i]);
    CHECK(bench.fpu().control == 0x037f);

    FpuState loaded = before;
    loaded.instruction_selector = loaded.data_selector = 0;
    loaded.instruction_pointer = ip;
    loaded.data_pointer = dp;
    bench.fpu() = FpuState{};
    bench.fpu().registers = before.registers;
    REQUIRE_FALSE(bench.run(kFldenv));
    CHECK(bench.fpu() == loaded);

    bench.fpu() = before;
    REQUIRE_FALSE(bench.run(with_16_bit_operand(kFnstenv)));
    const u32 expected16[] = {0x037f,
                              0x1822,
                              kSampleTags,
                              ip & 0xffff,
                              (ip >> 16 << 12 | 0x5a5) & 0xffff,
                              dp & 0xffff,
                              dp >> 16 << 12 & 0xffff};
    for (unsigned i = 0; i < 7; ++i) CHECK(bench.bench.word(linear + 2 * i) == expected16[i]);

    loaded.instruction_pointer = ip & 0xf'ffff;
    loaded.data_pointer = dp & 0xf'ffff;
    bench.fpu() = FpuState{};
    bench.fpu().registers = before.registers;
    REQUIRE_FALSE(bench.run(with_16_bit_operand(kFldenv)));
    CHECK(bench.fpu() == loaded);
}

TEST_CASE("FNSAVE then FRSTOR is the same state again, in real mode's small format too") {
    X87Bench bench;
    bench.bench.real_mode();
    bench.bench.state.cr0 &= ~kCr0Pe;
    bench.bench.state.set_reg32(Gpr::kDx, 0x100);
    for (const bool small : {false, true}) {
        FpuState before = sample();
        before.instruction_selector = before.data_selector = 0;
        bench.fpu() = before;
        REQUIRE_FALSE(bench.run(small ? with_16_bit_operand(kFnsave) : kFnsave));
        CHECK(bench.fpu().valid == 0);
        CHECK(bench.fpu().control == kX87ControlInit);
        bench.fpu().registers = {};
        REQUIRE_FALSE(bench.run(small ? with_16_bit_operand(kFrstor) : kFrstor));
        CHECK(bench.fpu() == before);
    }
}

TEST_CASE("a fault anywhere in the image leaves memory and state as they were") {
    X87Bench bench;
    bench.bench.enable_paging();
    const u32 page = kX87Operand + 0x1000;
    bench.bench.change_page(page, 1);
    struct {
        const X87Code code;
        u32 size;
        u32 access;
    } const images[] = {{kFldenv, 28, 0},
                        {kFnstenv, 28, kPageFaultWrite},
                        {kFrstor, 108, 0},
                        {kFnsave, 108, kPageFaultWrite},
                        {with_16_bit_operand(kFldenv), 14, 0},
                        {with_16_bit_operand(kFnstenv), 14, kPageFaultWrite},
                        {with_16_bit_operand(kFrstor), 94, 0},
                        {with_16_bit_operand(kFnsave), 94, kPageFaultWrite}};
    for (const auto& image : images) {
        const FpuState before = bench.states.state();
        bench.fpu() = before;
        bench.bench.state.set_reg32(Gpr::kDx, page - image.size + 1);
        for (u32 at = page - 128; at < page; ++at) bench.bench.write<u8>(at, 0x5a);
        CHECK(bench.run(image.code) == Fault::page(image.access | kPageFaultUser, {page}));
        CHECK(bench.fpu() == before);
        for (u32 at = page - 128; at < page; ++at) REQUIRE(bench.bench.read<u8>(at) == 0x5a);
        // One byte lower it fits.
        bench.bench.state.set_reg32(Gpr::kDx, page - image.size);
        CHECK_FALSE(bench.run(image.code));
    }
}

TEST_CASE("alignment is checked for each word of the environment, not for the registers") {
    X87Bench bench;
    bench.bench.state.cr0 |= kCr0Am;
    bench.bench.state.system_flags |= kFlagAc;
    const auto at = [&](u32 address, const X87Code& code) {
        bench.fpu() = sample();
        bench.bench.state.set_reg32(Gpr::kDx, address);
        return bench.run(code);
    };
    const Fault misaligned = Fault::with_code(Vector::kAlignmentCheck, 0);
    for (const X87Code& code : kAll) {
        bench.bench.write<u32>(kX87Operand, 0x037f);
        CHECK_FALSE(at(kX87Operand + 4, code));
        CHECK(at(kX87Operand + 2, code) == misaligned);
        CHECK_FALSE(at(kX87Operand + 2, with_16_bit_operand(code)));
        CHECK(at(kX87Operand + 1, with_16_bit_operand(code)) == misaligned);
    }
}

}  // namespace seventeen::interpreter
