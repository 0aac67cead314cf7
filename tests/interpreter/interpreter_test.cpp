// The main loop: exact targets, yields, events, code that changes, page ends and faults.
#include "interpreter/interpreter.h"

#include <catch2/catch.hpp>
#include <initializer_list>

#include "core/bus.h"
#include "core/scheduler.h"
#include "privilege/segment_state.h"

namespace seventeen::interpreter {

namespace {

constexpr u64 kRam = 1u << 20;
constexpr u32 kCode = 0x1000;
constexpr u32 kStack = 0x8000;
constexpr u32 kHandlers = 0x6000;  // the handler of vector n is a HLT at kHandlers + 16 × n
constexpr u8 kTimerVector = 0x20;

// A CPU in real mode with CS = DS = ES = SS = 0, whose every vector leads to a HLT.
class Bench final : public InterruptAcknowledge {
  public:
    Bench() {
        memory.map_ram({0}, kRam, 0);
        for (SegmentName name :
             {SegmentName::kCs, SegmentName::kDs, SegmentName::kEs, SegmentName::kSs})
            privilege.load_real_segment(name, 0);
        for (u32 vector = 0; vector < 256; ++vector) {
            memory.write<u32>({vector * 4}, kHandlers + vector * 16);
            memory.write<u8>({kHandlers + vector * 16}, 0xf4);
        }
        state.rip = kCode;
        state.set_reg32(Gpr::kSp, kStack);
    }

    void code(std::initializer_list<u8> bytes, u32 at = kCode) {
        for (u8 byte : bytes) memory.write<u8>({at++}, byte);
    }
    // Runs to `target`, whatever makes the engine look up in between; stops early on HLT.
    Exit run(u64 target) {
        Exit exit = Exit::kTarget;
        while (state.retired < target) {
            exit = interpreter.run(target);
            if (exit == Exit::kHalted || exit == Exit::kShutdown) return exit;
        }
        return exit;
    }
    bool in_handler(unsigned vector) const {
        return state.eip() == kHandlers + vector * 16 + 1 && state.activity == Activity::kHalted;
    }
    u8 acknowledge() override { return kTimerVector; }

