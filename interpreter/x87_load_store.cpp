// x87 loads and stores that convert (FLD, FST, FILD, FIST, FISTTP, FBLD, FBSTP) and the constants.
#include "interpreter/x87_recipe.h"

namespace seventeen::interpreter {

namespace {

constexpr Recipe pushing(u8 escape, u8 modrm) {
    return {.host = {escape, modrm, 0, 1}, .result = kStPushed, .pushes = true};
}

template <typename T, u8 kEscape, u8 kField>
constexpr Handler load_from = from_memory<T, pushing(kEscape, kField << 3 | kHostMemoryOperand)>;

template <typename T, u8 kEscape, u8 kField, unsigned kPops>
constexpr Handler store_to =
    to_memory<T, HostOperation{kEscape, kField << 3 | kHostMemoryOperand, 1, 0}, kPops>;

// Eighteen decimal digits are ten bytes, as an extended real is.
using PackedDecimal = ExtendedReal;

Handler bind_constant(u8 modrm) {
    switch (modrm) {
        case 0xe8: return on_stack<pushing(0xd9, 0xe8)>;  // FLD1
        case 0xe9: return on_stack<pushing(0xd9, 0xe9)>;  // FLDL2T
        case 0xea: return on_stack<pushing(0xd9, 0xea)>;  // FLDL2E
        case 0xeb: return on_stack<pushing(0xd9, 0xeb)>;  // FLDPI
        case 0xec: return on_stack<pushing(0xd9, 0xec)>;  // FLDLG2
        case 0xed: return on_stack<pushing(0xd9, 0xed)>;  // FLDLN2
        case 0xee: return on_stack<pushing(0xd9, 0xee)>;  // FLDZ
        default: return nullptr;
    }
}

}  // namespace

Handler bind_x87_load_store(const decoder::Instruction& instruction) {
    if (instruction.modrm >= 0xc0)
        return instruction.opcode == 0xd9 ? bind_constant(instruction.modrm) : nullptr;
    switch (instruction.opcode << 4 | (instruction.modrm >> 3 & 7)) {
        case 0xd90: return load_from<u32, 0xd9, 0>;              // FLD m32
        case 0xd92: return store_to<u32, 0xd9, 2, 0>;            // FST m32
        case 0xd93: return store_to<u32, 0xd9, 3, 1>;            // FSTP m32
        case 0xdb0: return load_from<u32, 0xdb, 0>;              // FILD m32
        case 0xdb1: return store_to<u32, 0xdb, 1, 1>;            // FISTTP m32
        case 0xdb2: return store_to<u32, 0xdb, 2, 0>;            // FIST m32
        case 0xdb3: return store_to<u32, 0xdb, 3, 1>;            // FISTP m32
        case 0xdd0: return load_from<u64, 0xdd, 0>;              // FLD m64
        case 0xdd1: return store_to<u64, 0xdd, 1, 1>;            // FISTTP m64
        case 0xdd2: return store_to<u64, 0xdd, 2, 0>;            // FST m64
        case 0xdd3: return store_to<u64, 0xdd, 3, 1>;            // FSTP m64
        case 0xdf0: return load_from<u16, 0xdf, 0>;              // FILD m16
        case 0xdf1: return store_to<u16, 0xdf, 1, 1>;            // FISTTP m16
        case 0xdf2: return store_to<u16, 0xdf, 2, 0>;            // FIST m16
        case 0xdf3: return store_to<u16, 0xdf, 3, 1>;            // FISTP m16
        case 0xdf4: return load_from<PackedDecimal, 0xdf, 4>;    // FBLD
        case 0xdf5: return load_from<u64, 0xdf, 5>;              // FILD m64
        case 0xdf6: return store_to<PackedDecimal, 0xdf, 6, 1>;  // FBSTP
        case 0xdf7: return store_to<u64, 0xdf, 7, 1>;            // FISTP m64
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
