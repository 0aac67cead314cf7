// Zydis' numbers for mnemonics and registers, as ours. Included by decoder.cpp only.
#pragma once

#include <Zydis/Zydis.h>

#include <array>

#include "decoder/instruction.h"

namespace seventeen::decoder {

// Rows that split one of Zydis' mnemonics, and so have none there.
inline constexpr int ZYDIS_MNEMONIC_MOV_SEGMENT = 0;
inline constexpr int ZYDIS_MNEMONIC_MOV_CONTROL = 0;
inline constexpr int ZYDIS_MNEMONIC_MOV_DEBUG = 0;
inline constexpr int ZYDIS_MNEMONIC_PUSH_SEGMENT = 0;
inline constexpr int ZYDIS_MNEMONIC_POP_SEGMENT = 0;
inline constexpr int ZYDIS_MNEMONIC_JMP_FAR = 0;
inline constexpr int ZYDIS_MNEMONIC_CALL_FAR = 0;
inline constexpr int ZYDIS_MNEMONIC_RET_FAR = 0;
inline constexpr int ZYDIS_MNEMONIC_MOVSD_SSE = 0;
inline constexpr int ZYDIS_MNEMONIC_CMPSD_SSE = 0;

using MnemonicMap = std::array<Mnemonic, ZYDIS_MNEMONIC_MAX_VALUE + 1>;

consteval MnemonicMap make_mnemonic_map() {
    MnemonicMap map{};
#define SEVENTEEN_INSTRUCTION(name, ...) map[ZYDIS_MNEMONIC_##name] = Mnemonic::name;
#include "decoder/instructions.inc"
#undef SEVENTEEN_INSTRUCTION
    // 0F 0D: data is fetched ahead of its use, which nothing here can tell from doing nothing.
    map[ZYDIS_MNEMONIC_PREFETCH] = Mnemonic::NOP;
    map[ZYDIS_MNEMONIC_PREFETCHW] = Mnemonic::NOP;
    map[ZYDIS_MNEMONIC_PREFETCHWT1] = Mnemonic::NOP;
    map[ZYDIS_MNEMONIC_INVALID] = Mnemonic::kInvalid;
    return map;
}

inline constexpr MnemonicMap kMnemonicOf = make_mnemonic_map();

struct RegisterName {
    RegisterClass register_class = RegisterClass::kNone;
    u8 number = 0;
};

using RegisterMap = std::array<RegisterName, ZYDIS_REGISTER_MAX_VALUE + 1>;

consteval RegisterMap make_register_map() {
    RegisterMap map{};
    const auto range = [&map](int first, int last, RegisterClass register_class, u8 number = 0) {
        for (int i = first; i <= last; ++i) map[i] = {register_class, number++};
    };
    range(ZYDIS_REGISTER_AL, ZYDIS_REGISTER_BH, RegisterClass::kGpr8);
    range(ZYDIS_REGISTER_SPL, ZYDIS_REGISTER_DIL, RegisterClass::kGpr8, 20);
    range(ZYDIS_REGISTER_R8B, ZYDIS_REGISTER_R15B, RegisterClass::kGpr8, 8);
    range(ZYDIS_REGISTER_AX, ZYDIS_REGISTER_R15W, RegisterClass::kGpr16);
    range(ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_R15D, RegisterClass::kGpr32);
    range(ZYDIS_REGISTER_RAX, ZYDIS_REGISTER_R15, RegisterClass::kGpr64);
    range(ZYDIS_REGISTER_ES, ZYDIS_REGISTER_GS, RegisterClass::kSegment);
    range(ZYDIS_REGISTER_CR0, ZYDIS_REGISTER_CR15, RegisterClass::kControl);
    range(ZYDIS_REGISTER_DR0, ZYDIS_REGISTER_DR15, RegisterClass::kDebug);
    range(ZYDIS_REGISTER_ST0, ZYDIS_REGISTER_ST7, RegisterClass::kX87);
    range(ZYDIS_REGISTER_MM0, ZYDIS_REGISTER_MM7, RegisterClass::kMmx);
    range(ZYDIS_REGISTER_XMM0, ZYDIS_REGISTER_XMM15, RegisterClass::kXmm);
    return map;
}

inline constexpr RegisterMap kRegisterOf = make_register_map();
static_assert(kRegisterOf[ZYDIS_REGISTER_GS].number == static_cast<u8>(SegmentName::kGs));
static_assert(kRegisterOf[ZYDIS_REGISTER_EDI].number == static_cast<u8>(Gpr::kDi));
static_assert(kRegisterOf[ZYDIS_REGISTER_BH].number == 7);

}  // namespace seventeen::decoder
