// Tests of PUSHF, POPF, CLI and STI against the tables of SDM 2A and 2B, row by row.
#include "privilege/cpu_model.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

enum class Mode : u8 { kReal, kProtected, kV86 };

// The circumstances that the tables distinguish.
struct Case {
    Mode mode = Mode::kReal;
    unsigned cpl = 0;
    unsigned iopl = 0;
    bool vme = false;
    bool pvi = false;
};

// Calls `body` for every combination that can exist.
template <typename Body>
void for_each_case(Body body) {
    for (const Mode mode : {Mode::kReal, Mode::kProtected, Mode::kV86})
        for (unsigned cpl = 0; cpl < 4; ++cpl) {
            if (mode == Mode::kReal && cpl != 0) continue;
            if (mode == Mode::kV86 && cpl != 3) continue;
            for (unsigned iopl = 0; iopl < 4; ++iopl)
                for (const bool vme : {false, true})
                    for (const bool pvi : {false, true}) body(Case{mode, cpl, iopl, vme, pvi});
        }
}

void prepare(Bench& bench, const Case& c, u32 other_flags) {
    if (c.mode == Mode::kReal) bench.real_mode();
    if (c.mode == Mode::kProtected) bench.protected_mode(0);
    if (c.mode == Mode::kV86) bench.v86_mode(0);
    CpuState& state = bench.state;
    state.cpl = static_cast<u8>(c.cpl);
    state.cr4 = (c.vme ? kCr4Vme : 0) | (c.pvi ? kCr4Pvi : 0);
    const u32 own = kFlagVm | kFlagIopl;
    const u32 others = bench.engine.model().implemented_flags() & ~own;
    state.set_eflags((other_flags & others) | (c.mode == Mode::kV86 ? kFlagVm : 0) |
                     c.iopl << kFlagIoplShift);
    state.attention = false;
}

u32 stack_top(const Bench& bench) {
    return static_cast<u32>(bench.state.segment(SegmentName::kSs).base + bench.esp());
}

// Something for each flag: none, all, and patterns.
constexpr u32 kOtherFlags[] = {0, 0x3fffff & ~kFlagRf, 0x155555, 0x2aaaaa, 0x3fffff, kFlagVip};
constexpr u32 kImages[] = {0,       0xffffffff,        0x00155555,           0x002aaaaa, kFlagIf,
                           kFlagTf, kFlagIf | kFlagTf, ~(kFlagIf | kFlagTf), ~kFlagTf};

// --- POPF: SDM 2B, "Effect of POPF/POPFD on the EFLAGS Register" ---
enum class Against : u8 { kAny, kBelow, kAtLeast };  // IOPL against CPL

struct PopRow {
    Mode mode;
    int vme;  // -1: either
    unsigned size;
    unsigned cpl_low, cpl_high;
    Against iopl;
    // ID VIP VIF AC VM RF NT IOPL OF DF IF TF SF ZF AF PF CF
    const char* effect;
    const char* notes;  // 1: #GP; 2: #GP if VIP and image.IF; 3: #GP if image.TF
};

