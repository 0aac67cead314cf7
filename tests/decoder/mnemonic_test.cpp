// The instruction table: rows that agree with themselves and with the house's count of groups.
#include "decoder/mnemonic.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

namespace seventeen::decoder {

TEST_CASE("rows are indexed by mnemonic and named once") {
    CHECK(rows().size() == static_cast<std::size_t>(Mnemonic::kCount));
    CHECK(row(Mnemonic::ADD).name == "ADD");
    CHECK(row(Mnemonic::PCMPISTRM).name == "PCMPISTRM");
    CHECK(&row(Mnemonic::ADC) == &rows()[static_cast<std::size_t>(Mnemonic::ADC)]);
    std::set<std::string_view> names;
    for (const Row& row : rows()) names.insert(row.name);
    CHECK(names.size() == rows().size());
}

TEST_CASE("a flag is written or undefined, not both") {
    for (const Row& row : rows()) {
        INFO(row.name);
        CHECK((row.flags_written & row.flags_undefined) == 0);
        CHECK(((row.flags_read | row.flags_written | row.flags_undefined) &
               ~(kFlagsArithmetic | kFlagDf)) == 0);
    }
}

TEST_CASE("only sensitive rows belong to a group") {
    for (const Row& row : rows()) {
        INFO(row.name);
        if (row.group != SensitiveGroup::kNone) CHECK(row.kind == Class::kSensitive);
        if (row.lockable) CHECK(row.kind == Class::kInnocuous);
    }
}

// Robin & Irvine (2000), table 2: their instructions, as the rows that hold their forms.
TEST_CASE("the seventeen are in their groups") {
    const std::map<SensitiveGroup, std::set<std::string>> expected{
        {SensitiveGroup::kInterruptFlag, {"PUSHF", "PUSHFD", "POPF", "POPFD", "IRET", "IRETD"}},
        {SensitiveGroup::kSegmentDescriptors, {"LAR", "LSL", "VERR", "VERW"}},
        {SensitiveGroup::kSegmentRegisters,
         {"MOV_SEGMENT", "PUSH_SEGMENT", "POP_SEGMENT", "LDS", "LES", "LFS", "LGS", "LSS"}},
        {SensitiveGroup::kPrivilegedRegisters, {"SGDT", "SIDT", "SLDT", "SMSW"}},
        {SensitiveGroup::kGatesAndTasks,
         {"CALL_FAR", "JMP_FAR", "RET_FAR", "INT", "INT1", "INT3", "INTO", "SYSENTER", "STR"}},
    };
    std::map<SensitiveGroup, std::set<std::string>> found;
    std::set<std::string> without_group;
    for (const Row& row : rows()) {
        if (row.kind != Class::kSensitive) continue;
        if (row.group == SensitiveGroup::kNone)
            without_group.insert(std::string(row.name));
        else
            found[row.group].insert(std::string(row.name));
    }
    CHECK(found == expected);
    CHECK(without_group == std::set<std::string>{"CPUID", "RDTSC", "RDPMC"});
}

TEST_CASE("flags columns hold what the manual says") {
    CHECK(row(Mnemonic::ADD).flags_written == kFlagsArithmetic);
    CHECK(row(Mnemonic::INC).flags_written == (kFlagsArithmetic & ~kFlagCf));
    CHECK(row(Mnemonic::SBB).flags_read == kFlagCf);
    CHECK(row(Mnemonic::XOR).flags_undefined == kFlagAf);
    CHECK(row(Mnemonic::MUL).flags_written == (kFlagCf | kFlagOf));
    CHECK(row(Mnemonic::DIV).flags_undefined == kFlagsArithmetic);
    CHECK(row(Mnemonic::BSF).flags_written == kFlagZf);
    CHECK(row(Mnemonic::JNBE).flags_read == (kFlagCf | kFlagZf));
    CHECK(row(Mnemonic::LODSB).flags_read == kFlagDf);
    CHECK(row(Mnemonic::STD).flags_written == kFlagDf);
    CHECK(row(Mnemonic::MOV).flags_written == 0);
}

}  // namespace seventeen::decoder
