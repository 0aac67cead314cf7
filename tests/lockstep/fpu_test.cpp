// x87, MMX and SSE code under the translator: on the host's units, with exact faults and pointers.
#include <catch2/catch.hpp>

#include "tests/lockstep/lockstep.h"
#include "translator/translator.h"

namespace seventeen::lockstep {

namespace {

constexpr u32 kCode = 0x10000;  // CS 1000h, offset 0
constexpr u32 kData = 0x600;    // DS 0

// Real-mode code, which ends with HLT.
Start real_mode(std::vector<u8> code) {
    Start start;
    start.image = std::move(code);
    start.load_at = kCode;
    start.entry = kCode;
    start.prepare = [](CpuState& state, mmu::PhysicalMemory&) {
        state.cr0 |= kCr0Ne;
        state.cr4 |= kCr4Osfxsr | kCr4Osxmmexcpt;
    };
    return start;
}

std::unique_ptr<Engine> make_translator(CpuState& state, mmu::Mmu& mmu,
                                        privilege::PrivilegeEngine& privilege) {
    return std::make_unique<translator::Translator>(state, mmu, privilege);
}

void check_alike(const Start& start) {
    Plan plan;
    plan.longest_step = 100;
    plan.memory_every = 10;
    const Result result = run_in_lockstep(start, plan);
    CHECK(result.ended);
    if (result.difference) FAIL(result.difference->what + "\n" + result.difference->test);
}

}  // namespace

TEST_CASE("Code for the FPU runs without the interpreter") {
    const Start start = real_mode({
        0xdb, 0xe3,                    // fninit
        0xb9, 0xe8, 0x03,              // mov cx, 1000
        0xd9, 0xe8,                    // fld1
        0xd8, 0x06, 0x00, 0x06,        // fadd dword [600h]
        0xd9, 0x1e, 0x00, 0x06,        // fstp dword [600h]
        0x0f, 0x6f, 0x06, 0x10, 0x06,  // movq mm0, [610h]
        0x0f, 0xfe, 0xc0,              // paddd mm0, mm0
        0x0f, 0x7f, 0x06, 0x10, 0x06,  // movq [610h], mm0
        0x0f, 0x77,                    // emms
        0x0f, 0x28, 0x06, 0x20, 0x06,  // movaps xmm0, [620h]
        0x0f, 0x58, 0xc0,              // addps xmm0, xmm0
        0x0f, 0x29, 0x06, 0x20, 0x06,  // movaps [620h], xmm0
        0xe2, 0xd8,                    // loop
        0xf4,                          // hlt
    });
    Guest guest(start, &make_translator);
    guest.run(1'000'000);
    REQUIRE(guest.ended());
    CHECK(guest.state().retired > 11'000);
    CHECK(guest.memory().read<u32>({kData}) == 0x447a'0000);  // 1000.0
    const auto& statistics = dynamic_cast<translator::Translator&>(guest.engine()).statistics();
    CHECK(statistics.interpreted < 100);
    CHECK(statistics.fpu_loads >= 1);
    CHECK(statistics.fpu_loads < 10);
    check_alike(start);
}

TEST_CASE("An unmasked x87 exception waits for the next instruction that waits") {
    Start start = real_mode({
        0xdb, 0xe3,                          // 00: fninit
        0xc7, 0x06, 0x00, 0x06, 0x7b, 0x03,  // 02: mov word [600h], 37bh
        0xd9, 0x2e, 0x00, 0x06,              // 08: fldcw [600h]
        0xd9, 0xe8, 0xd9, 0xee,              // 0c: fld1; fldz
        0xde, 0xf9,                          // 10: fdivp st1
        0xc7, 0x06, 0x40, 0x00, 0x23, 0x00,  // 12: mov word [40h], offset handler
        0xc7, 0x06, 0x42, 0x00, 0x00, 0x10,  // 18: mov word [42h], 1000h
        0xdc, 0x06, 0x10, 0x06,              // 1e: fadd qword [610h]
        0xf4,                                // 22: hlt
        0xf4,                                // 23: the handler
    });
    Guest guest(start, &make_translator);
    guest.run(1000);
    REQUIRE(guest.ended());
    const CpuState& state = guest.state();
    CHECK(state.eip() == 0x24);
    const u32 stack = state.segment(SegmentName::kSs).base + (state.reg32(Gpr::kSp) & 0xffff);
    CHECK(guest.memory().read<u16>({stack}) == 0x1e);
    CHECK(state.fpu.instruction_pointer == 0x10);
    CHECK((state.fpu.status & 0x84) == 0x84);  // ES, ZE
    check_alike(start);
}

TEST_CASE("The x87's pointers are known in later blocks") {
    const Start start = real_mode({
        0xdb, 0xe3,                    // 00: fninit
        0xb8, 0x50, 0x00, 0x8e, 0xc0,  // 02: mov ax, 50h; mov es, ax
        0xbb, 0x00, 0x06,              // 07: mov bx, 600h
        0x26, 0xd9, 0x47, 0x04,        // 0a: fld dword es:[bx + 4]
        0xbb, 0x00, 0x00, 0xeb, 0x00,  // 0e: mov bx, 0; jmp
        0xd9, 0xe8, 0xeb, 0x00,        // 13: fld1; jmp
        0xb8, 0x34, 0x12, 0x8e, 0xc0,  // 17: mov ax, 1234h; mov es, ax
        0xd9, 0x3e, 0x20, 0x06,        // 1c: fnstcw [620h]
        0xf4,                          // 20: hlt
    });
    Guest guest(start, &make_translator);
    guest.run(1000);
    REQUIRE(guest.ended());
    const FpuState& fpu = guest.state().fpu;
    CHECK(fpu.instruction_pointer == 0x13);
    CHECK(fpu.instruction_selector == 0x1000);
    CHECK(fpu.opcode == 0x1e8);
    CHECK(fpu.data_pointer == 0x604);
    CHECK(fpu.data_selector == 0x50);
    check_alike(start);
}

}  // namespace seventeen::lockstep
