// Lockstep over calls of thunks (translator/thunk.h), which are written, and whose page becomes
// another one, while the code that they are inline in stays as it is.
#include <catch2/catch.hpp>

#include <array>

#include "interpreter/interpreter.h"
#include "tests/lockstep/campaign.h"
#include "tests/lockstep/handmade_code.h"
#include "tests/lockstep/rom.h"
#include "tests/lockstep/tested_engine.h"

namespace seventeen::lockstep {

namespace {

// Two pages of thunks. Each has two versions in RAM, one behind the other.
constexpr u32 kFirstPage = 0x40;
constexpr u32 kPages = 2;
constexpr u32 kVersions = 2;
constexpr u32 kThunksInPage = 4;
constexpr u32 kThunkSize = kPageSize / kThunksInPage;
constexpr std::array<Space, 2> kSpaces{{{0x2000, 0x3000}, {0x4000, 0x5000}}};
constexpr u32 kData = 0x30000;
constexpr u32 kStack = 0x1e800;

// The last of a page goes on in the next one, or ends with it.
u32 address_of(u32 thunk) {
    const u32 at = (kFirstPage << kPageShift) + thunk * kThunkSize;
    return thunk % kThunksInPage == kThunksInPage - 1 ? at + kThunkSize - 4 + thunk / 4 : at;
}

u32 any_thunk(Random& random) {
    return address_of(static_cast<u32>(random() % (kPages * kThunksInPage)));
}

// mov reg, [esp]; ret: mostly. ESP, EBP and EBX come with other addresses, too.
Bytes make_thunk(Random& random) {
    constexpr std::array<unsigned, 12> kModRm{0x04, 0x0c, 0x14, 0x1c, 0x1c, 0x1c,
                                              0x2c, 0x34, 0x3c, 0x24, 0x5c, 0x1d};
    Bytes code;
    append(code, {0x8b, kModRm[random() % kModRm.size()], 0x24, 0xc3, 0x20, 0xc3});
    return code;
}

// mov byte [thunk + at], value
void append_write(Bytes& code, Random& random) {
    constexpr std::array<std::array<unsigned, 2>, 10> kValues{{{1, 0x04},
                                                               {1, 0x0c},
                                                               {1, 0x1c},
                                                               {1, 0x2c},
                                                               {0, 0x8b},
                                                               {0, 0x03},
                                                               {2, 0x24},
                                                               {3, 0xc3},
                                                               {3, 0x90},
                                                               {3, 0xc3}}};
    const auto [at, value] = kValues[random() % kValues.size()];
    append(code, {0xc6, 0x05});
    append_dword(code, any_thunk(random) + at);
    append(code, {value});
}

// Another version of a page, or other rights: accessed or not, present or not.
void append_table_change(Bytes& code, Random& random) {
    constexpr std::array<u32, 6> kRights{0x67, 0x67, 0x67, 0x65, 0x47, 0x66};
    const u32 page = kFirstPage + static_cast<u32>(random() % kPages);
    const u32 version = static_cast<u32>(random() % kVersions);
    append(code, {0xc7, 0x05});
    append_dword(code, kSpaces[random() % 2].table + page * 4);
    append_dword(code, (page + version * kPages) << kPageShift | kRights[random() % 6]);
}

// push next; jmp target
void append_return_jump(Bytes& code, u32 from, u32 target) {
    constexpr u32 kLength = 10;
    append(code, {0x68});
    append_dword(code, from + static_cast<u32>(code.size()) - 1 + kLength);
    append(code, {0xe9});
    append_dword(code, target - (from + static_cast<u32>(code.size()) + 4));
}

// What surrounds a call: pushes, flags that are used behind it, an x87 operand by a register.
void append_call_of_thunk(Bytes& code, Random& random) {
    const u32 thunk = any_thunk(random);
    switch (random() % 7) {
        case 0:
            append(code, {0x50, 0x53});  // push eax; push ebx
            append_call(code, kProgramCode, thunk);
            append(code, {0x01, 0x1c, 0x24, 0x5a, 0x5e});  // add [esp], ebx; pop edx; pop esi
            break;
        case 1:
            append(code, {0x01, 0xd8});  // add eax, ebx
            append_call(code, kProgramCode, thunk);
            append(code, {0x11, 0xda});  // adc edx, ebx
            break;
        case 4:  // the same behind a store that gives its window up
            append(code, {0x01, 0xd8, 0x89, 0x1d});  // add eax, ebx; mov [unused entry], ebx
            append_dword(code, kSpaces[0].table + kPageSize - 4);
            append_call(code, kProgramCode, thunk);
            append(code, {0x11, 0xda});
            break;
        case 5: append_return_jump(code, kProgramCode, thunk + 3); break;
        case 2:
            append(code, {0xd9, 0x83, 0, 0, 0, 0});  // fld dword [ebx]
            append_call(code, kProgramCode, thunk);
            append(code, {0xdd, 0xd8, 0xd9, 0x35});  // fstp st0; fnstenv [data]
            append_dword(code, kData + 0x100);
            break;
        case 3:
            append_call(code, kProgramCode, thunk);
            append_call(code, kProgramCode, any_thunk(random));
            append(code, {0x01, 0xc8});  // add eax, ecx
            break;
        default:
            append_call(code, kProgramCode, thunk);
            append(code, {0x81, 0xc3, 0x34, 0x12, 0, 0, 0x01, 0xd8});  // add ebx, …; add eax, ebx
    }
}

// The calls several times, after a change of what they lead to.
Bytes make_code(u64 seed) {
    Random random(seed);
    Bytes code;
    while (has_room(code)) {
        append(code, {0xbc});  // mov esp, …
        append_dword(code, kStack);
        append(code, {0xc7, 0x05});  // mov dword [data], …
        append_dword(code, kData);
        append_dword(code, 1 + static_cast<u32>(random() % 20));
        if (random() % 3 == 0) append_write(code, random);
        if (random() % 4 == 0) append_table_change(code, random);
        const std::size_t again = code.size();
        append_call_of_thunk(code, random);
        append(code, {0xff, 0x0d});  // dec dword [data]; jnz again
        append_dword(code, kData);
        append(code, {0x75, static_cast<u8>(again - (code.size() + 2))});
    }
    return code;
}

Start make_start(u64 seed) {
    Start start = replace_code({Setting::kUser, seed, Diet::kTame}, make_code(seed));
    start.prepare = [before = start.prepare, seed](CpuState& state, mmu::PhysicalMemory& memory) {
        Random random(seed);
        before(state, memory);
        for (u32 version = 0; version < kVersions; ++version) {
            for (u32 thunk = 0; thunk < kPages * kThunksInPage; ++thunk) {
                const Bytes code = make_thunk(random);
                const u32 at = address_of(thunk) + (version * kPages << kPageShift);
                memory.write({at}, code.data(), code.size());
            }
        }
        constexpr u32 kRights = 0x67;  // everyone's, accessed and dirty
        map_spaces(state, memory, kSpaces, kRights);
    };
    return start_at_code(std::move(start), kStack);
}

// As another process would run.
void change_space(Guest& guest, u64 random) {
    if (random % 4 != 0) return;
    guest.state().cr3 = kSpaces[random / 4 % 2].directory;
    guest.mmu().change_space();
}

translator::Statistics check_alike(const translator::TranslatorOptions& options) {
    translator::Statistics sum;
    const std::string difference = find_difference(16, sum, [&](u64 seed) {
        Plan plan;
        plan.limit = 40'000;
        plan.seed = seed;
        plan.interrupts = 30;
        plan.vectors = 8;
        plan.longest_step = options.longest_block == 64 ? 2000 : 100;
        plan.memory_every = 8;
        plan.disturb = change_space;
        plan.options = options;
        plan.options.young_instructions = 0;
        return run_in_lockstep(make_start(seed), plan);
    });
    CHECK(difference == "");
    return sum;
}

}  // namespace

TEST_CASE("Thunks are inline in blocks of any length, and do what they do now") {
    for (const unsigned longest_block : {3u, 8u, 64u}) {
        CAPTURE(longest_block);
        translator::TranslatorOptions options;
        options.longest_block = longest_block;
        const auto sum = check_alike(options);
        CHECK(sum.thunks > 200);
        CHECK(sum.invalidated > 100);
    }
}

TEST_CASE("Thunks are exact without what they work together with") {
    using translator::Trick;
    translator::TranslatorOptions options;
    const Trick without = GENERATE(Trick::kEspFold, Trick::kLooseCode, Trick::kUnroll);
    CAPTURE(without);
    options.disabled.set(without);
    CHECK(check_alike(options).thunks > 500);
}

TEST_CASE("Thunks are calls in short blocks, and where no jump map could tell") {
    using translator::Trick;
    translator::TranslatorOptions options;
    SECTION("short blocks") {
        options.longest_block = 2;
    }
    SECTION("no windows") {
        options.disabled.set(Trick::kWindows);
    }
    SECTION("no tables") {
        options.disabled.set(Trick::kIndirectTable);
    }
    SECTION("no thunks") {
        options.disabled.set(Trick::kThunks);
    }
    CHECK(check_alike(options).thunks == 0);
}

TEST_CASE("Thunks are exact with hardly any room for code") {
    translator::TranslatorOptions options;
    options.code_cache_bytes = 32 << 10;
    const auto sum = check_alike(options);
    CHECK(sum.thunks > 500);
    CHECK(sum.cache_flushes > 50);
}

// Its RET was jumped to before, and it was entered by no branch: so it is two blocks, of which the
// first knows nothing of a write to the RET.
TEST_CASE("A thunk is called whose block ends before its RET") {
    constexpr u32 kCode = 0x8000;
    constexpr u32 kThunk = 0xa000;
    constexpr u64 kAtThunk = 105;  // instructions before it
    constexpr std::array<u8, 5> kThunkCode{0x8b, 0x1c, 0x24, 0xc3, 0xc3};
    Start start;
    start.load_at = start.entry = kCode;
    append_return_jump(start.image, kCode, kThunk + 3);
    start.image.resize(start.image.size() + 100, 0x90);
    append_return_jump(start.image, kCode, kThunk);
    append(start.image, {0xbe, 5, 0, 0, 0});  // mov esi, 5
    append_call(start.image, kCode, kThunk);
    append(start.image, {0x01, 0xd8, 0x4e, 0x75, 0xf6});  // add eax, ebx; dec esi; jnz
    append(start.image, {0xc6, 0x05});                    // mov byte [RET], 90h
    append_dword(start.image, kThunk + 3);
    append(start.image, {0x90, 0xeb, 0xe8});  // jmp
    start.prepare = [&](CpuState& state, mmu::PhysicalMemory& memory) {
        memory.write({kThunk}, kThunkCode.data(), kThunkCode.size());
        state.cr0 |= kCr0Pe;
        state.cpl = 3;
        for (SegmentRegister& each : state.segments)
            each = segment(0x23, 0, 0xffff'ffff, kDataBits | kUserBits | kFlat);
        state.segment(SegmentName::kCs) =
            segment(0x1b, 0, 0xffff'ffff, kCodeBits | kUserBits | kFlat);
        state.rip = kCode;
        state.set_reg32(Gpr::kSp, 0x7000);
    };
    Guest expected(start, [](CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& engine) {
        return std::make_unique<interpreter::Interpreter>(state, mmu, engine);
    });
    Guest found(start, tested_engine({}));
    for (const u64 target : {kAtThunk, u64{200}, u64{1000}, u64{10'000}}) {
        expected.run(target);
        found.run(target);
        CHECK(describe_difference(expected, found, true) == "");
        if (target == kAtThunk) CHECK(found.state().rip == kThunk);
    }
    CHECK(expected.state().gpr[0] > kCode);
}

}  // namespace seventeen::lockstep
