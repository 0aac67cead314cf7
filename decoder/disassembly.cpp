// Disassembly by Zydis' formatter, in lower case and without padding.
#include "decoder/disassembly.h"

#include <Zydis/Zydis.h>

#include <array>

#include "core/check.h"

namespace seventeen::decoder {

namespace {

ZydisDecoder decoder_of(CodeSize size) {
    struct Setting {
        ZydisMachineMode mode;
        ZydisStackWidth stack;
    };
    constexpr std::array<Setting, 3> kSettings{{
        {ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16},
        {ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32},
        {ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64},
    }};
    const Setting& setting = kSettings.at(static_cast<std::size_t>(size));
    ZydisDecoder decoder;
    check(ZYAN_SUCCESS(ZydisDecoderInit(&decoder, setting.mode, setting.stack)),
          "Zydis knows its own modes");
    return decoder;
}

ZydisFormatter plain_formatter() {
    ZydisFormatter formatter;
    bool good = ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL));
    const auto set = [&](ZydisFormatterProperty property, ZyanUPointer value) {
        good = good && ZYAN_SUCCESS(ZydisFormatterSetProperty(&formatter, property, value));
    };
    set(ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE);
    set(ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
    set(ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED);
    set(ZYDIS_FORMATTER_PROP_ADDR_PADDING_RELATIVE, ZYDIS_PADDING_DISABLED);
    set(ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
    set(ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
    check(good, "Zydis knows its own properties");
    return formatter;
}

Disassembly no_instruction(u8 byte) {
    constexpr char kDigits[] = "0123456789abcdef";
    return {std::string("db 0x") + kDigits[byte >> 4] + kDigits[byte & 0xf], 1, {}};
}

}  // namespace

Disassembly disassemble(std::span<const u8> bytes, CodeSize size, u64 address) {
    check(!bytes.empty(), "something is disassembled");
    const ZydisDecoder decoder = decoder_of(size);
    ZydisDecodedInstruction raw;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    if (!ZYAN_SUCCESS(
            ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &raw, operands.data())))
        return no_instruction(bytes[0]);
    Disassembly result;
    result.length = raw.length;
    std::array<char, 160> text{};
    const ZydisFormatter formatter = plain_formatter();
    check(ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &raw, operands.data(),
                                                       raw.operand_count_visible, text.data(),
                                                       text.size(), address, nullptr)),
          "what Zydis decodes it can print");
    result.text = text.data();
    ZyanU64 target = 0;
    if (raw.operand_count_visible == 1 && operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
        operands[0].imm.is_relative &&
        ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&raw, operands.data(), address, &target)))
        result.target = target;
    return result;
}

}  // namespace seventeen::decoder
