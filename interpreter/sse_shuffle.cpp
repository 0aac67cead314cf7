// Lanes rearranged: pack, unpack, shuffle, align, blend, widen, insert from an XMM register.
#include "interpreter/packed_integer.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

// Four lanes of the source, from `first` on, chosen by two bits of the immediate each; the others
// are copied.
template <typename Lane, unsigned first>
struct ShuffleFour {
    template <typename Register>
    static constexpr Register apply(const Register&, const Register& b, u8 order) {
        const auto lanes = split<Lane>(b);
        auto result = lanes;
        for (unsigned i = 0; i < 4; ++i) result[first + i] = lanes[first + (order >> 2 * i & 3)];
        return join<Register>(result);
    }
};

// SHUFPS, SHUFPD: the low half from the destination, the high half from the source.
template <typename Lane>
struct ShuffleFloat {
    static constexpr XmmRegister apply(const XmmRegister& a, const XmmRegister& b, u8 order) {
        constexpr unsigned kCount = sizeof(XmmRegister) / sizeof(Lane);
        constexpr unsigned kBits = kCount / 2;  // to choose one lane
        const auto x = split<Lane>(a);
        const auto y = split<Lane>(b);
        Lanes<Lane, XmmRegister> result;
        for (unsigned i = 0; i < kCount; ++i)
            result[i] = (i < kCount / 2 ? x : y)[order >> kBits * i & (kCount - 1)];
        return join<XmmRegister>(result);
    }
};

template <typename Lane>
struct Blend {
    static constexpr XmmRegister apply(const XmmRegister& a, const XmmRegister& b, u8 selector) {
        auto result = split<Lane>(a);
        const auto other = split<Lane>(b);
        for (unsigned i = 0; i < result.size(); ++i)
            if (selector >> i & 1) result[i] = other[i];
        return join<XmmRegister>(result);
    }
};

// By the sign of the mask's lanes; `Lane` is signed.
template <typename Lane>
struct BlendVariable {
    static constexpr XmmRegister apply(const XmmRegister& a, const XmmRegister& b,
                                       const XmmRegister& mask) {
        auto result = split<Lane>(a);
        const auto other = split<Lane>(b);
        const auto signs = split<Lane>(mask);
        for (unsigned i = 0; i < result.size(); ++i)
            if (signs[i] < 0) result[i] = other[i];
        return join<XmmRegister>(result);
    }
};

// INSERTPS: bits 7..6 choose the source's lane (always the first from memory), 5..4 where it
// goes, 3..0 which lanes are cleared.
template <bool kChooses>
struct InsertFloat {
    static constexpr XmmRegister apply(const XmmRegister& a, const XmmRegister& b, u8 selector) {
        auto result = split<u32>(a);
        result[selector >> 4 & 3] = split<u32>(b)[kChooses ? selector >> 6 : 0];
        for (unsigned i = 0; i < result.size(); ++i)
            if (selector >> i & 1) result[i] = 0;
        return join<XmmRegister>(result);
    }
};

template <typename Lane>
struct DuplicateEven {  // MOVSLDUP, MOVDDUP
    static constexpr XmmRegister apply(const XmmRegister&, const XmmRegister& b) {
        auto lanes = split<Lane>(b);
        for (unsigned i = 0; i < lanes.size(); i += 2) lanes[i + 1] = lanes[i];
        return join<XmmRegister>(lanes);
    }
};
struct DuplicateOdd {  // MOVSHDUP
    static constexpr XmmRegister apply(const XmmRegister&, const XmmRegister& b) {
        auto lanes = split<u32>(b);
        for (unsigned i = 0; i < lanes.size(); i += 2) lanes[i] = lanes[i + 1];
        return join<XmmRegister>(lanes);
    }
};

// PUNPCKL of an MMX register reads only the 32 bits it uses from memory (SDM 2B, and the host).
template <typename Lane>
Handler unpack_low(const Instruction& instruction) {
    return packed<UnpackLow<Lane>, FromMemory<u64, u32>>(instruction);
}

// PMOVSX, PMOVZX: only as much memory as becomes wide lanes.
template <typename Narrow, typename Wide>
Handler widen(const Instruction& instruction) {
    using Memory = std::array<Narrow, sizeof(XmmRegister) / sizeof(Wide)>;
    return packed_xmm<Widen<Narrow, Wide>, FromMemory<XmmRegister, Memory>>(instruction);
}

