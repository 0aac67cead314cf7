// The catalogue: whole, and free of what must not run on the host.
#include "tests/oracle/catalogue.h"

#include <catch2/catch.hpp>

#include <set>

#include "tests/oracle/case.h"

namespace seventeen::oracle {
namespace {

using decoder::Class;
using decoder::Mnemonic;

decoder::Instruction decoded(const Bytes& bytes) {
    const decoder::Decoder decoder;
    decoder::Instruction instruction;
    REQUIRE(decoder.decode(bytes, decoder::CodeSize::k32, instruction) ==
            decoder::DecodeStatus::kOk);
    return instruction;
}

TEST_CASE("every harmless row of the instruction table is in the catalogue") {
    const decoder::Decoder decoder;
    const Catalogue catalogue(decoder);
    std::set<Mnemonic> found;
    for (const Catalogue::Family& family : catalogue.families())
        for (const Catalogue::Entry& entry : family.entries) found.insert(entry.mnemonic);
    for (std::size_t i = 1; i < decoder::rows().size(); ++i) {
        const auto mnemonic = static_cast<Mnemonic>(i);
        const decoder::Row& row = decoder::row(mnemonic);
        CAPTURE(row.name);
        const bool wanted = row.feature != Feature::kNever &&
                            (row.kind == Class::kInnocuous || row.kind == Class::kControl ||
                             row.family == decoder::Family::kSegment);
        if (wanted) CHECK(found.count(mnemonic) == 1);
    }
}

TEST_CASE("instructions that leave the process are not comparable") {
    CHECK_FALSE(comparable(decoded({0xcd, 0x80})));              // INT 80h
    CHECK_FALSE(comparable(decoded({0x0f, 0x34})));              // SYSENTER
    CHECK_FALSE(comparable(decoded({0x0f, 0x00, 0xc8})));        // STR EAX
    CHECK_FALSE(comparable(decoded({0x0f, 0x01, 0xe0})));        // SMSW EAX
    CHECK_FALSE(comparable(decoded({0x0f, 0x31})));              // RDTSC
    CHECK_FALSE(comparable(decoded({0xf3, 0x0f, 0xbc, 0xc0})));  // TZCNT there, BSF here
    CHECK(comparable(decoded({0x0f, 0xbc, 0xc0})));
    CHECK(comparable(decoded({0x9d})));                    // POPF
    CHECK(comparable(decoded({0xcd, 0x81})));              // INT 81h: #GP
    CHECK(comparable(decoded({0x64, 0xa1, 0, 0, 0, 0})));  // MOV EAX, FS:[0]
    CHECK(comparable(decoded({0x8e, 0xe0})));              // MOV FS, AX
    CHECK(comparable(decoded({0x8c, 0xd8})));              // MOV EAX, DS
    CHECK(comparable(decoded({0xfa})));                    // CLI: #GP(0)
}

}  // namespace
}  // namespace seventeen::oracle
