// FXSAVE, FXRSTOR, LDMXCSR and STMXCSR: the image byte by byte, what is checked, what is kept.
#include <cstring>

#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr u32 kAreaSize = 512;
constexpr u8 kUntouched = 0xcc;
constexpr u64 kSignificand = 0x1010'1010'1010'1010;

const SseCode kFxsave = sse_memory({0x0f, 0xae}, 0);
const SseCode kFxrstor = sse_memory({0x0f, 0xae}, 1);
const SseCode kLdmxcsr = sse_memory({0x0f, 0xae}, 2);
const SseCode kStmxcsr = sse_memory({0x0f, 0xae}, 3);

using FxArea = std::array<u8, kAreaSize>;

class FxBench : public SseBench {
  public:
    FxBench() { state().set_reg32(Gpr::kDi, kSseArea); }

    FxArea area() {
        FxArea bytes;
        bench.memory.read({kSseArea}, bytes.data(), bytes.size());
        return bytes;
    }
    void set_area(const FxArea& bytes) {
        bench.memory.write({kSseArea}, bytes.data(), bytes.size());
    }

    // Something different in every field.
    void fill() {
        fpu().control = 0x0f7f;
        fpu().status = 0x3a41;
        fpu().valid = 0x5a;
        fpu().opcode = 0x7bc;
        fpu().instruction_pointer = 0x0123'4567;
        fpu().instruction_selector = 0x89ab;
        fpu().data_pointer = 0x1357'9bdf;
        fpu().data_selector = 0x0246;
        fpu().mxcsr = 0x7fc5;
        for (unsigned i = 0; i < 8; ++i) {
            fpu().registers[i] = {kSignificand + i, static_cast<u16>(0x4000 + i)};
            fpu().xmm[i].lanes = {states.word(), states.word()};
        }
    }
};

template <typename T>
T field(const FxArea& area, u32 offset) {
    T value;
    std::memcpy(&value, &area[offset], sizeof value);
    return value;
}
template <typename T>
void set_field(FxArea& area, u32 offset, T value) {
    std::memcpy(&area[offset], &value, sizeof value);
}

}  // namespace

