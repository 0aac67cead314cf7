// Commands for the disk, the CD-ROM drive and the floppy drives, in good and in bad order.
#include "machine/memory_map.h"
#include "tests/fuzz/board_programs.h"

namespace seventeen::fuzz {

namespace {

constexpr unsigned kIdePlace = 8 * machine::kPiixDevice + machine::kIdeFunction;
constexpr unsigned kCommandRegister = 4;
constexpr unsigned kMasterBar = 0x20;
constexpr u64 kMasterPorts = 0xc000;
constexpr u64 kChannelSize = 8;

struct IdeChannelPorts {
    u64 command;
    u64 control;
    u64 number;
};

IdeChannelPorts ide_channel(unsigned number) {
    if (number == 0) return {machine::kPrimaryIde.value, machine::kPrimaryIdeControl.value, 0};
    return {machine::kSecondaryIde.value, machine::kSecondaryIdeControl.value, 1};
}

// A table of regions anywhere, of any size, at times without an end.
u32 build_regions(Board& board, Choices& choices) {
    const u32 table = static_cast<u32>(choices.one_in(16) ? board.address(choices)
                                                          : choices.dword() % Board::kMemory) &
                      ~3u;
    const u32 regions = 1 + choices.below(choices.one_in(16) ? 64 : 4);
    for (u32 i = 0; i < regions; ++i) {
        const u32 where = static_cast<u32>(board.address(choices));
        u32 size = choices.among({0u, 512u, 2048u, 4096u, 2u, 0xfffeu});
        if (choices.one_in(4)) size = choices.word();
        if (i + 1 == regions && !choices.one_in(8)) size |= 1u << 31;
        board.memory().dma_write({table + u64{8} * i}, &where, 4);
        board.memory().dma_write({table + u64{8} * i + 4}, &size, 4);
    }
    return table;
}

u64 master_ports(Board& board) {
    if (const auto at = board.pc()
                            .pci()
                            .find(machine::kPiixDevice, machine::kIdeFunction)
                            ->bar_address(devices::IdeBusMaster::kBar))
        return *at;
    board.write_config(kIdePlace, kMasterBar, kMasterPorts, 4);
    board.write_config(kIdePlace, kCommandRegister, 7, 2);
    return kMasterPorts;
}

// The bus master: table, direction, start; in between some time, and at the end perhaps a stop.
void start_master(Board& board, Choices& choices, const IdeChannelPorts& channel) {
    const u64 ports = master_ports(board) + kChannelSize * channel.number;
    board.out(ports + 4, build_regions(board, choices), 4);
    const u32 direction = choices.one_in(2) ? 8 : 0;
    board.out(ports + 2, choices.byte(), 1);
    board.out(ports, direction, 1);
    board.out(ports, direction | 1, 1);
    board.run(500, 20'000);
    board.in(ports + 2, 1);
    if (choices.one_in(2)) board.out(ports, 0, 1);
}

void wait(Board& board, Choices& choices) {
    if (!choices.one_in(4)) board.run(100, 10'000);
}

void move_data(Board& board, Choices& choices, u64 port) {
    const u32 most = choices.one_in(8) ? 1200 : 40;
    const Width width = choices.among({1u, 2u, 2u, 4u});
    const bool reads = choices.one_in(2);
    for (u32 left = choices.below(most); left != 0; --left) {
        if (reads)
            board.in(port, width);
        else
            board.out(port, choices.word(), width);
    }
}

}  // namespace

void run_disk_command(Board& board, Choices& choices) {
    constexpr std::array<u8, 32> kCommands = {0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39,
                                              0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xc8, 0xca, 0xec,
                                              0xef, 0x91, 0x40, 0x42, 0xe7, 0xea, 0xe5, 0xe6,
                                              0xe0, 0xf8, 0x27, 0x90, 0x10, 0x70, 0xa0, 0x08};
    const IdeChannelPorts channel = ide_channel(choices.one_in(8) ? 1 : 0);
    board.out(channel.control, choices.one_in(8) ? choices.byte() : 0, 1);
    const u32 device = choices.one_in(8) ? choices.byte() : 0xe0 | choices.below(2) * 0x10;
    board.out(channel.command + 6, device, 1);
    for (u64 offset = 1; offset <= 5; ++offset) {
        if (choices.one_in(4)) board.out(channel.command + offset, choices.byte(), 1);
        const bool high = offset >= 4;
        if (!choices.one_in(4))
            board.out(channel.command + offset, high ? 0 : choices.byte() & 0x3f, 1);
    }
    const u8 command = choices.one_in(16) ? choices.byte() : choices.among(kCommands);
    board.out(channel.command + 7, command, 1);
    wait(board, choices);
    if (choices.one_in(2)) {
        start_master(board, choices, channel);
    } else {
        move_data(board, choices, channel.command);
        wait(board, choices);
        move_data(board, choices, channel.command);
    }
    board.in(channel.command + 7, 1);
}

void run_packet_command(Board& board, Choices& choices) {
    constexpr std::array<u8, 20> kPackets = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28,
                                             0x28, 0x28, 0x2b, 0x43, 0x4a, 0x5a, 0xa8,
                                             0xbb, 0xbd, 0xbe, 0x46, 0x51, 0x52};
    const IdeChannelPorts channel = ide_channel(choices.one_in(8) ? 0 : 1);
    const bool dma = choices.one_in(2);
    board.out(channel.command + 6, choices.one_in(4) ? 0xb0 : 0xa0, 1);
    board.out(channel.command + 1, choices.one_in(16) ? choices.byte() : dma, 1);
    const u32 limit = choices.one_in(2) ? choices.word() : 2048;
    board.out(channel.command + 4, limit & 0xff, 1);
    board.out(channel.command + 5, limit >> 8, 1);
    board.out(channel.command + 7, 0xa0, 1);
    wait(board, choices);
    std::array<u8, 12> packet{};
    if (choices.one_in(4)) choices.fill(packet);
    packet[0] = choices.one_in(16) ? choices.byte() : choices.among(kPackets);
    packet[4] = choices.byte();
    packet[5] = choices.byte();
    packet[8] = choices.byte() & 0x1f;
    packet[9] = choices.one_in(2) ? 0x10 : choices.byte();
    for (unsigned i = 0; i < packet.size(); i += 2)
        board.out(channel.command, packet[i] | packet[i + 1] << 8, 2);
    wait(board, choices);
    if (dma) {
        start_master(board, choices, channel);
    } else {
        for (u32 left = 1 + choices.below(3); left != 0; --left) {
            move_data(board, choices, channel.command);
            wait(board, choices);
        }
    }
    board.in(channel.command + 7, 1);
}

void run_floppy_command(Board& board, Choices& choices) {
    constexpr std::array<u8, 20> kCommands = {0x02, 0x03, 0x04, 0x05, 0x06, 0x06, 0x07,
                                              0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x0e, 0x0f,
                                              0x10, 0x12, 0x13, 0x14, 0x16, 0x94};
    const u64 ports = machine::kFloppy.value;
    const u8 drive = static_cast<u8>(choices.one_in(8) ? choices.below(4) : choices.below(2));
    if (choices.one_in(2)) board.out(ports + 2, 0xfc | drive, 1);
    if (choices.one_in(4)) board.out(machine::kFloppyDirection.value, choices.below(4), 1);
    if (choices.one_in(2)) program_isa_dma(board, choices);
    const u8 flags = choices.among({u8{0x40}, u8{0xc0}, u8{0xe0}, u8{0x00}});
    const u8 opcode = choices.one_in(16) ? choices.byte() : choices.among(kCommands);
    board.out(ports + 5,
              opcode < 0x20 && opcode != 0x03 && opcode != 0x0f ? opcode | flags : opcode, 1);
    const u32 cylinder = choices.one_in(4) ? choices.byte() : choices.below(3);
    const std::array<u32, 8> parameters = {drive | choices.below(2) << 2,
                                           cylinder,
                                           choices.below(2),
                                           1 + choices.below(18),
                                           2,
                                           choices.one_in(2) ? 18u : choices.byte(),
                                           0x1b,
                                           0xff};
    const u32 count = choices.one_in(4) ? choices.below(16) : 8;
    for (u32 i = 0; i < count; ++i)
        board.out(ports + 5, choices.one_in(8) ? choices.byte() : parameters[i % 8], 1);
    wait(board, choices);
    for (u32 left = choices.below(choices.one_in(8) ? 600 : 12); left != 0; --left) {
        board.in(ports + 4, 1);
        if (choices.one_in(2))
            board.in(ports + 5, 1);
        else
            board.out(ports + 5, choices.byte(), 1);
    }
}

}  // namespace seventeen::fuzz
