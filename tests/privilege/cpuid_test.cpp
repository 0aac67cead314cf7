// Tests of CPUID: the bits of each feature, leaf by leaf and model by model.
#include <cstring>
#include <map>

#include "privilege/msr_index.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

struct Leaf {
    u32 eax, ebx, ecx, edx;
    bool operator==(const Leaf&) const = default;
};

Leaf ask(CpuState& state, PrivilegeEngine& engine, u32 number) {
    for (const Gpr r : {Gpr::kBx, Gpr::kCx, Gpr::kDx}) state.set_reg32(r, 0xaaaaaaaa);
    state.set_reg32(Gpr::kAx, number);
    CHECK(engine.cpuid() == Fault{});
    return {state.reg32(Gpr::kAx), state.reg32(Gpr::kBx), state.reg32(Gpr::kCx),
            state.reg32(Gpr::kDx)};
}

Leaf ask(Bench& bench, u32 number) {
    return ask(bench.state, bench.engine, number);
}

// Where SDM 2A (CPUID, figures 3-7 and 3-8, table 3-8) shows each feature.
struct Place {
    u32 leaf;
    char reg;
    unsigned bit;
};
const std::map<Feature, Place>& places() {
    static const std::map<Feature, Place> map{
        {Feature::kFpu, {1, 'd', 0}},          {Feature::kVme, {1, 'd', 1}},
        {Feature::kDe, {1, 'd', 2}},           {Feature::kPse, {1, 'd', 3}},
        {Feature::kTsc, {1, 'd', 4}},          {Feature::kMsr, {1, 'd', 5}},
        {Feature::kPae, {1, 'd', 6}},          {Feature::kMce, {1, 'd', 7}},
        {Feature::kCx8, {1, 'd', 8}},          {Feature::kApic, {1, 'd', 9}},
        {Feature::kSep, {1, 'd', 11}},         {Feature::kMtrr, {1, 'd', 12}},
        {Feature::kPge, {1, 'd', 13}},         {Feature::kMca, {1, 'd', 14}},
        {Feature::kCmov, {1, 'd', 15}},        {Feature::kPat, {1, 'd', 16}},
        {Feature::kPse36, {1, 'd', 17}},       {Feature::kClflush, {1, 'd', 19}},
        {Feature::kMmx, {1, 'd', 23}},         {Feature::kFxsr, {1, 'd', 24}},
        {Feature::kSse, {1, 'd', 25}},         {Feature::kSse2, {1, 'd', 26}},
        {Feature::kSse3, {1, 'c', 0}},         {Feature::kSsse3, {1, 'c', 9}},
        {Feature::kSse41, {1, 'c', 19}},       {Feature::kSse42, {1, 'c', 20}},
        {Feature::kMovbe, {1, 'c', 22}},       {Feature::kPopcnt, {1, 'c', 23}},
        {Feature::kNx, {0x80000001, 'd', 20}},
    };
    return map;
}

u32& register_of(Leaf& leaf, char name) {
    return name == 'c' ? leaf.ecx : leaf.edx;
}

std::string text(std::initializer_list<u32> words) {
    std::string out;
    for (const u32 word : words) {
        char characters[4];
        std::memcpy(characters, &word, sizeof word);
        out.append(characters, sizeof word);
    }
    return out;
}

}  // namespace

TEST_CASE("feature bits say exactly what the model has") {
    for (const CpuModel& model : cpu_models()) {
        Bench bench(model.name);
        Leaf basic{0, 0, 0, 0};
        Leaf extended{0, 0, 0, 0};
        for (const auto& [feature, place] : places())
            if (model.has(feature))
                register_of(place.leaf == 1 ? basic : extended, place.reg) |= 1u << place.bit;
        CAPTURE(model.name);
        const Leaf leaf1 = ask(bench, 1);
        CHECK(leaf1.edx == basic.edx);
        CHECK(leaf1.ecx == basic.ecx);
        CHECK(leaf1.eax == model.signature());
        if (model.brand.empty()) continue;
        const Leaf more = ask(bench, 0x80000001);
        CHECK(more.edx == extended.edx);
        CHECK(more.ecx == extended.ecx);
    }
}

