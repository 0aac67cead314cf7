// The 8237A's registers and the transfers of its channels.
#include "devices/dma_controller.h"

#include <algorithm>

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// Registers behind the four channels' addresses and counts (datasheet, "Software commands").
enum Register : unsigned {
    kFirstControl = 8,
    kStatusOrCommand = kFirstControl,
    kRequest,
    kSingleMask,
    kMode,
    kClearFlipFlop,
    kTemporaryOrMasterClear,
    kClearMask,
    kAllMasks,
};
constexpr unsigned kRegisters = 16;

constexpr u8 kDisabled = 0x04;  // command register: memory to memory does not exist on a PC
constexpr u8 kSelect = 0x03;    // the channel, in the mode, request and mask registers
constexpr u8 kSetBit = 0x04;    // in the request and mask registers
constexpr u8 kAllChannels = 0x0f;
constexpr unsigned kRequestShift = 4;  // in the status
// Mode register. Single, block and demand differ in how the bus is shared, which takes no time.
constexpr u8 kCascade = 0xc0;
constexpr u8 kDecrement = 0x20;
constexpr u8 kAutoInitialize = 0x10;
constexpr unsigned kTransferShift = 2;
constexpr u8 kTransferMask = 0x03;

constexpr unsigned kCascadeChannel = 4;
constexpr u32 kWrap = 0x10000;  // an address counts within its page

// Page registers, from port 81h on, of channels 0 to 7 (IBM PC/AT technical reference).
constexpr std::array<u8, DmaController::kChannels> kPageOf = {0x6, 0x2, 0x0, 0x1,
                                                              0xe, 0xa, 0x8, 0x9};

constexpr u8 bit(unsigned channel) {
    return static_cast<u8>(1u << channel);
}

// Bytes in one unit of the count.
constexpr std::size_t unit(unsigned channel) {
    return channel < kCascadeChannel ? 1 : 2;
}

}  // namespace

DmaController::DmaController(DmaPort& memory) : memory_(memory) {
    for (unsigned i = 0; i < kChannels; ++i) channels_[i].attach(*this, i);
    reset();
}

DmaChannel& DmaController::channel(unsigned number) {
    check(number < kChannels && number != kCascadeChannel, "there is no such DMA channel");
    return channels_[number];
}

bool DmaController::open(unsigned channel) const {
    const Chip& chip = chips_[channel / kChipChannels];
    return !(chip.command & kDisabled) && !(chip.mask & bit(channel % kChipChannels));
}

// "Terminal count": the channel starts over or closes.
void DmaController::finish(unsigned channel) {
    Chip& chip = chips_[channel / kChipChannels];
    const u8 own = bit(channel % kChipChannels);
    chip.reached |= own;
    chip.requests &= static_cast<u8>(~own);
    Channel& finished = channels_[channel];
    if (finished.mode & kAutoInitialize) {
        finished.address = finished.base_address;
        finished.count = finished.base_count;
    } else {
        chip.mask |= own;
    }
}

// The second chip counts words: its addresses lose their lowest bit and so does its page.
PhysicalAddress DmaController::physical(unsigned channel, u16 address) const {
    const u64 page = pages_[kPageOf[channel]];
    if (channel < kCascadeChannel) return {page << 16 | address};
    return {(page & 0xfe) << 16 | u64{address} << 1};
}

void DmaController::Channel::attach(DmaController& controller, unsigned number) {
    controller_ = &controller;
    number_ = number;
}

std::size_t DmaController::Channel::read(std::span<u8> into) {
    return transfer(Transfer::kRead, into.size(),
                    [&](PhysicalAddress from, std::size_t done, std::size_t size) {
                        controller_->memory_.dma_read(from, into.data() + done, size);
                    });
}

std::size_t DmaController::Channel::write(std::span<const u8> from) {
    return transfer(Transfer::kWrite, from.size(),
                    [&](PhysicalAddress to, std::size_t done, std::size_t size) {
                        controller_->memory_.dma_write(to, from.data() + done, size);
                    });
}

// Moves runs of adjacent units; downwards, each unit by itself. Terminal count ends it.
template <typename Move>
std::size_t DmaController::Channel::transfer(Transfer wanted, std::size_t size, Move&& move) {
    const Transfer programmed = static_cast<Transfer>(mode >> kTransferShift & kTransferMask);
    const bool verifies = programmed == Transfer::kVerify;
    if (!controller_->open(number_) || (mode & kCascade) == kCascade) return 0;
    if (programmed != wanted && !verifies) return 0;
    const std::size_t bytes = unit(number_);
    std::size_t done = 0;
    bool reached = false;
    while (!reached && size - done >= bytes) {
        const u32 left = count + u32{1};
        const u32 run = (mode & kDecrement) ? 1 : std::min(left, kWrap - address);
        const u32 units = static_cast<u32>(std::min<std::size_t>(run, (size - done) / bytes));
        if (!verifies) move(controller_->physical(number_, address), done, units * bytes);
        done += units * bytes;
        step(units);
        reached = units == left;
    }
    if (reached) controller_->finish(number_);
    if (done != 0) terminal_count_ = reached;
    return done;
}

