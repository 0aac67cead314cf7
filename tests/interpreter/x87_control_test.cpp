// x87 control words against the host; who waits, who is refused, and when FERR# rises and falls.
#include "interpreter/x87.h"
#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

namespace {

const X87Code kWait{0x9b};
const X87Code kFadd = x87_register(0xd8, 0xc1);
const X87Code kFldcw = x87_memory(0xd9, 5);
const X87Code kFnclex = x87_register(0xdb, 0xe2);

const std::vector<X87Code> kNonWaiting{
    x87_register(0xdb, 0xe0), x87_register(0xdb, 0xe1), kFnclex,
    x87_register(0xdb, 0xe3), x87_register(0xdb, 0xe4), x87_register(0xdf, 0xe0),
    x87_memory(0xd9, 7),      x87_memory(0xdd, 7),      x87_memory(0xd9, 6),
    x87_memory(0xdd, 6)};

// Every kind of waiting instruction there is.
const std::vector<X87Code> kWaiting{kFadd,
                                    kFldcw,
                                    x87_memory(0xd8, 0),        // FADD m32
                                    x87_memory(0xd9, 2),        // FST m32
                                    x87_memory(0xd9, 4),        // FLDENV
                                    x87_memory(0xdd, 4),        // FRSTOR
                                    x87_memory(0xdb, 5),        // FLD m80
                                    x87_memory(0xdb, 7),        // FSTP m80
                                    x87_register(0xd9, 0xc1),   // FLD ST(1)
                                    x87_register(0xd9, 0xc9),   // FXCH
                                    x87_register(0xd9, 0xd9),   // FSTPNCE
                                    x87_register(0xdd, 0xd9),   // FSTP ST(1)
                                    x87_register(0xd9, 0xd0),   // FNOP
                                    x87_register(0xd9, 0xf7),   // FINCSTP
                                    x87_register(0xdd, 0xc1),   // FFREE
                                    x87_register(0xd9, 0xe0),   // FCHS
                                    x87_register(0xd9, 0xf8),   // FPREM
                                    x87_register(0xdb, 0xf1),   // FCOMI
                                    x87_register(0xda, 0xc1)};  // FCMOVB

// A zero divide that nobody has looked at yet.
void make_pending(X87Bench& bench) {
    bench.fpu() = bench.states.state();
    bench.fpu().control = kX87ControlInit & ~kX87ZeroDivide;
    bench.fpu().valid = 0xff;
    bench.fpu().status |= kX87ZeroDivide;
    update_error_summary(bench.fpu());
}

}  // namespace

TEST_CASE("x87 control instructions are the host's, with an exception pending too") {
    X87Bench bench;
    for (const X87Code& code : kNonWaiting) {
        NativeX87 native(code);
        const Operation operation = x87_operation(code);
        for (unsigned i = 0; i < 3000; ++i) {
            FpuState before = bench.states.state();
            before.status |= static_cast<u16>(bench.states.word() & kX87Exceptions);
            update_error_summary(before);
            bench.compare_once(native, operation, before);
        }
    }
    bench.compare(kFldcw, 20000);
    bench.compare(kWait);
}

