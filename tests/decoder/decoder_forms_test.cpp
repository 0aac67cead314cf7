// What encodings mean, in both modes; and that they mean nothing until their last byte is there.
#include <catch2/catch.hpp>

#include "tests/decoder/describe.h"

namespace seventeen::decoder {

namespace {

struct Form {
    const char* hex;
    const char* in_16_bit_code;
    const char* in_32_bit_code;
};

constexpr Form kForms[] = {
#include "tests/decoder/integer_forms.inc"
#include "tests/decoder/vector_forms.inc"
};

}  // namespace

TEST_CASE("encodings decode to what they mean") {
    for (const Form& form : kForms) {
        INFO(form.hex);
        CHECK(decode_text(form.hex, CodeSize::k16) == form.in_16_bit_code);
        CHECK(decode_text(form.hex, CodeSize::k32) == form.in_32_bit_code);
    }
}

TEST_CASE("an instruction is truncated at each of its bytes but the last") {
    const Decoder decoder;
    for (const Form& form : kForms) {
        for (const CodeSize size : {CodeSize::k16, CodeSize::k32}) {
            const std::vector<u8> bytes = from_hex(form.hex);
            Instruction instruction;
            if (decoder.decode(bytes, size, instruction) != DecodeStatus::kOk) continue;
            INFO(form.hex);
            const unsigned length = instruction.length;
            for (unsigned n = 0; n < length; ++n)
                CHECK(decoder.decode({bytes.data(), n}, size, instruction) ==
                      DecodeStatus::kTruncated);
        }
    }
}

TEST_CASE("fifteen bytes decode and sixteen do not") {
    const Decoder decoder;
    for (const Form& form : kForms) {
        std::vector<u8> bytes = from_hex(form.hex);
        Instruction instruction;
        if (decoder.decode(bytes, CodeSize::k32, instruction) != DecodeStatus::kOk) continue;
        INFO(form.hex);
        bytes.resize(instruction.length);
        bytes.insert(bytes.begin(), kMaxInstructionLength - bytes.size(), 0x3e);
        CHECK(decoder.decode(bytes, CodeSize::k32, instruction) == DecodeStatus::kOk);
        CHECK(instruction.length == kMaxInstructionLength);
        // Even where the sixteenth makes an illegal LOCK of it.
        bytes.insert(bytes.begin(), 0xf0);
        CHECK(decoder.decode(bytes, CodeSize::k32, instruction) == DecodeStatus::kTooLong);
        CHECK(decoder.decode({bytes.data(), 15}, CodeSize::k32, instruction) ==
              DecodeStatus::kTooLong);
    }
}

TEST_CASE("64-bit code decodes as far as rows exist") {
    const auto in_64 = [](const char* hex) { return decode_text(hex, CodeSize::k64); };
    CHECK(in_64("48 8b 05 10 00 00 00") == "o64 a64 MOV rax, m8 ds:[ip+16]");
    CHECK(in_64("4c 8b 64 24 08") == "o64 a64 MOV r12:64, m8 ss:[rsp+8]");
    CHECK(in_64("41 88 c8") == "o32 a64 MOV r8b, cl");
    CHECK(in_64("40 0f b6 c4") == "o32 a64 MOVZX eax, r20b");
    CHECK(in_64("66 50") == "o16 a64 PUSH ax");
    CHECK(in_64("50") == "o64 a64 PUSH rax");
    CHECK(in_64("67 8b 00") == "o32 a32 MOV eax, m4 ds:[eax]");
    // FS and GS keep their meaning, the other overrides lose it.
    CHECK(in_64("65 8b 04 25 00 00 00 00") == "o32 a64 gs: MOV eax, m4 gs:[]");
    CHECK(in_64("26 48 8b 00") == "o64 a64 MOV rax, m8 ds:[rax]");
    for (const char* gone : {"06", "27", "60", "62 00", "c4 00", "c5 00", "9a", "ce", "d6"}) {
        const std::string padded = std::string(gone) + "00 00 00 00 00 00 00 00 00 00 00 00 00 00";
        CHECK(in_64(padded.c_str()) == "invalid");
    }
}

}  // namespace seventeen::decoder