TEST_CASE("taking a feature away takes one bit away") {
    Bench bench;
    for (const auto& [feature, place] : places()) {
        PrivilegeEngine engine(bench.state, bench.mmu, cpu_model("max").without(feature),
                               {bench.ports, bench.scheduler, bench.interrupts});
        Leaf with = ask(bench, place.leaf);
        Leaf without = ask(bench.state, engine, place.leaf);
        CAPTURE(place.leaf, place.reg, place.bit);
        CHECK((register_of(with, place.reg) ^ register_of(without, place.reg)) == 1u << place.bit);
    }
}

TEST_CASE("the well-known words of the real parts") {
    struct {
        const char* model;
        u32 eax, edx, ecx;
    } const rows[] = {
        {"486", 0x480, 0x00000003, 0},
        {"pentium", 0x52c, 0x000001bf, 0},
        {"pentium3", 0x686, 0x0383fbff, 0},
    };
    for (const auto& row : rows) {
        Bench bench(row.model);
        const Leaf leaf = ask(bench, 1);
        CAPTURE(row.model);
        CHECK(leaf.eax == row.eax);
        CHECK(leaf.edx == row.edx);
        CHECK(leaf.ecx == row.ecx);
    }
}

TEST_CASE("the vendor and the last leaf") {
    const std::map<std::string_view, u32> last{
        {"486", 1}, {"pentium", 1}, {"pentium3", 2}, {"max", 2}};
    for (const CpuModel& model : cpu_models()) {
        Bench bench(model.name);
        const Leaf leaf = ask(bench, 0);
        CHECK(leaf.eax == last.at(model.name));
        CHECK(text({leaf.ebx, leaf.edx, leaf.ecx}) == "GenuineIntel");
    }
}

TEST_CASE("a leaf that does not exist shows the last basic one") {
    for (const CpuModel& model : cpu_models()) {
        Bench bench(model.name);
        const Leaf last = ask(bench, model.last_cpuid_leaf);
        for (const u32 number :
             {3u, 4u, 7u, 0xbu, 0x40000000u, 0x7fffffffu, 0x80000009u, 0xffffffffu}) {
            CAPTURE(model.name, number);
            CHECK(ask(bench, number) == last);
        }
        if (model.brand.empty()) CHECK(ask(bench, 0x80000000) == last);
    }
}

TEST_CASE("leaf 1's other registers") {
    Bench bench;
    CHECK(ask(bench, 1).ebx == 0x800);  // CLFLUSH works on 64 bytes
    Bench pentium3("pentium3");
    CHECK(ask(pentium3, 1).ebx == 2);  // the brand index of a Pentium III
}

TEST_CASE("leaf 2 is one round of descriptors") {
    Bench bench("pentium3");
    CHECK(ask(bench, 2) == Leaf{0x03020101, 0, 0, 0x0c040882});
}

TEST_CASE("the extended leaves of max") {
    Bench bench;
    CHECK(ask(bench, 0x80000000) == Leaf{0x80000008, 0, 0, 0});
    std::string brand;
    for (const u32 number : {0x80000002u, 0x80000003u, 0x80000004u}) {
        const Leaf leaf = ask(bench, number);
        brand += text({leaf.eax, leaf.ebx, leaf.ecx, leaf.edx});
    }
    CHECK(brand.size() == 48);
    CHECK(std::string(brand.c_str()) == "Seventeen x86 processor");
    CHECK(brand.find_first_not_of('\0', 23) == std::string::npos);
    for (const u32 number : {0x80000005u, 0x80000006u, 0x80000007u})
        CHECK(ask(bench, number) == Leaf{0, 0, 0, 0});
    CHECK(ask(bench, 0x80000008) == Leaf{0x2024, 0, 0, 0});
}

TEST_CASE("the APIC's bit follows its enable bit") {
    Bench bench;
    bench.real_mode();
    const u32 on = ask(bench, 1).edx;
    CHECK((on & 1u << 9) != 0);
    CHECK(bench.engine.write_msr(kMsrApicBase, 0xfee00000) == Fault{});
    CHECK(ask(bench, 1).edx == (on & ~(1u << 9)));
    CHECK(bench.engine.write_msr(kMsrApicBase, 0xfee00800) == Fault{});
    CHECK(ask(bench, 1).edx == on);
}

TEST_CASE("CPUID changes no other register") {
    Bench bench;
    bench.v86_mode(0);
    CpuState before = bench.state;
    ask(bench, 1);
    for (unsigned i = 0; i < 4; ++i) bench.state.gpr[i] = before.gpr[i];
    CHECK(bench.state == before);
}

}  // namespace seventeen::privilege
