// Tests of the CPU models: names, features by model, and what follows from them.
#include "privilege/cpu_model.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "privilege/msr_index.h"

namespace seventeen::privilege {
namespace {

struct Row {
    Feature feature;
    const char* models;  // one letter each that has it: 4 5 3 m
};

// Every Feature but kCount; a new one must be placed here.
constexpr Row kRows[] = {
    {Feature::kNone, "453m"}, {Feature::k486, "453m"},   {Feature::kCpuid, "453m"},
    {Feature::kFpu, "453m"},  {Feature::kVme, "453m"},   {Feature::kDe, "53m"},
    {Feature::kPse, "53m"},   {Feature::kTsc, "53m"},    {Feature::kMsr, "53m"},
    {Feature::kPae, "3m"},    {Feature::kMce, "53m"},    {Feature::kCx8, "53m"},
    {Feature::kApic, "3m"},   {Feature::kSep, "3m"},     {Feature::kMtrr, "3m"},
    {Feature::kPge, "3m"},    {Feature::kMca, "3m"},     {Feature::kCmov, "3m"},
    {Feature::kPat, "3m"},    {Feature::kPse36, "3m"},   {Feature::kClflush, "m"},
    {Feature::kMmx, "3m"},    {Feature::kFxsr, "3m"},    {Feature::kSse, "3m"},
    {Feature::kSse2, "m"},    {Feature::kSse3, "m"},     {Feature::kSsse3, "m"},
    {Feature::kSse41, "m"},   {Feature::kSse42, "m"},    {Feature::kPopcnt, "m"},
    {Feature::kMovbe, "m"},   {Feature::kMonitor, ""},   {Feature::kNx, "m"},
    {Feature::kRdpmc, "3m"},  {Feature::kLongNop, "3m"}, {Feature::kUd2, "3m"},
    {Feature::kNever, ""},
};
static_assert(std::size(kRows) == static_cast<unsigned>(Feature::kCount));

char letter(const CpuModel& model) {
    return model.name == "486"       ? '4'
           : model.name == "pentium" ? '5'
           : model.name == "max"     ? 'm'
                                     : '3';
}

}  // namespace

TEST_CASE("models have exactly their features") {
    unsigned index = 0;
    for (const Row& row : kRows) {
        CHECK(static_cast<unsigned>(row.feature) == index++);
        for (const CpuModel& model : cpu_models()) {
            CAPTURE(model.name, index - 1);
            const bool expected =
                std::string_view(row.models).find(letter(model)) != std::string::npos;
            CHECK(model.has(row.feature) == expected);
        }
    }
}

TEST_CASE("models are found by name") {
    CHECK(cpu_models().size() == 4);
    for (const CpuModel& model : cpu_models()) CHECK(&cpu_model(model.name) == &model);
    try {
        cpu_model("8086");
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(std::string(error.what()) ==
              "there is no CPU model '8086'; choose one of 486, pentium, pentium3, max");
    }
}

TEST_CASE("signatures follow the SDM's layout") {
    CHECK(cpu_model("486").signature() == 0x480);
    CHECK(cpu_model("pentium").signature() == 0x52c);
    CHECK(cpu_model("pentium3").signature() == 0x686);
    CHECK(cpu_model("max").signature() == 0x106cc);
}

TEST_CASE("EFLAGS and CR4 bits follow the features") {
    CHECK(cpu_model("486").implemented_flags() == 0x3f7fd7);
    CpuModel model;
    CHECK(model.implemented_flags() == 0x37fd7);
    CHECK(model.implemented_cr4() == 0);
    CHECK(cpu_model("486").without(Feature::kCpuid).implemented_flags() == 0x1f7fd7);
    CHECK(cpu_model("486").without(Feature::kVme).implemented_flags() == 0x277fd7);
    CHECK(cpu_model("486").implemented_cr4() == 0x3);
    CHECK(cpu_model("pentium").implemented_cr4() == 0x5f);
    CHECK(cpu_model("pentium3").implemented_cr4() == 0x7ff);
    CHECK(cpu_model("max").implemented_cr4() == 0x7ff);
    const std::pair<Feature, u64> bits[] = {
        {Feature::kVme, 0x3},   {Feature::kTsc, 0x4},     {Feature::kDe, 0x8},
        {Feature::kPse, 0x10},  {Feature::kPae, 0x20},    {Feature::kMce, 0x40},
        {Feature::kPge, 0x80},  {Feature::kRdpmc, 0x100}, {Feature::kFxsr, 0x200},
        {Feature::kSse, 0x400},
    };
    for (const auto& [feature, bit] : bits)
        CHECK(cpu_model("max").without(feature).implemented_cr4() == (0x7ff & ~bit));
}

TEST_CASE("RESET leaves the signature in EDX and the model's MSRs") {
    for (const CpuModel& model : cpu_models()) {
        const CpuState state = reset_state(model);
        CHECK(state.reg32(Gpr::kDx) == model.signature());
        CHECK(state.reg32(Gpr::kAx) == 0);
        CHECK(state.msr.apic_base == (model.has(Feature::kApic) ? 0xfee00900 : 0));
        CHECK(state.msr.misc_enable == (model.name == "max" ? 0x1801 : 0));
        CpuState rest = state;
        rest.gpr[2] = 0;
        rest.msr = MsrState{};
        CHECK(rest == seventeen::reset_state());
    }
    CHECK(reset_state(cpu_model("max").without(Feature::kApic)).msr.apic_base == 0);
}

}  // namespace seventeen::privilege