constexpr PopRow kPopRows[] = {
    {Mode::kReal, -1, 2, 0, 0, Against::kAny, "N N N N N 0 S S S S S S S S S S S", ""},
    {Mode::kReal, -1, 4, 0, 0, Against::kAny, "S N N S N 0 S S S S S S S S S S S", ""},
    {Mode::kProtected, -1, 2, 0, 0, Against::kAny, "N N N N N 0 S S S S S S S S S S S", ""},
    {Mode::kProtected, -1, 2, 1, 3, Against::kBelow, "N N N N N 0 S N S S N S S S S S S", ""},
    {Mode::kProtected, -1, 2, 1, 3, Against::kAtLeast, "N N N N N 0 S N S S S S S S S S S", ""},
    {Mode::kProtected, -1, 4, 0, 0, Against::kAny, "S N N S N 0 S S S S S S S S S S S", ""},
    {Mode::kProtected, -1, 4, 1, 3, Against::kBelow, "S N N S N 0 S N S S N S S S S S S", ""},
    {Mode::kProtected, -1, 4, 1, 3, Against::kAtLeast, "S N N S N 0 S N S S S S S S S S S", ""},
    {Mode::kV86, 0, 2, 3, 3, Against::kBelow, "X X X X X X X X X X X X X X X X X", "1"},
    {Mode::kV86, 0, 2, 3, 3, Against::kAtLeast, "N N N N N 0 S N S S S S S S S S S", ""},
    {Mode::kV86, 0, 4, 3, 3, Against::kBelow, "X X X X X X X X X X X X X X X X X", "1"},
    {Mode::kV86, 0, 4, 3, 3, Against::kAtLeast, "S N N S N 0 S N S S S S S S S S S", ""},
    {Mode::kV86, 1, 2, 3, 3, Against::kBelow, "N N V N N 0 S N S S N S S S S S S", "23"},
    {Mode::kV86, 1, 2, 3, 3, Against::kAtLeast, "N N N N N 0 S N S S S S S S S S S", ""},
    {Mode::kV86, 1, 4, 3, 3, Against::kBelow, "X X X X X X X X X X X X X X X X X", "1"},
    {Mode::kV86, 1, 4, 3, 3, Against::kAtLeast, "S N N S N 0 S N S S S S S S S S S", ""},
};
constexpr u32 kColumns[] = {kFlagId, kFlagVip,  kFlagVif, kFlagAc, kFlagVm, kFlagRf,
                            kFlagNt, kFlagIopl, kFlagOf,  kFlagDf, kFlagIf, kFlagTf,
                            kFlagSf, kFlagZf,   kFlagAf,  kFlagPf, kFlagCf};

const PopRow& pop_row(const Case& c, unsigned size) {
    const PopRow* found = nullptr;
    for (const PopRow& row : kPopRows) {
        if (row.mode != c.mode || row.size != size) continue;
        if (row.vme >= 0 && (row.vme == 1) != c.vme) continue;
        if (c.cpl < row.cpl_low || c.cpl > row.cpl_high) continue;
        if (row.iopl == Against::kBelow && c.iopl >= c.cpl) continue;
        if (row.iopl == Against::kAtLeast && c.iopl < c.cpl) continue;
        REQUIRE(!found);
        found = &row;
    }
    REQUIRE(found);
    return *found;
}

// What the row makes of `before`; false for #GP.
bool apply(const PopRow& row, u32 image, u32 before, u32& after) {
    const std::string_view notes = row.notes;
    if (notes.find('1') != notes.npos) return false;
    if (notes.find('2') != notes.npos && (before & kFlagVip) && (image & kFlagIf)) return false;
    if (notes.find('3') != notes.npos && (image & kFlagTf)) return false;
    after = kFlagFixed;
    for (unsigned i = 0; i < std::size(kColumns); ++i) {
        const u32 bits = kColumns[i];
        switch (row.effect[2 * i]) {
            case 'S': after |= image & bits; break;
            case 'V': after |= image & kFlagIf ? bits : 0; break;
            case 'N': after |= before & bits; break;
            case '0': break;
            default: FAIL("unknown effect");
        }
    }
    return true;
}

}  // namespace

TEST_CASE("POPF follows its table") {
    Bench bench;
    for_each_case([&](const Case& c) {
        for (const unsigned size : {2u, 4u})
            for (const u32 other : kOtherFlags)
                for (const u32 image : kImages) {
                    prepare(bench, c, other);
                    const u32 esp = bench.esp();
                    bench.write<u32>(stack_top(bench), image);
                    const u32 before = bench.state.eflags();
                    const PopRow& row = pop_row(c, size);
                    CAPTURE(static_cast<int>(c.mode), c.cpl, c.iopl, c.vme, c.pvi, size, before,
                            image);
                    u32 after = 0;
                    const bool pops = apply(row, image, before, after);
                    const Fault fault = bench.engine.pop_flags(size);
                    if (!pops) {
                        REQUIRE(fault == Fault::general_protection());
                        REQUIRE(bench.state.eflags() == before);
                        REQUIRE(bench.esp() == esp);
                        continue;
                    }
                    REQUIRE(fault == Fault{});
                    REQUIRE(bench.state.eflags() == after);
                    REQUIRE(bench.esp() == esp + size);
                    const bool must_look = (after & kFlagTf) || ((after & ~before) & kFlagIf);
                    if (must_look) REQUIRE(bench.state.attention);
                }
    });
}

