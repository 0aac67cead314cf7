// Golden listings of copied instructions: guest bytes on the left, host bytes on the right.
#include "translator/copied_instruction.h"

#include <catch2/catch.hpp>
#include <iomanip>
#include <sstream>
#include <vector>

#include "decoder/decoder.h"

namespace seventeen::translator {

namespace {

std::string hex(std::span<const u8> bytes) {
    std::ostringstream out;
    for (const u8 byte : bytes)
        out << std::hex << std::setw(2) << std::setfill('0') << unsigned{byte} << ' ';
    std::string text = out.str();
    if (!text.empty()) text.pop_back();
    return text;
}

std::string copied(std::vector<u8> bytes, MemoryForm form,
                   decoder::CodeSize size = decoder::CodeSize::k32, s32 stack_delta = 0) {
    const decoder::Decoder decoder;
    decoder::Instruction instruction;
    REQUIRE(decoder.decode(bytes, size, instruction) == decoder::DecodeStatus::kOk);
    return hex(copy_instruction(instruction, form, stack_delta).code());
}

}  // namespace

TEST_CASE("Registers stay where they are, and ESP is r12") {
    CHECK(copied({0x01, 0xd8}, MemoryForm::kNone) == "01 d8");                    // add eax, ebx
    CHECK(copied({0x01, 0xe0}, MemoryForm::kNone) == "44 01 e0");                 // add eax, esp
    CHECK(copied({0x89, 0xc4}, MemoryForm::kNone) == "41 89 c4");                 // mov esp, eax
    CHECK(copied({0x89, 0xe4}, MemoryForm::kNone) == "45 89 e4");                 // mov esp, esp
    CHECK(copied({0x83, 0xe4, 0xf0}, MemoryForm::kNone) == "41 83 e4 f0");        // and esp, -16
    CHECK(copied({0xbc, 1, 2, 3, 4}, MemoryForm::kNone) == "41 bc 01 02 03 04");  // mov esp, …
    CHECK(copied({0xd3, 0xe4}, MemoryForm::kNone) == "41 d3 e4");                 // shl esp, cl
    CHECK(copied({0xd3, 0xe0}, MemoryForm::kNone) == "d3 e0");                    // shl eax, cl
    CHECK(copied({0x84, 0xe4}, MemoryForm::kNone) == "84 e4");                    // test ah, ah
    CHECK(copied({0x66, 0x01, 0xd8}, MemoryForm::kNone) == "66 01 d8");           // add ax, bx
}

TEST_CASE("Encodings that 64-bit mode took away get others") {
    CHECK(copied({0x40}, MemoryForm::kNone) == "ff c0");                       // inc eax
    CHECK(copied({0x4c}, MemoryForm::kNone) == "41 ff cc");                    // dec esp
    CHECK(copied({0x66, 0x47}, MemoryForm::kNone) == "66 ff c7");              // inc di
    CHECK(copied({0x82, 0xc0, 0x07}, MemoryForm::kNone) == "80 c0 07");        // add al, 7
    CHECK(copied({0xa1, 1, 2, 3, 4}, MemoryForm::kPointer) == "43 8b 04 08");  // mov eax, […]
    CHECK(copied({0xa2, 1, 2, 3, 4}, MemoryForm::kWindow) == "65 67 88 04 25 01 02 03 04");
}

TEST_CASE("A memory operand is a pointer, the window, or the window at r8d") {
    const std::vector<u8> load{0x8b, 0x44, 0x24, 0x08};  // mov eax, [esp + 8]
    CHECK(copied(load, MemoryForm::kPointer) == "43 8b 04 08");
    CHECK(copied(load, MemoryForm::kWindow) == "65 67 41 8b 44 24 08");
    CHECK(copied(load, MemoryForm::kWindowR8) == "65 67 41 8b 00");
    // An absolute address would be relative to RIP.
    CHECK(copied({0x03, 0x0d, 1, 2, 3, 4}, MemoryForm::kWindow) == "65 67 03 0c 25 01 02 03 04");
    CHECK(copied({0x8d, 0x05, 1, 2, 3, 4}, MemoryForm::kAddress) == "8d 04 25 01 02 03 04");  // lea
    // LOCK is dropped, the operand size stays.
    CHECK(copied({0xf0, 0x66, 0x83, 0x00, 0x01}, MemoryForm::kPointer) == "66 43 83 04 08 01");
    CHECK(copied({0x0f, 0xb6, 0x4b, 0x10}, MemoryForm::kWindow) == "65 67 0f b6 4b 10");  // movzx
}

TEST_CASE("Displacements from ESP are moved, and as long as they must be") {
    const auto moved = [](std::vector<u8> bytes, s32 by, MemoryForm form = MemoryForm::kWindow) {
        return copied(std::move(bytes), form, decoder::CodeSize::k32, by);
    };
    const std::vector<u8> load{0x8b, 0x44, 0x24, 0x08};  // mov eax, [esp + 8]
    CHECK(moved(load, 4) == "65 67 41 8b 44 24 0c");
    CHECK(moved(load, -8) == "65 67 41 8b 04 24");
    CHECK(moved(load, 0x77) == "65 67 41 8b 44 24 7f");
    CHECK(moved(load, 0x78) == "65 67 41 8b 84 24 80 00 00 00");
    CHECK(moved(load, -0x88) == "65 67 41 8b 44 24 80");
    CHECK(moved(load, -0x89) == "65 67 41 8b 84 24 7f ff ff ff");
    CHECK(moved({0x8b, 0x04, 0x24}, -4) == "65 67 41 8b 44 24 fc");  // mov eax, [esp]
    // mov dword [esp + ecx * 4 + 7fffffffh], 1
    CHECK(moved({0xc7, 0x84, 0x8c, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0}, 1) ==
          "65 67 41 c7 84 8c 00 00 00 80 01 00 00 00");
    CHECK(moved({0x8d, 0x84, 0x24, 4, 0, 0, 0}, 4, MemoryForm::kAddress) == "41 8d 44 24 08");
    // Other bases, and other forms, stay.
    CHECK(moved({0x8b, 0x45, 0x08}, 4) == "65 67 8b 45 08");  // mov eax, [ebp + 8]
    CHECK(moved({0x8b, 0x04, 0x25, 4, 0, 0, 0}, 4) == "65 67 8b 04 25 04 00 00 00");
    CHECK(moved(load, 4, MemoryForm::kPointer) == "43 8b 04 08");
}

TEST_CASE("Prefixes of 16-bit code are turned round") {
    using decoder::CodeSize;
    CHECK(copied({0x01, 0xd8}, MemoryForm::kNone, CodeSize::k16) == "66 01 d8");     // add ax, bx
    CHECK(copied({0x66, 0x01, 0xd8}, MemoryForm::kNone, CodeSize::k16) == "01 d8");  // add eax, ebx
    CHECK(copied({0x8b, 0x07}, MemoryForm::kWindowR8, CodeSize::k16) == "65 67 66 41 8b 00");
}

TEST_CASE("AH beside a register that needs a prefix cannot be copied") {
    CHECK(copied({0x8a, 0x24, 0x24}, MemoryForm::kWindow).empty());  // mov ah, [esp]
    CHECK(copied({0x8a, 0x23}, MemoryForm::kPointer).empty());       // mov ah, [ebx]
    CHECK(copied({0x8a, 0x23}, MemoryForm::kWindow) == "65 67 8a 23");
    CHECK(copied({0x0f, 0xb6, 0xe4}, MemoryForm::kNone).empty());  // movzx esp, ah
}

TEST_CASE("Vector instructions keep their prefixes") {
    CHECK(copied({0x66, 0x0f, 0xfe, 0xc6}, MemoryForm::kNone) ==
          "66 0f fe c6");  // paddd xmm0, xmm6
    CHECK(copied({0xf2, 0x0f, 0x58, 0x03}, MemoryForm::kPointer) == "f2 43 0f 58 04 08");  // addsd
    CHECK(copied({0xdd, 0x45, 0xf8}, MemoryForm::kWindow) == "65 67 dd 45 f8");  // fld [ebp - 8]
    CHECK(copied({0x0f, 0x6e, 0xe4}, MemoryForm::kNone).empty());  // movd mm4, esp: either field
}

}  // namespace seventeen::translator
