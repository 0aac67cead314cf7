// Every mode of the walk, every combination of rights, every reserved bit; A and D bits.
#include <catch2/catch.hpp>

#include "mmu/page_walk.h"
#include "tests/mmu/board.h"
#include "tests/mmu/reference_machine.h"

namespace seventeen::mmu {
namespace {

constexpr u64 kNx = u64{1} << 63;
constexpr u64 kFrame = 0x5000;

enum class Mode { kTwoLevel, kTwoLevelLarge, kPae, kPaeLarge };

// A walker over one directory and one table, and the reference over the same state.
struct Fixture {
    Bus mmio{"memory", u64{1} << 36};
    PhysicalMemory memory{8 * kPageSize, mmio};
    CpuState state;
    PageWalker walker{state, memory};
    ReferenceMachine reference{state};
    static constexpr u64 kDirectory = 0x1000;
    static constexpr u64 kTable = 0x2000;
    static constexpr u32 kLinear = 0x80c03678;  // third gigabyte: slot 0x203 and 3, or 6 and 3

    Fixture() {
        memory.map_ram({0}, 8 * kPageSize, 0);
        reference.ram.resize(8 * kPageSize);
        for (u64 page = 0; page < 8; ++page)
            reference.map[page] = {ReferenceMachine::Kind::kRam, page << kPageShift};
        state.cr3 = kDirectory | 0x18;  // PCD and PWT mean nothing here
        state.pdpte[2] = kDirectory | 1;
        state.cr0 = kCr0Pe | kCr0Pg | kCr0Wp;
    }