    CpuState state = privilege::reset_state(privilege::cpu_model("max"));
    Bus ports{"port", 0x10000};
    Bus mmio{"memory", u64{1} << 36};
    Scheduler scheduler{state.retired, state.attention};
    mmu::PhysicalMemory memory{kRam, mmio};
    mmu::Mmu mmu{state, memory};
    privilege::PrivilegeEngine privilege{
        state, mmu, privilege::cpu_model("max"), {ports, scheduler, *this}};
    Interpreter interpreter{state, mmu, privilege};
};

}  // namespace

TEST_CASE("A run stops at its exact target, in the middle of a block") {
    Bench bench;
    bench.code({0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0xf4});  // INC AX, six times
    CHECK(bench.run(4) == Exit::kTarget);
    CHECK(bench.state.retired == 4);
    CHECK(bench.state.reg32(Gpr::kAx) == 4);
    CHECK(bench.state.eip() == kCode + 4);
    CHECK(bench.run(100) == Exit::kHalted);
    CHECK(bench.state.retired == 7);
}

TEST_CASE("A repeated string instruction counts its iterations and yields between two") {
    Bench bench;
    bench.code({0xb9, 0x00, 0x01, 0xbf, 0x00, 0x20, 0xb0, 0x55, 0xf3, 0xaa, 0xf4});
    CHECK(bench.run(3 + 100) == Exit::kTarget);
    CHECK(bench.state.retired == 103);
    CHECK(bench.state.reg32(Gpr::kCx) == 0x100 - 100);
    CHECK(bench.state.reg32(Gpr::kDi) == 0x2000 + 100);
    CHECK(bench.state.eip() == kCode + 8);
    CHECK(bench.state.flag(kFlagRf));
    CHECK(bench.memory.read<u8>({0x2063}) == 0x55);
    CHECK(bench.memory.read<u8>({0x2064}) == 0);
    CHECK(bench.run(1000) == Exit::kHalted);
    CHECK(bench.state.retired == 3 + 0x100 + 1);
    CHECK(!bench.state.flag(kFlagRf));
}

TEST_CASE("Every target stops in the state that single steps reach") {
    const std::initializer_list<u8> program{0xb9, 0x05, 0x00, 0xbe, 0x00, 0x10, 0xbf, 0x00,
                                            0x20, 0xf3, 0xa4, 0x40, 0xe2, 0xfd, 0x90, 0xf4};
    Bench stepped;
    stepped.code(program);
    for (u64 target = 1; target < 14; ++target) {
        stepped.run(target);
        Bench run;
        run.code(program);
        run.run(target);
        INFO(target);
        CHECK(run.state.retired == stepped.state.retired);
        CHECK(run.state.eip() == stepped.state.eip());
        CHECK(run.state.gpr == stepped.state.gpr);
        CHECK(run.state.eflags() == stepped.state.eflags());
    }
}

TEST_CASE("An interrupt line is seen at the next boundary, and not in STI's shadow") {
    Bench bench;
    bench.code({0x90, 0xfb, 0x40, 0x40, 0xf4});  // NOP, STI, INC AX, INC AX
    bench.state.interrupt_line = true;
    bench.state.attention = true;
    CHECK(bench.run(100) == Exit::kHalted);
    CHECK(bench.in_handler(kTimerVector));
    CHECK(bench.state.reg32(Gpr::kAx) == 1);
    CHECK(bench.memory.read<u16>({kStack - 6}) == kCode + 3);
}

TEST_CASE("MOV SS holds interrupts off for one instruction") {
    Bench bench;
    bench.code({0xfb, 0x90, 0x8e, 0xd0, 0x40, 0x40, 0xf4});  // STI, NOP, MOV SS, AX, INC AX ×2
    bench.run(2);
    bench.state.interrupt_line = true;
    bench.run(3);
    bench.state.attention = true;
    CHECK(bench.run(100) == Exit::kHalted);
    CHECK(bench.in_handler(kTimerVector));
}

TEST_CASE("Written code takes effect at the next instruction") {
    Bench bench;
    SECTION("ahead in the same block") {
        // MOV byte [next + 1], 22h; next: MOV AL, 11h; HLT
        bench.code({0xc6, 0x06, 0x06, 0x10, 0x22, 0xb0, 0x11, 0xf4});
        bench.run(100);
        CHECK(bench.state.reg32(Gpr::kAx) == 0x22);
    }
    SECTION("by the running instruction upon itself") {
        // REP STOSB over its own bytes with NOPs: the iterations left over do not happen.
        bench.code({0xb9, 0x04, 0x00, 0xbf, 0x08, 0x10, 0xb0, 0x90, 0xf3, 0xaa, 0x90, 0x90, 0xf4});
        bench.run(100);
        CHECK(bench.state.activity == Activity::kHalted);
        CHECK(bench.state.reg32(Gpr::kCx) == 3);
        CHECK(bench.memory.read<u16>({kCode + 8}) == 0x9090);
    }
    SECTION("by a loop that rewrites the same place for ever") {
        // again: MOV [add + 1], CL; add: ADD AL, 0; LOOP again
        bench.code({0xb9, 0x64, 0x00, 0x88, 0x0e, 0x08, 0x10, 0x04, 0x00, 0xe2, 0xf8, 0xf4});
        bench.run(1000);
        CHECK((bench.state.reg32(Gpr::kAx) & 0xff) == (100 * 101 / 2 & 0xff));
    }
    SECTION("by DMA between two runs") {
        bench.code({0x90, 0xb0, 0x11, 0xf4});
        bench.run(1);
        const u8 byte = 0x33;
        bench.memory.dma_write({kCode + 2}, &byte, 1);
        bench.run(100);
        CHECK(bench.state.reg32(Gpr::kAx) == 0x33);
    }
    SECTION("when other memory appears in its place") {
        bench.code({0x90, 0xf4});
        bench.run(10);
        bench.code({0xb0, 0x44, 0xf4}, 0x5000);
        bench.memory.map_ram({kCode}, kPageSize, 0x5000);
        bench.state.rip = kCode;
        bench.state.activity = Activity::kRunning;
        bench.run(20);
        CHECK(bench.state.reg32(Gpr::kAx) == 0x44);
    }
}

TEST_CASE("Instructions cross pages, and stop at the segment's limit") {
    Bench bench;
    SECTION("an instruction over a page's end") {
        bench.state.rip = 0x1ffe;
        bench.code({0xb8, 0x34, 0x12, 0xf4}, 0x1ffe);
        bench.run(10);
        CHECK(bench.state.reg32(Gpr::kAx) == 0x1234);
    }
    SECTION("its second half changes") {
        bench.state.rip = 0x1ffe;
        bench.code({0xb8, 0x34, 0x12, 0xf4}, 0x1ffe);
        bench.run(1);
        bench.memory.write<u8>({0x2000}, 0x99);
        bench.state.rip = 0x1ffe;
        bench.run(2);
        CHECK(bench.state.reg32(Gpr::kAx) == 0x9934);
    }
    SECTION("an instruction over the limit") {
        bench.state.rip = 0x7000;
        bench.state.segment(SegmentName::kCs).limit = 0x7001;
        bench.code({0xb8, 0x34, 0x12}, 0x7000);
        bench.run(10);
        CHECK(bench.in_handler(13));
    }
    SECTION("EIP beyond the limit") {
        bench.state.rip = 0x7000;
        bench.state.segment(SegmentName::kCs).limit = 0x7000;
        bench.code({0x90, 0x90}, 0x7000);
        bench.run(10);
        CHECK(bench.in_handler(13));
        CHECK(bench.memory.read<u16>({kStack - 6}) == 0x7001);
    }
}

TEST_CASE("A fault restarts its instruction and counts one") {
    Bench bench;
    bench.code({0x31, 0xc9, 0xf7, 0xf1, 0x40});  // XOR CX, CX; DIV CX
    CHECK(bench.run(100) == Exit::kHalted);
    CHECK(bench.in_handler(0));
    CHECK(bench.memory.read<u16>({kStack - 6}) == kCode + 2);
    CHECK(bench.state.retired == 3);  // XOR, the fault, the handler's HLT
}

TEST_CASE("A guest that does nothing but fault still reaches its target") {
    Bench bench;
    bench.memory.write<u32>({6 * 4}, kCode);
    bench.code({0x0f, 0x0b});  // UD2, whose handler is UD2
    CHECK(bench.run(1000) == Exit::kTarget);
    CHECK(bench.state.retired == 1000);
}

TEST_CASE("Undefined, unavailable and over-long instructions") {
    Bench bench;
    SECTION("undefined") {
        bench.code({0x0f, 0xff});
        bench.run(10);
        CHECK(bench.in_handler(6));
    }
    SECTION("undefined, up to the limit and over it") {
        const u8 vectors[] = {6, 13};
        for (u32 over = 0; over < 2; ++over) {
            Bench limited;
            limited.state.rip = 0x7000;
            limited.state.segment(SegmentName::kCs).limit = 0x7002 - over;
            limited.code({0xff, 0x78, 0x00}, 0x7000);
            limited.run(10);
            CHECK(limited.in_handler(vectors[over]));
        }
    }
    SECTION("undefined, and over a page's end") {
        bench.state.rip = 0x1ffe;
        bench.code({0xff, 0x78, 0x00}, 0x1ffe);
        bench.run(10);
        CHECK(bench.in_handler(6));
        CHECK(bench.memory.read<u16>({kStack - 6}) == 0x1ffe);
    }
    SECTION("too long") {
        bench.code({0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                    0x66, 0x66, 0x90});
        bench.run(10);
        CHECK(bench.in_handler(13));
    }
}

TEST_CASE("TF traps after each instruction, repeated ones after each iteration") {
    Bench bench;
    bench.code({0xb9, 0x03, 0x00, 0xf3, 0xaa, 0xf4});  // MOV CX, 3; REP STOSB
    bench.state.set_reg32(Gpr::kDi, 0x3000);
    bench.run(1);
    bench.state.system_flags |= kFlagTf;
    bench.state.attention = true;
    bench.run(100);
    CHECK(bench.in_handler(1));
    CHECK(bench.state.reg32(Gpr::kCx) == 2);
    CHECK(bench.memory.read<u16>({kStack - 6}) == kCode + 3);
    CHECK((bench.state.dr[6] & 0x4000) != 0);
}

// FNINIT; FLDCW [700h]; FLD1; FLDZ; FDIVP; FWAIT; HLT, with zero divide unmasked and CR0.NE clear.
TEST_CASE("An x87 error brings an interrupt, and a waiting instruction waits for it") {
    Bench bench;
    constexpr u16 kWaitAt = kCode + 12;
    bench.memory.write<u16>({0x700}, 0x037b);
    bench.code(
        {0xdb, 0xe3, 0xd9, 0x2e, 0x00, 0x07, 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x9b, 0xf4});
    bench.code({0xdb, 0xe2, 0xcf}, kHandlers + kTimerVector * 16);  // FNCLEX; IRET
    bench.state.system_flags |= kFlagIf;
    const auto interrupt = [&bench](bool level) {
        bench.state.interrupt_line = level;
        bench.state.attention = true;
    };
    SECTION("an interrupt that comes of FERR#") {
        bench.privilege.ferr().connect(interrupt);
        CHECK(bench.run(100) == Exit::kHalted);
        CHECK(bench.state.retired == 5 + 2 + 2);
    }
    SECTION("an interrupt that comes late") {
        CHECK(bench.run(100) == Exit::kHalted);
        CHECK(bench.state.eip() == kWaitAt);
        CHECK(bench.state.retired == 5 + 1);  // the freeze counts one
        bench.privilege.ferr().connect(interrupt);
        interrupt(true);
        CHECK(bench.run(100) == Exit::kHalted);
        CHECK(bench.state.retired == 5 + 1 + 2 + 2);
    }
    SECTION("IGNNE#") {
        bench.privilege.set_ignne(true);
        CHECK(bench.run(100) == Exit::kHalted);
        CHECK(bench.state.retired == 5 + 2);
        CHECK(bench.privilege.ferr().level());
    }
    CHECK(bench.state.eip() == kWaitAt + 2);
}

TEST_CASE("HLT wakes by an interrupt only") {
    Bench bench;
    bench.code({0xfb, 0xf4, 0x40, 0xf4});
    CHECK(bench.run(100) == Exit::kHalted);
    CHECK(bench.run(100) == Exit::kHalted);
    CHECK(bench.state.retired == 2);
    bench.state.interrupt_line = true;
    CHECK(bench.run(100) == Exit::kHalted);
    CHECK(bench.in_handler(kTimerVector));
    CHECK(bench.memory.read<u16>({kStack - 6}) == kCode + 2);
}

}  // namespace seventeen::interpreter
