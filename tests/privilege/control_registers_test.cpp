// Tests of MOV CR, LMSW and CLTS: what is refused, what is kept, and the PDPTEs.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

u32 control(Bench& bench, unsigned number) {
    u32 value = 0;
    CHECK(bench.engine.read_control(number, value) == Fault{});
    return value;
}

constexpr u32 kDirectoryPointers = 0x20000;

// Paging off, CR4.PAE set, CR3 at four PDPTEs that are not present.
void prepare_pae(Bench& bench) {
    bench.protected_mode(0);
    bench.state.cr4 = kCr4Pae;
    bench.state.cr3 = kDirectoryPointers;
    for (unsigned i = 0; i < 8; ++i) bench.write<u32>(kDirectoryPointers + 4 * i, 0);
}

constexpr u32 kPagingOn = kCr0Pg | kCr0Pe;
constexpr u32 kAfterReset = kCr0Cd | kCr0Nw | kCr0Et;

}  // namespace

TEST_CASE("only CR0, CR2, CR3 and CR4 exist") {
    for (const unsigned cpl : {0u, 3u}) {
        Bench bench;
        bench.protected_mode(cpl);
        for (unsigned number = 0; number < 16; ++number) {
            CAPTURE(cpl, number);
            const bool exists = number == 0 || (number >= 2 && number <= 4);
            const Fault expected = !exists    ? Fault::invalid_opcode()
                                   : cpl == 0 ? Fault{}
                                              : Fault::general_protection();
            u32 value = 0;
            CHECK(bench.engine.read_control(number, value) == expected);
            CHECK(bench.engine.write_control(number, value) == expected);
        }
    }
    Bench bench;
    bench.v86_mode(3);
    u32 value = 0;
    CHECK(bench.engine.read_control(0, value) == Fault::general_protection());
    CHECK(bench.engine.write_control(0, 0) == Fault::general_protection());
}

TEST_CASE("a model without extensions has no CR4") {
    Bench bench;
    CpuModel model = cpu_model("486").without(Feature::kVme);
    PrivilegeEngine engine(bench.state, bench.mmu, model,
                           {bench.ports, bench.scheduler, bench.interrupts});
    u32 value = 0;
    CHECK(engine.read_control(4, value) == Fault::invalid_opcode());
    CHECK(engine.write_control(4, 0) == Fault::invalid_opcode());
}

TEST_CASE("CR0 refuses impossible combinations") {
    struct {
        u32 value;
        bool refused;
    } const rows[] = {
        {0, false},
        {kCr0Pe, false},
        {kCr0Pg, true},
        {kCr0Pg | kCr0Pe, false},
        {kCr0Cd, false},
        {kCr0Nw, true},
        {kCr0Nw | kCr0Cd, false},
        {kCr0Nw | kCr0Pe, true},
        {kCr0Pg | kCr0Nw | kCr0Cd, true},
        {kCr0Pg | kCr0Pe | kCr0Nw, true},
        {kCr0Pg | kCr0Pe | kCr0Nw | kCr0Cd, false},
    };
    for (const auto& row : rows) {
        Bench bench;
        bench.protected_mode(0);
        const u64 before = bench.state.cr0;
        CAPTURE(row.value);
        CHECK(bench.engine.write_control(0, row.value) ==
              (row.refused ? Fault::general_protection() : Fault{}));
        CHECK(bench.state.cr0 == (row.refused ? before : (row.value | kCr0Et)));
    }
}

TEST_CASE("CR0 keeps the bits that exist, and ET") {
    Bench bench;
    bench.real_mode();
    for (unsigned bit = 0; bit < 31; ++bit) {
        const u32 value = 1u << bit;
        if (value == kCr0Nw) continue;
        CAPTURE(bit);
        CHECK(bench.engine.write_control(0, value) == Fault{});
        CHECK(control(bench, 0) == ((value & 0x4005003f) | kCr0Et));
        CHECK(bench.state.attention);
    }
}

TEST_CASE("leaving protected mode lets real mode write through every segment") {
    Bench bench;
    bench.protected_mode(0);
    CHECK(!bench.segment(SegmentName::kCs).may_write(0, 1));
    CHECK(bench.engine.write_control(0, kCr0Et) == Fault{});
    CHECK(bench.segment(SegmentName::kCs).may_write(0x12345678, 1));
    CHECK(bench.segment(SegmentName::kCs).big());
}

TEST_CASE("CR2 and CR3 hold what is written") {
    Bench bench;
    bench.protected_mode(0);
    CHECK(bench.engine.write_control(2, 0xfedcba98) == Fault{});
    CHECK(bench.engine.write_control(3, 0xffffffff) == Fault{});
    CHECK(control(bench, 2) == 0xfedcba98);
    CHECK(control(bench, 3) == 0xffffffff);
}

