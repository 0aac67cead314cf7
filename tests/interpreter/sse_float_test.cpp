// Unmasked exceptions: which flags they leave, what stays unchanged, who is told.
#include "interpreter/sse_float.h"

#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr u32 kOne = 0x3f80'0000;
constexpr u32 kTwo = 0x4000'0000;
constexpr u32 kHalf = 0x3f00'0000;
constexpr u32 kLeastNormal = 0x0080'0000;
constexpr u32 kGreatest = 0x7f7f'ffff;
constexpr u32 kDenormal = 1;
constexpr u32 kSignallingNan = 0x7fa0'0000;

constexpr u8 kAddps = 0x58;
constexpr u8 kMulps = 0x59;
constexpr u8 kDivps = 0x5e;

constexpr u32 unmasked(u32 flags) {
    return kMxcsrReset & ~(flags << kMxcsrMaskShift);
}

// Two lanes; the others hold ones, which raise nothing.
struct Row {
    u8 opcode;
    u32 mxcsr;
    u32 a0, a1, b0, b1;
    u32 flags;
    bool traps;
};

constexpr u64 two(u32 low, u32 high) {
    return low | u64{high} << 32;
}

void check_row(SseBench& bench, const Row& row) {
    INFO("opcode " << unsigned{row.opcode} << " mxcsr " << row.mxcsr << " on " << row.a0 << " "
                   << row.b0);
    const XmmRegister destination{{two(row.a0, row.a1), two(kOne, kOne)}};
    bench.fpu().mxcsr = row.mxcsr;
    bench.fpu().xmm[1] = destination;
    bench.fpu().xmm[2] = {{two(row.b0, row.b1), two(kOne, kOne)}};
    const Fault fault = bench.run(sse_registers({0x0f, row.opcode}, 1, 2));
    CHECK(fault == (row.traps ? Fault::of(Vector::kSimdError) : Fault{}));
    CHECK(bench.fpu().mxcsr == (row.mxcsr | row.flags));
    CHECK((bench.fpu().xmm[1] == destination) == row.traps);
}

}  // namespace

// SDM 1 11.5.2 and 4.9.2, and what the host did with the same operands.
TEST_CASE("operands of all lanes are judged before any result") {
    SseBench bench;
    for (const Row& row : {
             Row{kAddps, unmasked(kMxcsrInvalid), kSignallingNan, kOne, kOne, 0x3300'0001,
                 kMxcsrInvalid, true},
             Row{kAddps, unmasked(kMxcsrInvalid), kSignallingNan, kDenormal, kOne, kOne,
                 kMxcsrInvalid | kMxcsrDenormal, true},
             Row{kDivps, unmasked(kMxcsrZeroDivide), kOne, kOne, 0, 0x4040'0000, kMxcsrZeroDivide,
                 true},
             Row{kDivps, unmasked(kMxcsrPrecision), kOne, kOne, 0, 0x4040'0000,
                 kMxcsrZeroDivide | kMxcsrPrecision, true},
             Row{kAddps, unmasked(kMxcsrDenormal | kMxcsrUnderflow), kDenormal, kOne, 0, kOne,
                 kMxcsrDenormal, true},
             // A NaN hides the denormal beside it in its lane.
             Row{kAddps, unmasked(kMxcsrDenormal), kSignallingNan, kOne, kDenormal, kOne,
                 kMxcsrInvalid, false},
         })
        check_row(bench, row);
}

