// The seventeen are the instruction table's sensitive groups, each mnemonic once.
#include "app/seventeen.h"

#include <catch2/catch.hpp>
#include <map>

namespace seventeen::app {

using decoder::Mnemonic;

TEST_CASE("There are seventeen, and each mnemonic belongs to one") {
    CHECK(the_seventeen().size() == 17);
    std::map<Mnemonic, int> seen;
    for (const SensitiveInstruction& it : the_seventeen()) {
        CHECK_FALSE(it.mnemonics.empty());
        for (const Mnemonic mnemonic : it.mnemonics) CHECK(++seen[mnemonic] == 1);
    }
}

// SYSENTER came after the list was made.
TEST_CASE("They are what the instruction table puts into a sensitive group") {
    for (std::size_t i = 1; i < decoder::rows().size(); ++i) {
        const auto mnemonic = static_cast<Mnemonic>(i);
        const decoder::Row& row = decoder::row(mnemonic);
        INFO(row.name);
        const bool listed =
            row.group != decoder::SensitiveGroup::kNone && mnemonic != Mnemonic::SYSENTER;
        CHECK(is_one_of_the_seventeen(mnemonic) == listed);
    }
}

}  // namespace seventeen::app
