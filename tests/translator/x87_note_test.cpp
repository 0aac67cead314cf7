// Which instructions may change the registers of an x87 memory operand's address.
#include "translator/x87_note.h"

#include <catch2/catch.hpp>

#include "decoder/decoder.h"

namespace seventeen::translator {

namespace {

decoder::Instruction decode(std::initializer_list<u8> code) {
    std::array<u8, decoder::kMaxInstructionLength> bytes{};
    std::copy(code.begin(), code.end(), bytes.begin());
    decoder::Instruction instruction;
    REQUIRE(decoder::Decoder().decode(bytes, decoder::CodeSize::k32, instruction) ==
            decoder::DecodeStatus::kOk);
    return instruction;
}

// [EBX + EAX * 4]
decoder::MemoryOperand place() {
    decoder::MemoryOperand memory;
    memory.base = static_cast<u8>(Gpr::kBx);
    memory.index = static_cast<u8>(Gpr::kAx);
    memory.scale = 2;
    return memory;
}

bool changes(std::initializer_list<u8> code) {
    return may_change_address(decode(code), place());
}

std::optional<u32> adds(std::initializer_list<u8> code) {
    return added_to_address(decode(code), place());
}

}  // namespace

TEST_CASE("An address changes with its base and its index") {
    CHECK(changes({0x83, 0xc3, 0x08}));              // add ebx, 8
    CHECK(changes({0x8d, 0x04, 0x09}));              // lea eax, [ecx + ecx]
    CHECK(changes({0xb4, 0x01}));                    // mov ah, 1
    CHECK(changes({0x66, 0xbb, 0x01, 0x00}));        // mov bx, 1
    CHECK(changes({0xdf, 0xe0}));                    // fnstsw ax
    CHECK(changes({0x0f, 0x7e, 0xc0}));              // movd eax, mm0
    CHECK(changes({0xf2, 0x0f, 0x2c, 0xd8}));        // cvttsd2si ebx, xmm0
    CHECK_FALSE(changes({0x83, 0xc1, 0x08}));        // add ecx, 8
    CHECK_FALSE(changes({0x39, 0xc1}));              // cmp ecx, eax
    CHECK_FALSE(changes({0x83, 0xf8, 0x03}));        // cmp eax, 3
    CHECK_FALSE(changes({0x89, 0x03}));              // mov [ebx], eax
    CHECK_FALSE(changes({0x75, 0x00}));              // jnz
    CHECK_FALSE(changes({0xdc, 0x04, 0x83}));        // fadd qword [ebx + eax * 4]
    CHECK_FALSE(changes({0x66, 0x0f, 0x58, 0xc3}));  // addpd xmm0, xmm3
}

TEST_CASE("A constant that is added to a register is added to the address, by its scale") {
    CHECK(adds({0x43}) == 1u);                                 // inc ebx
    CHECK(adds({0x40}) == 4u);                                 // inc eax
    CHECK(adds({0x48}) == ~u32{3});                            // dec eax
    CHECK(adds({0x83, 0xc3, 0xf8}) == ~u32{7});                // add ebx, -8
    CHECK(adds({0x81, 0xe8, 0x00, 0x01, 0, 0}) == 0u - 1024);  // sub eax, 100h
    CHECK(adds({0x8d, 0x5b, 0x10}) == 16u);                    // lea ebx, [ebx + 16]
    CHECK(adds({0x83, 0xc1, 0x08}) == 0u);                     // add ecx, 8
    CHECK_FALSE(adds({0x01, 0xc3}));                           // add ebx, eax
    CHECK_FALSE(adds({0x83, 0xd3, 0x08}));                     // adc ebx, 8
    CHECK_FALSE(adds({0x66, 0x43}));                           // inc bx
    CHECK_FALSE(adds({0x80, 0xc3, 0x01}));                     // add bl, 1
    CHECK_FALSE(adds({0x67, 0x8d, 0x5f, 0x10}));               // lea ebx, [bx + 16]
    CHECK_FALSE(adds({0x8d, 0x5c, 0x03, 0x10}));               // lea ebx, [ebx + eax + 16]
    CHECK_FALSE(adds({0x8d, 0x59, 0x10}));                     // lea ebx, [ecx + 16]
    CHECK_FALSE(adds({0x83, 0x03, 0x08}));                     // add dword [ebx], 8
}

TEST_CASE("Registers that are not written down may change, too") {
    CHECK(changes({0x0f, 0xc1, 0xc1}));              // xadd ecx, eax
    CHECK(changes({0x0f, 0xb1, 0xd1}));              // cmpxchg ecx, edx
    CHECK(changes({0x0f, 0xc7, 0x0a}));              // cmpxchg8b [edx]
    CHECK(changes({0xf7, 0xe1}));                    // mul ecx
    CHECK(changes({0x91}));                          // xchg eax, ecx
    CHECK(changes({0x98}));                          // cwde
    CHECK(changes({0x58}));                          // pop eax
    CHECK(changes({0xac}));                          // lodsb
    CHECK(changes({0xe8, 0x00, 0x00, 0x00, 0x00}));  // call
    CHECK(changes({0x0f, 0xa2}));                    // cpuid
}

}  // namespace seventeen::translator
