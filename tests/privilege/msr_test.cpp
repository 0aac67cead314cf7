// Tests of RDMSR and WRMSR: which registers each model has, and what they accept.
#include <map>
#include <set>

#include "privilege/msr_index.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

const Fault kRefused = Fault::general_protection();

// SDM 4: what each model has. w: write only, r: read only.
const std::map<std::string_view, std::set<u32>>& registers_by_model() {
    static const std::set<u32> pentium{0x0, 0x1, 0x10};
    static const std::set<u32> pentium3 = [] {
        std::set<u32> set = pentium;
        for (const u32 index :
             {0x17,  0x1b,  0x2a,  0x79,  0x8b,  0xc1,  0xc2,  0xfe,  0x174, 0x175,
              0x176, 0x179, 0x17a, 0x186, 0x187, 0x250, 0x258, 0x259, 0x277, 0x2ff})
            set.insert(index);
        for (u32 index = 0x200; index < 0x210; ++index) set.insert(index);
        for (u32 index = 0x268; index < 0x270; ++index) set.insert(index);
        return set;
    }();
    static const std::set<u32> max = [] {
        std::set<u32> set = pentium3;
        set.insert({0x1a0, 0xc0000080});
        return set;
    }();
    static const std::map<std::string_view, std::set<u32>> all{
        {"486", {}}, {"pentium", pentium}, {"pentium3", pentium3}, {"max", max}};
    return all;
}

constexpr u32 kWriteOnly = 0x79;
const std::set<u32> kReadOnly{0x17, 0xfe, 0x179};

u64 read(Bench& bench, u32 index) {
    u64 value = 0;
    CHECK(bench.engine.read_msr(index, value) == Fault{});
    return value;
}

bool writes(Bench& bench, u32 index, u64 value) {
    const u64 before = index == 0x10 ? 0 : read(bench, index);
    const Fault fault = bench.engine.write_msr(index, value);
    if (!fault) return true;
    CHECK(fault == kRefused);
    CHECK(read(bench, index) == before);
    return false;
}

}  // namespace

TEST_CASE("each model has its MSRs and no others") {
    for (const auto& entry : registers_by_model()) {
        const std::string_view name = entry.first;
        const std::set<u32>& registers = entry.second;
        Bench bench(name);
        bench.real_mode();
        const auto probe = [&](u32 index) {
            CAPTURE(name, index);
            u64 value = 0;
            const bool exists = registers.count(index);
            const bool readable = exists && index != kWriteOnly;
            REQUIRE(bench.engine.read_msr(index, value) == (readable ? Fault{} : kRefused));
            const bool writable = exists && !kReadOnly.count(index);
            REQUIRE(bench.engine.write_msr(index, value) == (writable ? Fault{} : kRefused));
        };
        for (u32 index = 0; index < 0x1000; ++index) probe(index);
        for (u32 index = 0xc0000000; index < 0xc0000200; ++index) probe(index);
        for (u32 index = 0xc0010000; index < 0xc0010100; ++index) probe(index);
        for (const u32 index : {0x40000000u, 0x4b564d00u, 0xffffffffu}) probe(index);
    }
}

TEST_CASE("MSRs need CPL 0") {
    for (unsigned cpl = 1; cpl < 4; ++cpl) {
        Bench bench;
        bench.protected_mode(0);
        bench.state.cpl = static_cast<u8>(cpl);
        u64 value = 0;
        CHECK(bench.engine.read_msr(0x10, value) == kRefused);
        CHECK(bench.engine.write_msr(0x174, 8) == kRefused);
        CHECK(bench.state.msr.sysenter_cs == 0);
    }
}

