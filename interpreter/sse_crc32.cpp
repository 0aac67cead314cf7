// CRC32: the Castagnoli checksum of one, two or four more bytes. It touches no SSE state.
#include <array>

#include "interpreter/forms.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

constexpr std::array<u32, 256> make_table() {
    constexpr u32 kPolynomial = 0x82f6'3b78;  // 11EDC6F41h, bits reversed (SDM 2A, CRC32)
    std::array<u32, 256> table{};
    for (u32 byte = 0; byte < table.size(); ++byte) {
        u32 rest = byte;
        for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ (rest & 1 ? kPolynomial : 0);
        table[byte] = rest;
    }
    return table;
}
constexpr std::array<u32, 256> kTable = make_table();

template <typename T, Form kForm>
Fault run_crc32(Cpu& cpu, const Operation& operation) {
    T source;
    if (Fault fault = load_second<T, kForm>(cpu, operation, source)) return fault;
    u32 sum = cpu.reg<u32>(operation.operand[0]);
    for (unsigned i = 0; i < sizeof(T); ++i)
        sum = sum >> 8 ^ kTable[static_cast<u8>(sum ^ source >> 8 * i)];
    cpu.set_reg<u32>(operation.operand[0], sum);
    return {};
}

}  // namespace

Handler bind_sse_crc32(const Instruction& instruction) {
    if (instruction.mnemonic != decoder::Mnemonic::CRC32) return nullptr;
    return by_width(instruction.operands[1].size, [&]<typename T>() -> Handler {
        return is_memory(instruction.operands[1]) ? &run_crc32<T, Form::kRegisterMemory>
                                                  : &run_crc32<T, Form::kRegisterRegister>;
    });
}

}  // namespace seventeen::interpreter
