// The ways to write, and where to.
#include "tests/lockstep/self_modifying_code.h"

#include <algorithm>

namespace seventeen::lockstep {

struct SelfModifyingCode::Form {
    std::vector<u8> opcode;
    int reg = -1;            // ModRM's reg field; -1: any
    bool wide = false;       // the opcode + 1 works on words or dwords
    unsigned immediate = 0;  // bytes; kOperand: as many as the operand has

    static constexpr unsigned kOperand = 9;
};

const SelfModifyingCode::Form SelfModifyingCode::kForms[] = {
    {{0xc6}, 0, true, Form::kOperand},   // mov m, imm
    {{0xc6}, 0, true, Form::kOperand},   // … more often than the others
    {{0xc6}, 0, true, Form::kOperand},   //
    {{0x88}, -1, true, 0},               // mov m, r
    {{0x80}, 0, false, 1},               // add m8, imm8
    {{0x80}, 6, false, 1},               // xor m8, imm8
    {{0x00}, -1, true, 0},               // add m, r
    {{0xfe}, 0, true, 0},                // inc m
    {{0xfe}, 1, true, 0},                // dec m
    {{0xf6}, 2, true, 0},                // not m
    {{0xd0}, 0, true, 0},                // rol m, 1
    {{0x86}, -1, true, 0},               // xchg m, r
    {{0x0f, 0xb0}, -1, true, 0},         // cmpxchg m, r
    {{0x0f, 0xc0}, -1, true, 0},         // xadd m, r
    {{0x0f, 0xba}, 5, false, 1},         // bts m, imm8
    {{0x0f, 0x94}, 0, false, 0},         // sete m8
    {{0x8f}, 0, false, 0},               // pop m
    {{0xd9}, 2, false, 0},               // fst m32
    {{0xdd}, 2, false, 0},               // fst m64
    {{0xd9}, 7, false, 0},               // fnstcw m16
    {{0x0f, 0x7f}, -1, false, 0},        // movq m64, mm
    {{0x0f, 0x11}, -1, false, 0},        // movups m128, xmm
    {{0x66, 0x0f, 0x7e}, -1, false, 0},  // movd m32, xmm
};

SelfModifyingCode::SelfModifyingCode(Random& random, const CodeReach& reach, u32 code,
                                     u32 code_size)
    : random_(random), reach_(reach), code_(code), code_size_(code_size) {}

void SelfModifyingCode::append(std::vector<u8>& image) {
    if (chance(30)) return append_patched_immediate(image);
    if (reach_.through_es_and_ss && chance(20)) return append_string(image);
    if (reach_.through_es_and_ss && chance(15)) return append_push(image);
    append_plain(image);
}

// Mostly in sight: the instructions around `here`, or the borders of pages; sometimes anywhere.
u32 SelfModifyingCode::target(u32 here) {
    u32 at = code_ + static_cast<u32>(random_() % code_size_);
    switch (random_() % 8) {
        case 0: break;
        case 1: at = (at | kPageMask) - static_cast<u32>(random_() % 4); break;
        case 2:
        case 3: at = here - static_cast<u32>(random_() % 64); break;
        default: at = here + static_cast<u32>(random_() % 48); break;
    }
    if (reach_.alias != 0 && chance(40)) at += reach_.alias;
    return at;
}

std::vector<u8> SelfModifyingCode::instruction_bytes(std::size_t size) {
    std::vector<u8> bytes;
    while (bytes.size() < size) {
        const auto next = random_instruction(random_, decoder_, reach_.size, true);
        bytes.insert(bytes.end(), next.begin(), next.end());
    }
    bytes.resize(size);
    return bytes;
}

std::vector<u8> SelfModifyingCode::write(const Form& form, u32 target, bool wide) {
    std::vector<u8> bytes;
    if (wide && chance(20)) bytes.push_back(0x66);
    const unsigned size = !wide ? 1 : bytes.empty() ? operand_size() : 6 - operand_size();
    bytes.insert(bytes.end(), reach_.prefixes.begin(), reach_.prefixes.end());
    bytes.insert(bytes.end(), form.opcode.begin(), form.opcode.end());
    if (wide) ++bytes.back();
    const unsigned reg = form.reg < 0 ? random_() % 8 : static_cast<unsigned>(form.reg);
    bytes.push_back(static_cast<u8>(reg << 3 | (reach_.short_addresses ? 6 : 5)));
    append_number(bytes, target - reach_.base, reach_.short_addresses ? 2 : 4);
    const auto immediate =
        instruction_bytes(form.immediate == Form::kOperand ? size : form.immediate);
    bytes.insert(bytes.end(), immediate.begin(), immediate.end());
    return bytes;
}

void SelfModifyingCode::append_plain(std::vector<u8>& image) {
    const Form& form = kForms[random_() % std::size(kForms)];
    const auto bytes =
        write(form, target(code_ + static_cast<u32>(image.size())), form.wide && chance(60));
    image.insert(image.end(), bytes.begin(), bytes.end());
}

// The immediate of an instruction close by, mostly the very next one.
void SelfModifyingCode::append_patched_immediate(std::vector<u8>& image) {
    const Form& form = kForms[random_() % 11];
    const bool wide = form.wide && chance(70);
    std::vector<u8> between;
    if (chance(40)) between = random_instruction(random_, decoder_, reach_.size, true);
    const std::size_t start = image.size();
    const auto again = random_;  // the same choices, once the length is known
    const std::size_t length = write(form, 0, wide).size();
    random_ = again;
    const u32 immediate = code_ + static_cast<u32>(start + length + between.size()) + 1;
    const u32 alias = reach_.alias != 0 && start % 3 == 0 ? reach_.alias : 0;
    const auto bytes = write(form, immediate + alias, wide);
    image.insert(image.end(), bytes.begin(), bytes.end());
    image.insert(image.end(), between.begin(), between.end());
    append_load(image, std::array{0u, 1u, 2u, 3u}[random_() % 4], static_cast<u32>(random_()));
}

void SelfModifyingCode::append_string(std::vector<u8>& image) {
    constexpr u8 kStore[] = {0xaa, 0xab, 0xa4, 0xa5};
    append_load(image, 7, target(code_ + static_cast<u32>(image.size())));
    append_load(image, 6, code_ + static_cast<u32>(random_() % code_size_));
    const bool repeated = chance(60);
    if (repeated) append_load(image, 1, static_cast<u32>(random_() % 12));
    if (chance(20)) image.push_back(chance(50) ? 0xfd : 0xfc);
    if (repeated) image.push_back(0xf3);
    image.push_back(kStore[random_() % std::size(kStore)]);
}

void SelfModifyingCode::append_push(std::vector<u8>& image) {
    constexpr unsigned kStackPointer = 4;
    append_load(image, kStackPointer, target(code_ + static_cast<u32>(image.size())) + 4);
    switch (random_() % 4) {
        case 0: image.push_back(static_cast<u8>(0x50 + random_() % 8)); break;
        case 1:
            image.push_back(0x68);
            append_number(image, static_cast<u32>(random_()), 4);
            break;
        case 2: image.push_back(0x60); break;
        default: image.insert(image.end(), {0xe8, 0, 0, 0, 0}); break;
    }
    if (chance(80)) append_load(image, kStackPointer, code_ + 0xe000);
}

void SelfModifyingCode::append_load(std::vector<u8>& image, unsigned number, u32 value) {
    image.push_back(static_cast<u8>(0xb8 + number));
    append_number(image, value, operand_size());
}

void SelfModifyingCode::append_number(std::vector<u8>& image, u32 value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) image.push_back(static_cast<u8>(value >> 8 * i));
}

}  // namespace seventeen::lockstep