TEST_CASE("CR4 refuses the bits that the model lacks") {
    for (const CpuModel& model : cpu_models()) {
        Bench bench(model.name);
        bench.protected_mode(0);
        for (unsigned bit = 0; bit < 32; ++bit) {
            CAPTURE(model.name, bit);
            bench.state.cr4 = 0;
            const u32 value = 1u << bit;
            const bool known = model.implemented_cr4() & value;
            CHECK(bench.engine.write_control(4, value) ==
                  (known ? Fault{} : Fault::general_protection()));
            CHECK(control(bench, 4) == (known ? value : 0));
        }
    }
}

TEST_CASE("paging takes effect at once and ends at once") {
    Bench bench;
    bench.protected_mode(0);
    bench.enable_paging();
    CHECK(bench.engine.write_control(0, kAfterReset | kCr0Pe) == Fault{});
    bench.write<u32>(0x30000, 0x11111111);
    bench.write<u32>(0x31000, 0x22222222);
    bench.change_page(0x30000, 0xfffff000, 0x31000);
    u32 value = 0;
    CHECK(bench.mmu.read<u32>({0x30000}, mmu::Privilege::kSupervisor, value) == Fault{});
    CHECK(value == 0x11111111);
    CHECK(bench.engine.write_control(0, kAfterReset | kPagingOn) == Fault{});
    CHECK(bench.mmu.read<u32>({0x30000}, mmu::Privilege::kSupervisor, value) == Fault{});
    CHECK(value == 0x22222222);
    CHECK(bench.engine.write_control(0, kAfterReset | kCr0Pe) == Fault{});
    CHECK(bench.mmu.read<u32>({0x30000}, mmu::Privilege::kSupervisor, value) == Fault{});
    CHECK(value == 0x11111111);
}

TEST_CASE("CR0.WP takes effect at once") {
    Bench bench;
    bench.protected_mode(0);
    bench.enable_paging();
    bench.change_page(0x30000, 2);
    const auto write = [&] {
        return bench.mmu.write<u8>({0x30000}, mmu::Privilege::kSupervisor, 1);
    };
    CHECK(write() == Fault::page(kPageFaultPresent | kPageFaultWrite, {0x30000}));
    CHECK(bench.engine.write_control(0, kPagingOn) == Fault{});
    CHECK(write() == Fault{});
    CHECK(bench.engine.write_control(0, kPagingOn | kCr0Wp) == Fault{});
    CHECK(write() == Fault::page(kPageFaultPresent | kPageFaultWrite, {0x30000}));
}

TEST_CASE("a load of CR3 switches address spaces") {
    Bench bench;
    bench.protected_mode(0);
    bench.enable_paging();
    constexpr u32 kOtherDirectory = 0x110000;
    constexpr u32 kOtherTable = 0x111000;
    bench.write<u32>(kOtherDirectory, kOtherTable | 7);
    bench.write<u32>(kOtherTable + 0x30 * 4, 0x31000 | 7);
    bench.write<u32>(0x30000, 0x11111111);
    bench.write<u32>(0x31000, 0x22222222);
    u32 value = 0;
    CHECK(bench.mmu.read<u32>({0x30000}, mmu::Privilege::kSupervisor, value) == Fault{});
    CHECK(value == 0x11111111);
    CHECK(bench.engine.load_page_directory(kOtherDirectory) == Fault{});
    CHECK(bench.mmu.read<u32>({0x30000}, mmu::Privilege::kSupervisor, value) == Fault{});
    CHECK(value == 0x22222222);
}

// SDM 3A table 4-8: bits 1, 2, 5 to 8 and those beyond MAXPHYADDR, in an entry that is present.
TEST_CASE("reserved bits of a present PDPTE are refused") {
    const struct {
        const char* name;
        Fault (*load)(Bench&);
    } ways[] = {
        {"MOV CR3",
         [](Bench& bench) {
             bench.state.cr0 |= kCr0Pg;
             return bench.engine.write_control(3, kDirectoryPointers);
         }},
        {"MOV CR0, PG", [](Bench& bench) { return bench.engine.write_control(0, kPagingOn); }},
        {"MOV CR0, CD",
         [](Bench& bench) {
             bench.state.cr0 = kPagingOn | kCr0Et;
             return bench.engine.write_control(0, kPagingOn | kCr0Cd);
         }},
        {"MOV CR4, PAE",
         [](Bench& bench) {
             bench.state.cr0 |= kCr0Pg;
             bench.state.cr4 = 0;
             return bench.engine.write_control(4, kCr4Pae);
         }},
        {"MOV CR4, PGE",
         [](Bench& bench) {
             bench.state.cr0 |= kCr0Pg;
             return bench.engine.write_control(4, kCr4Pae | kCr4Pge);
         }},
        {"task switch",
         [](Bench& bench) {
             bench.state.cr0 |= kCr0Pg;
             return bench.engine.load_page_directory(kDirectoryPointers);
         }},
    };
    for (const auto& way : ways)
        for (unsigned entry = 0; entry < 4; ++entry)
            for (unsigned bit = 1; bit < 64; ++bit)
                for (const u64 present : {0u, 1u}) {
                    Bench bench("pentium3");
                    prepare_pae(bench);
                    const u64 value = u64{1} << bit | present;
                    bench.write<u64>(kDirectoryPointers + 8 * entry, value);
                    const bool reserved =
                        bit == 1 || bit == 2 || (bit >= 5 && bit <= 8) || bit >= 36;
                    CAPTURE(way.name, entry, bit, present);
                    const Fault fault = way.load(bench);
                    if (present && reserved) {
                        REQUIRE(fault == Fault::general_protection());
                        REQUIRE(bench.state.pdpte == std::array<u64, 4>{});
                    } else {
                        REQUIRE(fault == Fault{});
                        REQUIRE(bench.state.pdpte[entry] == value);
                    }
                }
}

