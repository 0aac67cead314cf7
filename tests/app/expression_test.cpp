// The monitor's expressions: values, and what is refused in clear words.
#include "app/expression.h"

#include <catch2/catch.hpp>

#include "core/error.h"

namespace seventeen::app {

namespace {

u64 value(std::string_view text) {
    CpuState cpu = reset_state();
    cpu.set_reg32(Gpr::kAx, 0x12345678);
    cpu.set_reg32(Gpr::kSp, 0x7c00);
    return evaluate(text, cpu);
}

}  // namespace

TEST_CASE("Numbers") {
    CHECK(value("10") == 10);
    CHECK(value("0x10") == 16);
    CHECK(value(" 0XfF ") == 255);
    CHECK(value("18446744073709551615") == ~u64{0});
}

TEST_CASE("Operators bind as in QEMU's monitor") {
    CHECK(value("2+3*4") == 14);
    CHECK(value("(2+3)*4") == 20);
    CHECK(value("10-3-2") == 5);
    CHECK(value("100/7%4") == 2);
    CHECK(value("1|6&3") == 3);  // from left to right
    CHECK(value("0xf0 ^ 0xff") == 0x0f);
    CHECK(value("1<<12") == 0x1000);
    CHECK(value("0x1000 >> 4 + 4") == 0x10);
    CHECK(value("1<<64") == 0);
    CHECK(value("-1") == ~u64{0});
    CHECK(value("~0 & 0xff") == 0xff);
    CHECK(value("--5") == 5);
}

TEST_CASE("Registers") {
    CHECK(value("$eax") == 0x12345678);
    CHECK(value("$esp+4") == 0x7c04);
    CHECK(value("$cs") == 0xf000);
    CHECK(value("$eip") == 0xfff0);
    CHECK(value("$pc") == 0xfffffff0);
    CHECK(value("$eflags") == 2);
    CHECK(value("$dr7") == 0x400);
    CHECK(value("$cr0 & 1") == 0);
}

TEST_CASE("What makes no sense is refused") {
    CHECK_THROWS_WITH(value(""), Catch::Contains("number is missing"));
    CHECK_THROWS_WITH(value("1+"), Catch::Contains("number is missing"));
    CHECK_THROWS_WITH(value("(1"), Catch::Contains("')' is missing"));
    CHECK_THROWS_WITH(value("1)"), Catch::Contains("')' is not understood"));
    CHECK_THROWS_WITH(value("ff"), Catch::Contains("'ff' is no number"));
    CHECK_THROWS_WITH(value("0x"), Catch::Contains("no number"));
    CHECK_THROWS_WITH(value("0x10000000000000000"), Catch::Contains("no number"));
    CHECK_THROWS_WITH(value("$exx"), Catch::Contains("no register '$exx'"));
    CHECK_THROWS_WITH(value("1/0"), Catch::Contains("zero"));
    CHECK_THROWS_WITH(value("1%(2-2)"), Catch::Contains("zero"));
    CHECK_THROWS_WITH(value("1 2"), Catch::Contains("'2' is not understood"));
    CHECK_THROWS_WITH(value(std::string(100'000, '(')), Catch::Contains("too deeply"));
}

}  // namespace seventeen::app