void DmaController::Channel::step(u32 units) {
    address = static_cast<u16>((mode & kDecrement) ? address - units : address + units);
    count = static_cast<u16>(count - units);
}

u64 DmaController::read(unsigned region, u64 offset, Width) {
    if (region == kPages) return pages_[offset % kPagesSize];
    const u64 reg = region == kFirst ? offset : offset / 2;
    return read_chip(region, static_cast<unsigned>(reg % kRegisters));
}

void DmaController::write(unsigned region, u64 offset, u64 value, Width) {
    const u8 byte = static_cast<u8>(value);
    if (region == kPages) {
        pages_[offset % kPagesSize] = byte;
        return;
    }
    const u64 reg = region == kFirst ? offset : offset / 2;
    write_chip(region, static_cast<unsigned>(reg % kRegisters), byte);
}

u8 DmaController::read_chip(unsigned number, unsigned reg) {
    Chip& chip = chips_[number];
    if (reg < kFirstControl) {
        const Channel& channel = channels_[number * kChipChannels + reg / 2];
        const u16 word = reg % 2 == 0 ? channel.address : channel.count;
        chip.high_byte = !chip.high_byte;
        return static_cast<u8>(chip.high_byte ? word : word >> 8);
    }
    if (reg == kStatusOrCommand) {
        const u8 status = static_cast<u8>(chip.requests << kRequestShift | chip.reached);
        chip.reached = 0;
        return status;
    }
    // The 82371SB lets software read its masks here, the 8237A does not.
    if (reg == kAllMasks) return static_cast<u8>(~kAllChannels) | chip.mask;
    return 0;  // the temporary register, which only a memory-to-memory transfer would fill
}

// Base and current register together, low byte first.
void DmaController::write_word(Chip& chip, u16& base, u16& current, u8 value) {
    base =
        static_cast<u16>(chip.high_byte ? (base & 0x00ff) | value << 8 : (base & 0xff00) | value);
    current = static_cast<u16>(chip.high_byte ? (current & 0x00ff) | value << 8
                                              : (current & 0xff00) | value);
    chip.high_byte = !chip.high_byte;
}

void DmaController::write_chip(unsigned number, unsigned reg, u8 value) {
    Chip& chip = chips_[number];
    Channel* const channels = &channels_[number * kChipChannels];
    if (reg < kFirstControl) {
        Channel& channel = channels[reg / 2];
        if (reg % 2 == 0)
            write_word(chip, channel.base_address, channel.address, value);
        else
            write_word(chip, channel.base_count, channel.count, value);
        return;
    }
    const u8 selected = bit(value & kSelect);
    const auto assign = [&](u8& bits) {
        bits = static_cast<u8>((value & kSetBit) ? bits | selected : bits & ~selected);
    };
    switch (reg) {
        case kStatusOrCommand: chip.command = value; break;
        case kRequest: assign(chip.requests); break;
        case kSingleMask: assign(chip.mask); break;
        case kMode: channels[value & kSelect].mode = value; break;
        case kClearFlipFlop: chip.high_byte = false; break;
        case kTemporaryOrMasterClear: master_clear(chip); break;
        case kClearMask: chip.mask = 0; break;
        default: chip.mask = value & kAllChannels; break;
    }
}

void DmaController::master_clear(Chip& chip) {
    chip = Chip();
    chip.mask = kAllChannels;
}

void DmaController::reset() {
    for (Chip& chip : chips_) master_clear(chip);
}

void DmaController::Channel::save(Writer& writer) const {
    writer.put(base_address);
    writer.put(base_count);
    writer.put(address);
    writer.put(count);
    writer.put(mode);
    writer.put(terminal_count_);
}

void DmaController::Channel::restore(Reader& reader) {
    reader.get(base_address);
    reader.get(base_count);
    reader.get(address);
    reader.get(count);
    reader.get(mode);
    reader.get(terminal_count_);
}

void DmaController::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    for (const Channel& channel : channels_) channel.save(writer);
    for (const Chip& chip : chips_) {
        for (const u8 value : {chip.command, chip.requests, chip.reached, chip.mask})
            writer.put(value);
        writer.put(chip.high_byte);
    }
    writer.bytes(pages_.data(), pages_.size());
    writer.end();
}

void DmaController::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    for (Channel& channel : channels_) channel.restore(reader);
    for (Chip& chip : chips_) {
        for (u8* value : {&chip.command, &chip.requests, &chip.reached, &chip.mask})
            reader.get(*value);
        reader.get(chip.high_byte);
        if ((chip.requests | chip.reached | chip.mask) > kAllChannels)
            reader.damaged("an 8237A has four channels");
    }
    reader.bytes(pages_.data(), pages_.size());
    reader.end();
}

}  // namespace seventeen::devices
