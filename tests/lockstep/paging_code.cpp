// The ways to write, read and jump.
#include "tests/lockstep/paging_code.h"

#include <array>

#include "core/check.h"

namespace seventeen::lockstep {

// Where an instruction starts, as long as the page shows what it showed at first; pages of code
// appear twice.
u32 PagingCode::target() {
    if (choose_.chance(30)) return kUserPages + choose_.below(kCodePages) * u32{kPageSize};
    const u32 start = starts_[choose_.below(static_cast<u32>(starts_.size()))];
    return kUserPages + start + (choose_.chance(30) ? 16 * u32{kPageSize} : 0) +
           (choose_.chance(5) ? 1 : 0);
}

void PagingCode::append(std::vector<u8>& code, std::initializer_list<unsigned> bytes, u32 number) {
    for (const unsigned byte : bytes) code.push_back(static_cast<u8>(byte));
    for (unsigned i = 0; i < 4; ++i) code.push_back(static_cast<u8>(number >> 8 * i));
}

// An entry is changed, as user code and as the kernel's see it.
void PagingCode::append_edit(std::vector<u8>& code) {
    u32 page = 0;
    u32 slot = choose_.slot(page);
    u32 value = choose_.entry(page);
    if (choose_.chance(10)) slot = choose_.directory_slot(value);
    const u32 address = choose_.chance(80) ? choose_.as_seen(slot) : slot;
    switch (choose_.below(6)) {
        case 0: append(code, {0x80, 0x25}, address), code.push_back(0x9f); break;  // and byte
        case 1:
            append(code, {0x80, 0x35}, address);
            code.push_back(static_cast<u8>(1 << choose_.below(3)));
            break;
        case 2: append(code, {0x0f, 0xba, 0x35}, address), code.push_back(5); break;  // btr
        default: append(code, {0xc7, 0x05}, address), append(code, {}, value); break;
    }
}

void PagingCode::append_access(std::vector<u8>& code) {
    static const std::vector<std::vector<u8>> kForms = {
        {0x8b, 0x05},       {0x89, 0x0d},       {0x01, 0x15}, {0x66, 0x89, 0x1d}, {0x88, 0x05},
        {0x0f, 0x10, 0x05}, {0x0f, 0x11, 0x0d}, {0xdd, 0x05}, {0xd9, 0x1d},       {0x87, 0x35},
        {0x0f, 0xc1, 0x05}, {0xff, 0x35},       {0x8f, 0x05},
    };
    const auto& form = kForms[choose_.below(static_cast<u32>(kForms.size()))];
    code.insert(code.end(), form.begin(), form.end());
    append(code, {}, choose_.address());
}

void PagingCode::append_jump(std::vector<u8>& code) {
    const u32 to = target();
    switch (choose_.below(4)) {
        case 0: append(code, {0xb8}, to), code.insert(code.end(), {0xff, 0xe0}); break;
        case 1: append(code, {0x68}, to), code.push_back(0xc3); break;
        case 2: append(code, {0xe8}, (1 + choose_.below(4)) << kPageShift); break;
        default: append(code, {0xe9}, choose_.below(0x4000)); break;
    }
}

// Every page starts like this: a few rounds through the starts of pages, each of which may put
// another page into the place of one, so that a jump leads elsewhere the next time.
void PagingCode::append_ring(std::vector<u8>& code) {
    std::vector<u8> rest;
    if (choose_.chance(60)) {
        const u32 page = choose_.below(kCodePages);
        const u32 slot = choose_.format().entry(choose_.space(), page);
        append(rest, {0xc7, 0x05}, choose_.as_seen(slot));
        const u32 frame = kCodeFrames + choose_.below(16) * u32{kPageSize};
        append(rest, {}, frame | kAll | (choose_.chance(70) ? kAccessed : 0));
    }
    append(rest, {0x81, 0xc6}, static_cast<u32>(random_()));  // add esi
    const u32 to = kUserPages + choose_.below(8) * u32{kPageSize};
    if (choose_.chance(50)) {
        append(rest, {0xb8}, to);
        rest.insert(rest.end(), {0xff, 0xe0});  // jmp eax
    } else {
        append(rest, {0xba}, to);
        rest.insert(rest.end(), {0x52, 0xc3});  // push edx; ret
    }
    const u8 size = static_cast<u8>(rest.size());
    code.insert(code.end(), {0x83, 0xe5, 0x3f, 0x4d, 0x74, size});  // and ebp, 63; dec ebp; jz
    code.insert(code.end(), rest.begin(), rest.end());
}

// From CPL 1 to CPL 3, to the next instruction: a far return.
void PagingCode::append_drop(std::vector<u8>& code) {
    const u32 stack = kUserPages + ((kFirstDataPage + choose_.below(kDataPages)) << kPageShift);
    append(code, {0x68}, kData3);
    append(code, {0x68}, stack + 0x800);
    append(code, {0x68}, kCode3);
    append(code, {0x68}, kUserPages + static_cast<u32>(code.size()) + 6);
    code.push_back(0xcb);
}

// Few memory operands, for most addresses lead nowhere.
void PagingCode::append_plain(std::vector<u8>& code) {
    constexpr auto kSize = decoder::CodeSize::k32;
    decoder::Instruction instruction;
    std::vector<u8> bytes;
    do {
        bytes = random_instruction(random_, decoder_, kSize, true);
        check(decoder_.decode(bytes, kSize, instruction) == decoder::DecodeStatus::kOk,
              "a random instruction is one");
    } while ((instruction.has_memory() && !choose_.chance(4)) ||
             instruction.row().family == decoder::Family::kMultiplyDivide);
    code.insert(code.end(), bytes.begin(), bytes.end());
}

std::vector<u8> PagingCode::make() {
    constexpr u64 kLongest = 32;  // of what is appended at once
    std::vector<u8> code;
    while (code.size() < 16 * kPageSize) {
        starts_.push_back(static_cast<u32>(code.size()));
        const u32 kind = choose_.below(100);
        if (code.size() % kPageSize == 0) append_ring(code);
        if (const u64 left = kPageSize - code.size() % kPageSize; left <= kLongest) {
            code.insert(code.end(), left, 0x90);
            continue;
        }
        if (kind < 18) {
            append(code,
                   {std::array{0xb8u, 0xb9u, 0xbau, 0xbbu, 0xbdu, 0xbeu, 0xbfu}[choose_.below(7)]},
                   choose_.address());
        } else if (kind < 34) {
            append_access(code);
        } else if (kind < 44) {
            append_edit(code);
        } else if (kind < 49) {
            append_jump(code);
        } else if (kind < 51) {
            append_drop(code);
        } else if (kind < 54) {
            code.insert(code.end(), {0xcd, static_cast<u8>(0x20 + choose_.below(0x20))});
        } else {
            append_plain(code);
        }
    }
    code.resize(16 * kPageSize);
    return code;
}

}  // namespace seventeen::lockstep
