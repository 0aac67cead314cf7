// Opcodes are drawn, and kept where they decode to an instruction of the units' families.
#include "tests/lockstep/random_fpu.h"

#include <array>
#include <cstring>

namespace seventeen::lockstep {

namespace {

using decoder::CodeSize;
using decoder::Family;
using decoder::Instruction;
using decoder::Mnemonic;

// [BX], [SI], [DI] with a displacement of 8 bits: register number, and ModRM's r/m of either size.
struct Pointer {
    u8 number;
    u8 rm16;
    u8 rm32;
};
constexpr Pointer kPointers[] = {{3, 7, 3}, {6, 4, 6}, {7, 5, 7}};
constexpr u8 kModDisplacement8 = 0x40;
constexpr u8 kModRegister = 0xc0;

// They save or load whole states: seldom by chance, as most images are no good.
bool is_rare(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::FLDENV:
        case Mnemonic::FRSTOR:
        case Mnemonic::FNSAVE:
        case Mnemonic::FNINIT:
        case Mnemonic::FXRSTOR:
        case Mnemonic::FLDCW:
        case Mnemonic::LDMXCSR: return true;
        default: return false;
    }
}

void put(std::vector<u8>& code, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) code.push_back(static_cast<u8>(value >> 8 * i));
}

}  // namespace

RandomFpuCode::RandomFpuCode(Random& random, CodeSize size, u32 data)
    : random_(random), size_(size), data_(data) {}

void RandomFpuCode::append(std::vector<u8>& code) {
    if (chance(25)) append_pointer(code);
    if (chance(6)) append_setup(code);
    append_instruction(code);
}

// Mostly aligned, now and then across a page.
void RandomFpuCode::append_pointer(std::vector<u8>& code) {
    const Pointer pointer = kPointers[random_() % std::size(kPointers)];
    u32 offset = static_cast<u32>(random_() & 0xfff0);
    if (chance(10)) offset += static_cast<u32>(random_() % 16);
    if (chance(5)) offset = (offset | 0xff0) & 0xfff0;
    code.push_back(static_cast<u8>(0xb8 + pointer.number));
    put(code, data_ + offset, size_ == CodeSize::k16 ? 2 : 4);
}

void RandomFpuCode::append_setup(std::vector<u8>& code) {
    constexpr u8 kBx = 3;
    switch (random_() % 8) {
        case 0:
        case 1: return append_control_word(code);
        case 2:
        case 3: return append_mxcsr(code);
        case 4: return put(code, 0xe3db, 2);  // fninit
        case 5: return put(code, 0xe2db, 2);  // fnclex
        case 6: return put(code, 0x770f, 2);  // emms
        default: break;
    }
    // FXSAVE or FNSAVE, and what loads the same again.
    code.push_back(0xb8 + kBx);
    put(code, data_ + static_cast<u32>(random_() & 0xf000), size_ == CodeSize::k16 ? 2 : 4);
    const bool small = size_ == CodeSize::k16;
    const u8 rm = small ? 7 : 3;
    if (chance(50)) {
        put(code, 0xae0f | static_cast<u32>(rm) << 16, 3);         // fxsave [bx]
        put(code, 0xae0f | static_cast<u32>(0x08 | rm) << 16, 3);  // fxrstor [bx]
    } else {
        put(code, 0xdd | static_cast<u32>(0x30 | rm) << 8, 2);  // fnsave [bx]
        put(code, 0xdd | static_cast<u32>(0x20 | rm) << 8, 2);  // frstor [bx]
    }
}

// MOV word [bx], value; FLDCW [bx].
void RandomFpuCode::append_control_word(std::vector<u8>& code) {
    const bool small = size_ == CodeSize::k16;
    const u8 rm = small ? 7 : 3;
    u32 value = static_cast<u32>(random_() & 0x1f00);
    value |= chance(75) ? 0x3f : static_cast<u32>(random_() & 0x3f);
    if (!small) code.push_back(0x66);
    put(code, 0xc7 | u32{rm} << 8, 2);
    put(code, value, 2);
    put(code, 0xd9 | u32{0x28u | rm} << 8, 2);
}

