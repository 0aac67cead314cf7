// Moves against the host; what a masked store checks, and where it writes.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr SseForms kRegisters{.memory = false};
constexpr SseForms kMemory{.registers = false};

}  // namespace

TEST_CASE("whole-register moves do as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x28u, 0x29u, 0x10u, 0x11u}) {  // MOVAPS, MOVUPS, both ways
        bench.compare({0x0f, static_cast<u8>(opcode)});
        bench.compare({0x66, 0x0f, static_cast<u8>(opcode)});
    }
    for (const unsigned prefix : {0x66u, 0xf3u}) {  // MOVDQA, MOVDQU
        bench.compare({static_cast<u8>(prefix), 0x0f, 0x6f});
        bench.compare({static_cast<u8>(prefix), 0x0f, 0x7f});
    }
    bench.compare({0xf2, 0x0f, 0xf0}, kMemory);        // LDDQU
    bench.compare({0x0f, 0x2b}, kMemory);              // MOVNTPS
    bench.compare({0x66, 0x0f, 0x2b}, kMemory);        // MOVNTPD
    bench.compare({0x66, 0x0f, 0xe7}, kMemory);        // MOVNTDQ
    bench.compare({0x66, 0x0f, 0x38, 0x2a}, kMemory);  // MOVNTDQA
}

TEST_CASE("moves of parts do as the host does") {
    SseBench bench;
    for (const unsigned prefix : {0xf3u, 0xf2u}) {  // MOVSS, MOVSD
        bench.compare({static_cast<u8>(prefix), 0x0f, 0x10});
        bench.compare({static_cast<u8>(prefix), 0x0f, 0x11});
    }
    for (const unsigned opcode : {0x12u, 0x13u, 0x16u, 0x17u}) {  // MOVLPS, MOVHPS, both ways
        bench.compare({0x0f, static_cast<u8>(opcode)}, kMemory);
        bench.compare({0x66, 0x0f, static_cast<u8>(opcode)}, kMemory);
    }
    bench.compare({0x0f, 0x12}, kRegisters);  // MOVHLPS
    bench.compare({0x0f, 0x16}, kRegisters);  // MOVLHPS
}

TEST_CASE("moves of doublewords and quadwords do as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x6eu, 0x7eu}) {  // MOVD, both ways
        bench.compare({0x0f, static_cast<u8>(opcode)});
        bench.compare({0x66, 0x0f, static_cast<u8>(opcode)});
    }
    bench.compare({0x0f, 0x6f});  // MOVQ mm
    bench.compare({0x0f, 0x7f});
    bench.compare({0xf3, 0x0f, 0x7e});  // MOVQ xmm
    bench.compare({0x66, 0x0f, 0xd6});
    bench.compare({0x0f, 0xe7}, kMemory);           // MOVNTQ
    bench.compare({0xf3, 0x0f, 0xd6}, kRegisters);  // MOVQ2DQ
    bench.compare({0xf2, 0x0f, 0xd6}, kRegisters);  // MOVDQ2Q
}

TEST_CASE("EMMS does as the host does") {
    SseBench bench;
    bench.compare_code({0x0f, 0x77}, 400);
}

TEST_CASE("masked stores do as the host does") {
    SseBench bench;
    bench.compare({0x0f, 0xf7}, kRegisters);
    bench.compare({0x66, 0x0f, 0xf7}, kRegisters);
}

TEST_CASE("a masked store checks its whole operand and then writes only what is selected") {
    SseBench bench;
    constexpr u32 kLast = kSseArea + kPageSize - 8;  // half of it lies on the next page
    bench.bench.enable_paging();
    bench.bench.change_page(kSseArea + kPageSize, 1);  // not present
    bench.fpu().xmm[1].lanes = {~u64{0}, ~u64{0}};
    bench.state().set_reg32(Gpr::kDi, kLast);
    const SseCode maskmovdqu = sse_registers({0x66, 0x0f, 0xf7}, 1, 2);
    for (const u64 mask : {u64{0}, u64{0x80}}) {
        bench.fpu().xmm[2].lanes = {mask, 0};
        bench.bench.write<u64>(kLast, 0);
        CHECK(bench.run(maskmovdqu) ==
              Fault::page(kPageFaultWrite | kPageFaultUser, {kSseArea + kPageSize}));
        CHECK(bench.bench.read<u64>(kLast) == 0);
    }
    const SseCode maskmovq = sse_registers({0x0f, 0xf7}, 1, 2);
    bench.fpu().set_top(0);
    bench.fpu().registers[1].significand = 0x1122'3344'5566'7788;
    bench.fpu().registers[2].significand = 0x8000'0080'0000'ff7f;
    CHECK(bench.run(maskmovq) == Fault{});
    CHECK(bench.bench.read<u64>(kLast) == 0x1100'0044'0000'7700);
}

TEST_CASE("a masked store obeys segment override and address size") {
    SseBench bench;
    SegmentRegister& es = bench.state().segment(SegmentName::kEs);
    es.base = kSseArea;
    bench.state().set_reg32(Gpr::kDi, 0x7777'0010);
    bench.fpu().xmm[1].lanes = {0x1234, 0};
    bench.fpu().xmm[2].lanes = {0x8080, 0};
    const SseCode code = sse_registers({0x26, 0x67, 0x66, 0x0f, 0xf7}, 1, 2);
    bench.bench.write<u64>(kSseArea + 0x10, 0);
    CHECK(bench.run(code) == Fault{});
    CHECK(bench.bench.read<u64>(kSseArea + 0x10) == 0x1234);
    es.attributes &= ~kSegmentWritable;
    es.update();
    CHECK(bench.run(code) == Fault::general_protection());
}

TEST_CASE("moves read and write no more than their operand") {
    SseBench bench;
    bench.bench.enable_paging();
    bench.bench.change_page(kSseArea + kPageSize, 1);
    struct Row {
        SseOpcode opcode;
        u32 size;
    };
    for (const Row& row :
         {Row{{0x0f, 0x6e}, 4}, Row{{0x66, 0x0f, 0x7e}, 4}, Row{{0x0f, 0x6f}, 8},
          Row{{0x0f, 0x60}, 4}, Row{{0xf3, 0x0f, 0x10}, 4}, Row{{0xf2, 0x0f, 0x11}, 8},
          Row{{0x0f, 0x16}, 8}, Row{{0xf3, 0x0f, 0x58}, 4}, Row{{0xf2, 0x0f, 0x5a}, 8},
          Row{{0x0f, 0x5a}, 8}, Row{{0x66, 0x0f, 0x38, 0x22}, 2}, Row{{0x66, 0x0f, 0x38, 0x31}, 4},
          Row{{0x0f, 0x2a}, 8}, Row{{0xf2, 0x0f, 0x12}, 8}, Row{{0x0f, 0x10}, 16}}) {
        const SseCode code = sse_memory(row.opcode, 0);
        bench.state().set_reg32(Gpr::kDi, static_cast<u32>(kSseArea + kPageSize - row.size));
        CHECK(bench.run(code) == Fault{});
        bench.state().set_reg32(Gpr::kDi, static_cast<u32>(kSseArea + kPageSize - row.size + 1));
        CHECK(bench.run(code).vector == Vector::kPageFault);
    }
}

}  // namespace seventeen::interpreter
