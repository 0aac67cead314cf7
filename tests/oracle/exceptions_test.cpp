// Each exception excuses what it names and nothing beside it.
#include "tests/oracle/exceptions.h"

#include <catch2/catch.hpp>

#include <memory>

namespace seventeen::oracle {
namespace {

struct Runs {
    Case test;
    Outcome host, guest;
    MemoryImage host_memory{}, guest_memory{};

    std::string_view excuse() const {
        const Exception* found = find_exception(test, {host, host_memory}, {guest, guest_memory});
        return found ? found->name : "";
    }
    void fault(u8 vector) {
        for (Outcome* outcome : {&host, &guest}) {
            outcome->kind = Outcome::Kind::kException;
            outcome->vector = vector;
            outcome->registers.eip = test.origin;
        }
    }
};

std::unique_ptr<Runs> runs_of(const Bytes& instruction) {
    auto runs = std::make_unique<Runs>();
    runs->test.instructions = {instruction};
    return runs;
}

TEST_CASE("every exception has a name and a reason") {
    for (const Exception& exception : exceptions()) {
        CHECK_FALSE(exception.name.empty());
        CHECK_FALSE(exception.reason.empty());
    }
}

TEST_CASE("an ordinary difference is not excused") {
    const auto runs = runs_of({0x90});
    runs->guest.registers[Gpr::kAx] = 1;
    CHECK(runs->excuse() == "");
}

TEST_CASE("MXCSR.MM on the host") {
    const auto runs = runs_of({0x0f, 0xae, 0x13});
    runs->host.registers.fx.mxcsr |= 1u << 17;
    CHECK(runs->excuse() == "misaligned SSE mode");
}

TEST_CASE("pointers and mask of an FXSAVE image, at their places only") {
    const auto runs = runs_of({0x0f, 0xae, 0x03});
    constexpr std::size_t kImage = 0x40;
    runs->host_memory[kImage + 30] = 2;
    CHECK(runs->excuse() == "FXSAVE image");
    runs->guest_memory[kImage + 8] = 0x12;
    CHECK(runs->excuse() == "FXSAVE image");
    runs->guest_memory[kImage + 24] = 1;  // MXCSR itself
    CHECK(runs->excuse() == "");
    runs->guest_memory[kImage + 24] = 0;
    runs->guest.registers[Gpr::kAx] = 1;
    CHECK(runs->excuse() == "");
}

TEST_CASE("registers that a faulting POPA has loaded, but not ESP") {
    const auto runs = runs_of({0x61});
    runs->fault(14);
    runs->host.registers[Gpr::kDi] = 1;
    CHECK(runs->excuse() == "POPA fault");
    runs->host.registers[Gpr::kSp] = 1;
    CHECK(runs->excuse() == "");
}

TEST_CASE("memory that a faulting PUSHA has written, but no register") {
    const auto runs = runs_of({0x60});
    runs->fault(14);
    runs->host_memory[0x10] = 1;
    CHECK(runs->excuse() == "fault between pushes");
    runs->host.registers[Gpr::kBp] = 1;
    CHECK(runs->excuse() == "");
}

TEST_CASE("which of CMPS's operands faults, but not how far it came") {
    const auto runs = runs_of({0xf3, 0xa6});
    runs->fault(14);
    runs->guest.fault_address = 4;
    CHECK(runs->excuse() == "operand that CMPS reads first");
    runs->guest.vector = 13;
    CHECK(runs->excuse() == "operand that CMPS reads first");
    runs->guest.registers[Gpr::kCx] = 1;
    CHECK(runs->excuse() == "");
    const auto scan = runs_of({0xf3, 0xae});
    scan->fault(14);
    scan->guest.fault_address = 4;
    CHECK(scan->excuse() == "");
}

TEST_CASE("REP INS with a count of zero, but no other") {
    const auto runs = runs_of({0xf3, 0x6c});
    runs->host.kind = Outcome::Kind::kException;
    runs->host.vector = 13;
    runs->host.registers.eip = runs->test.origin;
    CHECK(runs->excuse() == "REP INS and OUTS with a count of zero");
    runs->host.registers[Gpr::kCx] = 1;
    CHECK(runs->excuse() == "");
}

TEST_CASE("an 80-bit number across the last offset") {
    const auto runs = runs_of({0x67, 0xdb, 0x2f});  // FLD TBYTE [BX]
    runs->host.kind = Outcome::Kind::kException;
    runs->host.vector = 14;
    runs->host.registers.eip = runs->test.origin;
    runs->host.registers[Gpr::kBx] = 0xfff7;
    CHECK(runs->excuse() == "operand that wraps");
    runs->host.registers[Gpr::kBx] = 0xfff6;
    CHECK(runs->excuse() == "");
    runs->test.instructions = {{0xdb, 0x2b}};  // FLD TBYTE [EBX]
    runs->host.registers[Gpr::kBx] = 0xfff7;
    CHECK(runs->excuse() == "");
    runs->host.registers[Gpr::kBx] = 0xfffffff7;
    CHECK(runs->excuse() == "operand that wraps");
}

TEST_CASE("the order in which far transfers touch their frames, but not what they load") {
    const auto runs = runs_of({0xcb});  // RETF
    runs->fault(14);
    runs->guest.fault_address = 4;
    CHECK(runs->excuse() == "frame of a far return");
    runs->guest.vector = 13;
    CHECK(runs->excuse() == "frame of a far return");
    runs->guest.registers[Gpr::kSp] = 1;
    CHECK(runs->excuse() == "");

    const auto call = runs_of({0x9a, 0, 0, 0, 0x10, 0x23, 0});
    call->fault(14);
    call->host_memory[0] = 0x23;
    CHECK(call->excuse() == "fault between pushes");
    call->guest.vector = 13;
    CHECK(call->excuse() == "");
    call->guest.vector = 12;
    CHECK(call->excuse() == "fault between pushes");
}

TEST_CASE("a CALL whose push faults before its target is refused, but not the reverse") {
    const auto runs = runs_of({0xff, 0xd0});
    runs->fault(12);
    runs->guest.vector = 13;
    CHECK(runs->excuse() == "CALL beyond the limit");
    runs->host.vector = 13;
    runs->guest.vector = 12;
    CHECK(runs->excuse() == "");
}

TEST_CASE("IRET with NT set, but only then") {
    const auto runs = runs_of({0xcf});
    runs->fault(13);
    runs->guest.vector = 10;
    CHECK(runs->excuse() == "");
    runs->host.registers.eflags |= kFlagNt;
    CHECK(runs->excuse() == "IRET with NT set");
}

TEST_CASE("INT1 at its own address, but no other trap") {
    const auto runs = runs_of({0xf1});
    runs->fault(1);
    ++runs->guest.registers.eip;
    CHECK(runs->excuse() == "INT1 under a hypervisor");
    runs->test.instructions = {{0x90}};
    CHECK(runs->excuse() == "");
}

TEST_CASE("UD0 and UD1 that end too late, but no other undefined opcode") {
    for (const u8 opcode : {0xb9, 0xff, 0x0b}) {
        const auto runs = runs_of({0x0f, opcode, 0xc0});
        runs->fault(6);
        runs->guest.vector = 14;
        runs->guest.fault_address = kCode.end();
        CHECK(runs->excuse() == (opcode == 0x0b ? "" : "length of UD0 and UD1"));
    }
}

TEST_CASE("RF of a single-step trap, and no other flag") {
    const auto runs = runs_of({0xf3, 0xa4});
    runs->fault(1);
    runs->guest.registers.eflags |= kFlagRf;
    CHECK(runs->excuse() == "RF of a single-step trap");
    runs->guest.registers.eflags ^= kFlagCf;
    CHECK(runs->excuse() == "");
}

}  // namespace
}  // namespace seventeen::oracle
