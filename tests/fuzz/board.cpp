// The board's parts, and accesses as its CPU makes them.
#include "tests/fuzz/board.h"

#include <algorithm>

#include "core/digest.h"
#include "core/snapshot.h"
#include "machine/memory_map.h"

namespace seventeen::fuzz {

namespace {

constexpr u64 kFloppySectors = 2880;
constexpr u64 kSecondFloppySectors = 720;
constexpr u64 kDiskSectors = 8192;
constexpr u64 kDiscSectors = 4096;

// Firmware that leaves at once to where programs are put: JMP 0:7C00 at the reset vector. So runs
// are the same on every host.
std::vector<u8> system_rom() {
    constexpr std::array<u8, 5> kJump = {0xea, 0x00, 0x7c, 0x00, 0x00};
    std::vector<u8> rom(0x1'0000, 0xf4);
    std::copy(kJump.begin(), kJump.end(), rom.end() - 16);
    return rom;
}

std::vector<u8> option_rom() {
    std::vector<u8> rom(0x8000, 0xcb);
    rom[0] = 0x55;
    rom[1] = 0xaa;
    rom[2] = static_cast<u8>(rom.size() / 512);
    return rom;
}

}  // namespace

Board::Board(u64 variant) : variant_(variant) {
    for (auto& disk : disks_) disk = std::make_shared<ScratchSectors>();
    pc_ = std::make_unique<machine::Pc>(options());
    pc_->connect_network(cable_);
}

machine::PcOptions Board::options() const {
    using Kind = machine::IdeUnit::Kind;
    constexpr std::array kCards = {machine::NetworkCard::kVirtio, machine::NetworkCard::kNe2000,
                                   machine::NetworkCard::kRtl8029, machine::NetworkCard::kNone};
    const auto medium = [this](u64 sectors, bool writable, unsigned disk) {
        return std::make_unique<ScratchMedium>(sectors, writable, disks_[disk]);
    };
    machine::PcOptions options;
    options.memory = Board::kMemory;
    options.firmware = system_rom();
    options.vga_firmware = option_rom();
    options.floppies[0] = medium(kFloppySectors, true, 0);
    options.floppies[1] = medium(kSecondFloppySectors, false, 1);
    options.ide[0] = {Kind::kDisk, medium(kDiskSectors, true, 2)};
    options.ide[2] = {Kind::kCdrom, medium(kDiscSectors, false, 3)};
    options.ide[3] = {Kind::kCdrom, nullptr};
    options.virtio_disks.push_back(medium(kDiskSectors, true, 4));
    options.network = kCards[variant_ % kCards.size()];
    return options;
}

std::unique_ptr<Board> Board::sibling() const {
    auto board = std::make_unique<Board>(variant_);
    for (std::size_t i = 0; i < kDisks; ++i) *board->disks_[i] = *disks_[i];
    return board;
}

void Board::take_over(const Board& from) {
    restore(from.save());
    for (std::size_t i = 0; i < kDisks; ++i) *disks_[i] = *from.disks_[i];
    trace_ = from.trace_;
}

void Board::see(u64 value) {
    trace_ = digest_word(trace_, value);
}

u64 Board::in(u64 port, Width width) {
    const u64 value = ports().read(port, width);
    see(value);
    return value;
}

void Board::out(u64 port, u64 value, Width width) {
    ports().write(port, value, width);
}

// Configuration mechanism #1.
void Board::select(unsigned place, unsigned offset) {
    constexpr u32 kEnable = 1u << 31;
    out(machine::kPciAddress.value, kEnable | place << 8 | (offset & 0xfc), 4);
}

u32 Board::read_config(unsigned place, unsigned offset, Width width) {
    select(place, offset);
    return static_cast<u32>(in(machine::kPciData.value + offset % 4, width));
}

void Board::write_config(unsigned place, unsigned offset, u32 value, Width width) {
    select(place, offset);
    out(machine::kPciData.value + offset % 4, value, width);
}

void Board::run(u64 instructions, u64 ticks) {
    const auto add = [](u64 a, u64 b) { return a + std::min(b, ~a); };
    machine::Platform& platform = pc_->platform();
    const auto stop = pc_->run({.retired = add(platform.cpu().retired, instructions),
                                .ticks = add(platform.scheduler().ticks(), ticks)});
    see(static_cast<u64>(stop));
    see(platform.scheduler().ticks());
}

Bus::Claim Board::claim(const Bus& bus, Choices& choices) const {
    std::vector<Device*> chips;
    for (const Bus::Claim& claim : bus.claims())
        if (std::find(chips.begin(), chips.end(), claim.device) == chips.end())
            chips.push_back(claim.device);
    const Device* const chosen = choices.among(chips);
    std::vector<Bus::Claim> claims;
    for (const Bus::Claim& claim : bus.claims())
        if (claim.device == chosen) claims.push_back(claim);
    return choices.among(claims);
}

u64 Board::address(Choices& choices) {
    switch (choices.below(12)) {
        case 0: return choices.bytes(8);
        case 1: return choices.dword();
        case 2: return kMemory - choices.below(0x1000);
        case 3: return 0xa'0000 + choices.below(0x6'0000);
        case 4: return 0xffff'ffff - choices.below(0x2000);
        case 5:
        case 6: {
            const Bus::Claim there = claim(mmio(), choices);
            return there.first + choices.dword() % there.size;
        }
        case 7: return choices.below(0x1000);
        case 8: return choices.dword() % kMemory & ~kPageMask;
        default: return choices.dword() % kMemory;
    }
}

std::vector<unsigned> Board::places() {
    std::vector<unsigned> places;
    constexpr unsigned kFunctions = devices::PciBus::kFunctions;
    for (unsigned place = 0; place < devices::PciBus::kDevices * kFunctions; ++place)
        if (pc_->pci().find(place / kFunctions, place % kFunctions)) places.push_back(place);
    return places;
}

std::vector<u8> Board::save() const {
    Writer writer;
    pc_->save(writer);
    return std::move(writer).finish();
}

void Board::restore(std::span<const u8> image) {
    Reader reader(image, "the snapshot");
    pc_->restore(reader);
}

}  // namespace seventeen::fuzz
