// What `info mmu` makes of the counters.
#include "app/mmu_report.h"

#include <catch2/catch.hpp>

#include "core/fault.h"
#include "tests/app/idle_pc.h"
#include "tests/app/report_value.h"

namespace seventeen::app {

using Catch::Contains;

TEST_CASE("The software TLB's fills by lane, and what it holds") {
    mmu::TlbCounts counts;
    counts.fills = {10, 20, 30, 40};
    counts.replaced = 7;
    counts.dropped = 50;
    const std::string text = describe_tlb(counts);
    CHECK(value_of(text, "fills: user data") == "20");
    CHECK(value_of(text, "fills: supervisor code") == "30");
    CHECK(value_of(text, "dropped") == "50");
    CHECK(value_of(text, "translations held now") == "43");
}

TEST_CASE("Page faults by their cause, where there were any") {
    mmu::Statistics statistics;
    statistics.walks = 12;
    statistics.faults[0] = 1;
    statistics.faults[kPageFaultUser | kPageFaultWrite | kPageFaultPresent] = 2;
    statistics.faults[kPageFaultPresent | kPageFaultReserved] = 3;
    statistics.faults[kPageFaultUser | kPageFaultFetch] = 4;
    const std::string text = describe_walks(statistics);
    CHECK(value_of(text, "walks for accesses") == "12");
    CHECK(value_of(text, "#PF: not present, read, supervisor") == "1");
    CHECK(value_of(text, "#PF: no right, write, user") == "2");
    CHECK(value_of(text, "#PF: reserved bit, read, supervisor") == "3");
    CHECK(value_of(text, "#PF: not present, fetch, user") == "4");
    CHECK_THAT(text, !Contains("not present, write"));
}

TEST_CASE("Windows: what is shown, and what became of host faults") {
    translator::Statistics statistics;
    statistics.host_faults = 10;
    statistics.faults_filled = 4;
    statistics.faults_guest = 3;
    statistics.faults_vain = 2;
    statistics.evictions = 5;
    translator::Census census;
    census.spaces = 6;
    census.mapping_budget = 1000;
    const std::string text = describe_windows(statistics, census);
    CHECK(value_of(text, "address spaces") == "6");
    CHECK(value_of(text, "mappings allowed") == "1000");
    CHECK(value_of(text, "windows taken from a space") == "5");
    CHECK(value_of(text, "host faults: page filled") == "4");
    CHECK(value_of(text, "host faults: x87 error or misaligned") == "1");
}

TEST_CASE("A machine under the interpreter has no windows to tell about") {
    IdlePc idle;
    idle.pc.run({.retired = 1});
    const std::string text = describe_mmu(idle.pc.platform());
    CHECK(value_of(text, "fills: supervisor code") == "1");
    CHECK_THAT(text, Contains("\npage tables\n"));
    CHECK_THAT(text, !Contains("windows"));
}

}  // namespace seventeen::app
