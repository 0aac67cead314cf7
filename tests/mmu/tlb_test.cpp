// Lines come, are found and go; entries never outlive the translation beside them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "mmu/tlb.h"

namespace seventeen::mmu {
namespace {

using Lane = Tlb::Lane;

Translation to(u64 linear_page, u64 slot = 0) {
    Translation translation;
    translation.linear_page = linear_page;
    translation.physical = {linear_page << 20};
    translation.slots[0] = slot;
    return translation;
}

struct Fixture {
    std::unique_ptr<Tlb> owner = std::make_unique<Tlb>();
    Tlb& tlb = *owner;
    std::array<u8, 2 * kPageSize> bytes{};

    void add(Lane lane, u64 page, u8* host) {
        tlb.insert(lane, to(page));
        TlbEntry entry{page, page, 0, page};
        // SAFETY: never dereferenced.
        entry.delta = reinterpret_cast<u64>(host) - (page << kPageShift);
        tlb.set_entry(lane, page, entry);
    }
    const TlbEntry& entry(u64 page, Privilege privilege = Privilege::kUser) const {
        return tlb.entry({page << kPageShift}, privilege);
    }
};

TEST_CASE_METHOD(Fixture, "Lanes know nothing of each other") {
    CHECK(Tlb::lane(Privilege::kUser, Access::kRead) == Lane::kUserData);
    CHECK(Tlb::lane(Privilege::kUser, Access::kWrite) == Lane::kUserData);
    CHECK(Tlb::lane(Privilege::kSupervisor, Access::kRead) == Lane::kSupervisorData);
    CHECK(Tlb::lane(Privilege::kSupervisor, Access::kExecute) == Lane::kSupervisorCode);
    CHECK(Tlb::lane(Privilege::kUser, Access::kExecute) == Lane::kUserCode);
    for (const Lane lane : Tlb::kLanes) {
        CHECK(tlb.find(lane, 5) == nullptr);
        tlb.insert(lane, to(5));
        REQUIRE(tlb.find(lane, 5) != nullptr);
        CHECK(tlb.find(lane, 5)->physical.value == 5u << 20);
    }
    tlb.drop_page(Lane::kUserCode, 5);
    CHECK(tlb.find(Lane::kUserCode, 5) == nullptr);
    CHECK(tlb.find(Lane::kUserData, 5) != nullptr);
    tlb.drop_page(5);
    for (const Lane lane : Tlb::kLanes) CHECK(tlb.find(lane, 5) == nullptr);
}

TEST_CASE_METHOD(Fixture, "A page that takes another's line takes its entry away") {
    add(Lane::kUserData, 5, bytes.data());
    CHECK(entry(5).read_page == 5);
    tlb.insert(Lane::kUserData, to(5 + Tlb::kLines));
    CHECK(tlb.find(Lane::kUserData, 5) == nullptr);
    CHECK(tlb.find(Lane::kUserData, 5 + Tlb::kLines) != nullptr);
    CHECK(entry(5).read_page == TlbEntry::kNone);
    CHECK(entry(5).write_page == TlbEntry::kNone);
    // Dropping a page that isn't there leaves its line's tenant alone.
    tlb.drop_page(5);
    CHECK(tlb.find(Lane::kUserData, 5 + Tlb::kLines) != nullptr);
}

TEST_CASE_METHOD(Fixture, "What is filled, replaced and dropped is counted") {
    add(Lane::kUserData, 5, bytes.data());
    add(Lane::kUserData, 5, bytes.data());             // takes its own place
    tlb.insert(Lane::kUserData, to(5 + Tlb::kLines));  // takes another's
    tlb.insert(Lane::kUserCode, to(6));
    tlb.insert(Lane::kUserCode, to(7));
    const TlbCounts& counts = tlb.counts();
    CHECK(counts.fills == std::array<u64, kTlbLanes>{0, 3, 0, 2});
    CHECK(counts.replaced == 2);
    CHECK(counts.dropped == 0);
    CHECK(counts.pointers == 2);
    CHECK(counts.held() == 3);
    tlb.drop_page(5);  // not there
    tlb.drop_page(6);
    CHECK(counts.dropped == 1);
    tlb.drop_all();
    CHECK(counts.dropped == 3);
    CHECK(counts.held() == 0);
}

TEST_CASE_METHOD(Fixture, "drop_all drops everything, and what comes later is found again") {
    for (int round = 0; round < 2; ++round) {
        for (u64 page = 0; page < 2 * Tlb::kLines; page += 7) {
            add(Lane::kUserData, page, bytes.data());
            tlb.insert(Lane::kSupervisorCode, to(page));
        }
        tlb.drop_all();
        for (u64 page = 0; page < 2 * Tlb::kLines; ++page) {
            REQUIRE(tlb.find(Lane::kUserData, page) == nullptr);
            REQUIRE(tlb.find(Lane::kSupervisorCode, page) == nullptr);
            REQUIRE(entry(page).read_page == TlbEntry::kNone);
            REQUIRE(entry(page).write_page == TlbEntry::kNone);
        }
    }
}

TEST_CASE_METHOD(Fixture, "drop_if drops what its question is answered yes for, in all lanes") {
    for (const Lane lane : Tlb::kLanes)
        for (u64 page = 0; page < 10; ++page) tlb.insert(lane, to(page, page % 3));
    tlb.drop_page(Lane::kUserData, 4);
    unsigned asked = 0;
    tlb.drop_if([&](const Translation& translation) {
        ++asked;
        return translation.slots[0] == 1;
    });
    CHECK(asked == 39);
    for (const Lane lane : Tlb::kLanes)
        for (u64 page = 0; page < 10; ++page)
            CHECK((tlb.find(lane, page) == nullptr) == (page % 3 == 1));
}

TEST_CASE_METHOD(Fixture, "Only fleeting translations are asked about where only they can go") {
    for (const Lane lane : Tlb::kLanes) {
        for (u64 page = 0; page < 10; ++page)
            tlb.insert(lane, to(page), page < 4 ? Tlb::Stay::kFleeting : Tlb::Stay::kLasting);
        tlb.insert(lane, to(3 + Tlb::kLines));                        // takes the place of 3
        tlb.insert(lane, to(9 + Tlb::kLines), Tlb::Stay::kFleeting);  // and of 9
    }
    std::vector<u64> asked;
    tlb.drop_fleeting_if([&](const Translation& translation) {
        asked.push_back(translation.linear_page);
        return translation.linear_page != 1;
    });
    CHECK(std::ranges::count(asked, 5) == 0);
    CHECK(std::ranges::count(asked, 2) == 4);
    for (const Lane lane : Tlb::kLanes) {
        CHECK(tlb.find(lane, 1));
        CHECK_FALSE(tlb.find(lane, 2));
        CHECK_FALSE(tlb.find(lane, 9 + Tlb::kLines));
        CHECK(tlb.find(lane, 5));
    }
    tlb.drop_all();
    for (const Lane lane : Tlb::kLanes) CHECK_FALSE(tlb.find(lane, 1));
}

TEST_CASE_METHOD(Fixture, "Write pointers into one host page go, whatever linear page has them") {
    add(Lane::kUserData, 5, bytes.data());
    add(Lane::kSupervisorData, 900, bytes.data());
    add(Lane::kUserData, 6, bytes.data() + kPageSize);
    tlb.drop_write_pointers(bytes.data());
    CHECK(entry(5).write_page == TlbEntry::kNone);
    CHECK(entry(5).table_page == TlbEntry::kNone);
    CHECK(entry(5).read_page == 5);
    CHECK(entry(900, Privilege::kSupervisor).write_page == TlbEntry::kNone);
    CHECK(entry(6).write_page == 6);
    CHECK(entry(6).table_page == 6);
    tlb.drop_entries();
    CHECK(entry(6).write_page == TlbEntry::kNone);
    CHECK(entry(6).read_page == TlbEntry::kNone);
    CHECK(tlb.find(Lane::kUserData, 6) != nullptr);
}

}  // namespace
}  // namespace seventeen::mmu
