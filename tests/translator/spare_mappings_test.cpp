// The heap grows while windows and others have all of the host's mappings.
#include "translator/spare_mappings.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "tests/address_sanitizer_portable.h"
#include "tests/mapping_hog.h"

namespace seventeen::translator {

TEST_CASE("The heap gets the spare mappings when there are no others") {
    if (skipped_with_address_sanitizer("needs mappings of its own where there are none")) return;
    constexpr u64 kOfItsOwn = 4 << 20;  // bytes: malloc maps them
    SpareMappings::keep();
    REQUIRE(SpareMappings::kept());
    const MappingHog hog(0);
    if (!hog.full()) {
        WARN("skipped: this host sets no limit to mappings");
        return;
    }
    std::vector<std::unique_ptr<u8[]>> memory;
    while (SpareMappings::kept() && memory.size() < 64)
        memory.push_back(std::make_unique<u8[]>(kOfItsOwn));
    CHECK_FALSE(SpareMappings::kept());
    CHECK_FALSE(SpareMappings::give_away());
}

}  // namespace seventeen::translator
