// The x87 binder: every encoding that the decoder knows has a handler.
#include "decoder/decoder.h"
#include "interpreter/families.h"
#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

TEST_CASE("every x87 encoding that decodes has a handler") {
    const decoder::Decoder decoder;
    unsigned bound = 0;
    for (unsigned escape = 0xd8; escape <= 0xdf; ++escape) {
        for (unsigned modrm = 0; modrm <= 0xff; ++modrm) {
            // Enough bytes for a SIB byte and a displacement.
            const X87Code code{static_cast<u8>(escape), static_cast<u8>(modrm), 0, 0, 0, 0, 0};
            decoder::Instruction instruction;
            if (decoder.decode(code, decoder::CodeSize::k32, instruction) !=
                decoder::DecodeStatus::kOk)
                continue;
            INFO("opcode " << std::hex << escape << " " << modrm);
            CHECK(bind_x87(instruction));
            ++bound;
        }
    }
    // 64 ModRM fields less four reserved in memory (D9 /1, DB /4, DB /6, DD /5), 24 x 8 forms each;
    // and in registers: D8, DC 64 each, D9 52, DA 33, DB 53, DD 48, DE 57, DF 49.
    CHECK(bound == (64 - 4) * 24 + 64 + 52 + 33 + 53 + 64 + 48 + 57 + 49);
}

TEST_CASE("WAIT has a handler") {
    CHECK(x87_operation({0x9b}).run);
}

}  // namespace seventeen::interpreter
