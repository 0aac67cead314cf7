// What `--profile` prints.
#include "app/profile_report.h"

#include <catch2/catch.hpp>
#include <memory>

#include "tests/app/report_value.h"

namespace seventeen::app {

using Catch::Contains;
using decoder::Mnemonic;
using translator::Profile;
using translator::Sample;

TEST_CASE("Shares of CPU time, and the guest code behind them") {
    const auto profile = std::make_unique<Profile>();
    Sample sample;
    sample.occupation = Occupation::kCode;
    sample.host = translator::HostPlace::kBlock;
    sample.guest = {0xc0101234, false, {}};
    sample.weight = 60;
    profile->add(sample);
    sample.occupation = Occupation::kPrivilegeCall;
    sample.guest = {0x8048000, true, Mnemonic::POPF};
    sample.in_callout = true;
    sample.weight = 30;
    profile->add(sample);
    sample = {};
    sample.occupation = Occupation::kWindows;
    sample.weight = 10;
    sample.kernel = true;
    profile->add(sample);
    const std::string text = describe_profile(*profile);
    CHECK_THAT(text,
               Contains("translated code                             60    60.0%         0\n"));
    CHECK_THAT(text,
               Contains("callouts: privileged, sensitive             30    30.0%         0\n"));
    CHECK_THAT(text,
               Contains("windows filled and emptied                  10    10.0%        10\n"));
    CHECK_THAT(text,
               Contains("all                                        100   100.0%        10\n"));
    CHECK_THAT(
        text,
        Contains("hottest blocks\n  c0101234 supervisor                       60    60.0%\n"));
    CHECK_THAT(text, Contains("  08048000 user       POPF                  30    30.0%\n"));
}

TEST_CASE("A profile without samples has no shares") {
    const auto profile = std::make_unique<Profile>();
    CHECK_THAT(describe_profile(*profile), !Contains("hottest"));
    CHECK_THAT(describe_profile(*profile),
               Contains("all                                          0     0.0%"));
}

}  // namespace seventeen::app
