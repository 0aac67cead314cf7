// LoosePages: what makes a page loose, for how long, and what a relapse costs.
#include "translator/loose_pages.h"

#include <catch2/catch.hpp>

namespace seventeen::translator {

namespace {

// Writes until the page is loose; how many it took.
unsigned write_until_loose(LoosePages& pages, u64 page, bool hits, u64 now) {
    for (unsigned count = 1; count < 1000; ++count) {
        if (pages.note_write(page, hits, now)) return count;
    }
    return 0;
}

}  // namespace

TEST_CASE("A page that is written often within a short time becomes loose") {
    LoosePages pages;
    CHECK_FALSE(pages.contains(5));
    const unsigned beside = write_until_loose(pages, 5, false, 1000);
    CHECK(beside > 8);
    CHECK(pages.contains(5));
    CHECK_FALSE(pages.contains(6));
    const unsigned hits = write_until_loose(pages, 6, true, 1000);
    CHECK(hits > 1);
    CHECK(hits < beside);
    CHECK(pages.count() == 2);
}

TEST_CASE("A page that is written now and then stays guarded") {
    LoosePages pages;
    for (u64 i = 0; i < 1000; ++i) CHECK_FALSE(pages.note_write(5, true, i * 1'000'000));
    CHECK(pages.count() == 0);
}

TEST_CASE("A term ends, and is longer after a relapse") {
    LoosePages pages;
    REQUIRE(write_until_loose(pages, 5, true, 0) != 0);
    CHECK(pages.take_due(LoosePages::kTerm - 1).empty());
    CHECK(pages.take_due(LoosePages::kTerm) == std::vector<u64>{5});
    CHECK_FALSE(pages.contains(5));
    CHECK(pages.count() == 0);
    REQUIRE(write_until_loose(pages, 5, true, LoosePages::kTerm) != 0);
    CHECK(pages.take_due(3 * LoosePages::kTerm - 1).empty());
    CHECK(pages.take_due(3 * LoosePages::kTerm).size() == 1);
}

TEST_CASE("The record is bounded") {
    LoosePages pages;
    for (u64 page = 0; page < 100'000; ++page) pages.note_write(page, true, 0);
    CHECK(write_until_loose(pages, 200'000, true, 0) != 0);
}

}  // namespace seventeen::translator
