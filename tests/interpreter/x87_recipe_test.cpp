// Recipes: the short way and the whole way agree, and the short way is the one that is taken.
#include "interpreter/x87_recipe.h"

#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr Recipe kFdiv{.host = {0xd8, 0xf1, 2, 1}, .second = kStI};
constexpr Recipe kFsincos{.host = {0xd9, 0xfb, 1, 2},
                          .result = kStPushed,
                          .second_result = 0,
                          .pushes = true,
                          .refused = kX87C2};
constexpr X87Register kOne{u64{1} << 63, 0x3fff};
constexpr X87Register kThree{u64{3} << 62, 0x4000};

FpuState two_numbers(u16 control, u16 status) {
    FpuState fpu;
    fpu.control = control;
    fpu.status = status;
    fpu.valid = 0x03;
    fpu.registers[0] = kOne;
    fpu.registers[1] = kThree;
    return fpu;
}

void forget_host_flags() {
    asm volatile("fnclex");
}

}  // namespace

TEST_CASE("a recipe is followed where every flag it raises stands already and is masked") {
    forget_host_flags();
    FpuState fpu = two_numbers(kX87ControlInit, kX87Precision);
    CHECK(follow<kFdiv>(fpu, 1, nullptr));
    CHECK(fpu.st(0) == X87Register{0xaaaa'aaaa'aaaa'aaab, 0x3ffd});
    CHECK(fpu.status == (kX87Precision | kX87C1));  // rounded up
    // Flags that earlier runs left on the host don't stand in the way while the guest has them.
    CHECK(follow<kFdiv>(fpu, 1, nullptr));
}

TEST_CASE("a recipe changes nothing where it can't be followed") {
    const auto refuses = [](FpuState fpu, unsigned i) {
        const FpuState before = fpu;
        const bool followed = follow<kFdiv>(fpu, i, nullptr);
        return !followed && fpu == before;
    };
    forget_host_flags();
    CHECK(refuses(two_numbers(kX87ControlInit, 0), 1));                      // #P is news
    CHECK(refuses(two_numbers(kX87ControlInit & ~kX87Precision, 0x20), 1));  // and unmasked
    CHECK(refuses(two_numbers(kX87ControlInit & ~kX87Underflow, 0x20), 1));  // may be tiny
    CHECK(refuses(two_numbers(kX87ControlInit, kX87Precision), 2));          // empty
    forget_host_flags();
    CHECK_FALSE(refuses(two_numbers(kX87ControlInit, kX87Precision), 1));
}

TEST_CASE("a recipe that pushes wants room and both results") {
    forget_host_flags();
    FpuState fpu = two_numbers(kX87ControlInit, kX87Precision);
    fpu.valid = 0x83;
    CHECK_FALSE(follow<kFsincos>(fpu, 0, nullptr));
    fpu.valid = 0x03;
    CHECK(follow<kFsincos>(fpu, 0, nullptr));
    CHECK(fpu.top() == 7);
    CHECK(fpu.valid == 0x83);
    CHECK(fpu.st(0).sign_exponent == 0x3ffe);  // cos 1
    CHECK(fpu.st(0).significand >> 32 == 0x8a51'407d);
    CHECK(fpu.st(1).significand >> 32 == 0xd76a'a478);  // sin 1
}

}  // namespace seventeen::interpreter
