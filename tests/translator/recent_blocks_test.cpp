// RecentBlocks: found by all of their key, and gone when they are dropped or others need the place.
#include "translator/recent_blocks.h"

#include <catch2/catch.hpp>

namespace seventeen::translator {

namespace {

constexpr BlockKey kKey{0x5123, 0x0804'8123, 3};

struct Fixture {
    std::vector<u8> code = std::vector<u8>(1 << 18);
    RecentBlocks recent{code.data()};

    // Where the code of block `number` may be.
    const u8* at(u32 number) const { return &code[number * CodeCache::kAlignment]; }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "What was kept is found by all of its key") {
    CHECK(recent.find(kKey) == nullptr);
    recent.keep(kKey, at(2));
    CHECK(recent.find(kKey) == at(2));
    CHECK(recent.find({kKey.physical + kPageSize, kKey.eip, kKey.mode}) == nullptr);
    CHECK(recent.find({kKey.physical, kKey.eip + kPageSize, kKey.mode}) == nullptr);
    CHECK(recent.find({kKey.physical, kKey.eip, kKey.mode + 1}) == nullptr);
    recent.drop({kKey.physical, kKey.eip, kKey.mode + 1});
    CHECK(recent.find(kKey) == at(2));
    recent.drop(kKey);
    CHECK(recent.find(kKey) == nullptr);
}

TEST_CASE_METHOD(Fixture, "The blocks of a page do not take each other's places") {
    for (u32 i = 1; i <= 60; ++i) recent.keep({0x5000 + i, 0x0804'8000 + i, 3}, at(i));
    for (u32 i = 1; i <= 60; ++i) CHECK(recent.find({0x5000 + i, 0x0804'8000 + i, 3}) == at(i));
}

TEST_CASE_METHOD(Fixture, "However many are kept, none is taken for another") {
    constexpr u32 kBlocks = 200'000;
    const auto key = [](u32 i) { return BlockKey{u64{i} * 24, i * 24, i % 5}; };
    const auto place = [&](u32 i) { return at(i % 4000 + 1); };
    for (u32 i = 0; i < kBlocks; ++i) recent.keep(key(i), place(i));
    unsigned found = 0;
    unsigned wrong = 0;
    for (u32 i = 0; i < kBlocks; ++i) {
        const u8* code = recent.find(key(i));
        found += code != nullptr;
        wrong += code && code != place(i);
    }
    CHECK(wrong == 0);
    CHECK(found > 10'000);
    recent.clear();
    CHECK(recent.find(key(kBlocks - 1)) == nullptr);
}

}  // namespace seventeen::translator