TEST_CASE("POPF leaves flags alone that the model lacks") {
    struct {
        Feature missing;
        u32 flag;
    } const rows[] = {{Feature::k486, kFlagAc}, {Feature::kCpuid, kFlagId}};
    for (const auto& row : rows) {
        const CpuModel model = cpu_model("486").without(row.missing);
        Bench bench;
        PrivilegeEngine engine(bench.state, bench.mmu, model,
                               {bench.ports, bench.scheduler, bench.interrupts});
        bench.protected_mode(0);
        bench.write<u32>(kStack0, 0xffffffff);
        CHECK(engine.pop_flags(4) == Fault{});
        const u32 both = kFlagAc | kFlagId;
        CHECK((bench.state.eflags() & both) == (both & ~row.flag));
    }
}

TEST_CASE("POPF reads its stack before it changes anything") {
    Bench bench;
    bench.protected_mode(0);
    bench.state.segment(SegmentName::kSs).limit = 0x8fff;
    bench.state.segment(SegmentName::kSs).update();
    const u32 before = bench.state.eflags();
    for (const u32 esp : {0x9000u, 0x8fffu, 0x8ffeu, 0x8ffdu}) {
        bench.set_esp(esp);
        CHECK(bench.engine.pop_flags(4) == Fault::stack());
        CHECK(bench.esp() == esp);
    }
    bench.set_esp(0x8ffe);
    CHECK(bench.engine.pop_flags(2) == Fault{});
    bench.set_esp(0x8ffc);
    CHECK(bench.engine.pop_flags(4) == Fault{});
    CHECK(bench.state.eflags() == ((before & ~kFlagsArithmetic) | kFlagFixed));
}

TEST_CASE("the stack pointer wraps as SS.B says") {
    Bench bench;
    bench.real_mode();
    bench.set_esp(0x1234fffe);
    bench.write<u16>(0x8000 + 0xfffe, kFlagCf);
    CHECK(bench.engine.pop_flags(2) == Fault{});
    CHECK(bench.esp() == 0x12340000);
    CHECK(bench.state.arithmetic.cf());
    CHECK(bench.engine.push_flags(2) == Fault{});
    CHECK(bench.esp() == 0x1234fffe);
}

TEST_CASE("PUSHF shows IF, or VIF in its place") {
    Bench bench;
    for_each_case([&](const Case& c) {
        for (const unsigned size : {2u, 4u})
            for (const u32 other : kOtherFlags) {
                prepare(bench, c, other);
                const u32 esp = bench.esp();
                const u32 flags = bench.state.eflags();
                bench.write<u32>(stack_top(bench) - 4, 0x5a5a5a5a);
                CAPTURE(static_cast<int>(c.mode), c.cpl, c.iopl, c.vme, c.pvi, size, flags);
                const Fault fault = bench.engine.push_flags(size);
                REQUIRE(bench.state.eflags() == flags);
                // SDM 2B PUSHF, operation.
                const bool plain = c.mode != Mode::kV86 || c.iopl == 3;
                if (!plain && (!c.vme || size == 4)) {
                    REQUIRE(fault == Fault::general_protection());
                    REQUIRE(bench.esp() == esp);
                    continue;
                }
                REQUIRE(fault == Fault{});
                REQUIRE(bench.esp() == esp - size);
                u32 image = flags & 0x00fcffff;
                if (!plain) image = (flags & ~0x200u) | (flags >> 10 & 0x200u) | 0x3000;
                const u32 top = stack_top(bench);
                if (size == 4) REQUIRE(bench.dword(top) == image);
                if (size == 2) {
                    REQUIRE(bench.word(top) == (image & 0xffff));
                    REQUIRE(bench.word(top - 2) == 0x5a5a);
                }
            }
    });
}

