// Decoder: prefixes, LOCK, layout, and what is no instruction.
#include "decoder/decoder.h"

#include <catch2/catch.hpp>

#include "tests/decoder/describe.h"

namespace seventeen::decoder {

namespace {

Instruction decode_32(std::string_view hex) {
    Instruction instruction;
    REQUIRE(Decoder().decode(from_hex(hex), CodeSize::k32, instruction) == DecodeStatus::kOk);
    return instruction;
}

}  // namespace

TEST_CASE("prefixes come in any order and the last of a group counts") {
    const auto in_16 = [](const char* hex) { return decode_text(hex, CodeSize::k16); };
    const auto in_32 = [](const char* hex) { return decode_text(hex, CodeSize::k32); };
    CHECK(in_32("66 f2 0f 10 c1") == "o16 a32 MOVSD_SSE xmm0, xmm1");
    CHECK(in_32("f2 66 0f 10 c1") == "o16 a32 MOVSD_SSE xmm0, xmm1");
    CHECK(in_32("f3 f2 0f 58 c1") == "o32 a32 ADDSD xmm0, xmm1");
    CHECK(in_32("f2 f3 0f 58 c1") == "o32 a32 ADDSS xmm0, xmm1");
    CHECK(in_32("f2 f3 a6") == "o32 a32 rep CMPSB");
    CHECK(in_32("f3 f2 a6") == "o32 a32 repne CMPSB");
    CHECK(in_32("64 65 00 07") == "o32 a32 gs: ADD m1 gs:[edi], al");
    CHECK(in_32("2e 3e 8b 45 00") == "o32 a32 ds: MOV eax, m4 ds:[ebp]");
    CHECK(in_32("66 66 01 d8") == "o16 a32 ADD ax, bx");
    CHECK(in_16("66 66 01 d8") == "o32 a16 ADD eax, ebx");
    CHECK(in_32("67 8b 45 10") == "o32 a16 MOV eax, m4 ds:[di+16]");
    CHECK(in_16("67 8b 45 10") == "o16 a32 MOV ax, m2 ss:[ebp+16]");
    CHECK(in_32("67 66 8b 05") == "o16 a16 MOV ax, m2 ds:[di]");
    CHECK(in_32("f0 f2 f0 01 07") == "o32 a32 lock repne ADD m4 ds:[edi], eax");
    CHECK(in_32("f3 66 26 67 f0 66 f3 2e 0f b1 0f") ==
          "o16 a16 lock rep cs: CMPXCHG m2 cs:[bx], cx");
}

TEST_CASE("a repeat prefix is reported where it is not part of the opcode") {
    CHECK(decode_text("f3 90", CodeSize::k32) == "o32 a32 PAUSE");
    CHECK(decode_text("f2 90", CodeSize::k32) == "o32 a32 repne NOP");
    CHECK(decode_text("f3 0f b8 c1", CodeSize::k32) == "o32 a32 POPCNT eax, ecx");
    CHECK(decode_text("f3 0f bc c1", CodeSize::k32) == "o32 a32 rep BSF eax, ecx");
    CHECK(decode_text("f3 a5", CodeSize::k32) == "o32 a32 rep MOVSD");
    CHECK(decode_text("f2 ff e0", CodeSize::k32) == "o32 a32 repne JMP eax");
}

TEST_CASE("implicit memory keeps the segment override") {
    CHECK(decode_32("ac").memory.segment == SegmentName::kDs);
    CHECK_FALSE(decode_32("ac").segment_override);
    CHECK(decode_32("26 ac").memory.segment == SegmentName::kEs);
    CHECK(decode_32("26 ac").segment_override);
    CHECK(decode_32("36 d7").memory.segment == SegmentName::kSs);
    CHECK(decode_32("64 0f f7 c1").memory.segment == SegmentName::kFs);
    CHECK(decode_32("26 ac").operand_count == 0);
}

TEST_CASE("the layout says where the parts lie") {
    const Instruction moved = decode_32("2e 66 c7 84 8b 00 01 00 00 34 12");
    CHECK(moved.layout.prefixes == 2);
    CHECK(moved.layout.modrm == 3);
    CHECK(moved.layout.sib == 4);
    CHECK(moved.layout.displacement == 5);
    CHECK(moved.layout.displacement_size == 4);
    CHECK(moved.layout.immediate == 9);
    CHECK(moved.layout.immediate_size == 2);
    CHECK(moved.modrm == 0x84);
    CHECK(moved.opcode == 0xc7);
    CHECK(moved.opcode_map == 0);

    const Instruction repeated = decode_32("2e 2e 66 66 67 64 0f 38 f0 0f");
    CHECK(repeated.mnemonic == Mnemonic::MOVBE);
    CHECK(repeated.layout.prefixes == 6);
    CHECK(repeated.layout.modrm == 9);
    CHECK(repeated.opcode_map == 2);
    CHECK(repeated.opcode == 0xf0);

    const Instruction absolute = decode_32("a1 44 33 22 11");
    CHECK(absolute.layout.modrm == 0);
    CHECK(absolute.layout.displacement == 1);
    CHECK(absolute.layout.displacement_size == 4);
    CHECK(absolute.memory.displacement == 0x11223344);

    const Instruction far = decode_32("9a 44 33 22 11 66 55");
    CHECK(far.layout.immediate == 1);
    CHECK(far.layout.immediate_size == 4);
    CHECK(far.immediate == 0x11223344);
    CHECK(far.immediate2 == 0x5566);

    const Instruction shifted_by_one = decode_32("d1 e0");
    CHECK(shifted_by_one.immediate == 1);
    CHECK(shifted_by_one.layout.immediate_size == 0);
}

TEST_CASE("bytes beyond the instruction are not kept") {
    const Instruction instruction = decode_32("40 41 42");
    CHECK(instruction.length == 1);
    CHECK(instruction.bytes == std::array<u8, 15>{0x40});
}

TEST_CASE("MOV to and from control registers ignores mod") {
    for (const char* hex : {"0f 20 c3", "0f 20 03", "0f 20 43", "0f 20 83"})
        CHECK(decode_text(hex, CodeSize::k32) == "o32 a32 MOV_CONTROL ebx, cr0");
    CHECK(decode_text("0f 20 04", CodeSize::k32) == "o32 a32 MOV_CONTROL esp, cr0");
    CHECK(decode_text("0f 21 25", CodeSize::k32) == "o32 a32 MOV_DEBUG ebp, dr4");
}

TEST_CASE("what no model has is invalid in both modes") {
    // VEX, EVEX, XOP and 3DNow!; newer sets; registers that are not there; reserved groups.
    for (const char* hex :
         {"c4 c0",          "c5 c0",       "62 c0",          "8f c8",      "8f e8 78",
          "c4 e2 79 18 c0", "c5 f8 77",    "62 f1 7c 48 10", "0f 0f 07",   "0f 04",
          "0f 05",          "0f 07",       "0f 38 c8 c1",    "0f 37",      "66 0f 38 db c1",
          "66 0f 3a 44 c1", "0f c7 f0",    "0f c7 f8",       "0f 01 c0",   "0f 01 d0",
          "0f 01 ca",       "0f 01 f8",    "0f ae 20",       "0f c7 1f",   "c7 f8 00 00 00 00",
          "66 0f ae 3f",    "f2 0f 2b 07", "0f 20 c8",       "0f 20 e8",   "0f 22 f8",
          "0f 24 c0",       "0f 26 c0",    "8e c8",          "8e f0",      "8c f8",
          "8d c0",          "0f b2 c0",    "0f c7 c8",       "0f 0d c0",   "0f 50 07",
          "0f d6 c1",       "0f a6 c0",    "0f b8 c1",       "fe d0",      "ff d8",
          "ff e8",          "ff f8",       "c6 c8 00",       "0f ba c0",   "0f 00 f0",
          "d9 d1",          "db e5",       "df e1",          "f2 0f 6f c1"}) {
        INFO(hex);
        std::string padded = std::string(hex) + "00 00 00 00 00 00 00 00 00 00 00 00 00 00";
        CHECK(decode_text(padded, CodeSize::k16) == "invalid");
        CHECK(decode_text(padded, CodeSize::k32) == "invalid");
    }
}

// As the host test finds it: the opcode alone decides on ModRM and immediate.
TEST_CASE("an undefined opcode has a length") {
    struct Undefined {
        const char* hex;
        unsigned in_16, in_32;
    };
    const Undefined table[] = {
        {"0f 04", 2, 2},       {"0f 24", 2, 2},       {"0f a6", 2, 2},    {"f2 0f 77", 3, 3},
        {"fe d0", 2, 2},       {"ff 38", 2, 2},       {"ff 78", 3, 3},    {"ff bd", 4, 6},
        {"ff 3c 25", 2, 7},    {"ff 3e", 4, 2},       {"ff 3d", 2, 6},    {"ff 7c 24", 3, 4},
        {"c6 48", 4, 4},       {"c7 c8", 4, 6},       {"66 c7 c8", 7, 5}, {"67 ff bd", 7, 5},
        {"0f 20 8d", 3, 3},    {"0f 0f 80", 6, 8},    {"0f ba c0", 4, 4}, {"0f 71 c8", 4, 4},
        {"0f 38 7f 80", 6, 8}, {"0f 3a 7f 80", 7, 9}, {"c5 c0", 2, 2},    {"8f 48", 3, 3},
    };
    const Decoder decoder;
    for (const auto& [hex, in_16, in_32] : table) {
        INFO(hex);
        std::vector<u8> bytes = from_hex(hex);
        bytes.resize(15);
        for (const CodeSize size : {CodeSize::k16, CodeSize::k32}) {
            const unsigned length = size == CodeSize::k16 ? in_16 : in_32;
            Instruction instruction;
            CHECK(decoder.decode(bytes, size, instruction) == DecodeStatus::kInvalid);
            CHECK(instruction.length == length);
            CHECK(decoder.decode({bytes.data(), length}, size, instruction) ==
                  DecodeStatus::kInvalid);
            CHECK(decoder.decode({bytes.data(), length - 1}, size, instruction) ==
                  DecodeStatus::kTruncated);
            std::vector<u8> longer(16 - length, 0x3e);
            longer.insert(longer.end(), bytes.begin(), bytes.begin() + length);
            CHECK(decoder.decode(longer, size, instruction) == DecodeStatus::kTooLong);
        }
    }
}

TEST_CASE("an undefined opcode shows its bytes") {
    Instruction instruction;
    CHECK(Decoder().decode(from_hex("3e ff 78 01 02"), CodeSize::k32, instruction) ==
          DecodeStatus::kInvalid);
    CHECK(instruction.bytes == std::array<u8, 15>{0x3e, 0xff, 0x78, 0x01});
    CHECK(instruction.mnemonic == Mnemonic::kInvalid);
}

}  // namespace seventeen::decoder
