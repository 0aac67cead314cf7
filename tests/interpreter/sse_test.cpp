// The families as a whole: every row has its handlers, and each kind of instruction asks what it
// must of CR0, CR4 and the x87 unit before it runs.
#include "decoder/decoder.h"
#include "interpreter/bind.h"
#include "interpreter/families.h"
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

using decoder::Family;

bool is_ours(Family family) {
    return family == Family::kMmx || family == Family::kSse || family == Family::kSse2 ||
           family == Family::kSse3 || family == Family::kSse4;
}

Binder binder_of(Family family) {
    switch (family) {
        case Family::kMmx: return &bind_mmx;
        case Family::kSse: return &bind_sse;
        case Family::kSse2: return &bind_sse2;
        case Family::kSse3: return &bind_sse3;
        default: return &bind_sse4;
    }
}

// Decodes every opcode of the three maps under every prefix and ModRM; collects the mnemonics whose
// every form is bound.
void bind_all(std::vector<bool>& seen) {
    constexpr u8 kNoPrefix = 0x3e;  // DS:, which changes nothing
    const decoder::Decoder decoder;
    for (const SseOpcode& map : {SseOpcode{0x0f}, SseOpcode{0x0f, 0x38}, SseOpcode{0x0f, 0x3a}}) {
        for (const u8 prefix : {kNoPrefix, u8{0x66}, u8{0xf2}, u8{0xf3}}) {
            for (unsigned rest = 0; rest < 0x10000; ++rest) {
                SseCode code = prefixed(prefix, map);
                code.insert(code.end(), {static_cast<u8>(rest >> 8), static_cast<u8>(rest)});
                code.insert(code.end(), 8, 0);
                decoder::Instruction instruction;
                if (decoder.decode(code, decoder::CodeSize::k32, instruction) !=
                        decoder::DecodeStatus::kOk ||
                    !is_ours(instruction.row().family))
                    continue;
                seen[static_cast<std::size_t>(instruction.mnemonic)] = true;
                if (!binder_of(instruction.row().family)(instruction))
                    FAIL(instruction.row().name << " has a form without a handler");
            }
        }
    }
}

struct Gate {
    const char* what;
    u64 cr0, cr4_cleared;
    bool pending;
    Fault mmx, sse, mixed;
};

const SseCode kPaddb = sse_registers({0x0f, 0xfc}, 1, 2);
const SseCode kAddps = sse_registers({0x0f, 0x58}, 1, 2);
const SseCode kMovq2dq = sse_registers({0xf3, 0x0f, 0xd6}, 1, 2);

}  // namespace

TEST_CASE("every MMX and SSE instruction of the table has a handler in every form") {
    std::vector<bool> seen(static_cast<std::size_t>(decoder::Mnemonic::kCount));
    bind_all(seen);
    for (std::size_t i = 0; i < decoder::rows().size(); ++i) {
        const decoder::Row& row = decoder::rows()[i];
        INFO(row.name);
        if (is_ours(row.family)) CHECK(seen[i]);
    }
}

TEST_CASE("CR0, CR4 and pending x87 exceptions gate MMX and SSE") {
    const Fault undefined = Fault::invalid_opcode();
    const Fault unavailable = Fault::of(Vector::kDeviceNotAvailable);
    const Fault error = Fault::of(Vector::kX87Error);
    for (const Gate& gate : {
             Gate{"nothing in the way", 0, 0, false, {}, {}, {}},
             Gate{"EM", kCr0Em, 0, false, undefined, undefined, undefined},
             Gate{"TS", kCr0Ts, 0, false, unavailable, unavailable, unavailable},
             Gate{"EM and TS", kCr0Em | kCr0Ts, 0, false, undefined, undefined, undefined},
             Gate{"OSFXSR clear", 0, kCr4Osfxsr, false, {}, undefined, undefined},
             Gate{"OSFXSR clear, TS", kCr0Ts, kCr4Osfxsr, false, unavailable, undefined, undefined},
             Gate{"an exception waits", 0, 0, true, error, {}, error},
             Gate{"an exception waits, TS", kCr0Ts, 0, true, unavailable, unavailable, unavailable},
         }) {
        INFO(gate.what);
        SseBench bench;
        bench.state().cr0 |= gate.cr0;
        bench.state().cr4 &= ~gate.cr4_cleared;
        bench.fpu().control = kX87ControlInit & ~1;
        bench.fpu().status = gate.pending ? 0x8081 : 0;
        CHECK(bench.run(kPaddb) == gate.mmx);
        CHECK(bench.run(kAddps) == gate.sse);
        CHECK(bench.run(kMovq2dq) == gate.mixed);
    }
}

TEST_CASE("with CR0.NE clear a pending x87 exception stops MMX unless IGNNE# is asserted") {
    SseBench bench;
    bench.state().cr0 &= ~kCr0Ne;
    bench.fpu().control = kX87ControlInit & ~1;
    bench.fpu().status = 0x8081;
    CHECK(bench.run(kPaddb) == Fault::of(Vector::kX87Error));
    CHECK(bench.bench.engine.ferr().level());
    CHECK(bench.fpu().registers[1].sign_exponent == 0);
    bench.bench.engine.set_ignne(true);
    CHECK(bench.run(kPaddb) == Fault{});
    CHECK(bench.fpu().registers[1].sign_exponent == 0xffff);
}

TEST_CASE("whole-register operands must be aligned, in every segment") {
    SseBench bench;
    bench.state().set_reg32(Gpr::kDi, kSseArea + 8);
    const SseCode movaps = sse_memory({0x0f, 0x28}, 1);
    CHECK(bench.run(movaps) == Fault::general_protection());
    CHECK(bench.run(prefixed(0x36, movaps)) == Fault::general_protection());
    // It is the linear address that counts.
    bench.state().segment(SegmentName::kDs).base = 8;
    CHECK(bench.run(movaps) == Fault{});
    CHECK(bench.run(sse_memory({0x0f, 0x10}, 1)) == Fault{});
}

TEST_CASE("models without SSE2 have no packed integers in XMM registers") {
    const decoder::Decoder decoder;
    const auto bound = [&](const SseCode& code) {
        decoder::Instruction instruction;
        REQUIRE(decoder.decode(code, decoder::CodeSize::k32, instruction) ==
                decoder::DecodeStatus::kOk);
        return bind_operation(instruction, privilege::cpu_model("pentium3"));
    };
    SseBench bench;
    const Operation mmx = bound(kPaddb);
    const Operation xmm = bound(prefixed(0x66, kPaddb));
    CHECK(mmx.run(bench.cpu, mmx) == Fault{});
    CHECK(xmm.run(bench.cpu, xmm) == Fault::invalid_opcode());
}

}  // namespace seventeen::interpreter