TEST_CASE("a pending x87 exception stops waiting instructions before they do anything") {
    X87Bench bench;
    bench.bench.state.set_reg32(Gpr::kDx, 0xffff'ffff);  // their operand would fault
    for (const X87Code& code : kWaiting) {
        make_pending(bench);
        const CpuState before = bench.bench.state;
        CHECK(bench.run(code) == Fault::of(Vector::kX87Error));
        CHECK(bench.fpu() == before.fpu);
    }
    CHECK(bench.run(kWait) == Fault::of(Vector::kX87Error));
    bench.bench.state.set_reg32(Gpr::kDx, kX87Operand);
    for (const X87Code& code : kNonWaiting) {
        make_pending(bench);
        CHECK_FALSE(bench.run(code));
    }
}

TEST_CASE("EM and TS raise #NM before a pending exception, for all but WAIT") {
    X87Bench bench;
    const u64 cr0 = bench.bench.state.cr0;
    for (const u64 bit : {kCr0Em, kCr0Ts}) {
        bench.bench.state.cr0 = cr0 | bit;
        for (const auto* list : {&kWaiting, &kNonWaiting}) {
            for (const X87Code& code : *list) {
                make_pending(bench);
                const FpuState before = bench.fpu();
                CHECK(bench.run(code) == Fault::of(Vector::kDeviceNotAvailable));
                CHECK(bench.fpu() == before);
            }
        }
    }
    const Fault no_device = Fault::of(Vector::kDeviceNotAvailable);
    const Fault error = Fault::of(Vector::kX87Error);
    CHECK(bench.run(kWait) == no_device);  // TS and MP
    bench.bench.state.cr0 = (cr0 | kCr0Ts) & ~kCr0Mp;
    CHECK(bench.run(kWait) == error);
    bench.bench.state.cr0 = cr0 | kCr0Em;
    CHECK(bench.run(kWait) == error);
}

TEST_CASE("with CR0.NE clear a pending exception stops an instruction unless IGNNE# is asserted") {
    X87Bench bench;
    bench.bench.state.cr0 &= ~kCr0Ne;
    bool ferr = false;
    bench.bench.engine.ferr().connect([&](bool level) { ferr = level; });
    for (const X87Code& code : kWaiting) {
        make_pending(bench);
        const FpuState before = bench.fpu();
        CHECK(bench.run(code) == Fault::of(Vector::kX87Error));
        CHECK(bench.fpu() == before);
        CHECK(ferr);
    }
    bench.bench.engine.set_ignne(true);
    NativeX87 native(kFadd);
    const Operation operation = x87_operation(kFadd);
    for (unsigned i = 0; i < 2000; ++i) {
        make_pending(bench);
        const FpuState before = bench.fpu();
        FpuState quiet = before;
        quiet.status &= static_cast<u16>(~kX87ZeroDivide);
        update_error_summary(quiet);
        bench.fpu() = quiet;
        REQUIRE_FALSE(operation.run(bench.cpu, operation));
        FpuState expected = bench.fpu();
        expected.status |= kX87ZeroDivide;
        update_error_summary(expected);
        bench.fpu() = before;
        REQUIRE_FALSE(operation.run(bench.cpu, operation));
        REQUIRE(bench.fpu() == expected);
    }
    CHECK(ferr);
    CHECK_FALSE(bench.run(kFnclex));
    CHECK_FALSE(ferr);
    for (const X87Code& code :
         {x87_register(0xdb, 0xe3), x87_memory(0xdd, 6), x87_memory(0xd9, 6)}) {
        make_pending(bench);
        CHECK_FALSE(bench.run(kWait));
        CHECK(ferr);
        CHECK_FALSE(bench.run(code));
        CHECK_FALSE(ferr);
    }
}

TEST_CASE("FERR# follows the error summary at the end of every x87 instruction") {
    X87Bench bench;
    CpuState& state = bench.bench.state;
    state.cr0 &= ~kCr0Ne;
    bench.bench.engine.set_ignne(true);
    const Line& ferr = bench.bench.engine.ferr();
    unsigned rises = 0, falls = 0;
    const auto check_all = [&](const std::vector<X87Code>& codes) {
        for (const X87Code& code : codes) {
            const Operation operation = x87_operation(code);
            for (unsigned i = 0; i < 500; ++i) {
                bench.fpu() = bench.states.state();
                if (bench.states.one_in(2)) bench.fpu().status |= bench.states.below(0x40);
                update_error_summary(bench.fpu());
                bench.bench.engine.update_ferr();
                // A full environment, for those that load one.
                for (u32 at = 0; at < 128; at += 8)
                    bench.bench.write<u64>(kX87Operand + at, bench.states.word());
                const bool before = ferr.level();
                REQUIRE_FALSE(operation.run(bench.cpu, operation));
                const bool pending = bench.fpu().status & kX87ErrorSummary;
                REQUIRE(ferr.level() == pending);
                rises += !before && pending;
                falls += before && !pending;
            }
        }
    };
    check_all(kWaiting);
    check_all(kNonWaiting);
    check_all({{0xde, 0xf9}, {0xdf, 0xe9}});  // FDIVP, FUCOMIP
    CHECK(rises > 1000);
    CHECK(falls > 100);
}

TEST_CASE("FCS and FDS are the segments of the instruction and of its operand") {
    X87Bench bench;
    bench.fpu() = bench.states.state();
    REQUIRE_FALSE(bench.run({0x65, 0xd9, 0x02}));  // FLD dword [GS:EDX]
    CHECK(bench.fpu().instruction_selector == privilege::kCode3);
    CHECK(bench.fpu().instruction_pointer == kX87Code);
    CHECK(bench.fpu().opcode == 0x102);
    CHECK(bench.fpu().data_selector == privilege::kData3);
    CHECK(bench.fpu().data_pointer == kX87Operand);
}

}  // namespace seventeen::interpreter