TEST_CASE("unmasked overflow and underflow are judged with unbounded exponents") {
    SseBench bench;
    constexpr u32 kOverflow = unmasked(kMxcsrOverflow);
    constexpr u32 kUnderflow = unmasked(kMxcsrUnderflow);
    for (const Row& row : {
             Row{kMulps, kOverflow, kGreatest, kOne, kTwo, kOne, kMxcsrOverflow, true},
             Row{kMulps, kOverflow, kGreatest, kOne, kGreatest, kOne,
                 kMxcsrOverflow | kMxcsrPrecision, true},
             // Tiny but exact: only an unmasked underflow minds.
             Row{kMulps, kMxcsrReset, kLeastNormal, kOne, kHalf, kTwo, 0, false},
             Row{kMulps, kUnderflow, kLeastNormal, kOne, kHalf, kOne, kMxcsrUnderflow, true},
             // Inexact as a denormal, exact with an unbounded exponent.
             Row{kMulps, kUnderflow, kLeastNormal + 1, kOne, kHalf, kOne, kMxcsrUnderflow, true},
             Row{kMulps, kUnderflow, kLeastNormal + 1, kOne, kHalf + 1, kOne,
                 kMxcsrUnderflow | kMxcsrPrecision, true},
             // Tininess is judged after rounding.
             Row{kMulps, kUnderflow, 0x3f7f'ffff, kOne, kLeastNormal + 1, kTwo, kMxcsrPrecision,
                 false},
             // Flush-to-zero counts only while underflow is masked.
             Row{kMulps, kUnderflow | kMxcsrFlushToZero, kLeastNormal, kOne, kHalf, kOne,
                 kMxcsrUnderflow, true},
             Row{kMulps, kMxcsrReset | kMxcsrFlushToZero, kLeastNormal, kOne, kHalf, kOne,
                 kMxcsrUnderflow | kMxcsrPrecision, false},
             Row{kMulps, unmasked(kMxcsrPrecision) | kMxcsrFlushToZero, kLeastNormal, kOne, kHalf,
                 kOne, kMxcsrUnderflow | kMxcsrPrecision, true},
         })
        check_row(bench, row);
}

TEST_CASE("what no unmasked exception stops is computed") {
    SseBench bench;
    check_row(bench, {kMulps, unmasked(kMxcsrFlags), kTwo, kOne, kTwo, kTwo, 0, false});
    CHECK(bench.fpu().xmm[1].lanes[0] == two(0x4080'0000, kTwo));
}

// SDM 3A 2.5, CR4.OSXMMEXCPT.
TEST_CASE("without OSXMMEXCPT an unmasked exception is an invalid opcode") {
    SseBench bench;
    bench.state().cr4 &= ~kCr4Osxmmexcpt;
    bench.fpu().mxcsr = unmasked(kMxcsrZeroDivide);
    bench.fpu().xmm[1].lanes = {two(kOne, kOne), two(kOne, kOne)};
    bench.fpu().xmm[2].lanes = {0, 0};
    CHECK(bench.run(sse_registers({0x0f, kDivps}, 1, 2)) == Fault::invalid_opcode());
    CHECK(bench.fpu().mxcsr == (unmasked(kMxcsrZeroDivide) | kMxcsrZeroDivide));
}

TEST_CASE("flags that stand in the host's MXCSR do not reach the guest's") {
    SseBench bench;
    const u32 before = host_sse::read_mxcsr();
    host_sse::write_mxcsr(kMxcsrReset | kMxcsrFlags);
    for (const u32 flags : {0u, kMxcsrInvalid, kMxcsrPrecision}) {
        const u32 mxcsr = kMxcsrReset | flags;
        check_row(bench, {kMulps, mxcsr, kTwo, kOne, kTwo, kTwo, 0, false});
        check_row(bench, {kDivps, mxcsr, kOne, kOne, 0, kOne, kMxcsrZeroDivide, false});
    }
    host_sse::write_mxcsr(before);
}

TEST_CASE("the host's MXCSR controls survive a guest's") {
    SseBench bench;
    const u32 before = host_sse::read_mxcsr();
    for (const u32 mxcsr : {0xffc0u, 0xe040u, 0x1f80u}) {
        bench.fpu().mxcsr = mxcsr;
        bench.fpu().xmm[1].lanes = bench.fpu().xmm[2].lanes = {1, 1};
        static_cast<void>(bench.run(sse_registers({0x0f, kAddps}, 1, 2)));
        CHECK(((host_sse::read_mxcsr() ^ before) & ~kMxcsrFlags) == 0);
    }
}

}  // namespace seventeen::interpreter
