// Which instructions need ESP in r12: each kind by examples.
#include "translator/stack_pointer.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "decoder/decoder.h"

namespace seventeen::translator {

namespace {

std::string use_of(std::vector<u8> bytes) {
    const decoder::Decoder decoder;
    decoder::Instruction instruction;
    REQUIRE(decoder.decode(bytes, decoder::CodeSize::k32, instruction) ==
            decoder::DecodeStatus::kOk);
    std::string uses;
    if (names_stack_pointer(instruction)) uses += "names ";
    if (moves_stack_pointer(instruction)) uses += "moves ";
    if (copies_stack_pointer(instruction)) uses += "copies ";
    if (sets_stack_pointer(instruction)) uses += "sets ";
    if (needs_stack_pointer(instruction)) uses += "needs ";
    return uses;
}

}  // namespace

TEST_CASE("Pushing, popping and memory operands need no ESP in r12") {
    CHECK(use_of({0x55}) == "");                    // push ebp
    CHECK(use_of({0x5d}) == "");                    // pop ebp
    CHECK(use_of({0xc2, 4, 0}) == "");              // ret 4
    CHECK(use_of({0xff, 0x74, 0x24, 0x04}) == "");  // push dword [esp + 4]
    CHECK(use_of({0x8b, 0x44, 0x24, 0x04}) == "");  // mov eax, [esp + 4]
    CHECK(use_of({0x8d, 0x44, 0x24, 0x04}) == "");  // lea eax, [esp + 4]
    CHECK(use_of({0x88, 0xe0}) == "");              // mov al, ah
    CHECK(use_of({0x8e, 0xe0}) == "");              // mov fs, ax
    CHECK(use_of({0xd8, 0xc4}) == "");              // fadd st4
}

TEST_CASE("ESP is moved, copied or set without being computed with") {
    CHECK(use_of({0x8d, 0x64, 0x24, 0x04}) == "names moves ");        // lea esp, [esp + 4]
    CHECK(use_of({0x8d, 0xa4, 0x24, 0, 1, 0, 0}) == "names moves ");  // lea esp, [esp + 256]
    CHECK(use_of({0x89, 0xe5}) == "names copies ");                   // mov ebp, esp
    CHECK(use_of({0x8b, 0xec}) == "names copies ");                   // mov ebp, esp
    CHECK(use_of({0x89, 0xec}) == "names sets ");                     // mov esp, ebp
    CHECK(use_of({0xbc, 1, 2, 3, 4}) == "names sets ");               // mov esp, …
    CHECK(use_of({0x8b, 0x64, 0x24, 0x04}) == "names sets ");         // mov esp, [esp + 4]
    CHECK(use_of({0x8d, 0x65, 0xf4}) == "names sets ");               // lea esp, [ebp - 12]
    CHECK(use_of({0x8d, 0x64, 0x8c, 0x04}) == "names sets ");         // lea esp, [esp + ecx*4 + 4]
    CHECK(use_of({0xc9}) == "sets ");                                 // leave
}

TEST_CASE("Everything else that names ESP needs it in r12") {
    CHECK(use_of({0x54}) == "names needs ");                          // push esp
    CHECK(use_of({0x5c}) == "names needs ");                          // pop esp
    CHECK(use_of({0x83, 0xec, 0x10}) == "names needs ");              // sub esp, 16
    CHECK(use_of({0x89, 0xe4}) == "names needs ");                    // mov esp, esp
    CHECK(use_of({0x89, 0x65, 0x00}) == "names needs ");              // mov [ebp], esp
    CHECK(use_of({0x66, 0x89, 0xe0}) == "names needs ");              // mov ax, sp
    CHECK(use_of({0x66, 0x89, 0xc4}) == "names needs ");              // mov sp, ax
    CHECK(use_of({0x66, 0x8d, 0x64, 0x24, 0x04}) == "names needs ");  // lea sp, [esp + 4]
    CHECK(use_of({0xff, 0xe4}) == "names needs ");                    // jmp esp
    CHECK(use_of({0x8e, 0xdc}) == "names needs ");                    // mov ds, sp
    CHECK(use_of({0x0f, 0xb6, 0xe0}) == "names needs ");              // movzx esp, al
}

}  // namespace seventeen::translator