Handler insert_float(const Instruction& instruction) {
    return is_memory(instruction.operands[1])
               ? &run_packed<InsertFloat<false>, XmmRegister, FromMemory<XmmRegister, u32>>
               : &run_packed<InsertFloat<true>, XmmRegister, FromRegister<XmmRegister>>;
}

Handler bind_interleave(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PACKSSWB: return packed<Pack<s8, s16>>(instruction);
        case PACKSSDW: return packed<Pack<s16, s32>>(instruction);
        case PACKUSWB: return packed<Pack<u8, s16>>(instruction);
        case PACKUSDW: return packed_xmm<Pack<u16, s32>>(instruction);
        case PUNPCKLBW: return unpack_low<u8>(instruction);
        case PUNPCKLWD: return unpack_low<u16>(instruction);
        case PUNPCKLDQ: return unpack_low<u32>(instruction);
        case PUNPCKLQDQ:
        case UNPCKLPD: return packed_xmm<UnpackLow<u64>>(instruction);
        case UNPCKLPS: return packed_xmm<UnpackLow<u32>>(instruction);
        case PUNPCKHBW: return packed<UnpackHigh<u8>>(instruction);
        case PUNPCKHWD: return packed<UnpackHigh<u16>>(instruction);
        case PUNPCKHDQ: return packed<UnpackHigh<u32>>(instruction);
        case PUNPCKHQDQ:
        case UNPCKHPD: return packed_xmm<UnpackHigh<u64>>(instruction);
        case UNPCKHPS: return packed_xmm<UnpackHigh<u32>>(instruction);
        case PMOVSXBW: return widen<s8, s16>(instruction);
        case PMOVSXBD: return widen<s8, s32>(instruction);
        case PMOVSXBQ: return widen<s8, s64>(instruction);
        case PMOVSXWD: return widen<s16, s32>(instruction);
        case PMOVSXWQ: return widen<s16, s64>(instruction);
        case PMOVSXDQ: return widen<s32, s64>(instruction);
        case PMOVZXBW: return widen<u8, u16>(instruction);
        case PMOVZXBD: return widen<u8, u32>(instruction);
        case PMOVZXBQ: return widen<u8, u64>(instruction);
        case PMOVZXWD: return widen<u16, u32>(instruction);
        case PMOVZXWQ: return widen<u16, u64>(instruction);
        case PMOVZXDQ: return widen<u32, u64>(instruction);
        default: return nullptr;
    }
}

}  // namespace

Handler bind_sse_shuffle(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PSHUFB: return packed<ShuffleBytes>(instruction);
        case PSHUFW: return packed_mmx<ShuffleFour<u16, 0>>(instruction);
        case PSHUFLW: return packed_xmm<ShuffleFour<u16, 0>>(instruction);
        case PSHUFHW: return packed_xmm<ShuffleFour<u16, 4>>(instruction);
        case PSHUFD: return packed_xmm<ShuffleFour<u32, 0>>(instruction);
        case SHUFPS: return packed_xmm<ShuffleFloat<u32>>(instruction);
        case SHUFPD: return packed_xmm<ShuffleFloat<u64>>(instruction);
        case PALIGNR: return packed<AlignRight>(instruction);
        case PBLENDW: return packed_xmm<Blend<u16>>(instruction);
        case BLENDPS: return packed_xmm<Blend<u32>>(instruction);
        case BLENDPD: return packed_xmm<Blend<u64>>(instruction);
        case PBLENDVB: return packed_xmm<BlendVariable<s8>>(instruction);
        case BLENDVPS: return packed_xmm<BlendVariable<s32>>(instruction);
        case BLENDVPD: return packed_xmm<BlendVariable<s64>>(instruction);
        case INSERTPS: return insert_float(instruction);
        case MOVDDUP:
            return packed_xmm<DuplicateEven<u64>, FromMemory<XmmRegister, u64>>(instruction);
        case MOVSLDUP: return packed_xmm<DuplicateEven<u32>>(instruction);
        case MOVSHDUP: return packed_xmm<DuplicateOdd>(instruction);
        default: return bind_interleave(instruction);
    }
}

}  // namespace seventeen::interpreter