// SDM 1 table 10-2.
TEST_CASE("FXSAVE stores every field in its place") {
    FxBench bench;
    bench.fill();
    FxArea before;
    before.fill(kUntouched);
    bench.set_area(before);
    REQUIRE(bench.run(kFxsave) == Fault{});
    const FxArea area = bench.area();
    CHECK(field<u16>(area, 0) == 0x0f7f);
    CHECK(field<u16>(area, 2) == 0x3a41);
    CHECK(field<u16>(area, 4) == 0x5a);  // the byte after it is reserved
    CHECK(field<u16>(area, 6) == 0x7bc);
    CHECK(field<u32>(area, 8) == 0x0123'4567);
    CHECK(field<u32>(area, 12) == 0x89ab);
    CHECK(field<u32>(area, 16) == 0x1357'9bdf);
    CHECK(field<u32>(area, 20) == 0x0246);
    CHECK(field<u32>(area, 24) == 0x7fc5);
    CHECK(field<u32>(area, 28) == kMxcsrMask);
    for (u32 i = 0; i < 8; ++i) {
        const u32 physical = (7 + i) % 8;  // TOP is 7
        CHECK(field<u64>(area, 32 + 16 * i) == kSignificand + physical);
        CHECK(field<u64>(area, 40 + 16 * i) == 0x4000 + physical);
        CHECK(field<XmmRegister>(area, 160 + 16 * i) == bench.fpu().xmm[i]);
    }
    // The host leaves the rest alone outside 64-bit mode.
    for (u32 i = 288; i < kAreaSize; ++i) CHECK(area[i] == kUntouched);
}

TEST_CASE("FXRSTOR brings back what FXSAVE stored") {
    FxBench bench;
    bench.fill();
    const FpuState before = bench.fpu();
    REQUIRE(bench.run(kFxsave) == Fault{});
    bench.fpu() = FpuState{};
    REQUIRE(bench.run(kFxrstor) == Fault{});
    CHECK(bench.fpu() == before);
}

// Reserved bits of the control word and the opcode's upper bits are not kept, and the error summary
// follows from the rest, whatever the image says (as on the host).
TEST_CASE("FXRSTOR makes control, status and FERR# consistent") {
    FxBench bench;
    bench.state().cr0 &= ~kCr0Ne;
    const Line& ferr = bench.bench.engine.ferr();
    FxArea area{};
    set_field<u16>(area, 0, 0xffff);
    set_field<u16>(area, 2, 0x8081);
    set_field<u16>(area, 6, 0xffff);
    bench.set_area(area);
    REQUIRE(bench.run(kFxrstor) == Fault{});
    CHECK(bench.fpu().control == 0x1f7f);
    CHECK(bench.fpu().status == 0x0001);
    CHECK(bench.fpu().opcode == 0x7ff);
    set_field<u16>(area, 0, 0);
    set_field<u16>(area, 2, 0x3841);
    bench.set_area(area);
    REQUIRE(bench.run(kFxrstor) == Fault{});
    CHECK(bench.fpu().control == 0x0040);
    CHECK(bench.fpu().status == 0xb8c1);
    CHECK(ferr.level());
    set_field<u16>(area, 0, 0xffff);
    bench.set_area(area);
    REQUIRE(bench.run(kFxrstor) == Fault{});
    CHECK_FALSE(ferr.level());
}

TEST_CASE("reserved bits of MXCSR are refused and nothing is loaded") {
    FxBench bench;
    bench.fill();
    REQUIRE(bench.run(kFxsave) == Fault{});
    FxArea area = bench.area();
    set_field<u32>(area, 24, 0x1'1f80);
    bench.set_area(area);
    bench.fpu() = FpuState{};
    CHECK(bench.run(kFxrstor) == Fault::general_protection());
    CHECK(bench.fpu() == FpuState{});
    bench.bench.write<u32>(kSseArea, 0x8000'1f80);
    CHECK(bench.run(kLdmxcsr) == Fault::general_protection());
    CHECK(bench.fpu() == FpuState{});
}

TEST_CASE("without OSFXSR the XMM registers stay out of it") {
    FxBench bench;
    bench.fill();
    FxArea before;
    before.fill(kUntouched);
    bench.set_area(before);
    bench.state().cr4 &= ~kCr4Osfxsr;
    REQUIRE(bench.run(kFxsave) == Fault{});
    const FxArea area = bench.area();
    CHECK(field<u32>(area, 24) == 0x7fc5);
    for (u32 i = 160; i < kAreaSize; ++i) CHECK(area[i] == kUntouched);
    const FpuState saved = bench.fpu();
    REQUIRE(bench.run(kFxrstor) == Fault{});
    CHECK(bench.fpu() == saved);
}

TEST_CASE("FXSAVE and FXRSTOR are x87 instructions to CR0, and wait for nothing") {
    for (const SseCode& code : {kFxsave, kFxrstor}) {
        for (const u64 bit : {kCr0Em, kCr0Ts}) {
            FxBench bench;
            bench.state().cr0 |= bit;
            CHECK(bench.run(code) == Fault::of(Vector::kDeviceNotAvailable));
        }
        FxBench bench;
        bench.fpu().status = 0x8081;
        CHECK(bench.run(code) == Fault{});
    }
}

TEST_CASE("FXSAVE and FXRSTOR want an aligned area, all of it there") {
    for (const bool saves : {true, false}) {
        const SseCode& code = saves ? kFxsave : kFxrstor;
        FxBench bench;
        bench.state().set_reg32(Gpr::kDi, kSseArea + 8);
        CHECK(bench.run(code) == Fault::general_protection());
        // Only reserved bytes lie on the absent page.
        bench.bench.enable_paging();
        bench.bench.change_page(kSseArea + kPageSize, 1);
        const u32 place = static_cast<u32>(kSseArea + kPageSize - kAreaSize + 16);
        bench.state().set_reg32(Gpr::kDi, place);
        const FpuState before = bench.fpu();
        bench.bench.write<u64>(place, 0x5555'5555'5555'5555);
        CHECK(bench.run(code).vector == Vector::kPageFault);
        CHECK(bench.fpu() == before);
        CHECK(bench.bench.read<u64>(place) == 0x5555'5555'5555'5555);
    }
}

TEST_CASE("FXSAVE raises #AC before #GP where alignment is checked") {
    FxBench bench;
    bench.state().system_flags |= kFlagAc;
    bench.state().set_reg32(Gpr::kDi, kSseArea + 1);
    CHECK(bench.run(kFxsave) == Fault::with_code(Vector::kAlignmentCheck, 0));
}

// As on the host: the first doubleword's limit counts before alignment, and that before the rest's.
TEST_CASE("FXSAVE and FXRSTOR check their first doubleword's limit, then alignment") {
    for (const SseCode& code : {kFxsave, kFxrstor}) {
        FxBench bench;
        const SseCode in_stack_segment = prefixed(0x36, code);
        bench.state().set_reg32(Gpr::kDi, 0xffff'fffe);
        CHECK(bench.run(in_stack_segment) == Fault::stack());
        bench.state().set_reg32(Gpr::kDi, 0xffff'fffc);
        CHECK(bench.run(in_stack_segment) == Fault::general_protection());
        bench.state().set_reg32(Gpr::kDi, 0xffff'fe10);
        CHECK(bench.run(in_stack_segment) == Fault::stack());
    }
}

TEST_CASE("LDMXCSR and STMXCSR move MXCSR") {
    FxBench bench;
    bench.bench.write<u32>(kSseArea, 0xffff);
    CHECK(bench.run(kLdmxcsr) == Fault{});
    CHECK(bench.fpu().mxcsr == 0xffff);
    bench.fpu().mxcsr = 0x9fc0;
    CHECK(bench.run(kStmxcsr) == Fault{});
    CHECK(bench.bench.read<u32>(kSseArea) == 0x9fc0);
    bench.state().cr4 &= ~kCr4Osfxsr;
    CHECK(bench.run(kLdmxcsr) == Fault::invalid_opcode());
    CHECK(bench.run(kStmxcsr) == Fault::invalid_opcode());
}

TEST_CASE("LDMXCSR raises none of the exceptions it unmasks") {
    FxBench bench;
    bench.bench.write<u32>(kSseArea, 0x003f);
    CHECK(bench.run(kLdmxcsr) == Fault{});
    CHECK(bench.fpu().mxcsr == 0x003f);
}

}  // namespace seventeen::interpreter
