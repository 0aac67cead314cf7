// FpuImage: the registers cross in both directions, and lie where the host's FXSAVE puts them.
#include "translator/fpu_image.h"

#include <catch2/catch.hpp>

namespace seventeen::translator {

namespace {

FpuState some_state() {
    FpuState fpu;
    fpu.control = 0x027f;
    fpu.status = 0x4041;
    fpu.set_top(5);
    fpu.valid = 0xe0;
    fpu.mxcsr = 0x1fa5;
    fpu.opcode = 0x1e8;
    fpu.instruction_pointer = 0x1234;
    fpu.data_selector = 0x2b;
    for (unsigned i = 0; i < 8; ++i) {
        fpu.registers[i] = {0x8000'0000'0000'0000 + i, static_cast<u16>(0x3fff + i)};
        fpu.xmm[i] = {{i, ~u64{i}}};
    }
    return fpu;
}

}  // namespace

TEST_CASE("FPU registers survive the way through the image") {
    const FpuState fpu = some_state();
    FpuImage image;
    image.take_from(fpu);
    CHECK(image.st[0].significand == fpu.registers[5].significand);
    CHECK(image.st[3].sign_exponent == fpu.registers[0].sign_exponent);
    FpuState back;
    back.opcode = fpu.opcode;  // the pointers are not the image's
    back.instruction_pointer = fpu.instruction_pointer;
    back.data_selector = fpu.data_selector;
    image.give_to(back);
    CHECK(back == fpu);
}

TEST_CASE("The image is what the host's FXRSTOR and FXSAVE take") {
    FpuImage image;
    image.take_from(some_state());
    FpuImage own, found;
    asm volatile(
        "fxsave %[own]\n\t"
        "fxrstor %[image]\n\t"
        "fxsave %[found]\n\t"
        "fxrstor %[own]"
        : [own] "+m"(own), [found] "=m"(found)
        : [image] "m"(image));
    CHECK(found.control == image.control);
    CHECK(found.status == image.status);
    CHECK(found.valid == image.valid);
    CHECK(found.mxcsr == image.mxcsr);
    for (unsigned i = 0; i < 8; ++i) {
        CHECK(found.st[i].significand == image.st[i].significand);
        CHECK(found.st[i].sign_exponent == image.st[i].sign_exponent);
        CHECK(found.xmm[i] == image.xmm[i]);
    }
}

}  // namespace seventeen::translator