TEST_CASE("registers that do not exist without their feature") {
    struct {
        Feature feature;
        u32 index;
    } const rows[] = {
        {Feature::kTsc, 0x10},      {Feature::kApic, 0x1b},  {Feature::kSep, 0x174},
        {Feature::kMca, 0x179},     {Feature::kPat, 0x277},  {Feature::kMtrr, 0x2ff},
        {Feature::kNx, 0xc0000080}, {Feature::kRdpmc, 0xc1}, {Feature::kMce, 0x0},
    };
    Bench bench;
    bench.real_mode();
    for (const auto& row : rows) {
        PrivilegeEngine engine(bench.state, bench.mmu, cpu_model("max").without(row.feature),
                               {bench.ports, bench.scheduler, bench.interrupts});
        CAPTURE(row.index);
        u64 value = 0;
        CHECK(bench.engine.read_msr(row.index, value) == Fault{});
        CHECK(engine.read_msr(row.index, value) == kRefused);
        CHECK(engine.write_msr(row.index, 0) == kRefused);
    }
}

TEST_CASE("constant registers") {
    Bench bench;
    bench.real_mode();
    const std::map<u32, u64> values{{0x0, 0},           {0x1, 0},   {0x17, 0},  {0x2a, 0},
                                    {0x8b, 1ull << 32}, {0xc1, 0},  {0xc2, 0},  {0xfe, 0x508},
                                    {0x179, 0},         {0x17a, 0}, {0x186, 0}, {0x187, 0}};
    for (const auto& [index, value] : values) {
        CAPTURE(index);
        CHECK(read(bench, index) == value);
        writes(bench, index, 0x1234);
        CHECK(read(bench, index) == value);
    }
    CHECK(writes(bench, 0x17a, 0));
    CHECK(!writes(bench, 0x17a, 1));
    CHECK(bench.engine.write_msr(0x79, 0x1000) == Fault{});
}