    bool pae() const { return state.cr4 & kCr4Pae; }
    u64 pde_address() const { return pae() ? kDirectory + 6 * 8 : kDirectory + 0x203 * 4; }
    u64 pte_address() const { return kTable + 3 * (pae() ? 8 : 4); }
    void put(u64 address, u64 value) {
        memory.write(PhysicalAddress{address}, &value, pae() ? 8 : 4);
        reference.store_number(address, value, pae() ? 8 : 4);
    }
    u64 get(u64 address) {
        u64 value = 0;
        memory.read({address}, &value, pae() ? 8 : 4);
        return value;
    }
    void set_mode(Mode mode) {
        const bool wide = mode == Mode::kPae || mode == Mode::kPaeLarge;
        state.cr4 = wide ? kCr4Pae : mode == Mode::kTwoLevelLarge ? kCr4Pse : 0;
    }
    void set_model(const PagingModel& model) {
        walker.set_model(model);
        reference.model = model;
    }
    // Walks on both sides; the same must come of it, and the same must be left in memory.
    Fault walk(Privilege privilege, Access access, u64* physical = nullptr) {
        std::vector<u64> bytes;
        const bool user = privilege == Privilege::kUser;
        const Fault expected = reference.access(kLinear, user, access, 1, bytes);
        const Fault checked = walker.check({kLinear}, privilege, access);
        Translation translation;
        const Fault fault = walker.walk({kLinear}, privilege, access, translation);
        REQUIRE(fault == expected);
        REQUIRE(checked == expected);
        REQUIRE(std::equal(reference.ram.begin(), reference.ram.end(), memory.ram().begin()));
        if (!fault) {
            REQUIRE(translation.physical.value == (bytes[0] & ~kPageMask));
            REQUIRE(translation.linear_page == kLinear >> kPageShift);
        }
        if (physical && !fault) *physical = bytes[0];
        return fault;
    }
};

constexpr std::array kPrivileges{Privilege::kSupervisor, Privilege::kUser};
constexpr std::array kAccesses{Access::kRead, Access::kWrite, Access::kExecute};

TEST_CASE_METHOD(Fixture, "All rights at both levels, for each privilege, access, WP and NXE") {
    const Mode mode = GENERATE(Mode::kTwoLevel, Mode::kTwoLevelLarge, Mode::kPae, Mode::kPaeLarge);
    const bool large = mode == Mode::kTwoLevelLarge || mode == Mode::kPaeLarge;
    set_mode(mode);
    // Bits 0..2 are P, R/W, U/S; bit 3 stands for XD; bits 4 and 5 of the case for WP and NXE.
    for (unsigned rights = 0; rights < 16 * 16 * 4; ++rights) {
        const unsigned upper = rights & 15, lower = rights >> 4 & 15;
        if (!pae() && (upper | lower) & 8) continue;
        state.cr0 = kCr0Pe | kCr0Pg | (rights & 0x100 ? kCr0Wp : 0);
        state.msr.efer = rights & 0x200 ? kEferNxe : 0;
        const u64 upper_nx = upper & 8 ? kNx : 0;
        const u64 lower_nx = lower & 8 ? kNx : 0;
        for (const Privilege privilege : kPrivileges) {
            for (const Access access : kAccesses) {
                put(pde_address(), (large ? kPs : kTable) | (upper & 7) | upper_nx);
                put(pte_address(), kFrame | (lower & 7) | lower_nx);
                (void)walk(privilege, access);
            }
        }
    }
}

// Written down from SDM 3A 4.6 and 4.7 by hand, so that no code decides what is right.
struct Expectation {
    const char* what;
    u64 pde, pte;
    bool wp;
    Privilege privilege;
    Access access;
    int code;  // -1: no fault
};

const Expectation kTwoLevelExpectations[] = {
    {"not present PDE", 0, 7, true, Privilege::kSupervisor, Access::kRead, 0},
    {"not present PTE, user write", 7, 6, true, Privilege::kUser, Access::kWrite, 6},
    {"supervisor page, user read", 7, 3, true, Privilege::kUser, Access::kRead, 5},
    {"supervisor directory, user write", 3, 7, true, Privilege::kUser, Access::kWrite, 7},
    {"read-only PTE, user write", 7, 5, true, Privilege::kUser, Access::kWrite, 7},
    {"read-only PDE, user write", 5, 7, false, Privilege::kUser, Access::kWrite, 7},
    {"read-only, supervisor write, WP", 7, 5, true, Privilege::kSupervisor, Access::kWrite, 3},
    {"read-only, supervisor write", 7, 5, false, Privilege::kSupervisor, Access::kWrite, -1},
    {"read-only, supervisor read", 7, 5, true, Privilege::kSupervisor, Access::kRead, -1},
    {"supervisor page, supervisor write", 3, 3, true, Privilege::kSupervisor, Access::kWrite, -1},
    {"user page, user write", 7, 7, true, Privilege::kUser, Access::kWrite, -1},
    {"user page, user fetch", 5, 5, true, Privilege::kUser, Access::kExecute, -1},
    {"supervisor page, user fetch: I/D is clear", 7, 3, true, Privilege::kUser, Access::kExecute,
     5},
    {"not present, supervisor fetch: I/D is clear", 7, 0, true, Privilege::kSupervisor,
     Access::kExecute, 0},
};

const Expectation kNxeExpectations[] = {
    {"XD page, user fetch", 7, 7 | kNx, true, Privilege::kUser, Access::kExecute, 0x15},
    {"XD directory, supervisor fetch", 7 | kNx, 7, true, Privilege::kSupervisor, Access::kExecute,
     0x11},
    {"XD page, read", 7, 7 | kNx, true, Privilege::kUser, Access::kRead, -1},
    {"XD page, write", 7, 7 | kNx, true, Privilege::kUser, Access::kWrite, -1},
    {"not present, fetch", 7, kNx, true, Privilege::kUser, Access::kExecute, 0x14},
    {"reserved bit, fetch", 7 | u64{1} << 40, 7, true, Privilege::kUser, Access::kExecute, 0x1d},
    {"reserved bit before absence below", 7 | u64{1} << 40, 0, true, Privilege::kSupervisor,
     Access::kRead, 9},
    {"reserved bit before rights", 7, 1 | u64{1} << 40, true, Privilege::kUser, Access::kWrite,
     0xf},
    {"nothing is reserved in what isn't present", 7, u64{1} << 40, true, Privilege::kSupervisor,
     Access::kWrite, 2},
};

template <std::size_t kCount>
void expect_codes(Fixture& fixture, const Expectation (&expectations)[kCount]) {
    for (const Expectation& expectation : expectations) {
        INFO(expectation.what);
        CpuState& state = fixture.state;
        state.cr0 = kCr0Pe | kCr0Pg | (expectation.wp ? kCr0Wp : 0);
        fixture.put(fixture.pde_address(), Fixture::kTable | expectation.pde);
        fixture.put(fixture.pte_address(), kFrame | expectation.pte);
        const Fault fault = fixture.walk(expectation.privilege, expectation.access);
        if (expectation.code < 0)
            CHECK_FALSE(fault);
        else
            CHECK(fault == Fault::page(static_cast<u32>(expectation.code), {Fixture::kLinear}));
    }
}

TEST_CASE_METHOD(Fixture, "Error codes as the SDM gives them") {
    set_mode(Mode::kTwoLevel);
    expect_codes(*this, kTwoLevelExpectations);
    set_mode(Mode::kPae);
    expect_codes(*this, kTwoLevelExpectations);
    state.msr.efer = kEferNxe;
    expect_codes(*this, kNxeExpectations);
}

TEST_CASE_METHOD(Fixture, "XD is reserved while NXE is clear") {
    set_mode(Mode::kPae);
    put(pde_address(), kTable | 7);
    put(pte_address(), kFrame | 7 | kNx);
    CHECK(walk(Privilege::kUser, Access::kRead).error_code == 0xd);
    CHECK(walk(Privilege::kUser, Access::kExecute).error_code == 0xd);
    state.msr.efer = kEferNxe;
    CHECK_FALSE(walk(Privilege::kUser, Access::kRead));
}

TEST_CASE_METHOD(Fixture, "Each bit of each entry, in each mode, for several models") {
    const Mode mode = GENERATE(Mode::kTwoLevel, Mode::kTwoLevelLarge, Mode::kPae, Mode::kPaeLarge);
    const unsigned physical_bits = GENERATE(32u, 36u, 40u, 52u);
    const bool pat = GENERATE(false, true);
    set_mode(mode);
    set_model({physical_bits, pat});
    const bool large = mode == Mode::kTwoLevelLarge || mode == Mode::kPaeLarge;
    for (const bool nxe : {false, true}) {
        state.msr.efer = nxe ? kEferNxe : 0;
        for (unsigned bit = 3; bit < (pae() ? 64 : 32); ++bit) {
            const u64 odd = u64{1} << bit;
            put(pde_address(), (large ? kPs : kTable) | 7 | odd);
            put(pte_address(), kFrame | 7);
            (void)walk(Privilege::kUser, Access::kRead);
            put(pde_address(), (large ? kPs : kTable) | 7);
            put(pte_address(), kFrame | 7 | odd);
            (void)walk(Privilege::kUser, Access::kWrite);
        }
    }
}

TEST_CASE_METHOD(Fixture, "4 MiB pages: PSE-36 reaches as far as the model's addresses do") {
    set_mode(Mode::kTwoLevelLarge);
    u64 physical = 0;
    const auto code = [&](u32 pde, unsigned physical_bits) {
        set_model({physical_bits, true});
        put(pde_address(), pde | kPs | 7);
        const Fault fault = walk(Privilege::kUser, Access::kRead, &physical);
        return fault ? static_cast<int>(fault.error_code) : -1;
    };
    CHECK(code(0x12400000, 36) == -1);
    CHECK(physical == 0x12403678);
    CHECK(code(0x1241e000, 36) == -1);  // bits 16..13 are address bits 35..32
    CHECK(physical == 0xf'1240'3678);
    CHECK(code(0x12420000, 36) == 0xd);
    CHECK(code(0x12402000, 32) == 0xd);  // no PSE-36
    CHECK(code(0x125fe000, 40) == -1);
    CHECK(physical == 0xff'1240'3678);
    CHECK(code(0x12600000, 40) == 0xd);  // bit 21 always
    CHECK(code(0x12600000, 52) == 0xd);
    CHECK(code(0x12401000, 36) == -1);  // PAT
    // Without CR4.PSE bit 7 means nothing, and no bit is reserved.
    state.cr4 = 0;
    put(pte_address(), kFrame | 7);
    CHECK(code(kTable, 36) == -1);
    CHECK(physical == (kFrame | 0x678));
}

TEST_CASE_METHOD(Fixture, "2 MiB pages") {
    set_mode(Mode::kPaeLarge);
    u64 physical = 0;
    put(pde_address(), 0xa'1240'0000 | kPs | 7);
    CHECK_FALSE(walk(Privilege::kUser, Access::kRead, &physical));
    CHECK(physical == 0xa'1240'3678);
    put(pde_address(), 0xa'1240'2000 | kPs | 7);
    CHECK(walk(Privilege::kUser, Access::kRead).error_code == 0xd);
}

TEST_CASE_METHOD(Fixture, "A PDPTE that is not present ends the walk; it comes from the CPU") {
    set_mode(Mode::kPae);
    put(pde_address(), kTable | 7);
    put(pte_address(), kFrame | 7);
    CHECK_FALSE(walk(Privilege::kUser, Access::kWrite));
    state.pdpte[2] &= ~u64{1};
    CHECK(walk(Privilege::kUser, Access::kWrite).error_code == 6);
}

TEST_CASE_METHOD(Fixture, "A and D are set by accesses that do not fault, and only then") {
    const Mode mode = GENERATE(Mode::kTwoLevel, Mode::kPae);
    set_mode(mode);
    const auto reset = [&] {
        put(pde_address(), kTable | 7);
        put(pte_address(), kFrame | 5);
    };
    reset();
    CHECK_FALSE(walk(Privilege::kUser, Access::kRead));
    CHECK(get(pde_address()) == (kTable | 7 | kA));
    CHECK(get(pte_address()) == (kFrame | 5 | kA));
    reset();
    CHECK(walk(Privilege::kUser, Access::kWrite));
    CHECK(get(pde_address()) == (kTable | 7));
    CHECK(get(pte_address()) == (kFrame | 5));
    put(pte_address(), kFrame | 7);
    CHECK_FALSE(walk(Privilege::kUser, Access::kExecute));
    CHECK(get(pte_address()) == (kFrame | 7 | kA));
    CHECK_FALSE(walk(Privilege::kUser, Access::kWrite));
    CHECK(get(pde_address()) == (kTable | 7 | kA));
    CHECK(get(pte_address()) == (kFrame | 7 | kA | kD));
}

TEST_CASE_METHOD(Fixture, "A large page has its D bit in the directory") {
    const Mode mode = GENERATE(Mode::kTwoLevelLarge, Mode::kPaeLarge);
    set_mode(mode);
    put(pde_address(), kPs | 7);
    CHECK_FALSE(walk(Privilege::kUser, Access::kWrite));
    CHECK(get(pde_address()) == (kPs | 7 | kA | kD));
}

TEST_CASE_METHOD(Fixture, "One slot at both levels is updated once") {
    struct Counter final : GuardObserver {
        unsigned count = 0;
        void guarded_write(PhysicalAddress, std::size_t) override { ++count; }
    } counter;
    memory.add_observer(Guard::kCode, counter);
    memory.set_guard(Guard::kCode, {kDirectory});
    memory.write<u32>({kDirectory + 0x3ff * 4}, kDirectory | 7);
    counter.count = 0;
    Translation translation;
    REQUIRE_FALSE(walker.walk({0xfffff000}, Privilege::kUser, Access::kRead, translation));
    CHECK(memory.read<u32>({kDirectory + 0x3ff * 4}) == (kDirectory | 7 | kA));
    CHECK(counter.count == 1);
    memory.remove_observer(Guard::kCode, counter);
}

TEST_CASE_METHOD(Fixture, "What a translation promises") {
    set_mode(Mode::kTwoLevel);
    put(pde_address(), kTable | 7);
    put(pte_address(), kFrame | 7);
    Translation translation;
    const auto walk_as = [&](Privilege privilege, Access access) {
        REQUIRE_FALSE(walker.walk({kLinear}, privilege, access, translation));
    };
    walk_as(Privilege::kUser, Access::kRead);
    CHECK_FALSE(translation.may_write);  // D must be set first
    CHECK(translation.cacheable);
    CHECK(translation.slot_count == 2);
    CHECK(translation.slots == std::array<u64, 2>{pde_address(), pte_address()});
    walk_as(Privilege::kUser, Access::kWrite);
    CHECK(translation.may_write);
    walk_as(Privilege::kUser, Access::kRead);
    CHECK(translation.may_write);
    put(pte_address(), kFrame | 5 | kA | kD);
    walk_as(Privilege::kUser, Access::kRead);
    CHECK_FALSE(translation.may_write);
    walk_as(Privilege::kSupervisor, Access::kRead);
    CHECK_FALSE(translation.may_write);
    state.cr0 &= ~kCr0Wp;
    walk_as(Privilege::kSupervisor, Access::kRead);
    CHECK(translation.may_write);
}

TEST_CASE_METHOD(Fixture, "With paging off everything is permitted and maps to itself") {
    state.cr0 = 0;
    Translation translation;
    REQUIRE_FALSE(walker.walk({0xfffff123}, Privilege::kUser, Access::kWrite, translation));
    CHECK(translation.physical.value == 0xfffff000);
    CHECK(translation.may_write);
    CHECK(translation.slot_count == 0);
    memory.set_a20(false);
    REQUIRE_FALSE(walker.walk({0xfffff123}, Privilege::kUser, Access::kExecute, translation));
    CHECK(translation.physical.value == 0xffeff000);
}

TEST_CASE_METHOD(Fixture, "look() finds what a walk would, and leaves no trace") {
    const Mode mode = GENERATE(Mode::kTwoLevel, Mode::kTwoLevelLarge, Mode::kPae, Mode::kPaeLarge);
    const bool large = mode == Mode::kTwoLevelLarge || mode == Mode::kPaeLarge;
    set_mode(mode);
    put(pde_address(), (large ? kPs : kTable) | 1);
    put(pte_address(), kFrame | 1);
    PhysicalAddress physical;
    REQUIRE(walker.look({kLinear}, physical));
    CHECK(get(pde_address()) == ((large ? kPs : kTable) | 1));
    CHECK(get(pte_address()) == (kFrame | 1));
    u64 expected = 0;
    REQUIRE_FALSE(walk(Privilege::kSupervisor, Access::kRead, &expected));
    CHECK(physical.value == expected);
    put(large ? pde_address() : pte_address(), 0);
    CHECK_FALSE(walker.look({kLinear}, physical));
}

}  // namespace
}  // namespace seventeen::mmu
