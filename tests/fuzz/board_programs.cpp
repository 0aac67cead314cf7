// Code, timers and DMA programs.
#include "tests/fuzz/board_programs.h"

#include "core/device.h"
#include "machine/memory_map.h"

namespace seventeen::fuzz {

namespace {

constexpr PhysicalAddress kProgram{0x7c00};
constexpr PhysicalAddress kHandler{0x600};
constexpr unsigned kVectors = 256;

void append(std::vector<u8>& code, std::initializer_list<u8> bytes) {
    code.insert(code.end(), bytes);
}

// The interrupt vectors lead to a handler that ends every interrupt at both controllers.
void load_handler(Board& board) {
    constexpr std::array<u8, 9> kCode = {0x50, 0xb0, 0x20, 0xe6, 0xa0, 0xe6, 0x20, 0x58, 0xcf};
    for (unsigned vector = 0; vector < kVectors; ++vector)
        board.memory().write(PhysicalAddress{4 * vector}, static_cast<u32>(kHandler.value));
    board.memory().write(kHandler, kCode.data(), kCode.size());
}

// MOV DX, port; (MOV AL, value;) then a single or a repeated access of any width.
void append_access(std::vector<u8>& code, Board& board, Choices& choices) {
    const Bus::Claim claim = board.claim(board.ports(), choices);
    const u64 port = claim.first + choices.dword() % claim.size;
    append(code, {0xba, static_cast<u8>(port), static_cast<u8>(port >> 8)});
    append(code, {0xb0, choices.byte()});
    if (choices.one_in(4)) append(code, {0xb9, choices.byte(), 0x00, 0xf3});  // MOV CX, n; REP
    if (choices.one_in(4)) append(code, {0x66});
    code.push_back(choices.among(
        {u8{0xec}, u8{0xed}, u8{0xee}, u8{0xef}, u8{0x6c}, u8{0x6d}, u8{0x6e}, u8{0x6f}}));
}

// MOV AX, segment; MOV DS, AX; MOV ES, AX; then string instructions over the video window.
void append_video_access(std::vector<u8>& code, Choices& choices) {
    append(code, {0xb8, choices.byte(), choices.among({u8{0xa0}, u8{0xb0}, u8{0xb8}, u8{0xc0}})});
    append(code, {0x8e, 0xd8, 0x8e, 0xc0, 0xb9, choices.byte(), choices.byte(), 0xf3});
    code.push_back(choices.among({u8{0xa4}, u8{0xa5}, u8{0xaa}, u8{0xab}, u8{0xac}, u8{0xa6}}));
}

}  // namespace

void load_program(Board& board, Choices& choices) {
    std::vector<u8> code = {0xfa, 0xbc, 0x00, 0x70};  // CLI; MOV SP, 7000h
    if (choices.one_in(2)) load_handler(board);
    if (choices.one_in(2)) code.push_back(0xfb);  // STI
    for (u32 left = choices.below(12); left != 0; --left) {
        const u32 kind = choices.below(4);
        if (kind == 0) append_video_access(code, choices);
        if (kind == 1) code.push_back(choices.byte());
        if (kind >= 2) append_access(code, board, choices);
    }
    append(code, {0xf4, 0xeb, 0xfd});  // HLT; and again
    board.memory().write(kProgram, code.data(), code.size());
    board.out(machine::kSystemPortA.value, 3, 1);  // INIT
}

void run_firmware_transfer(Board& board, Choices& choices) {
    const auto big = [](u64 value, unsigned bytes, u8* into) {
        for (unsigned i = 0; i < bytes; ++i)
            into[i] = static_cast<u8>(value >> 8 * (bytes - 1 - i));
    };
    std::array<u8, 16> descriptor{};
    const u32 key = choices.one_in(2) ? choices.below(0x20) : 0x20 + choices.below(0x10);
    const u32 control = choices.among({0x0au, 0x02u, 0x04u, 0x0cu, 0x10u, 0x18u, 0x08u});
    big(choices.one_in(8) ? choices.dword() : key << 16 | control, 4, &descriptor[0]);
    big(choices.one_in(4) ? choices.value(4) : choices.below(0x400), 4, &descriptor[4]);
    big(board.address(choices), 8, &descriptor[8]);
    const PhysicalAddress where{board.address(choices)};
    board.memory().dma_write(where, descriptor.data(), descriptor.size());
    std::array<u8, 8> address{};
    big(where.value, 8, address.data());
    u32 high = 0;
    u32 low = 0;
    std::memcpy(&high, &address[0], 4);
    std::memcpy(&low, &address[4], 4);
    board.out(machine::kFirmwareConfigDma.value, high, 4);
    board.out(machine::kFirmwareConfigDma.value + 4, low, 4);
}

// One channel: where, how much, which way, and open.
void program_isa_dma(Board& board, Choices& choices) {
    constexpr std::array<u8, 8> kPages = {0x87, 0x83, 0x81, 0x82, 0x8f, 0x8b, 0x89, 0x8a};
    const unsigned channel = choices.one_in(4) ? choices.below(8) : machine::kFloppyDmaChannel;
    const bool second = channel >= 4;
    const auto reg = [&](unsigned number) {
        return second ? machine::kDmaSecond.value + 2u * number : machine::kDmaFirst.value + number;
    };
    board.out(reg(12), 0, 1);
    board.out(reg(8), choices.one_in(16) ? choices.byte() : 0, 1);
    const u16 address = choices.one_in(4) ? u16{0xfff0} : choices.word();
    const u16 count =
        choices.one_in(2) ? static_cast<u16>(512 * choices.below(40) - 1) : choices.word();
    for (const unsigned shift : {0, 8}) board.out(reg(channel % 4 * 2), address >> shift, 1);
    for (const unsigned shift : {0, 8}) board.out(reg(channel % 4 * 2 + 1), count >> shift, 1);
    board.out(kPages[channel], choices.one_in(2) ? choices.below(16) : choices.byte(), 1);
    board.out(reg(11), channel % 4 | (choices.byte() & 0xfcu), 1);
    board.out(reg(10), channel % 4, 1);
    if (second || choices.one_in(4)) board.out(machine::kDmaSecond.value + 2 * 10, 0, 1);
}

void program_timers(Board& board, Choices& choices) {
    const auto apic = [&](u64 offset, u32 value) {
        board.mmio().write(machine::kLocalApic.value + offset, value, 4);
    };
    const auto hpet = [&](u64 offset, u64 value) {
        board.mmio().write(machine::kHpet.value + offset, value, choices.among({4u, 8u}));
    };
    switch (choices.below(4)) {
        case 0: {
            const unsigned counter = choices.below(3);
            board.out(machine::kTimer.value + 3u, counter << 6 | (choices.byte() & 0x3f), 1);
            board.out(machine::kTimer.value + counter, choices.value(1), 1);
            board.out(machine::kTimer.value + counter, choices.value(1), 1);
            break;
        }
        case 1:
            board.out(machine::kClock.value, choices.below(0x0e), 1);
            board.out(machine::kClock.value + 1u, choices.byte(), 1);
            board.out(machine::kClock.value, 0x0a, 1);
            board.out(machine::kClock.value + 1u, 0x20 | choices.below(16), 1);
            board.out(machine::kClock.value, 0x0b, 1);
            board.out(machine::kClock.value + 1u, choices.byte(), 1);
            break;
        case 2:
            apic(0xf0, 0x100 | choices.byte());
            apic(0x320, choices.byte() | choices.among({0u, 1u << 17, 1u << 16}));
            apic(0x3e0, choices.below(16));
            apic(0x380, static_cast<u32>(choices.value(4)));
            break;
        default: {
            const u64 comparator = 0x100 + 0x20 * choices.below(3);
            hpet(comparator, choices.value(4));
            hpet(comparator, choices.byte() & 0x4e);
            hpet(comparator + 8, choices.value(8));
            hpet(comparator + 8, choices.value(8));
            if (choices.one_in(4)) hpet(0xf0, choices.value(8));
            hpet(0x10, choices.below(4));
        }
    }
}

}  // namespace seventeen::fuzz
