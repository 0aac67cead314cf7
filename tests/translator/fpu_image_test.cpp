// FPU registers survive the way through an FXSAVE image, in whatever order the stack has.
#include "translator/fpu_image.h"

#include <catch2/catch.hpp>

namespace seventeen::translator {

TEST_CASE("An image gives back what it took, at every top of the stack") {
    for (unsigned top = 0; top < 8; ++top) {
        FpuState fpu;
        fpu.control = 0x27f;
        fpu.status = 0x4123;
        fpu.set_top(top);
        fpu.valid = 0x5a;
        fpu.mxcsr = 0x9fc0;
        for (unsigned i = 0; i < 8; ++i) {
            fpu.registers[i] = {0x8000'0000'0000'0000 + i, static_cast<u16>(0x3fff + i)};
            fpu.xmm[i].lanes = {i, ~u64{i}};
        }
        FpuImage image;
        image.take_from(fpu);
        CHECK(image.st[0].significand == fpu.st(0).significand);
        FpuState back;
        image.give_to(back);
        CHECK(back == fpu);
    }
}

}  // namespace seventeen::translator
