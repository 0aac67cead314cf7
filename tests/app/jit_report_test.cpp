// What `info jit` makes of the translator's counters.
#include "app/jit_report.h"

#include <catch2/catch.hpp>
#include <memory>

#include "machine/bare_machine.h"
#include "tests/app/report_value.h"

namespace seventeen::app {

using Catch::Contains;
using Catch::StartsWith;
using decoder::Mnemonic;
using translator::CalloutCause;
using translator::Statistics;

TEST_CASE("The instructions that the interpreter ran most come first") {
    const auto statistics = std::make_unique<Statistics>();
    for (unsigned i = 0; i < 3; ++i)
        statistics->count_callout(Mnemonic::POPF, CalloutCause::kNoRule);
    statistics->count_callout(Mnemonic::MOV, CalloutCause::kSlowPath);
    for (unsigned i = 0; i < 4; ++i)
        statistics->count_callout(Mnemonic::MOV, CalloutCause::kHostFault);
    statistics->of(Mnemonic::MOV).translated = 77;
    statistics->of(Mnemonic::POPF).left = 6;
    statistics->of(Mnemonic::ADD).translated = 9;
    const std::string text = describe_translator(*statistics, {});
    const std::size_t mov = text.find(
        "\n  MOV                           5            0            "
        "1            4         77          0\n");
    const std::size_t popf = text.find(
        "\n  POPF                          3            3            "
        "0            0          0          6\n");
    CHECK(mov != std::string::npos);
    CHECK(popf != std::string::npos);
    CHECK(mov < popf);
    CHECK_THAT(text, !Contains("  ADD "));
}

TEST_CASE("No more than twenty mnemonics are listed") {
    const auto statistics = std::make_unique<Statistics>();
    for (unsigned i = 1; i <= 21; ++i)
        for (unsigned times = 0; times < i; ++times)
            statistics->count_callout(static_cast<Mnemonic>(i), CalloutCause::kNoRule);
    const std::string text = describe_translator(*statistics, {});
    CHECK_THAT(text, !Contains("\n  " + std::string(decoder::row(Mnemonic{1}).name) + " "));
    CHECK_THAT(text, Contains("\n  " + std::string(decoder::row(Mnemonic{2}).name) + " "));
    CHECK_THAT(text, Contains("\n  " + std::string(decoder::row(Mnemonic{21}).name) + " "));
}

TEST_CASE("Blocks, their expansion, and how many exits are chained") {
    const auto statistics = std::make_unique<Statistics>();
    statistics->blocks = 8;
    statistics->guest_bytes = 100;
    statistics->host_bytes = 325;
    statistics->direct_exits = 44;
    translator::Census census;
    census.blocks = 7;
    census.direct_exits = 40;
    census.linked_exits = 35;
    census.code_bytes = 4096;
    const std::string text = describe_translator(*statistics, census);
    CHECK(value_of(text, "alive") == "7");
    CHECK(value_of(text, "translated") == "8");
    CHECK(value_of(text, "host bytes for each guest byte") == "3.25");
    CHECK(value_of(text, "of these, chained") == "87.5%");
    CHECK(value_of(text, "code cache: bytes used") == "4096");
    CHECK(value_of(text, "direct branch not chained") == "44");
}

TEST_CASE("The seventeen are listed always, with all their forms; others where there were any") {
    const auto statistics = std::make_unique<Statistics>();
    statistics->count_callout(Mnemonic::PUSHFD, CalloutCause::kNoRule);
    statistics->of(Mnemonic::POPF).translated = 3;
    statistics->of(Mnemonic::CLI).translated = 5;
    statistics->of(Mnemonic::SYSENTER).left = 2;
    const std::string text = describe_translator(*statistics, {});
    CHECK_THAT(text,
               Contains("\n  PUSHF, POPF                   1            1            0            "
                        "0          3          0\n"));
    CHECK_THAT(text, Contains("\n  VERW                          0 "));
    CHECK_THAT(text,
               Contains("\n  CLI                           0            0            0            "
                        "0          5          0\n"));
    CHECK_THAT(text, Contains("\n  SYSENTER "));
    CHECK_THAT(text, !Contains("\n  WRMSR "));
}

TEST_CASE("What a run of the translator leaves behind") {
    // mov ax, 0a000h; mov ds, ax; L: cpuid; mov cl, [bx]; inc si; jnz L; jmp L
    // (Nobody answers at a0000h.)
    const std::vector<u8> code{0xb8, 0x00, 0xa0, 0x8e, 0xd8, 0x0f, 0xa2,
                               0x8a, 0x0f, 0x46, 0x75, 0xf9, 0xeb, 0xf7};
    machine::EngineOptions options;
    options.kind = machine::EngineKind::kTranslator;
    machine::BareMachine machine(
        {.memory = 512u << 10, .cpu = "max", .rate = {}, .engine = options, .console = [](char) {
         }});
    machine.platform().load_raw({0x7c00}, code);
    machine.start_at({0x7c00});
    constexpr u64 kRounds = 1000;
    machine.platform().run({.retired = kRounds * 4});
    const auto& translator =
        dynamic_cast<const translator::Translator&>(machine.platform().engine());
    const Statistics& statistics = translator.statistics();
    // The last instructions before the limit are the interpreter's.
    const auto& cpuid = statistics.of(Mnemonic::CPUID);
    CHECK(cpuid.callouts_for(CalloutCause::kNoRule) == cpuid.interpreted());
    CHECK(cpuid.interpreted() > kRounds - 100);
    CHECK(cpuid.interpreted() <= kRounds);
    CHECK(cpuid.left > 0);
    CHECK(cpuid.translated == 0);
    const auto& mov = statistics.of(Mnemonic::MOV);
    CHECK(mov.callouts_for(CalloutCause::kHostFault) >= 1);
    CHECK(mov.callouts_for(CalloutCause::kSlowPath) > kRounds / 2);
    CHECK(mov.translated > 0);
    CHECK(statistics.faults_vain == mov.callouts_for(CalloutCause::kHostFault));
    CHECK(statistics.soft_sites >= 1);
    CHECK(statistics.of(Mnemonic::INC).translated > 0);
    CHECK(statistics.of(Mnemonic::INC).interpreted() == 0);
    CHECK(statistics.retired > kRounds * 4 - 200);
    const translator::Census census = translator.census();
    CHECK(census.blocks >= 1);
    CHECK(census.blocks <= statistics.blocks);
    CHECK(census.linked_exits <= census.direct_exits);
    CHECK(census.code_bytes > 0);
    CHECK(census.code_bytes <= census.code_capacity);
    const std::string text = describe_engine(machine.platform().engine());
    CHECK_THAT(text, StartsWith("engine: translator\n"));
    CHECK(value_of(text, "alive") == std::to_string(census.blocks));
}

}  // namespace seventeen::app
