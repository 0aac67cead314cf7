// MarkedInstructions: by address and by page, and never more than so many pages.
#include "translator/marked_instructions.h"

#include <catch2/catch.hpp>

namespace seventeen::translator {

TEST_CASE("An instruction is marked by its address") {
    MarkedInstructions marked;
    CHECK(marked.in_page_of(0x5123) == nullptr);
    marked.mark(0x5123);
    CHECK(marked.has(0x5123));
    CHECK_FALSE(marked.has(0x5124));
    CHECK_FALSE(marked.has(0x6123));
    REQUIRE(marked.in_page_of(0x5fff));
    CHECK(marked.in_page_of(0x5fff)->test(0x123));
    CHECK(marked.in_page_of(0x6000) == nullptr);
}

TEST_CASE("Marks in too many pages are forgotten") {
    MarkedInstructions marked;
    u64 pages = 0;
    while (pages == 0 || marked.has(0)) {
        REQUIRE(pages < 100'000);
        marked.mark(pages++ << kPageShift);
    }
    CHECK(pages > 10'000);
    CHECK(marked.has((pages - 1) << kPageShift));  // the newest
}

}  // namespace seventeen::translator