namespace {

// --- CLI and STI: SDM 2A table 3-7 and the like of 2B STI; -1 is "don't care" ---
enum class Effect : u8 { kIf, kVif, kFault };

struct GateRow {
    int protection;
    int v86;
    Against iopl;
    int cpl_is_3;
    int pvi;
    int vip;
    int vme;
    Effect effect;
};

constexpr GateRow kClearRows[] = {
    {0, -1, Against::kAny, -1, -1, -1, -1, Effect::kIf},
    {1, 0, Against::kAtLeast, -1, -1, -1, -1, Effect::kIf},
    {1, 0, Against::kBelow, 1, 1, -1, -1, Effect::kVif},
    {1, 0, Against::kBelow, 0, -1, -1, -1, Effect::kFault},
    {1, 0, Against::kBelow, -1, 0, -1, -1, Effect::kFault},
    {1, 1, Against::kAtLeast, -1, -1, -1, -1, Effect::kIf},
    {1, 1, Against::kBelow, -1, -1, -1, 1, Effect::kVif},
    {1, 1, Against::kBelow, -1, -1, -1, 0, Effect::kFault},
};
constexpr GateRow kSetRows[] = {
    {0, -1, Against::kAny, -1, -1, -1, -1, Effect::kIf},
    {1, 0, Against::kAtLeast, -1, -1, -1, -1, Effect::kIf},
    {1, 0, Against::kBelow, 1, 1, 0, -1, Effect::kVif},
    {1, 0, Against::kBelow, 1, 1, 1, -1, Effect::kFault},
    {1, 0, Against::kBelow, 0, -1, -1, -1, Effect::kFault},
    {1, 0, Against::kBelow, -1, 0, -1, -1, Effect::kFault},
    {1, 1, Against::kAtLeast, -1, -1, -1, -1, Effect::kIf},
    {1, 1, Against::kBelow, -1, -1, 0, 1, Effect::kVif},
    {1, 1, Against::kBelow, -1, -1, 1, 1, Effect::kFault},
    {1, 1, Against::kBelow, -1, -1, -1, 0, Effect::kFault},
};

template <std::size_t kSize>
Effect find_effect(const GateRow (&rows)[kSize], const Case& c, bool vip) {
    const auto fits = [](int wanted, bool value) { return wanted < 0 || (wanted == 1) == value; };
    const GateRow* found = nullptr;
    for (const GateRow& row : rows) {
        const bool matches =
            fits(row.protection, c.mode != Mode::kReal) && fits(row.v86, c.mode == Mode::kV86) &&
            (row.iopl == Against::kAny || (row.iopl == Against::kAtLeast) == (c.iopl >= c.cpl)) &&
            fits(row.cpl_is_3, c.cpl == 3) && fits(row.pvi, c.pvi) && fits(row.vip, vip) &&
            fits(row.vme, c.vme);
        if (!matches) continue;
        REQUIRE((!found || found->effect == row.effect));
        found = &row;
    }
    REQUIRE(found);
    return found->effect;
}

}  // namespace

TEST_CASE("CLI and STI follow their tables") {
    Bench bench;
    for_each_case([&](const Case& c) {
        for (const bool sets : {false, true})
            for (const bool vip : {false, true})
                for (const bool open : {false, true})
                    for (const bool vif : {false, true}) {
                        prepare(bench, c,
                                (vip ? kFlagVip : 0) | (open ? kFlagIf : 0) | (vif ? kFlagVif : 0));
                        bench.state.interrupt_shadow = false;
                        const u32 before = bench.state.eflags();
                        const Fault fault = sets ? bench.engine.set_interrupt_flag()
                                                 : bench.engine.clear_interrupt_flag();
                        const Effect effect =
                            sets ? find_effect(kSetRows, c, vip) : find_effect(kClearRows, c, vip);
                        CAPTURE(static_cast<int>(c.mode), c.cpl, c.iopl, c.vme, c.pvi, sets,
                                before);
                        const u32 flag = effect == Effect::kIf    ? kFlagIf
                                         : effect == Effect::kVif ? kFlagVif
                                                                  : 0;
                        REQUIRE(fault == (flag ? Fault{} : Fault::general_protection()));
                        REQUIRE(bench.state.eflags() == (sets ? before | flag : before & ~flag));
                        const bool opened = sets && effect == Effect::kIf && !open;
                        REQUIRE(bench.state.interrupt_shadow == opened);
                        REQUIRE(bench.state.attention == opened);
                    }
    });
}

}  // namespace seventeen::privilege
