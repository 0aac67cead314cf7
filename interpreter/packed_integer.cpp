// Packed integer arithmetic, comparisons and logic on MMX and XMM registers, MMX to SSE4.2.
#include "interpreter/packed_integer.h"

#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

Handler bind_arithmetic(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PADDB: return packed<Lanewise<add<u8>>>(instruction);
        case PADDW: return packed<Lanewise<add<u16>>>(instruction);
        case PADDD: return packed<Lanewise<add<u32>>>(instruction);
        case PADDQ: return packed<Lanewise<add<u64>>>(instruction);
        case PADDSB: return packed<Lanewise<add_saturated<s8>>>(instruction);
        case PADDSW: return packed<Lanewise<add_saturated<s16>>>(instruction);
        case PADDUSB: return packed<Lanewise<add_saturated<u8>>>(instruction);
        case PADDUSW: return packed<Lanewise<add_saturated<u16>>>(instruction);
        case PSUBB: return packed<Lanewise<subtract<u8>>>(instruction);
        case PSUBW: return packed<Lanewise<subtract<u16>>>(instruction);
        case PSUBD: return packed<Lanewise<subtract<u32>>>(instruction);
        case PSUBQ: return packed<Lanewise<subtract<u64>>>(instruction);
        case PSUBSB: return packed<Lanewise<subtract_saturated<s8>>>(instruction);
        case PSUBSW: return packed<Lanewise<subtract_saturated<s16>>>(instruction);
        case PSUBUSB: return packed<Lanewise<subtract_saturated<u8>>>(instruction);
        case PSUBUSW: return packed<Lanewise<subtract_saturated<u16>>>(instruction);
        case PHADDW: return packed<Horizontal<add<u16>>>(instruction);
        case PHADDD: return packed<Horizontal<add<u32>>>(instruction);
        case PHADDSW: return packed<Horizontal<add_saturated<s16>>>(instruction);
        case PHSUBW: return packed<Horizontal<subtract<u16>>>(instruction);
        case PHSUBD: return packed<Horizontal<subtract<u32>>>(instruction);
        case PHSUBSW: return packed<Horizontal<subtract_saturated<s16>>>(instruction);
        case PSIGNB: return packed<Lanewise<sign<s8>>>(instruction);
        case PSIGNW: return packed<Lanewise<sign<s16>>>(instruction);
        case PSIGND: return packed<Lanewise<sign<s32>>>(instruction);
        case PABSB: return packed<Lanewise<absolute<s8>>>(instruction);
        case PABSW: return packed<Lanewise<absolute<s16>>>(instruction);
        case PABSD: return packed<Lanewise<absolute<s32>>>(instruction);
        case PAVGB: return packed<Lanewise<average<u8>>>(instruction);
        case PAVGW: return packed<Lanewise<average<u16>>>(instruction);
        case PSADBW: return packed<SumOfDifferences>(instruction);
        case MPSADBW: return packed_xmm<SlidingDifferences>(instruction);
        default: return nullptr;
    }
}

Handler bind_multiply(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PMULLW: return packed<Lanewise<multiply_low<u16>>>(instruction);
        case PMULLD: return packed_xmm<Lanewise<multiply_low<u32>>>(instruction);
        case PMULHW: return packed<Lanewise<multiply_high<s16>>>(instruction);
        case PMULHUW: return packed<Lanewise<multiply_high<u16>>>(instruction);
        case PMULHRSW: return packed<Lanewise<multiply_high_rounded>>(instruction);
        case PMULUDQ: return packed<Lanewise<multiply_unsigned_halves>>(instruction);
        case PMULDQ: return packed_xmm<Lanewise<multiply_signed_halves>>(instruction);
        case PMADDWD: return packed<MultiplyAdd<s32, s16, s16, wrapped_sum>>(instruction);
        case PMADDUBSW: return packed<MultiplyAdd<s16, u8, s8, saturated_sum>>(instruction);
        default: return nullptr;
    }
}

Handler bind_comparison(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PCMPEQB: return packed<Lanewise<equal<u8>>>(instruction);
        case PCMPEQW: return packed<Lanewise<equal<u16>>>(instruction);
        case PCMPEQD: return packed<Lanewise<equal<u32>>>(instruction);
        case PCMPEQQ: return packed_xmm<Lanewise<equal<u64>>>(instruction);
        case PCMPGTB: return packed<Lanewise<greater<s8>>>(instruction);
        case PCMPGTW: return packed<Lanewise<greater<s16>>>(instruction);
        case PCMPGTD: return packed<Lanewise<greater<s32>>>(instruction);
        case PCMPGTQ: return packed_xmm<Lanewise<greater<s64>>>(instruction);
        case PMINUB: return packed<Lanewise<minimum<u8>>>(instruction);
        case PMINSW: return packed<Lanewise<minimum<s16>>>(instruction);
        case PMINSB: return packed_xmm<Lanewise<minimum<s8>>>(instruction);
        case PMINUW: return packed_xmm<Lanewise<minimum<u16>>>(instruction);
        case PMINSD: return packed_xmm<Lanewise<minimum<s32>>>(instruction);
        case PMINUD: return packed_xmm<Lanewise<minimum<u32>>>(instruction);
        case PMAXUB: return packed<Lanewise<maximum<u8>>>(instruction);
        case PMAXSW: return packed<Lanewise<maximum<s16>>>(instruction);
        case PMAXSB: return packed_xmm<Lanewise<maximum<s8>>>(instruction);
        case PMAXUW: return packed_xmm<Lanewise<maximum<u16>>>(instruction);
        case PMAXSD: return packed_xmm<Lanewise<maximum<s32>>>(instruction);
        case PMAXUD: return packed_xmm<Lanewise<maximum<u32>>>(instruction);
        case PHMINPOSUW: return packed_xmm<MinimumPosition>(instruction);
        default: return nullptr;
    }
}

Handler bind_logic(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PAND: return packed<Lanewise<bit_and>>(instruction);
        case PANDN: return packed<Lanewise<bit_and_not>>(instruction);
        case POR: return packed<Lanewise<bit_or>>(instruction);
        case PXOR: return packed<Lanewise<bit_xor>>(instruction);
        case ANDPS:
        case ANDPD: return packed_xmm<Lanewise<bit_and>>(instruction);
        case ANDNPS:
        case ANDNPD: return packed_xmm<Lanewise<bit_and_not>>(instruction);
        case ORPS:
        case ORPD: return packed_xmm<Lanewise<bit_or>>(instruction);
        case XORPS:
        case XORPD: return packed_xmm<Lanewise<bit_xor>>(instruction);
        default: return nullptr;
    }
}

}  // namespace

Handler bind_packed_integer(const Instruction& instruction) {
    if (Handler handler = bind_arithmetic(instruction)) return handler;
    if (Handler handler = bind_multiply(instruction)) return handler;
    if (Handler handler = bind_comparison(instruction)) return handler;
    return bind_logic(instruction);
}

}  // namespace seventeen::interpreter
