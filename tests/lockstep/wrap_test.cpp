// Lockstep at the ends of the address space: accesses up to, across and beyond 4 GiB.
#include <catch2/catch.hpp>

#include <array>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/handmade_code.h"

namespace seventeen::lockstep {

namespace {

// mov r32, value
void load(Bytes& code, unsigned number, u32 value) {
    append(code, {0xb8 + number});
    append_dword(code, value);
}

// Around 4 GiB, 0fffffff0h to 0fh.
u32 edge(Random& random) {
    return static_cast<u32>(random() % 32) - 16;
}

// With [ebx + displacement].
void append_access(Bytes& code, Random& random) {
    constexpr std::array<std::array<u8, 2>, 10> kOpcodes{{{0x90, 0x8b},
                                                          {0x66, 0x8b},
                                                          {0x90, 0x89},
                                                          {0x66, 0x89},
                                                          {0x90, 0x01},
                                                          {0x66, 0x31},
                                                          {0x90, 0x00},
                                                          {0x90, 0x3b},
                                                          {0x90, 0x87},
                                                          {0x0f, 0xb7}}};
    const auto opcode = kOpcodes[random() % kOpcodes.size()];
    const u32 displacement = static_cast<u32>(random() % 256);
    load(code, 3, edge(random) - static_cast<u32>(static_cast<s8>(displacement)));
    append(code, {opcode[0], opcode[1], 0x43, displacement});  // … eax, [ebx + displacement]
}

void append_stack(Bytes& code, Random& random) {
    constexpr std::array<std::array<u8, 2>, 6> kOpcodes{
        {{0x90, 0x50}, {0x66, 0x50}, {0x90, 0x59}, {0x66, 0x59}, {0x6a, 0x7f}, {0x90, 0x60}}};
    load(code, 4, edge(random));
    for (int i = 0; i < 3; ++i) {
        const auto opcode = kOpcodes[random() % kOpcodes.size()];
        append(code, {opcode[0], opcode[1]});
    }
}

void append_string(Bytes& code, Random& random) {
    constexpr std::array<u8, 10> kOpcodes{0xa4, 0xa5, 0xa6, 0xa7, 0xaa,
                                          0xab, 0xac, 0xad, 0xae, 0xaf};
    constexpr std::array<u8, 3> kPrefixes{0x90, 0xf2, 0xf3};
    load(code, 6, random() % 2 ? edge(random) : 0x20000);
    load(code, 7, random() % 2 ? edge(random) : 0x28000);
    load(code, 1, static_cast<u32>(random() % 24));
    append(code, {random() % 4 == 0 ? 0xfdu : 0xfcu});  // std or cld
    append(code, {kPrefixes[random() % 3], kOpcodes[random() % kOpcodes.size()]});
}

Bytes make_code(u64 seed, bool with_stack) {
    Random random(seed);
    Bytes code;
    while (has_room(code)) {
        const unsigned kind = random() % 3;
        if (kind == 0)
            append_string(code, random);
        else if (kind == 1 && with_stack)
            append_stack(code, random);
        else
            append_access(code, random);
    }
    return code;
}

// Without paging the ROM ends at 4 GiB.
Start make_start(Setting setting, u64 seed) {
    const bool user = setting == Setting::kUser;
    Start start = replace_code({setting, seed, Diet::kTame}, make_code(seed, user));
    return user ? show_ram_at_ends(std::move(start)) : start;
}

void check_alike(Setting setting, bool windows) {
    for (const unsigned longest_block : {1u, 64u}) {
        CAPTURE(windows, longest_block);
        translator::Statistics statistics;
        const std::string difference = find_difference(24, statistics, [&](u64 seed) {
            Plan plan;
            plan.limit = 40'000;
            plan.seed = seed;
            plan.memory_every = 8;
            plan.options.longest_block = longest_block;
            plan.options.young_instructions = 0;
            if (!windows) plan.options.disabled.set(translator::Trick::kWindows);
            return run_in_lockstep(make_start(setting, seed), plan);
        });
        CHECK(difference == "");
        CHECK(statistics.entries > 400);  // without paging a CLI, HLT in an operand ends the run
        CHECK((statistics.host_faults > 100) == windows);
    }
}

}  // namespace

TEST_CASE("Accesses around 4 GiB are exact in user code") {
    check_alike(Setting::kUser, true);
    check_alike(Setting::kUser, false);
}

TEST_CASE("Accesses around 4 GiB are exact without paging") {
    check_alike(Setting::kFlat, true);
    check_alike(Setting::kFlat, false);
}

}  // namespace seventeen::lockstep