TEST_CASE("the time-stamp counter can be set") {
    for (const char* model : {"pentium", "pentium3", "max"}) {
        Bench bench(model);
        bench.real_mode();
        bench.state.retired = 1'000;
        CHECK(read(bench, 0x10) == 1'000);
        CHECK(writes(bench, 0x10, 0x123456789abcdef0));
        bench.state.retired += 16;
        // Before the Pentium 4 a write clears the upper half.
        const bool whole = std::string_view(model) == "max";
        CHECK(read(bench, 0x10) == (whole ? 0x123456789abcdf00 : 0x9abcdf00));
        u64 value = 0;
        CHECK(bench.engine.read_time_stamp(value) == Fault{});
        CHECK(value == read(bench, 0x10));
    }
}

TEST_CASE("SYSENTER's registers are 32 bits wide") {
    Bench bench;
    bench.real_mode();
    for (u32 index = 0x174; index <= 0x176; ++index) {
        CHECK(writes(bench, index, 0xfedcba98'00000000 + index));
        CHECK(read(bench, index) == index);
    }
    CHECK(bench.state.msr.sysenter_cs == 0x174);
    CHECK(bench.state.msr.sysenter_esp == 0x175);
    CHECK(bench.state.msr.sysenter_eip == 0x176);
}

// Tries every single bit on top of `base`.
void check_bits(Bench& bench, u32 index, u64 base, u64 writable, u64 kept = 0) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        const u64 value = base ^ u64 { 1 } << bit;
        CAPTURE(index, bit);
        REQUIRE(writes(bench, index, base));
        const u64 before = read(bench, index);
        const bool accepted = writable >> bit & 1;
        REQUIRE(writes(bench, index, value) == accepted);
        REQUIRE(read(bench, index) == (accepted ? (value & ~kept) | (before & kept) : before));
    }
}

TEST_CASE("reserved bits are refused") {
    constexpr u64 kPages36 = 0xf'fffff000;
    Bench bench;
    bench.real_mode();
    check_bits(bench, 0x1b, 0xfee00900, kPages36 | 0x900, 0x100);
    check_bits(bench, 0xc0000080, 0, 0x800);
    check_bits(bench, 0x1a0, 0x1801, 0x1);
    check_bits(bench, 0x201, 0, kPages36 | 0x800);
    check_bits(bench, 0x20f, 0, kPages36 | 0x800);
    // Bit 0 makes WC of UC, bit 2 WT; the others no type at all.
    check_bits(bench, 0x200, 0, kPages36 | 0x5);
    check_bits(bench, 0x20e, 0, kPages36 | 0x5);
    check_bits(bench, 0x2ff, 0, 0xc00 | 0x5);
}

TEST_CASE("memory types that do not exist are refused") {
    Bench bench;
    bench.real_mode();
    for (u64 type = 0; type < 256; ++type) {
        CAPTURE(type);
        const bool mtrr = type == 0 || type == 1 || type == 4 || type == 5 || type == 6;
        CHECK(writes(bench, 0x200, type) == mtrr);
        CHECK(writes(bench, 0x2ff, 0xc00 | type) == mtrr);
        for (unsigned byte = 0; byte < 8; ++byte) {
            CHECK(writes(bench, 0x250, type << 8 * byte) == mtrr);
            CHECK(writes(bench, 0x26f, type << 8 * byte) == mtrr);
            CHECK(writes(bench, 0x277, type << 8 * byte) == (mtrr || type == 7));
        }
    }
}

TEST_CASE("every MTRR has a place of its own") {
    Bench bench;
    bench.real_mode();
    std::set<u32> indices{0x250, 0x258, 0x259};
    for (u32 index = 0x200; index < 0x210; ++index) indices.insert(index);
    for (u32 index = 0x268; index < 0x270; ++index) indices.insert(index);
    // A value that any of them accepts, different for each.
    const auto value = [](u32 index) {
        const bool fixed = index >= 0x250;
        return fixed ? (index & 1 ? 0x06 : 0x01) | u64{(index & 7) % 2 + 4} << 8 |
                           u64{(index >> 1 & 1) + 4} << 16 | u64{(index >> 2 & 1) + 4} << 24 |
                           u64{(index >> 3 & 1) + 4} << 32 | u64{(index >> 4 & 1) + 4} << 40
                     : u64{index} << 12;
    };
    std::set<u64> distinct;
    for (const u32 index : indices) {
        CHECK(writes(bench, index, value(index)));
        distinct.insert(value(index));
    }
    CHECK(distinct.size() == indices.size());
    for (const u32 index : indices) CHECK(read(bench, index) == value(index));
}

TEST_CASE("EFER.NXE takes effect at once") {
    Bench bench;
    bench.protected_mode(0);
    constexpr u32 kPointers = 0x20000, kDirectory = 0x21000, kTable = 0x22000;
    bench.write<u64>(kPointers, kDirectory | 1);
    bench.write<u64>(kDirectory, kTable | 7);
    bench.write<u64>(kTable + 8 * 0x30, u64{1} << 63 | 0x30000 | 7);
    bench.state.cr4 = kCr4Pae;
    CHECK(bench.engine.write_control(3, kPointers) == Fault{});
    CHECK(writes(bench, 0xc0000080, kEferNxe));
    CHECK(bench.engine.write_control(0, kCr0Pg | kCr0Pe) == Fault{});
    const auto fetch = [&] {
        PhysicalAddress physical;
        return bench.mmu.fetch({0x30000}, mmu::Privilege::kSupervisor, physical);
    };
    const auto load = [&] {
        u8 value = 0;
        return bench.mmu.read<u8>({0x30000}, mmu::Privilege::kSupervisor, value);
    };
    CHECK(load() == Fault{});
    CHECK(fetch() == Fault::page(kPageFaultPresent | kPageFaultFetch, {0x30000}));
    CHECK(writes(bench, 0xc0000080, 0));
    CHECK(load() == Fault::page(kPageFaultPresent | kPageFaultReserved, {0x30000}));
    CHECK(fetch() == Fault::page(kPageFaultPresent | kPageFaultReserved, {0x30000}));
}

TEST_CASE("the initial values of the MSRs") {
    Bench bench;
    bench.real_mode();
    CHECK(read(bench, 0x1b) == 0xfee00900);
    CHECK(read(bench, 0x1a0) == 0x1801);
    CHECK(read(bench, 0x277) == 0x0007040600070406);
    CHECK(read(bench, 0x2ff) == 0);
    CHECK(read(bench, 0xc0000080) == 0);
}

}  // namespace seventeen::privilege
