// Flags that the manuals leave undefined, as Zen 5 gave them: the guest has the same on any host.
#include <catch2/catch.hpp>

#include "tests/oracle/guest.h"

namespace seventeen::oracle {
namespace {

struct Row {
    const char* what;
    Bytes code;
    u32 eax, ecx, edx, flags;
    u32 eax_after, flags_after;
};

// Flags without bit 1 and IF.
const Row kRows[] = {
    {"SHL EAX, 2", {0xc1, 0xe0, 2}, 0xc0000001, 0, 0, 0, 4, 0x811},
    {"SHR EAX, 1", {0xd1, 0xe8}, 0x80000001, 0, 0, 0x8d5, 0x40000000, 0x815},
    {"SHR EAX, 5", {0xc1, 0xe8, 5}, 0xffffffff, 0, 0, 0, 0x7ffffff, 0x015},
    {"SAR EAX, 31", {0xc1, 0xf8, 31}, 0x80000000, 0, 0, 1, 0xffffffff, 0x094},
    {"SHL AL, 9", {0xc0, 0xe0, 9}, 0x81, 0, 0, 0, 0, 0x054},
    {"SHLD EAX, ECX, 4", {0x0f, 0xa4, 0xc8, 4}, 0xf2345678, 0x9abcdef0, 0, 0, 0x23456789, 0x811},
    {"SHRD EAX, ECX, 4", {0x0f, 0xac, 0xc8, 4}, 0xf2345678, 0x9abcdef0, 0, 0, 0x0f234567, 0x011},
    {"SHLD AX, CX, 20", {0x66, 0x0f, 0xa4, 0xc8, 20}, 0x1234, 0x9abc, 0, 1, 0xabc9, 0x094},
    {"SHRD AX, CX, 20", {0x66, 0x0f, 0xac, 0xc8, 20}, 0x1234, 0x9abc, 0, 1, 0xc9ab, 0x090},
    {"SHLD AX, CX, 16", {0x66, 0x0f, 0xa4, 0xc8, 16}, 0x1235, 0x9abc, 0, 0, 0x9abc, 0x891},
    {"DIV ECX", {0xf7, 0xf1}, 0x64, 7, 0, 0x8c5, 0xe, 0x811},
    {"IDIV ECX", {0xf7, 0xf9}, 0xffffff9c, 7, 0xffffffff, 0, 0xfffffff2, 0x010},
    {"DIV CL", {0xf6, 0xf1}, 0x64, 7, 0, 1, 0x20e, 0x011},
    {"BSF EAX, ECX", {0x0f, 0xbc, 0xc1}, 5, 0x70, 0, 0x8d5, 4, 0},
    {"BSR EAX, ECX", {0x0f, 0xbd, 0xc1}, 5, 0x70, 0, 0x8d5, 6, 0x004},
    {"BSF EAX, ECX of zero", {0x0f, 0xbc, 0xc1}, 5, 0, 0, 0x891, 5, 0x044},
    {"DAA", {0x27}, 0x79, 0, 0, 0x10, 0x7f, 0x010},
    {"DAS", {0x2f}, 0x80, 0, 0, 0x10, 0x7a, 0x810},
    {"AAA", {0x37}, 0x7efb, 0, 0, 0, 0x8001, 0x891},
    {"AAS", {0x3f}, 0x8003, 0, 0, 0x10, 0x7e0d, 0x811},
    {"AAD", {0xd5, 10}, 0x0c0f, 0, 0, 0, 0x87, 0x894},
    {"AAM", {0xd4, 10}, 0x7f, 0, 0, 0x8d5, 0xc07, 0},
    {"MUL ECX", {0xf7, 0xe1}, 0x12345678, 0x87654321, 0, 0xd4, 0x70b88d78, 0x8d5},
};

TEST_CASE("undefined flags are the host's") {
    GuestCpu guest{{}};
    for (const Row& row : kRows) {
        CAPTURE(row.what);
        Registers start;
        start.eip = kCode.base;
        start[Gpr::kAx] = row.eax;
        start[Gpr::kCx] = row.ecx;
        start[Gpr::kDx] = row.edx;
        start.eflags |= row.flags;
        Bytes code = row.code;
        append_exit_jump(code);
        guest.load_code(kCode.base, code);
        const Outcome outcome = guest.run(start);
        CHECK(outcome.kind == Outcome::Kind::kCompleted);
        CHECK(outcome.registers[Gpr::kAx] == row.eax_after);
        CHECK((outcome.registers.eflags & kFlagsArithmetic) == row.flags_after);
    }
}

}  // namespace
}  // namespace seventeen::oracle