TEST_CASE("a refused PDPTE leaves the control register as it was") {
    Bench bench;
    prepare_pae(bench);
    bench.write<u64>(kDirectoryPointers + 24, 0x3);
    const u64 cr0 = bench.state.cr0;
    CHECK(bench.engine.write_control(0, kPagingOn) == Fault::general_protection());
    CHECK(bench.state.cr0 == cr0);
    bench.state.cr0 |= kCr0Pg;
    bench.state.cr3 = 0x1234;
    CHECK(bench.engine.write_control(3, kDirectoryPointers) == Fault::general_protection());
    CHECK(bench.state.cr3 == 0x1234);
    bench.state.cr4 = 0;
    bench.state.cr3 = kDirectoryPointers;
    CHECK(bench.engine.write_control(4, kCr4Pae) == Fault::general_protection());
    CHECK(bench.state.cr4 == 0);
}

TEST_CASE("PDPTEs are not read where they mean nothing") {
    Bench bench;
    prepare_pae(bench);
    bench.write<u64>(kDirectoryPointers, 0x3);
    CHECK(bench.engine.write_control(3, kDirectoryPointers) == Fault{});  // paging off
    bench.state.cr0 |= kCr0Pg;
    bench.state.cr4 = 0;
    CHECK(bench.engine.write_control(3, kDirectoryPointers) == Fault{});  // no PAE
    // TS is none of the bits that reread them.
    bench.state.cr4 = kCr4Pae;
    CHECK(bench.engine.write_control(0, bench.state.cr0 | kCr0Ts) == Fault{});
}

TEST_CASE("PGE asks for what a load of CR3 does, PAE and PSE for all") {
    Bench bench("pentium3");
    const mmu::Statistics& counts = bench.mmu.statistics();
    const mmu::Statistics before = counts;
    for (const u64 value : {kCr4Pge, u64{0}})
        REQUIRE(bench.engine.write_control(4, value) == Fault{});
    CHECK(counts.space_flushes == before.space_flushes + 2);
    CHECK(counts.mode_flushes == before.mode_flushes);
    REQUIRE(bench.engine.write_control(4, kCr4Pge | kCr4Pse) == Fault{});
    REQUIRE(bench.engine.write_control(4, kCr4Pge | kCr4Pae) == Fault{});
    CHECK(counts.mode_flushes == before.mode_flushes + 2);
    CHECK(counts.space_flushes == before.space_flushes + 2);
}

TEST_CASE("LMSW reaches four bits and never clears PE") {
    for (u32 before = 0; before < 16; ++before)
        for (u32 value = 0; value < 16; ++value) {
            Bench bench;
            bench.real_mode();
            bench.state.cr0 = kAfterReset | before;
            CAPTURE(before, value);
            REQUIRE(bench.engine.load_machine_status(static_cast<u16>(value | 0xfff0)) == Fault{});
            REQUIRE(bench.state.cr0 == (kAfterReset | value | (before & kCr0Pe)));
        }
    Bench bench;
    bench.protected_mode(3);
    CHECK(bench.engine.load_machine_status(1) == Fault::general_protection());
}

TEST_CASE("CLTS clears TS, for CPL 0") {
    Bench bench;
    bench.protected_mode(0);
    bench.state.cr0 |= kCr0Ts;
    const u64 before = bench.state.cr0;
    bench.state.cpl = 3;
    CHECK(bench.engine.clear_task_switched() == Fault::general_protection());
    CHECK(bench.state.cr0 == before);
    bench.state.cpl = 0;
    CHECK(bench.engine.clear_task_switched() == Fault{});
    CHECK(bench.state.cr0 == (before & ~kCr0Ts));
}

}  // namespace seventeen::privilege
