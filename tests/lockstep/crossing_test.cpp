// Lockstep over INT, IRET, SYSENTER and SYSEXIT while gates, descriptors, the TSS and flags change.
#include <catch2/catch.hpp>

#include <array>
#include <cstring>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/handmade_code.h"
#include "tests/lockstep/rom.h"

namespace seventeen::lockstep {

namespace {

// Where the program can write to them.
constexpr u32 kGdtInRam = 0x6000;
constexpr u32 kTssInRam = 0x7000;
constexpr u32 kIdtInRam = 0x8000;
constexpr u32 kOtherDirectory = 0xa000;

// As a random program's ROM has them; the aliases are ours.
constexpr u16 kCode0 = 0x08;
constexpr u16 kData0 = 0x10;
constexpr u16 kCode3 = 0x18;
constexpr u16 kData3 = 0x20;
constexpr u16 kCodeAlias = 0x48;
constexpr u16 kDataAlias = 0x50;
constexpr u16 kGdtLimit = 0x57;
constexpr u32 kKernelStack = 0x1e800;
constexpr u32 kScatteredStack = 0x50008;  // at the start of a page that lies elsewhere

constexpr u32 kHandler = kRom + 0x1000;  // the random program's
constexpr u32 kSysenterHandler = kRom + 0xe000;
constexpr u32 kHandlers = kRom + 0xe100;  // of 32 bytes each
constexpr u8 kFirstVector = 0x30;
constexpr std::array<std::initializer_list<unsigned>, 8> kHandlerCode{{
    {0xcf},                                                           // iretd
    {0x80, 0x74, 0x24, 0x09, 0x02, 0xcf},                             // xor byte [esp+9], IF
    {0x80, 0x4c, 0x24, 0x0a, 0x01, 0xcf},                             // or byte [esp+10], RF
    {0x80, 0x74, 0x24, 0x0a, 0x04, 0xcf},                             // xor byte [esp+10], AC
    {0xb8, 0x10, 0x00, 0x00, 0x00, 0x8e, 0xd8, 0xcf},                 // mov eax, 10h; mov ds, eax
    {0x0f, 0x20, 0xd8, 0x35, 0, 0x80, 0, 0, 0x0f, 0x22, 0xd8, 0xcf},  // cr3 ^= 8000h
    {0x80, 0x74, 0x24, 0x08, 0xd5, 0xcf},                             // xor byte [esp+8], d5h
    {0x83, 0x44, 0x24, 0x0c, 0x04, 0xcf},                             // add dword [esp+12], 4
}};
static_assert((kUserDirectory ^ kOtherDirectory) == 0x8000);

// mov dword [at], value
void append_store(Bytes& code, u32 at, u32 value) {
    append(code, {0xc7, 0x05});
    append_dword(code, at);
    append_dword(code, value);
}
void append_store_byte(Bytes& code, u32 at, unsigned value) {
    append(code, {0xc6, 0x05});
    append_dword(code, at);
    append(code, {value});
}

template <std::size_t size>
unsigned one_of(Random& random, const std::array<unsigned, size>& values) {
    return values[random() % size];
}

u8 any_vector(Random& random) {
    return static_cast<u8>(kFirstVector + random() % kHandlerCode.size());
}

// Mostly what it was.
void append_gate_change(Bytes& code, Random& random) {
    constexpr std::array<unsigned, 8> kKinds{0xee, 0xee, 0xef, 0xee, 0xef, 0x8e, 0x6e, 0xe6};
    const u32 at = kIdtInRam + any_vector(random) * 8u;
    if (random() % 2)
        append_store_byte(code, at + 5, one_of(random, kKinds));
    else
        append_store_byte(code, at + 2, random() % 2 ? kCodeAlias : kCode0);
}

void append_descriptor_change(Bytes& code, Random& random) {
    constexpr std::array<unsigned, 6> kCodeRights{0x9b, 0x9a, 0x9b, 0x1b, 0xfb, 0x93};
    constexpr std::array<unsigned, 6> kDataRights{0x93, 0x92, 0x93, 0x13, 0xf3, 0x91};
    switch (random() % 4) {
        case 0:
            return append_store_byte(code, kGdtInRam + kCodeAlias + 5, one_of(random, kCodeRights));
        case 1:
            return append_store_byte(code, kGdtInRam + kDataAlias + 5, one_of(random, kDataRights));
        case 2: return append_store_byte(code, kGdtInRam + kCode3 + 5, random() % 2 ? 0xfb : 0xfa);
        default: return append_store_byte(code, kGdtInRam + kData3 + 6, random() % 2 ? 0xcf : 0xce);
    }
}

void append_stack_change(Bytes& code, Random& random) {
    constexpr std::array<unsigned, 6> kStacks{kKernelStack,     kKernelStack,    kKernelStack + 4,
                                              kKernelStack + 2, kScatteredStack, 0x1e014};
    if (random() % 2)
        append_store(code, kTssInRam + 4, one_of(random, kStacks));
    else
        append_store(code, kTssInRam + 8, random() % 2 ? kData0 : kDataAlias);
}

// pushf; xor dword [esp], some; popf: DF, NT, AC, ID
void append_flags(Bytes& code, Random& random) {
    constexpr std::array<unsigned, 6> kSome{0x8d5, 0x400, 0x4000, 0x40000, 0x200000, 0x01};
    const u32 some = one_of(random, kSome);
    append(code, {0x9c, 0x81, 0x34, 0x24});
    append_dword(code, some);
    append(code, {0x9d});
    if (some != 0x4000) return;
    append(code, {0xcd, any_vector(random), 0x9c, 0x81, 0x24, 0x24});  // int; pushf; and …; popf
    append_dword(code, ~some);
    append(code, {0x9d});
}

// mov edx, the instruction behind; mov ecx, esp; sysenter
void append_sysenter(Bytes& code) {
    constexpr u32 kLength = 9;
    append(code, {0xba});
    append_dword(code, kProgramCode + static_cast<u32>(code.size()) - 1 + kLength);
    append(code, {0x89, 0xe1, 0x0f, 0x34});
}

Bytes make_code(u64 seed) {
    Random random(seed);
    Bytes code;
    while (has_room(code)) {
        switch (random() % 64) {
            case 0: append_gate_change(code, random); break;
            case 1: append_descriptor_change(code, random); break;
            case 2: append_stack_change(code, random); break;
            case 3: append_flags(code, random); break;
            case 4:
                append(code, {0xb8, 0x23, 0, 0, 0, 0x8e, 0xd8, 0x8e, 0xc0});
                break;                                              // mov ds, es
            case 5: append(code, {0xdb, 0xe3, 0xd9, 0xe8}); break;  // fninit; fld1
            case 6:
            case 7: append(code, {0x05, 1, 2, 3, 4}); break;  // add eax
            default:
                if (random() % 2)
                    append_sysenter(code);
                else
                    append(code, {0xcd, any_vector(random)});
        }
    }
    return code;
}

void put(std::vector<u8>& firmware, u32 at, std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) firmware.at(at++ - kRom) = static_cast<u8>(byte);
}

// As a random program at CPL 3, with its tables in RAM and handlers that go back.
Start make_start(u64 seed) {
    Start start = replace_code({Setting::kUser, seed, Diet::kTame}, make_code(seed));
    put(start.firmware, kSysenterHandler, {0x0f, 0x35});  // sysexit
    for (u32 i = 0; i < kHandlerCode.size(); ++i)
        put(start.firmware, kHandlers + i * 32, kHandlerCode[i]);
    start.prepare = [before = start.prepare](CpuState& state, mmu::PhysicalMemory& memory) {
        before(state, memory);
        const auto copy = [&](u32 to, u64 from, u32 size) {
            for (u32 at = 0; at < size; ++at)
                memory.write<u8>({to + at}, memory.read<u8>({from + at}));
        };
        copy(kGdtInRam, state.gdtr.base, state.gdtr.limit + 1u);
        copy(kGdtInRam + kCodeAlias, kGdtInRam + kCode0, 8);
        copy(kGdtInRam + kDataAlias, kGdtInRam + kData0, 8);
        copy(kIdtInRam, state.idtr.base, state.idtr.limit + 1u);
        copy(kTssInRam, state.tr.base, state.tr.limit + 1u);
        copy(kOtherDirectory, kUserDirectory, kPageSize);
        memory.write<u32>({kTssInRam + 4}, kKernelStack);
        memory.write<u32>({kUserTable + (kScatteredStack >> kPageShift) * 4}, 0x1d007);
        for (u32 i = 0; i < kHandlerCode.size(); ++i) {
            const u32 handler = kHandlers + i * 32;
            const u32 gate = kIdtInRam + (kFirstVector + i) * 8;
            memory.write<u8>({handler & 0xffff}, 0xe9);  // through a 16-bit gate: jmp kHandler
            memory.write<u32>({(handler & 0xffff) + 1}, kHandler - (handler & 0xffff) - 5);
            memory.write<u32>({gate}, u32{kCode0} << 16 | (handler & 0xffff));
            memory.write<u32>({gate + 4}, (handler & 0xffff'0000) | 0xee00);
        }
        state.gdtr = {kGdtInRam, kGdtLimit};
        state.idtr.base = kIdtInRam;
        state.tr.base = kTssInRam;
        state.msr.sysenter_cs = kCode0;
        state.msr.sysenter_esp = kKernelStack;
        state.msr.sysenter_eip = kSysenterHandler;
    };
    return start;
}

translator::Statistics check_alike(translator::TranslatorOptions options, u64 seeds = 16) {
    translator::Statistics sum;
    for (const unsigned longest_block : {1u, 64u}) {
        CAPTURE(longest_block);
        const std::string difference = find_difference(seeds, sum, [&](u64 seed) {
            Plan plan;
            plan.limit = 40'000;
            plan.seed = seed;
            plan.interrupts = 100;
            plan.vectors = 8;
            plan.memory_every = 8;
            plan.options = options;
            plan.options.longest_block = longest_block;
            return run_in_lockstep(make_start(seed), plan);
        });
        CHECK(difference == "");
    }
    return sum;
}

}  // namespace

TEST_CASE("Privilege levels are crossed exactly while gates, descriptors, TSS and flags change") {
    translator::TranslatorOptions options;
    SECTION("between windows") {
        options.young_instructions = 0;
        CHECK(check_alike(options).crossings > 10'000);
    }
    SECTION("while a program earns its window and loses it") {
        options.young_instructions = 3000;
        CHECK(check_alike(options).crossings > 10'000);
    }
    SECTION("without windows") {
        options.disabled.set(translator::Trick::kWindows);
        CHECK(check_alike(options).crossings > 10'000);
    }
    SECTION("never at once") {
        options.disabled.set(translator::Trick::kCrossings);
        CHECK(check_alike(options, 4).crossings == 0);
    }
}

}  // namespace seventeen::lockstep
