// The host's x87 unit as we use it: refused results aren't stored, and nothing is left behind.
#include "interpreter/host_x87.h"

#include <catch2/catch.hpp>

namespace seventeen::interpreter {

namespace {

constexpr X87Register kOne{u64{1} << 63, 0x3fff};
constexpr X87Register kThree{u64{3} << 62, 0x4000};
constexpr X87Register kThird{0xaaaa'aaaa'aaaa'aaab, 0x3ffd};
constexpr HostOperation kFdiv{0xd8, 0xf1, 2, 1};
constexpr u16 kPrecision = 0x20;
constexpr u16 kZeroDivide = 0x04;

struct [[gnu::packed]] HostEnvironment {
    u32 control, status, tags, pointers[4];
};
HostEnvironment host_environment() {
    HostEnvironment environment;
    asm volatile("fnstenv %0\n\tfldenv %0" : "+m"(environment));
    return environment;
}

void check_clean() {
    CHECK(static_cast<u16>(host_environment().control) == kX87ControlInit);
    CHECK(static_cast<u16>(host_environment().tags) == 0xffff);
}

}  // namespace

TEST_CASE("host_execute stores a result unless a flag is refused") {
    X87Register result;
    const HostOperands operands{&kOne, &kThree, nullptr, &result, nullptr};
    CHECK(host_execute<kFdiv>(operands, kX87ControlInit, 0) & kPrecision);
    CHECK(result == kThird);
    check_clean();
    result = {};
    CHECK(host_execute<kFdiv>(operands, kX87ControlInit, kPrecision) & kPrecision);
    CHECK(result == X87Register{});
    check_clean();
}

TEST_CASE("host_execute obeys precision and rounding, and puts the control word back") {
    X87Register result;
    const HostOperands operands{&kOne, &kThree, nullptr, &result, nullptr};
    host_execute<kFdiv>(operands, 0x007f, 0);  // 24 bits, to nearest
    CHECK(result == X87Register{0xaaaa'ab00'0000'0000, 0x3ffd});
    host_execute<kFdiv>(operands, 0x0f7f, 0);  // 64 bits, towards zero
    CHECK(result == X87Register{0xaaaa'aaaa'aaaa'aaaa, 0x3ffd});
    check_clean();
}

TEST_CASE("host_instruction runs with unmasked exceptions, which never reach the host") {
    HostImage image{};
    image.control = 0x0340;
    image.stack[0] = {kOne.significand, kOne.sign_exponent};
    u8 flags = 0;
    host_instruction(0xd8, 0xf1, image, nullptr, flags);  // FDIV ST, ST(1), which is zero
    CHECK((image.status & kZeroDivide) != 0);
    CHECK((image.status & 0x8080) == 0x8080);
    CHECK(image.stack[0].significand == kOne.significand);
    check_clean();
    CHECK((host_environment().status & 0xff) == 0);
}

TEST_CASE("host_instruction passes a memory operand and EFLAGS in and out") {
    HostImage image{};
    image.control = kX87ControlInit;
    u32 value = 0x4040'0000;  // 3.0
    u8 flags = 0;
    host_instruction(0xd9, 0 << 3, image, &value, flags);  // FLD m32: stack overflow
    CHECK((image.status & 0x241) == 0x241);
    image = {};
    image.control = kX87ControlInit;
    image.tags = 0xffff;
    host_instruction(0xd9, 0 << 3, image, &value, flags);
    CHECK(image.stack[0].significand == kThree.significand);
    image.tags = 0;
    image.stack[1] = {kOne.significand, kOne.sign_exponent};
    flags = 0x01;
    host_instruction(0xda, 0xc1, image, nullptr, flags);  // FCMOVB
    CHECK(image.stack[0].significand == kOne.significand);
    image.stack[1] = {kThree.significand, kThree.sign_exponent};
    host_instruction(0xdb, 0xf1, image, nullptr, flags);  // FCOMI: below
    CHECK((flags & 0x45) == 0x01);
}

}  // namespace seventeen::interpreter
