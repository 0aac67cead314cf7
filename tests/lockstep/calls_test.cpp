// Lockstep over calls and returns that match, and those that don't: frames that are skipped, stacks
// that are swapped, callers that are written or whose page is another one when they are returned
// to.
#include <catch2/catch.hpp>

#include <array>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/handmade_code.h"

namespace seventeen::lockstep {

namespace {

// Eight functions to a page. Each page has two versions in RAM, one behind the other.
constexpr u32 kFunctions = 64;
constexpr u32 kFunctionSize = 0x200;
constexpr u32 kFirstPage = 0x40;
constexpr u32 kPages = 8;
constexpr u32 kVersions = 2;
constexpr std::array<Space, 2> kSpaces{{{0x2000, 0x3000}, {0x4000, 0x5000}}};
constexpr u32 kCounters = 0x30000;
constexpr u32 kOtherStack = 0x7000;  // its ESP is kept here
constexpr u32 kStack = 0x1e800;

u32 address_of(u32 function) {
    return (kFirstPage << kPageShift) + function * kFunctionSize;
}

// Page tables as the guest sees them: other versions of a page, or other rights.
void append_table_change(Bytes& code, Random& random) {
    constexpr std::array<u32, 4> kRights{0x67, 0x67, 0x67, 0x66};
    const u32 page = static_cast<u32>(random() % kPages);
    const u32 version = static_cast<u32>(random() % kVersions);
    append(code, {0xc7, 0x05});  // mov dword [entry], …
    append_dword(code, kSpaces[random() % 2].table + (kFirstPage + page) * 4);
    append_dword(code,
                 (kFirstPage + page + version * kPages) << kPageShift | kRights[random() % 4]);
}

void append_space_change(Bytes& code, Random& random) {
    append(code, {0xb9});  // mov ecx, directory; mov cr3, ecx
    append_dword(code, kSpaces[random() % 2].directory);
    append(code, {0x0f, 0x22, 0xd9});
}

// mov byte [within a function], nop or inc eax
void append_write(Bytes& code, Random& random) {
    append(code, {0xc6, 0x05});
    append_dword(code, address_of(static_cast<u32>(random() % kFunctions)));
    append(code, {random() % 2 ? 0x90u : 0x40u});
}

void append_step(Bytes& code, u32 function, bool user, Random& random) {
    const u32 here = address_of(function);
    const u32 later = address_of(function + 1 + static_cast<u32>(random() % 8));
    switch (random() % 16) {
        case 0:
        case 1:
        case 2: append_call(code, here, later); break;
        case 3:
            append(code, {0xb9});  // mov ecx, …; call ecx
            append_dword(code, later);
            append(code, {0xff, 0xd1});
            break;
        case 4: append(code, {0xe8, 0, 0, 0, 0, 0x5a}); break;  // call over nothing; pop edx
        case 5: append_write(code, random); break;
        case 6:
            if (random() % 2 == 0) append_table_change(code, random);
            break;
        case 7:
            if (!user && random() % 2 == 0) append_space_change(code, random);
            break;
        case 8: append(code, {0x0f, 0xa2}); break;  // cpuid calls out
        default:
            append(code, {0xff, 0x05});  // inc dword [counter]
            append_dword(code, kCounters + function * 4);
    }
}

void append_end(Bytes& code, Random& random) {
    switch (random() % 16) {
        case 0: append(code, {0xc2, 4, 0}); break;           // ret 4
        case 1: append(code, {0x59, 0xff, 0xe1}); break;     // pop ecx; jmp ecx
        case 2: append(code, {0x83, 0xc4, 4, 0xc3}); break;  // add esp, 4; ret
        case 3:
            append(code, {0x87, 0x25});  // xchg [other], esp; ret
            append_dword(code, kOtherStack);
            append(code, {0xc3});
            break;
        case 4:
            append(code, {0x68});  // push function; ret
            append_dword(code, address_of(static_cast<u32>(random() % kFunctions)));
            append(code, {0xc3});
            break;
        default: append(code, {0xc3});
    }
}

Bytes make_function(u32 function, bool user, Random& random) {
    Bytes code{0x90};
    for (u64 steps = random() % 6; steps != 0; --steps) append_step(code, function, user, random);
    const bool last_of_page = (function + 1) % (kPageSize / kFunctionSize) == 0;
    if (last_of_page && function + 8 < kFunctions) {
        // A call at the end of the page, or across it: what it returns to is in the next one.
        code.resize(kFunctionSize - 5 + random() % 5, 0x90);
        append_call(code, address_of(function), address_of(function + 2));
        return code;
    }
    append_end(code, random);
    return code;
}

// mov esp, …; push start; push start; call function
Bytes make_main(Random& random) {
    Bytes code;
    while (has_room(code)) {
        append(code, {0xbc});
        append_dword(code, kStack);
        for (unsigned i = 0; i < 2; ++i) {
            append(code, {0x68});
            append_dword(code, kProgramCode);
        }
        append_call(code, kProgramCode, address_of(static_cast<u32>(random() % kFunctions)));
    }
    return code;
}

void write_functions(mmu::PhysicalMemory& memory, bool user, Random& random) {
    for (u32 version = 0; version < kVersions; ++version) {
        for (u32 function = 0; function < kFunctions; ++function) {
            const Bytes code = make_function(function, user, random);
            const u32 at = address_of(function) + (version * kPages << kPageShift);
            memory.write({at}, code.data(), code.size());
        }
    }
}

Start make_start(u64 seed, bool user) {
    Random random(seed);
    const Setting setting = user ? Setting::kUser : Setting::kFlat;
    Start start = replace_code({setting, seed, Diet::kTame}, make_main(random));
    start.prepare = [before = start.prepare, seed, user](CpuState& state,
                                                         mmu::PhysicalMemory& memory) {
        Random random(seed);
        before(state, memory);
        fill_stack(memory, kStack);
        memory.write<u32>({kOtherStack}, kStack - 0x1000);
        write_functions(memory, user, random);
        constexpr u32 kRights = 0x67;  // everyone's, accessed and dirty
        map_spaces(state, memory, kSpaces, kRights);
    };
    return start;
}

translator::Statistics check_alike(bool user, const translator::TranslatorOptions& options) {
    translator::Statistics sum;
    const std::string difference = find_difference(80, sum, [&](u64 seed) {
        Plan plan;
        plan.limit = 20'000;
        plan.seed = seed;
        plan.interrupts = 30;
        plan.vectors = 8;
        plan.longest_step = 2000;
        plan.options = options;
        return run_in_lockstep(make_start(seed, user), plan);
    });
    CHECK(difference == "");
    return sum;
}

}  // namespace

TEST_CASE("A kernel's calls and returns are exact, whatever becomes of stacks and callers") {
    const auto sum = check_alike(false, {});
    CHECK(sum.pair_drops > 100);
    CHECK(sum.unpaired > 100);
}

TEST_CASE("A user's calls and returns are exact, in a window and without one") {
    translator::TranslatorOptions options;
    SECTION("in a window, where they have no pairs") {
        options.disabled.set(translator::Trick::kYoungSoft);
        CHECK(check_alike(true, options).unpaired == 0);
    }
    SECTION("without") {
        options.disabled.set(translator::Trick::kWindows);
        CHECK(check_alike(true, options).unpaired > 100);
    }
}

TEST_CASE("Calls and returns without pairs, or far chaining, are as exact") {
    translator::TranslatorOptions options;
    SECTION("without pairs") {
        options.disabled.set(translator::Trick::kReturnPairs);
    }
    SECTION("without far chaining") {
        options.disabled.set(translator::Trick::kFarChaining);
    }
    check_alike(false, options);
}

}  // namespace seventeen::lockstep
