// Accesses near each other over every range of the buses, inputs, resets, and the passing of time.
#include "tests/fuzz/board_operations.h"

#include <algorithm>

#include "machine/memory_map.h"
#include "tests/fuzz/board_programs.h"

namespace seventeen::fuzz {

namespace {

constexpr u64 kCommandRegister = 4;
constexpr u64 kFirstBar = 0x10;
constexpr u64 kRomBar = 0x30;

// --- registers ---

void access_ports(Board& board, Choices& choices) {
    const Bus::Claim claim = board.claim(board.ports(), choices);
    u64 offset = choices.dword() % claim.size;
    for (u32 left = 1 + choices.below(8); left != 0; --left) {
        const Width width = choices.among({1u, 1u, 2u, 4u});
        if (choices.one_in(2))
            board.in(claim.first + offset, width);
        else
            board.out(claim.first + offset, choices.value(width), width);
        if (choices.one_in(2)) offset = (offset + choices.below(8)) % claim.size;
    }
}

// Also where no chip is: the gaps between them, and the end of the space.
void access_any_port(Board& board, Choices& choices) {
    const u64 port = choices.one_in(8) ? 0xffff : choices.word();
    const Width width = choices.among({1u, 2u, 4u});
    if (choices.one_in(2))
        board.in(port, width);
    else
        board.out(port, choices.value(width), width);
}

void access_mmio(Board& board, Choices& choices) {
    const Bus::Claim claim = board.claim(board.mmio(), choices);
    const u64 alignment = choices.among({1u, 4u, 16u, 16u});
    u64 offset = choices.dword() % claim.size / alignment * alignment;
    for (u32 left = 1 + choices.below(8); left != 0; --left) {
        const Width width = choices.among({1u, 2u, 4u, 4u, 8u});
        if (choices.one_in(2))
            board.see(board.mmio().read(claim.first + offset, width));
        else
            board.mmio().write(claim.first + offset, choices.value(width), width);
        if (choices.one_in(2)) offset = (offset + alignment * choices.below(8)) % claim.size;
    }
}

// As CPU or DMA see it: RAM, ROM, holes and chips, A20 or not.
void access_memory(Board& board, Choices& choices) {
    std::array<u8, 96> bytes{};
    const std::span<u8> part(bytes.data(), 1 + choices.below(bytes.size()));
    const PhysicalAddress address{board.address(choices)};
    const u32 kind = choices.below(4);
    if (kind < 2) choices.fill(part);
    switch (kind) {
        case 0: board.memory().write(address, part.data(), part.size()); break;
        case 1: board.memory().dma_write(address, part.data(), part.size()); break;
        case 2: board.memory().read(address, part.data(), part.size()); break;
        default: board.memory().dma_read(address, part.data(), part.size()); break;
    }
    if (kind >= 2)
        for (const u8 byte : part) board.see(byte);
}

// --- the map ---

void access_configuration(Board& board, Choices& choices) {
    unsigned place = choices.among(board.places());
    if (choices.one_in(32)) place = choices.word();
    u32 offset = choices.byte();
    for (u32 left = 1 + choices.below(4); left != 0; --left) {
        const Width width = choices.among({1u, 2u, 4u});
        if (choices.one_in(2))
            board.see(board.read_config(place, offset, width));
        else
            board.write_config(place, offset, static_cast<u32>(choices.value(width)), width);
        if (choices.one_in(2)) offset = (offset + choices.below(8)) % 0x100;
    }
}

// Base addresses: over RAM, over other chips, over each other, and where firmware puts them.
void place_window(Board& board, Choices& choices) {
    const unsigned place = choices.among(board.places());
    const u32 bar = choices.below(7);
    const unsigned offset = bar == 6 ? kRomBar : kFirstBar + 4 * bar;
    u32 value = choices.among({0u, 0xffff'ffffu, 0xe000'0000u, 0xf000'0000u, 0xfebf'0000u, 0xc000u,
                               0xc040u, 0xfec0'0000u, 0xfee0'0000u, 0xa'0000u, 0xffff'0000u});
    if (choices.one_in(4)) value = static_cast<u32>(board.address(choices));
    if (choices.one_in(4)) value = static_cast<u32>(board.claim(board.ports(), choices).first);
    if (choices.one_in(4)) value = static_cast<u32>(board.claim(board.mmio(), choices).first);
    board.write_config(place, offset, bar == 6 ? value | 1 : value, 4);
    if (!choices.one_in(4)) board.write_config(place, kCommandRegister, 7, 2);
}

// PAM, SMRAM, the IDE timings, routing: the chipset's registers that matter.
void set_up_chipset(Board& board, Choices& choices) {
    constexpr unsigned kHost = 8 * machine::kPciHostDevice;
    constexpr unsigned kBridge = 8 * machine::kPiixDevice;
    constexpr unsigned kPower = kBridge + machine::kPowerFunction;
    switch (choices.below(5)) {
        case 0:
        case 1:
            board.write_config(kHost, 0x59 + choices.below(7),
                               choices.one_in(2) ? 0x33 : choices.byte(), 1);
            break;
        case 2:
            board.write_config(kHost, 0x72, choices.among({0x0au, 0x4au, 0x02u, 0xffu}), 1);
            break;
        case 3:
            board.write_config(kBridge, choices.among({0x4eu, 0x60u, 0x61u, 0x62u, 0x63u, 0x69u}),
                               choices.byte(), 1);
            break;
        default:
            board.write_config(kPower, 0x40, static_cast<u32>(choices.value(4)) & 0xffff, 4);
            board.write_config(kPower, 0x80, choices.below(2), 1);
    }
}

void move_a20(Board& board, Choices& choices) {
    switch (choices.below(4)) {
        case 0: board.out(machine::kSystemPortA.value, choices.below(4) & 2, 1); break;
        case 1: board.out(machine::kKeyboardCommand.value, choices.among({0xddu, 0xdfu}), 1); break;
        default:
            board.out(machine::kKeyboardCommand.value, 0xd1, 1);
            board.out(machine::kKeyboardData.value, choices.among({0xddu, 0xdfu, 0xdcu}), 1);
    }
}

// --- from outside ---

void give_key_or_movement(Board& board, Choices& choices) {
    if (choices.one_in(2)) {
        const auto code = static_cast<devices::KeyCode>(choices.below(devices::kKeyCount));
        return board.pc().give(machine::KeyInput{code, choices.one_in(2)});
    }
    const auto number = [&] { return static_cast<s32>(choices.value(4)); };
    const s32 dx = number();
    const s32 dy = number();
    board.pc().give(machine::MouseInput{dx, dy, number(), choices.byte()});
}

void give_bytes(Board& board, Choices& choices) {
    constexpr std::array<u32, 5> kSizes = {1, 14, 60, 64, 1514};
    std::vector<u8> bytes(choices.one_in(8) ? choices.below(2048) : choices.among(kSizes));
    choices.fill(bytes);
    if (choices.one_in(2)) return board.pc().give(machine::FrameInput{bytes});
    bytes.resize(std::min<std::size_t>(bytes.size(), 64));
    board.pc().give(machine::SerialInput{static_cast<u8>(choices.below(2)), bytes});
}

void give_anything(Board& board, Choices& choices) {
    switch (choices.below(4)) {
        case 0: return give_bytes(board, choices);
        case 1:
            if (!choices.one_in(16)) break;
            return board.pc().give(machine::ButtonInput{choices.among(
                {machine::Button::kPower, machine::Button::kReset, machine::Button::kNmi})});
        case 2: {
            if (!choices.one_in(16)) break;
            const u64 nanoseconds = 1 + choices.below(8);
            return board.pc().give(machine::RateInput{{nanoseconds, 1 + choices.below(8)}});
        }
        default: break;
    }
    give_key_or_movement(board, choices);
}

// What a front end looks at.
void look(Board& board, Choices& choices) {
    devices::Picture picture;
    switch (choices.below(8)) {
        case 0: board.pc().vga().render(picture); break;
        case 1: board.pc().vga().update(picture); break;
        default: {
            const devices::TextScreen screen = board.pc().vga().text_screen();
            for (unsigned row = 0; row < screen.rows; ++row) board.see(screen.text(row).size());
        }
    }
    board.see(picture.pixels.size());
    check(board.pc().vga().frame_length() != 0, "a frame takes no time");
}

void reset_something(Board& board, Choices& choices) {
    switch (choices.below(5)) {
        case 0: board.out(machine::kSystemPortA.value, 3, 1); break;
        case 1: board.out(machine::kKeyboardCommand.value, 0xfe, 1); break;
        case 2: board.out(machine::kPciAddress.value + 1, 0x06, 1); break;
        case 3: board.out(machine::kPciAddress.value + 1, 0x04, 1); break;
        default: board.out(machine::kPrimaryIdeControl.value, choices.byte(), 1); break;
    }
    board.run(100, 1000);
}

void pass_time(Board& board, Choices& choices) {
    const u32 kind = choices.below(64);
    if (kind == 0)
        board.run(5000, 2'000'000);  // eight milliseconds, where the CPU is idle
    else if (kind < 16)
        board.run(500, 50'000);
    else
        board.run(1 + choices.below(200), 1 + choices.below(2000));
}

struct Operation {
    u32 weight;
    const char* name;
    void (*run)(Board&, Choices&);
};
constexpr std::array kOperations = {
    Operation{300, "ports", access_ports},
    Operation{20, "any port", access_any_port},
    Operation{250, "MMIO", access_mmio},
    Operation{60, "memory", access_memory},
    Operation{60, "configuration", access_configuration},
    Operation{40, "window", place_window},
    Operation{20, "chipset", set_up_chipset},
    Operation{10, "A20", move_a20},
    Operation{40, "input", give_anything},
    Operation{2, "look", look},
    Operation{4, "reset", reset_something},
    Operation{80, "time", pass_time},
    Operation{12, "program", load_program},
    Operation{40, "disk command", run_disk_command},
    Operation{30, "packet command", run_packet_command},
    Operation{40, "floppy command", run_floppy_command},
    Operation{20, "fw_cfg transfer", run_firmware_transfer},
    Operation{20, "ISA DMA", program_isa_dma},
    Operation{30, "timers", program_timers},
    Operation{40, "virtio request", run_virtio_request},
    Operation{20, "network card", drive_network_card},
};

}  // namespace

const char* operate(Board& board, Choices& choices) {
    u32 total = 0;
    for (const Operation& each : kOperations) total += each.weight;
    u32 ticket = choices.below(total);
    for (const Operation& each : kOperations) {
        if (ticket < each.weight) {
            each.run(board, choices);
            return each.name;
        }
        ticket -= each.weight;
    }
    return "";
}

}  // namespace seventeen::fuzz