void RandomFpuCode::append_mxcsr(std::vector<u8>& code) {
    const bool small = size_ == CodeSize::k16;
    const u8 rm = small ? 7 : 3;
    u32 value = static_cast<u32>(random_() & 0xe07f);
    value |= chance(75) ? 0x1f80 : static_cast<u32>(random_() & 0x1f80);
    if (small) code.push_back(0x66);
    put(code, 0xc7 | u32{rm} << 8, 2);
    put(code, value, 4);
    put(code, 0xae0f | static_cast<u32>(0x10 | rm) << 16, 3);
}

std::vector<u8> RandomFpuCode::random_bytes() {
    std::vector<u8> bytes;
    if (chance(3)) bytes.push_back(0x67);
    if (chance(3)) bytes.push_back(static_cast<u8>(0x26 | (random_() % 4) << 3));
    if (chance(40)) {
        bytes.push_back(static_cast<u8>(0xd8 + random_() % 8));
    } else {
        constexpr u8 kPrefixes[] = {0x66, 0xf2, 0xf3};
        if (chance(75)) bytes.push_back(kPrefixes[random_() % std::size(kPrefixes)]);
        bytes.push_back(0x0f);
        if (chance(30)) bytes.push_back(chance(70) ? 0x38 : 0x3a);
        bytes.push_back(static_cast<u8>(random_()));
    }
    u8 modrm = static_cast<u8>(random_());
    if (chance(90)) {
        modrm &= 0x38;
        const Pointer pointer = kPointers[random_() % std::size(kPointers)];
        const u8 rm = size_ == CodeSize::k16 ? pointer.rm16 : pointer.rm32;
        modrm |= chance(50) ? kModDisplacement8 | rm : kModRegister | (random_() & 7);
    }
    bytes.push_back(modrm);
    bytes.push_back(static_cast<u8>(random_() & 0x70));
    while (bytes.size() < decoder::kMaxInstructionLength)
        bytes.push_back(static_cast<u8>(random_()));
    return bytes;
}

void RandomFpuCode::append_instruction(std::vector<u8>& code) {
    for (;;) {
        const std::vector<u8> bytes = random_bytes();
        Instruction instruction;
        if (decoder_.decode(bytes, size_, instruction) != decoder::DecodeStatus::kOk) continue;
        if (instruction.row().family < Family::kX87) continue;
        if (is_rare(instruction.mnemonic) && !chance(5)) continue;
        code.insert(code.end(), bytes.begin(), bytes.begin() + instruction.length);
        return;
    }
}

std::vector<u8> random_numbers(std::mt19937_64& random, std::size_t size) {
    constexpr std::array<u64, 8> kDoubles = {0,
                                             0x8000'0000'0000'0000,   // -0
                                             0x3ff0'0000'0000'0000,   // 1
                                             0x7ff0'0000'0000'0000,   // infinity
                                             0x7ff8'0000'0000'0001,   // quiet
                                             0x7ff0'0000'0000'0001,   // signalling
                                             0x0000'0000'0000'0001,   // denormal
                                             0x7fef'ffff'ffff'ffff};  // the greatest
    constexpr std::array<u32, 8> kSingles = {0,           0x8000'0000, 0x3f80'0000, 0x7f80'0000,
                                             0x7fc0'0001, 0x7f80'0001, 0x0000'0001, 0x7f7f'ffff};
    std::vector<u8> bytes(size & ~std::size_t{7});
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
        u64 value = random();
        switch (random() % 6) {
            case 0: value = kDoubles[value % 8]; break;
            case 1: value = u64{kSingles[value % 8]} << 32 | kSingles[value / 8 % 8]; break;
            case 2: value = 0x3ff0'0000'0000'0000 | (value & 0x800f'0000'0000'0000); break;
            case 3: value = (value & 0x807f'0000'807f'0000) | 0x3f80'0000'3f80'0000; break;
            case 4: value = value % 1000; break;
            default: break;
        }
        std::memcpy(&bytes[at], &value, sizeof value);
    }
    return bytes;
}

}  // namespace seventeen::lockstep
