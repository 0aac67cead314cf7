// Lockstep over code that does nothing but push, pop and name ESP, on stacks that fault, wrap
// around and lie in the code.
#include <catch2/catch.hpp>

#include <array>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/handmade_code.h"

namespace seventeen::lockstep {

namespace {

// As random programs have them.
constexpr u32 kData = 0x20000;
constexpr u32 kReadOnly = 0x25000;
constexpr u32 kMissing = 0x29000;

using Piece = std::initializer_list<unsigned>;

// A byte 0ffh stands for a small displacement, a multiple of four.
const std::array<Piece, 31> kStackPieces{{
    {0x55, 0x89, 0xe5, 0x53},                          // push ebp; mov ebp, esp; push ebx
    {0x68, 0x90, 0x50, 0x58, 0x90},                    // push (code)
    {0x6a, 0x12},                                      // push 12h
    {0x66, 0x50, 0x66, 0x5b},                          // push ax; pop bx
    {0x66, 0x51},                                      // push cx
    {0xff, 0x74, 0x24, 0xff},                          // push dword [esp + n]
    {0x8f, 0x44, 0x24, 0xff},                          // pop dword [esp + n]
    {0x8d, 0x64, 0x24, 0xff},                          // lea esp, [esp + n]
    {0x66, 0x8d, 0x64, 0x24, 0xff},                    // lea sp, [esp + n]
    {0x8d, 0x44, 0x24, 0xff},                          // lea eax, [esp + n]
    {0x8d, 0xa4, 0x24, 0x00, 0xff, 0x00, 0x00},        // lea esp, [esp + n * 100h]
    {0x8b, 0x84, 0x24, 0xff, 0x01, 0x00, 0x00},        // mov eax, [esp + 100h + n]
    {0x89, 0x4c, 0x24, 0xff},                          // mov [esp + n], ecx
    {0x8b, 0x14, 0x24},                                // mov edx, [esp]
    {0x01, 0x44, 0x24, 0xff},                          // add [esp + n], eax
    {0x87, 0x04, 0x24},                                // xchg [esp], eax
    {0x83, 0xc4, 0xff},                                // add esp, n
    {0x83, 0xec, 0xff},                                // sub esp, n
    {0x54, 0x59},                                      // push esp; pop ecx
    {0x54, 0x5c},                                      // push esp; pop esp
    {0x66, 0x54, 0x66, 0x5c},                          // push sp; pop sp
    {0x89, 0xe6, 0x8b, 0xfc},                          // mov esi, esp; mov edi, esp
    {0x89, 0x24, 0x24, 0x8b, 0x24, 0x24},              // mov [esp], esp; mov esp, [esp]
    {0x89, 0xe5, 0x50, 0x52, 0xc9},                    // mov ebp, esp; push eax; push edx; leave
    {0x60, 0x61},                                      // pusha; popa
    {0xc8, 0x08, 0x00, 0x00},                          // enter 8, 0
    {0x9c, 0x50, 0x5a, 0x9d},                          // pushf; push eax; pop edx; popf
    {0x1e, 0x50, 0x5a, 0x1f},                          // push ds; push eax; pop edx; pop ds
    {0x0f, 0xa2},                                      // cpuid
    {0x50, 0xf7, 0xf1},                                // push eax; div ecx
    {0xe8, 0x00, 0x00, 0x00, 0x00, 0x83, 0x04, 0x24},  // call over nothing; add dword [esp], …
}};

const std::array<Piece, 8> kFpuPieces{{
    {0xd9, 0x44, 0x24, 0xff},        // fld dword [esp + n]
    {0xdd, 0x5c, 0x24, 0xff},        // fstp qword [esp + n]
    {0xd8, 0x04, 0x24, 0x50, 0x51},  // fadd dword [esp]; push eax; push ecx
    {0x0f, 0x10, 0x44, 0x24, 0xff},  // movups xmm0, [esp + n]
    {0x0f, 0x29, 0x44, 0x24, 0xff},  // movaps [esp + n], xmm0
    {0x50, 0xd9, 0x34, 0x24},        // push eax; fnstenv [esp]
    {0xdd, 0x34, 0x24, 0x58},        // fnsave [esp]; pop eax
    {0xd9, 0xe8, 0xdd, 0xd8},        // fld1; fstp st0
}};

void append_piece(Bytes& code, const Piece& piece, Random& random) {
    for (const unsigned byte : piece)
        append(code, {byte == 0xff ? static_cast<unsigned>(random() % 16 * 4) : byte});
}

// mov esp, … : on good pages, around bad ones and the ends of the address space, or here.
void append_stack(Bytes& code, Random& random) {
    const u32 here = kProgramCode + static_cast<u32>(code.size());
    const u32 around = static_cast<u32>(random() % 64) - 32;
    constexpr std::array<u32, 7> kPlaces{kData + 0x800,      0,        kReadOnly,
                                         kReadOnly + 0x1000, kMissing, kMissing + 0x1000};
    const u32 at = random() % 16 == 0 ? here + 32 : kPlaces[random() % kPlaces.size()];
    append(code, {0xbc});
    append_dword(code, at + around);
}

// ecx = …; again: push or pop two; dec ecx; jnz again
void append_loop(Bytes& code, Random& random) {
    append(code, {0xb9});
    append_dword(code, 1 + static_cast<u32>(random() % 24));
    const unsigned base = random() % 2 ? 0x50 : 0x58;
    append(code, {base, base + 3, 0x49, 0x75, 0xfb});
}

// A branch over a push, a call to a function right behind it, a return to what is pushed.
void append_branch(Bytes& code, Random& random) {
    switch (random() % 3) {
        case 0: append(code, {0x85, 0xc0, 0x50, 0x74, 0x02, 0x50, 0x52, 0x59}); break;
        case 1: append(code, {0xe8, 2, 0, 0, 0, 0xeb, 5, 0x53, 0x50, 0x5b, 0x5b, 0xc3}); break;
        default:
            append(code, {0x50, 0x68});
            append_dword(code, kProgramCode + static_cast<u32>(code.size()) + 5);
            append(code, {0xc3});
    }
}

Bytes make_code(u64 seed, bool fpu) {
    Random random(seed);
    Bytes code;
    while (has_room(code)) {
        const unsigned kind = random() % 32;
        const unsigned number = random() % 8;
        if (kind < 2)
            append_stack(code, random);
        else if (kind < 3)
            append_loop(code, random);
        else if (kind < 5)
            append_branch(code, random);
        else if (kind < 14)
            append(code, {0x50 + number});
        else if (kind < 20 && number != 4)
            append(code, {0x58 + number});
        else if (kind < 24 && fpu)
            append_piece(code, kFpuPieces[number], random);
        else
            append_piece(code, kStackPieces[random() % kStackPieces.size()], random);
    }
    return code;
}

Start make_start(Setting setting, u64 seed, bool fpu) {
    Start start = replace_code({setting, seed, Diet::kTame}, make_code(seed, fpu));
    return setting == Setting::kUser ? show_ram_at_ends(std::move(start)) : start;
}

translator::Statistics check_alike(Setting setting, bool fpu,
                                   const translator::TranslatorOptions& options) {
    translator::Statistics sum;
    const std::string difference = find_difference(16, sum, [&](u64 seed) {
        Plan plan;
        plan.limit = 25'000;
        plan.longest_step = 400;
        plan.seed = seed;
        plan.interrupts = 100;
        plan.vectors = 8;
        plan.memory_every = 4;
        plan.options = options;
        return run_in_lockstep(make_start(setting, seed, fpu), plan);
    });
    CHECK(difference == "");
    CHECK(sum.entries > 400);
    return sum;
}

void check_setting(Setting setting) {
    for (const unsigned longest_block : {1u, 5u, 64u}) {
        for (const bool windows : {true, false}) {
            for (const bool fpu : {false, true}) {
                CAPTURE(longest_block, windows, fpu);
                translator::TranslatorOptions options;
                options.longest_block = longest_block;
                options.young_instructions = 0;
                if (!windows) options.disabled.set(translator::Trick::kWindows);
                const auto sum = check_alike(setting, fpu, options);
                CHECK((sum.fills != 0) == windows);
            }
        }
    }
}

}  // namespace

TEST_CASE("Pushing and popping is exact in user code on pages that come to an end") {
    check_setting(Setting::kUser);
}
TEST_CASE("Pushing and popping is exact without paging") {
    check_setting(Setting::kFlat);
}
TEST_CASE("Pushing and popping is exact on a 16-bit stack") {
    check_setting(Setting::kCode16);
}

}  // namespace seventeen::lockstep
