// The host CPU and the guest each end the same instructions as the SDM says.
#include "core/fault.h"
#include "tests/oracle/guest.h"
#include "tests/oracle/host_fixture.h"

namespace seventeen::oracle {
namespace {

constexpr u8 kPageFaultVector = static_cast<u8>(Vector::kPageFault);

template <typename Cpu>
void check_completion(Cpu& cpu) {
    Registers registers = plain_registers();
    registers[Gpr::kAx] = 0x7fffffff;
    const Outcome outcome = run_code(cpu, {0x40}, registers);  // INC EAX
    CHECK(outcome.kind == Outcome::Kind::kCompleted);
    CHECK(outcome.registers[Gpr::kAx] == 0x80000000);
    CHECK(outcome.registers.eip == kExit.base);
    constexpr u32 kFlags = kFlagFixed | kFlagIf | kFlagPf | kFlagAf | kFlagSf | kFlagOf;
    CHECK(outcome.registers.eflags == kFlags);
}

template <typename Cpu>
void check_memory(Cpu& cpu) {
    Registers registers = plain_registers();
    registers[Gpr::kBx] = kData.base;
    CHECK(run_code(cpu, {0xc6, 0x43, 0x03, 0x5a}, registers).kind == Outcome::Kind::kCompleted);
    CHECK(cpu.memory()[3] == 0x5a);  // MOV BYTE [EBX + 3], 5Ah
}

template <typename Cpu>
void check_exceptions(Cpu& cpu) {
    struct Expected {
        Bytes code;
        u8 vector;
        u32 eip_offset;
        u32 error_code;
        u32 fault_address;
    };
    const u32 constants = kConstants.base;
    const Expected table[] = {
        {{0x0f, 0x0b}, 6, 0, 0, 0},                       // UD2
        {{0x90, 0xf4}, 13, 1, 0, 0},                      // NOP; HLT
        {{0xcc}, 3, 1, 0, 0},                             // INT3: a trap
        {{0x31, 0xc9, 0xf7, 0xf1}, 0, 2, 0, 0},           // XOR ECX, ECX; DIV ECX
        {{0xa0, 4, 0, 0, 0}, kPageFaultVector, 0, 4, 4},  // MOV AL, [4]: a user's read
        {{0xa2, 0, static_cast<u8>(constants >> 8), static_cast<u8>(constants >> 16),
          static_cast<u8>(constants >> 24)},
         kPageFaultVector,
         0,
         7,
         constants},  // a write to where only reads may go
        {{0xb8, 0, 0, 1, 0x10, 0xff, 0xe0},
         kPageFaultVector,
         kData.base - kCode.base,
         0x15,
         kData.base},  // JMP to data: NX
    };
    for (const Expected& expected : table) {
        CAPTURE(unsigned{expected.vector});
        const Outcome outcome = run_code(cpu, expected.code);
        CHECK(outcome.kind == Outcome::Kind::kException);
        CHECK(outcome.vector == expected.vector);
        CHECK(outcome.registers.eip == kCode.base + expected.eip_offset);
        CHECK(outcome.error_code == expected.error_code);
        CHECK(outcome.fault_address == expected.fault_address);
    }
}

template <typename Cpu>
void check_trap_and_alignment(Cpu& cpu) {
    Registers registers = plain_registers();
    registers.eflags |= kFlagTf;
    const Outcome stepped = run_code(cpu, {0x90, 0x90}, registers);
    CHECK(stepped.vector == 1);
    CHECK(stepped.registers.eip == kCode.base + 1);

    registers = plain_registers();
    registers.eflags |= kFlagAc;
    registers[Gpr::kBx] = kData.base + 1;
    CHECK(run_code(cpu, {0x8b, 0x03}, registers).vector == 17);  // MOV EAX, [EBX]
}

template <typename Cpu>
void check_floating_point(Cpu& cpu) {
    Registers registers = plain_registers();
    registers.fx.control = 0x037b;  // division by zero unmasked
    // FLD1; FLDZ; FDIVP; FWAIT
    const Outcome outcome = run_code(cpu, {0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x9b}, registers);
    CHECK(outcome.vector == 16);
    CHECK(outcome.registers.fx.opcode == 0x6f9);
    CHECK(outcome.registers.fx.instruction_pointer == kCode.base + 4);
    CHECK((outcome.registers.fx.status & 0x84) == 0x84);
    CHECK(outcome.registers.fx.st[0].significand == 0);

    registers = plain_registers();
    registers.fx.xmm[1] = {0x3f8000003f800000, 0x4000000040000000};
    const Outcome sum = run_code(cpu, {0x0f, 0x58, 0xc9}, registers);  // ADDPS XMM1, XMM1
    CHECK(sum.registers.fx.xmm[1] == FxImage::Vector{0x4000000040000000, 0x4080000040800000});
}

// The local segments that these tests use.
constexpr u16 kCode16 = local_selector(3);
constexpr u16 kData16 = local_selector(9);
constexpr u16 kStack16 = local_selector(10);

template <typename Cpu>
void check_segments(Cpu& cpu) {
    Registers registers = plain_registers();
    registers.eip = 0;
    registers.selectors = {kData16, kCode16, kStack16, kData16, kUserData, kUserData};
    registers[Gpr::kSp] = 0x1234'0800;
    // MOV AX, 1234h; MOV [2], AX; PUSH AX; PUSHFD
    const Bytes code{0xb8, 0x34, 0x12, 0xa3, 0x02, 0x00, 0x50, 0x66, 0x9c};
    const Outcome outcome = run_code(cpu, code, registers);
    CHECK(outcome.kind == Outcome::Kind::kCompleted);
    CHECK(outcome.registers[Gpr::kAx] == 0x1234);
    CHECK(outcome.registers[Gpr::kSp] == 0x1234'07fa);
    CHECK(outcome.registers.selectors == std::array<u16, kSegmentCount>{kData16, kUserCode64,
                                                                        kStack16, kData16,
                                                                        kUserData, kUserData});
    CHECK(cpu.memory()[image_offset(kData.base + 3)] == 0x12);
    CHECK(cpu.memory()[image_offset(kStack.base + 0x7ff)] == 0x12);

    const Outcome beyond = run_code(cpu, {0x90, 0xa1, 0xff, 0x1f}, registers);  // MOV AX, [1FFFh]
    CHECK(beyond.vector == 13);
    CHECK(beyond.registers.eip == 1);
    CHECK(beyond.registers[SegmentName::kCs] == kCode16);
}

bool has_segments(const GuestCpu&) {
    return true;
}
bool has_segments(const NativeCpu& cpu) {
    return cpu.has_local_segments();
}

template <typename Cpu>
void check_all(Cpu& cpu) {
    SECTION("completion") {
        check_completion(cpu);
    }
    SECTION("memory") {
        check_memory(cpu);
    }
    SECTION("exceptions") {
        check_exceptions(cpu);
    }
    SECTION("trap and alignment") {
        check_trap_and_alignment(cpu);
    }
    SECTION("floating point") {
        check_floating_point(cpu);
    }
    SECTION("segments") {
        if (has_segments(cpu)) check_segments(cpu);
    }
    SECTION("endless") {
        CHECK(run_code(cpu, {0xeb, 0xfe}).kind == Outcome::Kind::kHung);
        CHECK(run_code(cpu, {0x90}).kind == Outcome::Kind::kCompleted);
    }
}

TEST_CASE("the host CPU ends cases as the SDM says") {
    if (const auto host = host_or_skip()) check_all(*host);
}

TEST_CASE("the guest ends cases as the SDM says") {
    GuestCpu guest{{}};
    check_all(guest);
}

TEST_CASE("the host CPU tells what the last x87 instruction was, exception or not") {
    const auto host = host_or_skip();
    if (!host) return;
    const Outcome outcome = run_code(*host, {0xd9, 0xe8});  // FLD1
    CHECK(outcome.pointers == Outcome::Pointers::kAll);
    CHECK(outcome.registers.fx.opcode == 0x1e8);
    CHECK(outcome.registers.fx.instruction_pointer == kCode.base);
    CHECK(outcome.registers.fx.instruction_selector == kUserCode32);
}

TEST_CASE("only one host CPU at a time") {
    const auto host = host_or_skip();
    if (host) CHECK_THROWS_WITH(NativeCpu(), Catch::Contains("second"));
}

TEST_CASE("the guest's own tables are known as such") {
    CHECK_FALSE(GuestCpu::is_private(kData.base));
    CHECK(GuestCpu::is_private(0x2f000000));
    CHECK_FALSE(GuestCpu::is_private(0x2f003000));
}

}  // namespace
}  // namespace seventeen::oracle
