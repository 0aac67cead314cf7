// Disassembly: text, lengths and targets in all three sizes of code.
#include "decoder/disassembly.h"

#include <catch2/catch.hpp>

#include "tests/decoder/describe.h"

namespace seventeen::decoder {

namespace {

std::string text_of(std::string_view hex, CodeSize size) {
    return disassemble(from_hex(hex), size, 0x1000).text;
}

}  // namespace

TEST_CASE("instructions are printed in lower case, with sizes and without padding") {
    CHECK(text_of("8b 45 08", CodeSize::k32) == "mov eax, dword ptr [ebp+0x8]");
    CHECK(text_of("8b 45 08", CodeSize::k16) == "mov ax, word ptr [di+0x8]");
    CHECK(text_of("65 67 44 89 60 fc", CodeSize::k64) == "mov dword ptr gs:[eax-0x4], r12d");
    CHECK(text_of("83 00 0f", CodeSize::k32) == "add dword ptr [eax], 0xf");
    CHECK(text_of("dd 5d f8", CodeSize::k32) == "fstp qword ptr [ebp-0x8]");
    CHECK(text_of("f3 a5", CodeSize::k32) == "rep movsd");
}

TEST_CASE("only relative branches have a target") {
    const Disassembly jump = disassemble(from_hex("75 fe 90"), CodeSize::k64, 0x1000);
    CHECK(jump.text == "jnz 0x1000");
    CHECK(jump.length == 2);
    CHECK(jump.target == u64{0x1000});
    CHECK(disassemble(from_hex("e8 00 f0 ff ff"), CodeSize::k32, 0x1000).target == u64{5});
    CHECK_FALSE(disassemble(from_hex("ff e0"), CodeSize::k32, 0x1000).target);
    CHECK_FALSE(disassemble(from_hex("6a 01"), CodeSize::k32, 0x1000).target);
}

TEST_CASE("what is no instruction is a byte") {
    CHECK(text_of("06", CodeSize::k64) == "db 0x06");
    const Disassembly cut = disassemble(from_hex("b8 01 02"), CodeSize::k32, 0x1000);
    CHECK(cut.text == "db 0xb8");
    CHECK(cut.length == 1);
}

}  // namespace seventeen::decoder
