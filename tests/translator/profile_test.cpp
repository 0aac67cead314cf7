// Samples are sorted by what was done, where, and for which guest code.
#include "translator/profile.h"

#include <catch2/catch.hpp>
#include <memory>

namespace seventeen::translator {

using decoder::Mnemonic;
using decoder::row;

TEST_CASE("Translated code is told from the ways in and out, and from the kernel's part") {
    Sample sample;
    sample.occupation = Occupation::kCode;
    sample.host = HostPlace::kBlock;
    CHECK(occupation_of(sample) == Occupation::kCode);
    sample.host = HostPlace::kStub;
    CHECK(occupation_of(sample) == Occupation::kSwitch);
    sample.host = HostPlace::kElsewhere;
    CHECK(occupation_of(sample) == Occupation::kSwitch);
    sample.host = HostPlace::kBlock;
    sample.kernel = true;
    CHECK(occupation_of(sample) == Occupation::kSignals);
    sample.occupation = Occupation::kWindows;
    CHECK(occupation_of(sample) == Occupation::kWindows);
}

TEST_CASE("Callouts by the instruction's kind") {
    CHECK(callout_occupation(row(Mnemonic::IN)) == Occupation::kPortCall);
    CHECK(callout_occupation(row(Mnemonic::OUTSB)) == Occupation::kPortCall);
    CHECK(callout_occupation(row(Mnemonic::MOVSB)) == Occupation::kStringCall);
    CHECK(callout_occupation(row(Mnemonic::IRETD)) == Occupation::kPrivilegeCall);
    CHECK(callout_occupation(row(Mnemonic::POPF)) == Occupation::kPrivilegeCall);
    CHECK(callout_occupation(row(Mnemonic::MOV_CONTROL)) == Occupation::kPrivilegeCall);
    CHECK(callout_occupation(row(Mnemonic::FSIN)) == Occupation::kFpuCall);
    CHECK(callout_occupation(row(Mnemonic::PADDB)) == Occupation::kFpuCall);
    CHECK(callout_occupation(row(Mnemonic::MOV)) == Occupation::kOtherCall);
}

TEST_CASE("Weights add up, and the kernel's part is a part") {
    const auto profile = std::make_unique<Profile>();
    Sample sample;
    sample.occupation = Occupation::kDevices;
    sample.weight = 4;
    profile->add(sample);
    sample.kernel = true;
    sample.weight = 3;
    profile->add(sample);
    CHECK(profile->share(Occupation::kDevices).samples == 7);
    CHECK(profile->share(Occupation::kDevices).kernel == 3);
    CHECK(profile->share(Occupation::kCode).samples == 0);
    CHECK(profile->total().samples == 7);
    CHECK(profile->total().kernel == 3);
}

TEST_CASE("Blocks are hot by themselves, callouts with all they lead to") {
    const auto profile = std::make_unique<Profile>();
    Sample sample;
    sample.occupation = Occupation::kCode;
    sample.host = HostPlace::kBlock;
    sample.guest = {0x1000, true, {}};
    sample.weight = 5;
    profile->add(sample);
    sample.guest = {0x1000, false, {}};  // the kernel's, at the same address
    sample.weight = 6;
    profile->add(sample);
    sample.occupation = Occupation::kDevices;  // in a callout for IN
    sample.guest = {0x2000, false, Mnemonic::IN};
    sample.in_callout = true;
    sample.weight = 7;
    profile->add(sample);
    sample.in_callout = false;
    profile->add(sample);
    const auto blocks = profile->blocks().hottest(10);
    REQUIRE(blocks.size() == 2);
    CHECK(blocks[0].place == GuestPlace{0x1000, false, {}});
    CHECK(blocks[0].samples == 6);
    CHECK(blocks[1].samples == 5);
    const auto callouts = profile->callouts().hottest(10);
    REQUIRE(callouts.size() == 1);
    CHECK(callouts[0].place == GuestPlace{0x2000, false, Mnemonic::IN});
    CHECK(callouts[0].samples == 7);
}

TEST_CASE("The table of places is bounded, and says what it could not hold") {
    const auto spots = std::make_unique<Profile::Spots>();
    constexpr u64 kMany = 10'000;
    for (u32 i = 0; i < kMany; ++i) spots->add({i * 16, false, {}}, 1);
    u64 held = 0;
    for (const Profile::Spot& spot : spots->hottest(kMany)) held += spot.samples;
    CHECK(spots->lost() > 0);
    CHECK(held + spots->lost() == kMany);
    CHECK(spots->hottest(3).size() == 3);
}

TEST_CASE("A few hundred neighbouring places all find room") {
    const auto spots = std::make_unique<Profile::Spots>();
    for (u32 i = 0; i < 1000; ++i) spots->add({0xc000'0000 + i * 4, false, {}}, i + 1);
    CHECK(spots->lost() == 0);
    CHECK(spots->hottest(1)[0].place.eip == 0xc000'0000 + 999 * 4);
}

}  // namespace seventeen::translator
