// FpuImage: the FXSAVE area in which x87, MMX and SSE registers cross between CpuState and host.
//
// While Context::fpu_live is set, the guest's registers are in the host's units when translated
// code runs, and in the image when C++ does. The x87's instruction and data pointers are not part
// of it: the host's would be those of translated code, so code notes the guest's in the Context.
#pragma once

#include <array>

#include "core/fpu_state.h"
#include "core/types.h"

namespace seventeen::translator {

struct alignas(64) FpuImage {
    struct Register {
        u64 significand = 0;
        u16 sign_exponent = 0;
        std::array<u16, 3> reserved{};
    };

    u16 control = 0;
    u16 status = 0;
    u8 valid = 0;
    u8 reserved = 0;
    u16 opcode = 0;
    std::array<u64, 2> pointers{};
    u32 mxcsr = kMxcsrReset;
    u32 mxcsr_mask = 0;
    std::array<Register, 8> st{};  // stack order
    std::array<XmmRegister, 16> xmm{};
    std::array<u8, 96> rest{};

    void take_from(const FpuState& fpu);
    // Everything but the pointers.
    void give_to(FpuState& fpu) const;
};
static_assert(sizeof(FpuImage) == 512);

}  // namespace seventeen::translator
