// What the random states are made of.
#include "tests/interpreter/sse_states.h"

#include <array>
#include <bit>
#include <iterator>

namespace seventeen::interpreter {

namespace {

// Zero, denormals, the least and greatest numbers, NaNs of both kinds, halves, and where
// conversions to integers overflow.
constexpr u32 kSingles[] = {
    0,           1,           0x0040'0000, 0x007f'ffff, 0x0080'0000, 0x0080'0001, 0x00ff'ffff,
    0x7f7f'ffff, 0x7f7f'fffe, 0x7f80'0000, 0x7f80'0001, 0x7fa0'0000, 0x7fc0'0000, 0x7fff'ffff,
    0x3f80'0000, 0x3f80'0001, 0x3f7f'ffff, 0x3f00'0000, 0x3f00'0001, 0x3eff'ffff, 0x3fc0'0000,
    0x4000'0000, 0x4020'0000, 0x4060'0000, 0x4b00'0000, 0x4b00'0001, 0x4aff'ffff, 0x4b7f'ffff,
    0x4eff'ffff, 0x4f00'0000, 0x4f00'0001, 0x5f00'0000, 0x3380'0000, 0x3380'0001, 0x1f80'0000,
    0x2000'0000, 0x5f80'0000, 0x6000'0000};
constexpr u64 kDoubles[] = {
    0, 1, 0x0008'0000'0000'0000, 0x000f'ffff'ffff'ffff, 0x0010'0000'0000'0000,
    0x0010'0000'0000'0001, 0x001f'ffff'ffff'ffff, 0x7fef'ffff'ffff'ffff, 0x7fef'ffff'ffff'fffe,
    0x7ff0'0000'0000'0000, 0x7ff0'0000'0000'0001, 0x7ff4'0000'0000'0000, 0x7ff8'0000'0000'0000,
    0x7fff'ffff'ffff'ffff, 0x3ff0'0000'0000'0000, 0x3ff0'0000'0000'0001, 0x3fef'ffff'ffff'ffff,
    0x3fe0'0000'0000'0000, 0x3fe0'0000'0000'0001, 0x3fdf'ffff'ffff'ffff, 0x3ff8'0000'0000'0000,
    0x4004'0000'0000'0000, 0x400c'0000'0000'0000, 0x4330'0000'0000'0000, 0x4330'0000'0000'0001,
    0x432f'ffff'ffff'ffff, 0x41df'ffff'ffc0'0000, 0x41df'ffff'ffdf'ffff, 0x41df'ffff'ffe0'0000,
    0x41e0'0000'0000'0000, 0xc1e0'0000'0000'0000, 0xc1e0'0000'0010'0000, 0xc1e0'0000'0010'0001,
    0x43e0'0000'0000'0000,
    // around the least and greatest singles
    0x47ef'ffff'e000'0000, 0x47ef'ffff'efff'ffff, 0x47ef'ffff'f000'0000, 0x3810'0000'0000'0000,
    0x380f'ffff'ffff'ffff, 0x3800'0000'0000'0000, 0x36a0'0000'0000'0000, 0x3690'0000'0000'0001,
    0x1ff0'0000'0000'0000, 0x5ff0'0000'0000'0000};

constexpr u64 kSign32 = 0x8000'0000;
constexpr u64 kSign64 = u64{1} << 63;

}  // namespace

u32 SseStates::single() {
    const u32 sign = static_cast<u32>(word() & kSign32);
    switch (word() % 4) {
        case 0: return static_cast<u32>(word());
        // Exponents near one: sums that round.
        case 1: return sign | static_cast<u32>(0x3c00'0000 + word() % 0x0800'0000);
        default: return sign | kSingles[word() % std::size(kSingles)];
    }
}

u64 SseStates::double_precision() {
    const u64 sign = word() & kSign64;
    switch (word() % 4) {
        case 0: return word();
        case 1: return sign | (0x3f00'0000'0000'0000 + word() % 0x0180'0000'0000'0000);
        default: return sign | kDoubles[word() % std::size(kDoubles)];
    }
}

XmmRegister SseStates::operand() {
    switch (word() % 6) {
        case 0: return {{word(), word()}};
        case 1: {  // a few letters, some of them null
            std::array<u8, sizeof(XmmRegister)> text;
            for (u8& letter : text) letter = static_cast<u8>(one_in(12) ? 0 : 'a' + word() % 4);
            return std::bit_cast<XmmRegister>(text);
        }
        case 2: {  // bytes at the edges, which make words at the edges too
            constexpr u8 kEdges[] = {0, 1, 0x7f, 0x80, 0xff};
            std::array<u8, sizeof(XmmRegister)> bytes;
            for (u8& byte : bytes) byte = kEdges[word() % std::size(kEdges)];
            return std::bit_cast<XmmRegister>(bytes);
        }
        case 3: return {{word() % 80, word() % 80}};  // counts
        case 4: return {{double_precision(), double_precision()}};
        default: return {{single() | u64{single()} << 32, single() | u64{single()} << 32}};
    }
}

u32 SseStates::mxcsr() {
    if (one_in(3)) return kMxcsrReset | (one_in(2) ? 0 : static_cast<u32>(word() & 0x3f));
    constexpr u32 kFlagsRoundingAndZeros = 0xe07f;  // all but the masks
    constexpr u32 kMasks = kMxcsrReset;
    const u32 masks = one_in(2) ? kMasks : static_cast<u32>(word()) & kMasks;
    return masks | (static_cast<u32>(word()) & (one_in(2) ? kFlagsRoundingAndZeros : 0xe040u));
}

NativeSseFrame SseStates::frame() {
    NativeSseFrame frame;
    NativeFxImage& fpu = frame.fpu;
    fpu.status = static_cast<u16>(word() & 0x7f00);  // conditions and TOP
    if (one_in(16)) {
        fpu.control &= static_cast<u16>(~1u);
        fpu.status |= 0x8081;  // an unmasked invalid operand waits
    }
    fpu.valid = static_cast<u8>(word());
    fpu.mxcsr = mxcsr();
    for (X87Register& st : fpu.st) st = {operand().lanes[0], static_cast<u16>(word())};
    for (unsigned i = 0; i < kNativeGprs; ++i) {
        fpu.xmm[i] = operand();
        frame.gpr[i] = one_in(2) ? word() % 20 : word() & 0xffff'ffff;
    }
    frame.flags = (word() & kFlagsArithmetic) | kFlagFixed;
    return frame;
}

}  // namespace seventeen::interpreter
