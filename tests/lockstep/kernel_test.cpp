// Lockstep over what kernels do: segment loads, POPF, page tables and CR3 that change, at CPL 0.
#include <catch2/catch.hpp>

#include <array>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/handmade_code.h"

namespace seventeen::lockstep {

namespace {

constexpr std::array<Space, 2> kSpaces{{{0x2000, 0x4000}, {0x3000, 0x5000}}};
constexpr u32 kGdt = 0x6000;
constexpr u32 kFirstChanging = 0x30;  // pages that come, go and change their rights
constexpr u32 kChanging = 16;
constexpr u16 kChangingSelector = 0x38;

void append_segment_load(Bytes& code, Random& random) {
    constexpr std::array<unsigned, 8> kSelectors{0x10, 0, 3,    kChangingSelector,
                                                 0x23, 8, 0x14, 0x70};
    // MOV ES, DS, FS, GS.
    constexpr std::array<unsigned, 5> kModRm{0xc0, 0xd8, 0xe0, 0xe8, 0xe0};
    constexpr std::array<std::array<unsigned, 2>, 3> kPops{
        {{0x90, 0x07}, {0x0f, 0xa1}, {0x0f, 0xa9}}};
    const unsigned selector = random() % 8 ? kSelectors[random() % 5] : kSelectors[random() % 8];
    if (random() % 2) {
        append(code, {0xb8, selector, 0, 0, 0, 0x8e, kModRm[random() % kModRm.size()]});
    } else {
        const auto pop = kPops[random() % kPops.size()];
        append(code, {0x6a, selector, pop[0], pop[1]});
    }
}

// mov byte [descriptor + at], value: its limit, base or rights
void append_descriptor_change(Bytes& code, Random& random) {
    constexpr std::array<unsigned, 5> kAt{0, 2, 3, 4, 5};
    constexpr std::array<unsigned, 5> kRights{0x92, 0x93, 0x12, 0x90, 0xf3};
    const unsigned at = kAt[random() % kAt.size()];
    append(code, {0xc6, 0x05});
    append_dword(code, kGdt + kChangingSelector + at);
    append(code, {at == 5 ? kRights[random() % 5] : static_cast<unsigned>(random() % 256)});
}

// pushf; xor dword [esp], some; popf
void append_flags(Bytes& code, Random& random) {
    constexpr std::array<u32, 8> kSome{0x8d5,  0x200,   0x201,    0x400,
                                       0x4000, 0x40000, 0x200000, 0x13000};
    append(code, {0x9c, 0x81, 0x34, 0x24});
    append_dword(code, kSome[random() % kSome.size()]);
    append(code, {0x9d, 0x9f, 0xfc});  // popf; lahf; cld
}

// mov eax, [address], or mov [address], eax; by DS or FS
void append_access(Bytes& code, Random& random) {
    append(code, {random() % 3 ? 0x3eu : 0x64u, random() % 3 ? 0xa1u : 0xa3u});
    append_dword(code, (kFirstChanging << kPageShift) + static_cast<u32>(random() % 0x10000));
}

void append_table_change(Bytes& code, Random& random) {
    constexpr std::array<u32, 8> kRights{0, 0x21, 0x63, 0x63, 0x67, 3, 7, 0x61};
    const u32 page = static_cast<u32>(random() % kChanging);
    append(code, {0xc7, 0x05});
    append_dword(code, kSpaces[random() % 3 ? 0 : 1].table + (kFirstChanging + page) * 4);
    append_dword(code, (kFirstChanging + static_cast<u32>(random() % kChanging)) << kPageShift |
                           kRights[random() % kRights.size()]);
}

// mov some, crN; smsw eax, or ax, or [address]
void append_control_read(Bytes& code, Random& random) {
    constexpr std::array<unsigned, 5> kNumbers{0, 2, 3, 4, 1};
    constexpr std::array<unsigned, 4> kInto{0, 3, 6, 7};
    if (random() % 2) {
        const unsigned number = kNumbers[random() % 16 ? random() % 4 : 4];
        append(code, {0x0f, 0x20, 0xc0 | number << 3 | kInto[random() % kInto.size()]});
    } else if (random() % 2) {
        if (random() % 2) append(code, {0x66});
        append(code, {0x0f, 0x01, 0xe0});
    } else {
        append(code, {0x0f, 0x01, 0x25});
        append_dword(code, (kFirstChanging << kPageShift) + static_cast<u32>(random() % 0x10000));
    }
}

// mov eax, directory; mov cr3, eax
void append_space_change(Bytes& code, Random& random) {
    append(code, {0xb8});
    append_dword(code, kSpaces[random() % 2 ? 0 : 1].directory);
    append(code, {0x0f, 0x22, 0xd8});
}

Bytes make_code(u64 seed, bool paging) {
    Random random(seed);
    Bytes code;
    while (has_room(code)) {
        switch (random() % (paging ? 13 : 9)) {
            case 0:
            case 1:
            case 2: append_segment_load(code, random); break;
            case 3: append_descriptor_change(code, random); break;
            case 4: append_flags(code, random); break;
            case 5: append_control_read(code, random); break;
            case 9: append_table_change(code, random); break;
            case 10:
                if (random() % 4 == 0) append_space_change(code, random);
                break;
            default: append_access(code, random); break;
        }
    }
    return code;
}

// As a random program at CPL 0, with its GDT in RAM.
Start make_start(u64 seed, bool paging) {
    Start start = replace_code({Setting::kFlat, seed, Diet::kTame}, make_code(seed, paging));
    start.prepare = [before = start.prepare, paging](CpuState& state, mmu::PhysicalMemory& memory) {
        before(state, memory);
        for (u32 at = 0; at <= state.gdtr.limit; ++at)
            memory.write<u8>({kGdt + at}, memory.read<u8>({state.gdtr.base + at}));
        state.gdtr.base = kGdt;
        constexpr u32 kRights = 0x63;  // the supervisor's, accessed and dirty
        if (paging) map_spaces(state, memory, kSpaces, kRights);
    };
    return start;
}

translator::Statistics check_alike(bool paging, translator::TranslatorOptions options) {
    translator::Statistics sum;
    for (const unsigned longest_block : {1u, 64u}) {
        CAPTURE(longest_block);
        const std::string difference = find_difference(12, sum, [&](u64 seed) {
            Plan plan;
            plan.limit = 40'000;
            plan.seed = seed;
            plan.interrupts = 300;
            plan.vectors = 8;
            plan.memory_every = 8;
            plan.options = options;
            plan.options.longest_block = longest_block;
            return run_in_lockstep(make_start(seed, paging), plan);
        });
        CHECK(difference == "");
    }
    return sum;
}

u64 repeated_loads(const translator::Statistics& sum) {
    return sum.of(decoder::Mnemonic::MOV_SEGMENT).translated;
}

}  // namespace

TEST_CASE("Segment loads and POPF of a kernel without paging are exact") {
    const auto sum = check_alike(false, {});
    CHECK(repeated_loads(sum) > 500);
}

TEST_CASE("What a kernel reads and writes through its window is what its page tables say") {
    const auto sum = check_alike(true, {});
    CHECK(repeated_loads(sum) > 500);
    CHECK(sum.fills > 200);
    CHECK(sum.drops > 100);
}

TEST_CASE("A kernel's window is what its page tables say where a system call chooses it") {
    translator::TranslatorOptions options;
    options.disabled.set(translator::Trick::kFsgsbase);
    const auto sum = check_alike(true, options);
    CHECK(sum.fills > 200);
    CHECK(sum.drops > 100);
}

TEST_CASE("A kernel that does not write through its window, or has none, is as exact") {
    translator::TranslatorOptions options;
    SECTION("reads") {
        options.disabled.set(translator::Trick::kKernelWrites);
        CHECK(check_alike(true, options).fills > 200);
    }
    SECTION("nothing") {
        options.disabled.set(translator::Trick::kKernelWindow);
        CHECK(check_alike(true, options).fills == 0);
    }
}

}  // namespace seventeen::lockstep
