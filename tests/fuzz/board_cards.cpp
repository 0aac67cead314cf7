// Drivers of the cards: virtio queues whose descriptors lead anywhere, and an NE2000's ring.
#include "devices/virtio_registers.h"
#include "machine/memory_map.h"
#include "tests/fuzz/board_programs.h"

namespace seventeen::fuzz {

namespace {

using namespace devices::virtio;
using devices::VirtioPci;

constexpr unsigned kCommandRegister = 4;
constexpr unsigned kFirstBar = 0x10;
constexpr u64 kWindows = 0xe100'0000;  // of virtio functions, 64 KiB apart
constexpr u64 kNetworkPorts = 0xc100;
constexpr u32 kQueueEntries = 8;

// Places a base address where it is free, unless it is decoded already.
u64 placed(Board& board, unsigned device, unsigned bar, u64 at) {
    const unsigned place = 8 * device;
    if (const auto now = board.pc().pci().find(device, 0)->bar_address(bar)) return *now;
    board.write_config(place, kFirstBar + 4 * bar, static_cast<u32>(at), 4);
    board.write_config(place, kCommandRegister, 7, 2);
    return at;
}

// Descriptors that are mostly sound: what a driver would send, and what it would not.
void build_chain(Board& board, Choices& choices, u64 descriptors) {
    for (u32 i = 0; i < kQueueEntries; ++i) {
        const u64 address = board.address(choices);
        const u32 size =
            choices.one_in(8) ? choices.dword() : choices.among({16u, 12u, 1u, 512u, 4096u, 0u});
        const u16 flags = static_cast<u16>(choices.one_in(4) ? choices.byte() : choices.below(8));
        const u16 next = static_cast<u16>(choices.one_in(8) ? choices.word() : i + 1);
        const PhysicalAddress at{descriptors + 16 * i};
        board.memory().write(at, address);
        board.memory().write(at + 8, size);
        board.memory().write(at + 12, flags);
        board.memory().write(at + 14, next);
        // A request of the block device begins with its kind and its sector.
        if (i != 0 || !choices.one_in(2)) continue;
        board.memory().dma_write(
            {address}, std::array<u32, 4>{choices.below(9), 0, choices.below(64), 0}.data(), 16);
    }
}

void offer_chains(Board& board, Choices& choices, u64 available) {
    for (u32 i = 0; i < kQueueEntries; ++i)
        board.memory().write(PhysicalAddress{available + 4 + 2 * i},
                             static_cast<u16>(choices.below(kQueueEntries)));
    const u16 index = static_cast<u16>(choices.one_in(8) ? choices.word() : 1 + choices.below(8));
    board.memory().write(PhysicalAddress{available}, static_cast<u16>(choices.below(2)));
    board.memory().write(PhysicalAddress{available + 2}, index);
}

u64 ring_address(Board& board, Choices& choices) {
    if (choices.one_in(16)) return board.address(choices);
    return 0x10'0000 + (choices.word() & ~u64{0xf}) * 16;
}

}  // namespace

void run_virtio_request(Board& board, Choices& choices) {
    const unsigned device =
        choices.one_in(2) ? machine::kFirstVirtioDevice : machine::kNetworkDevice;
    const devices::PciFunction* const function = board.pc().pci().find(device, 0);
    if (!function || function->bar_size(VirtioPci::kModernBar) != VirtioPci::kModernSize) return;
    const u64 window = placed(board, device, VirtioPci::kModernBar, kWindows + 0x1'0000 * device);
    const auto out = [&](u64 offset, u64 value, Width width) {
        board.mmio().write(window + kCommonStructure + offset, value, width);
    };
    const bool disk = device == machine::kFirstVirtioDevice;
    const u16 queue = static_cast<u16>(choices.one_in(4) ? choices.below(4)
                                       : disk            ? 0
                                                         : choices.below(2));
    if (!choices.one_in(4)) {
        for (const u8 status : {u8{0}, u8{1}, u8{3}}) out(kStatus, status, 1);
        for (const u32 half : {0u, 1u}) {
            out(kDeviceFeatureSelect, half, 4);
            const u64 offered = board.mmio().read(window + kCommonStructure + kDeviceFeature, 4);
            out(kDriverFeatureSelect, half, 4);
            out(kDriverFeature, choices.one_in(16) ? choices.value(4) : offered, 4);
        }
        out(kStatus, 0x0b, 1);
        out(kQueueSelect, queue, 2);
        out(kQueueSize, choices.one_in(8) ? choices.word() : kQueueEntries, 2);
    }
    const u64 descriptors = ring_address(board, choices);
    const u64 available = ring_address(board, choices);
    const u64 used = ring_address(board, choices);
    build_chain(board, choices, descriptors);
    offer_chains(board, choices, available);
    for (const unsigned half : {0u, 4u}) {
        out(kQueueDescriptors + half, descriptors >> 8 * half, 4);
        out(kQueueAvailable + half, available >> 8 * half, 4);
        out(kQueueUsed + half, used >> 8 * half, 4);
    }
    out(kQueueEnable, 1, 2);
    out(kStatus, 0x0f, 1);
    board.mmio().write(window + kNotifyStructure + kNotifyMultiplier * queue, queue, 2);
    board.see(board.mmio().read(window + kCommonStructure + kStatus, 1));
}

void drive_network_card(Board& board, Choices& choices) {
    u64 ports = machine::kNe2000.value;
    if (const auto* card = board.pc().pci().find(machine::kNetworkDevice, 0)) {
        if (card->bar_size(devices::Rtl8029::kBar) != devices::Ne2000Card::kPorts) return;
        ports = placed(board, machine::kNetworkDevice, devices::Rtl8029::kBar, kNetworkPorts);
    }
    const auto out = [&](u64 offset, u32 value) { board.out(ports + offset, value, 1); };
    constexpr u64 kDataPort = 0x10;
    out(0x0, 0x21);
    if (choices.one_in(2)) {  // the ring and the configuration
        out(0xe, choices.one_in(2) ? 0x49 : choices.byte());
        out(0xc, choices.one_in(2) ? 0x1c : choices.byte());
        out(0xd, choices.one_in(2) ? 0x00 : choices.byte());
        out(0x1, choices.one_in(4) ? choices.byte() : 0x46);
        out(0x2, choices.one_in(4) ? choices.byte() : 0x80);
        out(0x3, choices.one_in(4) ? choices.byte() : 0x46 + choices.below(0x3a));
        out(0xf, choices.byte());
        out(0x0, 0x61);
        out(0x7, choices.one_in(4) ? choices.byte() : 0x46 + choices.below(0x3a));
        out(0x0, 0x22);
    }
    const u32 size = choices.one_in(4) ? choices.word() : choices.below(256);
    const u32 page = choices.one_in(4) ? choices.byte() : 0x40;
    out(0x8, choices.one_in(4) ? choices.byte() : 0);
    out(0x9, page);
    out(0xa, size & 0xff);
    out(0xb, size >> 8);
    const bool writes = choices.one_in(2);
    out(0x0, writes ? 0x12 : 0x0a);
    const Width width = choices.among({1u, 2u, 4u});
    for (u32 left = choices.below(160); left != 0; --left) {
        if (writes)
            board.out(ports + kDataPort, choices.word(), width);
        else
            board.in(ports + kDataPort, width);
    }
    out(0x4, page);
    out(0x5, size & 0xff);
    out(0x6, choices.one_in(16) ? size >> 8 : size >> 8 & 7);
    out(0x0, choices.one_in(4) ? choices.byte() : 0x26);
    board.in(ports + 0x7, 1);
}

}  // namespace seventeen::fuzz
