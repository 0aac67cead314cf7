// The commands of an ATA disk.
#include "devices/ata_disk.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;
constexpr u64 kSector = BlockMedium::kSectorSize;

// What a disk with a warm cache takes; commands in virtual time cost the guest its idle time only.
constexpr Scheduler::Nanoseconds kCommandTime = 20'000;
constexpr Scheduler::Nanoseconds kBlockTime = 5'000;

constexpr u8 kNotFound = 0x10;  // IDNF, of the error register
constexpr u8 kLba = 0x40;       // of the device register
constexpr u8 kMaxMultiple = 16;
constexpr u32 kMaxDmaSectors = 128;
constexpr u8 kNoMode = 0xff;
constexpr u64 kMaxLba28 = 0x0fff'ffff;
constexpr u16 kMaxCylinders = 16383;
constexpr u64 kMaxChs = u64{kMaxCylinders} * 16 * 63;

// ATA/ATAPI-6 chapter 8, and the obsolete forms without retries or with a range of opcodes.
enum Command : u8 {
    kReadSectors = 0x20,
    kReadSectorsOnce = 0x21,
    kReadSectorsExt = 0x24,
    kReadDmaExt = 0x25,
    kReadNativeMaxExt = 0x27,
    kReadMultipleExt = 0x29,
    kWriteSectors = 0x30,
    kWriteSectorsOnce = 0x31,
    kWriteSectorsExt = 0x34,
    kWriteDmaExt = 0x35,
    kWriteMultipleExt = 0x39,
    kWriteVerify = 0x3c,
    kVerify = 0x40,
    kVerifyOnce = 0x41,
    kVerifyExt = 0x42,
    kInitializeParameters = 0x91,
    kReadMultiple = 0xc4,
    kWriteMultiple = 0xc5,
    kSetMultiple = 0xc6,
    kReadDma = 0xc8,
    kReadDmaOnce = 0xc9,
    kWriteDma = 0xca,
    kWriteDmaOnce = 0xcb,
    kStandbyImmediate = 0xe0,
    kIdleImmediate = 0xe1,
    kStandby = 0xe2,
    kIdle = 0xe3,
    kCheckPower = 0xe5,
    kSleep = 0xe6,
    kFlush = 0xe7,
    kFlushExt = 0xea,
    kIdentify = 0xec,
    kSetFeatures = 0xef,
    kReadNativeMax = 0xf8,
};

void put_text(std::vector<u8>& block, unsigned word, unsigned words, std::string_view text) {
    for (unsigned i = 0; i < 2 * words; ++i)  // the first character is the high byte
        block[2 * word + (i ^ 1)] = i < text.size() ? static_cast<u8>(text[i]) : u8{' '};
}

void put_word(std::vector<u8>& block, unsigned word, u64 value, unsigned words = 1) {
    for (unsigned i = 0; i < 2 * words; ++i) block[2 * word + i] = static_cast<u8>(value >> 8 * i);
}

DiskGeometry default_geometry(u64 sectors) {
    const u64 cylinders = std::clamp<u64>(sectors / (16 * 63), 1, kMaxCylinders);
    return {static_cast<u16>(cylinders), 16, 63};
}

}  // namespace

AtaDisk::AtaDisk(std::string name, Scheduler& scheduler, BlockMedium& medium,
                 std::optional<DiskGeometry> geometry)
    : IdeDrive(std::move(name), scheduler),
      medium_(medium),
      native_(geometry.value_or(default_geometry(medium.sectors()))),
      heads_(native_.heads),
      sectors_(native_.sectors) {
    check(medium.sectors() != 0, "a disk has sectors");
    check(heads_ >= 1 && heads_ <= 16 && sectors_ >= 1, "a disk's geometry");
    reset();
}

void AtaDisk::set_signature() {
    count_.write(1);
    low_.write(1);
    mid_.write(0);
    high_.write(0);
    device_ = 0;
    status_ = kReady | kSeekComplete;
}

// What SET FEATURES chose stays over a software reset with most drives, so here (9.3 allows both);
// the translation goes back to the native one.
void AtaDisk::reset_drive() {
    heads_ = native_.heads;
    sectors_ = native_.sectors;
    multiple_ = 0;
    power_ = Power::kActive;
    transfer_ = Transfer::kNone;
    identifying_ = false;
    remaining_ = 0;
}

std::optional<u64> AtaDisk::address(bool extended) const {
    if (extended)
        return u64{high_.previous} << 40 | u64{mid_.previous} << 32 | u64{low_.previous} << 24 |
               u64{high_.now} << 16 | u64{mid_.now} << 8 | low_.now;
    const u64 cylinder = u64{high_.now} << 8 | mid_.now;
    const u64 head = device_ & 0x0f;
    if ((device_ & kLba) != 0) return head << 24 | cylinder << 8 | low_.now;
    if (low_.now == 0 || low_.now > sectors_ || head >= heads_) return {};
    return (cylinder * heads_ + head) * sectors_ + low_.now - 1;
}

// After a command: the last sector moved or the one that failed.
void AtaDisk::show_address(u64 sector) {
    if (extended_) {
        high_.previous = static_cast<u8>(sector >> 40);
        mid_.previous = static_cast<u8>(sector >> 32);
        low_.previous = static_cast<u8>(sector >> 24);
    }
    u64 cylinder = sector >> 8;
    u64 head = sector >> 24;
    low_.now = static_cast<u8>(sector);
    if (!extended_ && (device_ & kLba) == 0) {
        low_.now = static_cast<u8>(sector % sectors_ + 1);
        head = sector / sectors_ % heads_;
        cylinder = sector / sectors_ / heads_;
    }
    mid_.now = static_cast<u8>(cylinder);
    high_.now = static_cast<u8>(cylinder >> 8);
    if (!extended_) device_ = static_cast<u8>((device_ & 0xf0) | (head & 0x0f));
}

// Takes address and count from the task file; false where they leave the disk.
bool AtaDisk::locate(bool extended) {
    extended_ = extended;
    u32 count = extended ? count_.both() : count_.now;
    if (count == 0) count = extended ? 0x10000 : 0x100;
    const std::optional<u64> first = address(extended);
    if (!first || *first >= medium_.sectors() || count > medium_.sectors() - *first) return false;
    sector_ = *first;
    remaining_ = count;
    return true;
}

void AtaDisk::transfer(Transfer transfer, bool extended, unsigned sectors_a_block) {
    const bool writes = transfer == Transfer::kBlocksOut || transfer == Transfer::kDmaOut;
    if (sectors_a_block == 0 || (writes && !medium_.writable())) return fail(kAborted);
    if (!locate(extended)) return fail(kNotFound);
    transfer_ = transfer;
    block_sectors_ = sectors_a_block;
    power_ = Power::kActive;
    if (transfer == Transfer::kBlocksOut)
        next_block();  // without an interrupt: the first block only
    else
        be_busy(kCommandTime);
}

void AtaDisk::fail(u8 error) {
    end_command(error);
}

void AtaDisk::end_command(u8 error) {
    transfer_ = Transfer::kNone;
    pending_error_ = error;
    be_busy(kBlockTime);
}

// Asks for what the next block of a write holds.
void AtaDisk::next_block() {
    request_block(std::min(remaining_, block_sectors_) * kSector);
}

bool AtaDisk::refill() {
    if (remaining_ == 0) return false;
    const u32 count = std::min(remaining_, block_sectors_);
    block_.assign(count * kSector, 0);
    medium_.read(sector_, block_);
    sector_ += count;
    remaining_ -= count;
    return true;
}

bool AtaDisk::drain() {
    const u32 count = std::min(remaining_, static_cast<u32>(block_.size() / kSector));
    medium_.write(sector_, std::span(block_).first(count * kSector));
    sector_ += count;
    remaining_ -= count;
    block_.resize(std::min(remaining_, block_sectors_) * kSector);
    return remaining_ != 0;
}

void AtaDisk::complete_dma() {
    transfer_ = Transfer::kNone;
    count_ = {};
    show_address(sector_ - 1);
    finish(kReady | kSeekComplete, 0);
}

void AtaDisk::block_emptied() {
    if (transfer_ == Transfer::kBlocksIn && remaining_ != 0) return be_busy(kBlockTime);
    if (!identifying_) {
        count_ = {};
        show_address(sector_ - 1);
    }
    identifying_ = false;
    transfer_ = Transfer::kNone;
}

void AtaDisk::block_filled() {
    be_busy(kBlockTime);
}

void AtaDisk::proceed() {
    switch (transfer_) {
        case Transfer::kNone: return finish(kReady | kSeekComplete, pending_error_);
        case Transfer::kBlocksIn:
            if (identifying_)
                identify();
            else if (!refill())
                return finish(kReady | kSeekComplete, kAborted);  // a damaged snapshot's
            return offer_block();
        case Transfer::kBlocksOut:
            if (!drain()) return complete_dma();
            next_block();
            interrupt_.raise();
            return;
        case Transfer::kDmaIn: refill(); return start_dma(true);
        case Transfer::kDmaOut:
            block_.assign(std::min(remaining_, block_sectors_) * kSector, 0);
            return start_dma(false);
    }
}

void AtaDisk::start_command(u8 command) {
    if (power_ == Power::kSleep) return;  // only a reset wakes it
    error_ = 0;
    pending_error_ = 0;
    identifying_ = false;
    switch (command) {
        case kReadSectors:
        case kReadSectorsOnce: return transfer(Transfer::kBlocksIn, false, 1);
        case kReadSectorsExt: return transfer(Transfer::kBlocksIn, true, 1);
        case kReadMultiple: return transfer(Transfer::kBlocksIn, false, multiple_);
        case kReadMultipleExt: return transfer(Transfer::kBlocksIn, true, multiple_);
        case kWriteSectors:
        case kWriteSectorsOnce:
        case kWriteVerify: return transfer(Transfer::kBlocksOut, false, 1);
        case kWriteSectorsExt: return transfer(Transfer::kBlocksOut, true, 1);
        case kWriteMultiple: return transfer(Transfer::kBlocksOut, false, multiple_);
        case kWriteMultipleExt: return transfer(Transfer::kBlocksOut, true, multiple_);
        case kReadDma:
        case kReadDmaOnce: return transfer(Transfer::kDmaIn, false, kMaxDmaSectors);
        case kReadDmaExt: return transfer(Transfer::kDmaIn, true, kMaxDmaSectors);
        case kWriteDma:
        case kWriteDmaOnce: return transfer(Transfer::kDmaOut, false, kMaxDmaSectors);
        case kWriteDmaExt: return transfer(Transfer::kDmaOut, true, kMaxDmaSectors);
        case kIdentify:
            identifying_ = true;
            transfer_ = Transfer::kBlocksIn;
            remaining_ = 0;
            return be_busy(kCommandTime);
        default: end_command(non_data_command(command) ? pending_error_ : kAborted);
    }
}

// False where the disk does not have the command. Among those it refuses are SMART (IDENTIFY says
// so), PACKET, IDENTIFY PACKET DEVICE and NOP, which ends in an abort by definition.
bool AtaDisk::non_data_command(u8 command) {
    switch (command) {
        case kVerify:
        case kVerifyOnce:
        case kVerifyExt:
            pending_error_ = locate(command == kVerifyExt) ? 0 : kNotFound;
            remaining_ = 0;
            return true;
        case kInitializeParameters: pending_error_ = set_geometry(); return true;
        case kSetMultiple: pending_error_ = set_multiple(); return true;
        case kSetFeatures: pending_error_ = set_features(); return true;
        case kFlush:
        case kFlushExt: medium_.flush(); return true;
        case kReadNativeMax:
        case kReadNativeMaxExt: show_native_maximum(command == kReadNativeMaxExt); return true;
        case kStandbyImmediate:
        case kStandby:
        case 0x94:
        case 0x96: power_ = Power::kStandby; return true;
        case kIdleImmediate:
        case kIdle:
        case 0x95:
        case 0x97: power_ = Power::kActive; return true;
        case kCheckPower:
        case 0x98: count_.now = power_ == Power::kActive ? 0xff : 0x00; return true;
        case kSleep:
        case 0x99: power_ = Power::kSleep; return true;
        default:
            // RECALIBRATE and SEEK have sixteen opcodes each.
            return command >> 4 == 0x1 || command >> 4 == 0x7;
    }
}

u8 AtaDisk::set_features() {
    switch (features_.now) {
        case 0x02:
        case 0x82:  // a cache that is switched off is written back first
            write_cache_ = features_.now == 0x02;
            if (!write_cache_) medium_.flush();
            return 0;
        case 0x03: return set_transfer_mode(count_.now);
        case 0x55:
        case 0xaa: look_ahead_ = features_.now == 0xaa; return 0;
        case 0x66:
        case 0xcc: return 0;  // what a software reset reverts
        default: return kAborted;
    }
}

// ATA/ATAPI-6 table 44: the mode's kind in the upper five bits, its number in the lower three.
u8 AtaDisk::set_transfer_mode(u8 mode) {
    const u8 number = mode & 7;
    switch (mode >> 3) {
        case 0: return number <= 1 ? 0 : kAborted;  // the default PIO mode
        case 1: return number <= 4 ? 0 : kAborted;
        case 4:
            if (number > 2) return kAborted;
            multiword_mode_ = number;
            ultra_mode_ = kNoMode;
            return 0;
        case 8:
            if (number > 5) return kAborted;
            ultra_mode_ = number;
            multiword_mode_ = kNoMode;
            return 0;
        default: return kAborted;
    }
}

u8 AtaDisk::set_multiple() {
    const u8 count = count_.now;
    const bool good = count <= kMaxMultiple && (count == 0 || std::has_single_bit(count));
    multiple_ = good ? count : 0;
    return good ? 0 : kAborted;
}

// INITIALIZE DEVICE PARAMETERS: a translation needs at least one sector a track.
u8 AtaDisk::set_geometry() {
    if (count_.now == 0) return kAborted;
    sectors_ = count_.now;
    heads_ = static_cast<u8>((device_ & 0x0f) + 1);
    return 0;
}

void AtaDisk::show_native_maximum(bool extended) {
    extended_ = extended;
    const u64 last = medium_.sectors() - 1;
    show_address(extended ? last : std::min(last, kMaxLba28 - 1));
}

u16 AtaDisk::current_cylinders() const {
    const u64 sectors = std::min(medium_.sectors(), kMaxChs);
    return static_cast<u16>(std::min<u64>(sectors / (u64{heads_} * sectors_), 0xffff));
}

// ATA/ATAPI-6, 8.15, table 26.
void AtaDisk::identify() {
    block_.assign(kSector, 0);
    const u64 sectors = medium_.sectors();
    const u16 cylinders = current_cylinders();
    put_word(block_, 0, 0x0040);  // a fixed disk
    put_word(block_, 1, native_.cylinders);
    put_word(block_, 3, native_.heads);
    put_word(block_, 6, native_.sectors);
    put_text(block_, 10, 10, name());
    put_word(block_, 20, 3);    // a cache that reads ahead
    put_word(block_, 21, 512);  // of so many sectors
    put_word(block_, 22, 4);
    put_text(block_, 23, 4, "1.0");
    put_text(block_, 27, 20, "SEVENTEEN HARD DISK");
    put_word(block_, 47, 0x8000 | kMaxMultiple);
    put_word(block_, 48, 1);       // doublewords through the data register
    put_word(block_, 49, 0x0b00);  // IORDY, LBA, DMA
    put_word(block_, 50, 0x4000);
    put_word(block_, 51, 0x0200);
    put_word(block_, 52, 0x0200);
    put_word(block_, 53, 0x0007);  // words 54–58, 64–70 and 88 hold
    put_word(block_, 54, cylinders);
    put_word(block_, 55, heads_);
    put_word(block_, 56, sectors_);
    put_word(block_, 57, u64{cylinders} * heads_ * sectors_, 2);
    if (multiple_ != 0) put_word(block_, 59, 0x0100 | multiple_);
    put_word(block_, 60, std::min(sectors, kMaxLba28), 2);
    put_word(block_, 63, 0x07 | (multiword_mode_ == kNoMode ? 0 : 0x100u << multiword_mode_));
    put_word(block_, 64, 0x03);                                                // PIO modes 3 and 4
    for (unsigned word = 65; word <= 68; ++word) put_word(block_, word, 120);  // cycle times, ns
    put_word(block_, 80, 0x007e);                                              // ATA-1 to 6
    put_word(block_, 82, 0x0068);  // power management, write cache, look-ahead
    put_word(block_, 83, 0x7400);  // both flushes, 48-bit addresses
    put_word(block_, 84, 0x4000);
    put_word(block_, 85, 0x0008 | (write_cache_ ? 0x20 : 0) | (look_ahead_ ? 0x40 : 0));
    put_word(block_, 86, 0x3400);
    put_word(block_, 87, 0x4000);
    put_word(block_, 88, 0x3f | (ultra_mode_ == kNoMode ? 0 : 0x100u << ultra_mode_));
    put_word(block_, 93, 0x6001);  // 80 conductors
    put_word(block_, 100, sectors, 4);
}

void AtaDisk::save(Writer& writer) const {
    IdeDrive::save(writer);
    writer.begin(name(), kVersion);
    for (const u8 value :
         {heads_, sectors_, multiple_, multiword_mode_, ultra_mode_, pending_error_})
        writer.put(value);
    for (const bool value : {write_cache_, look_ahead_, identifying_, extended_}) writer.put(value);
    writer.put(power_);
    writer.put(transfer_);
    writer.put(sector_);
    writer.put(remaining_);
    writer.put(block_sectors_);
    writer.end();
}

void AtaDisk::restore(Reader& reader) {
    IdeDrive::restore(reader);
    reader.begin(name(), kVersion, kVersion);
    for (u8* value :
         {&heads_, &sectors_, &multiple_, &multiword_mode_, &ultra_mode_, &pending_error_})
        reader.get(*value);
    for (bool* value : {&write_cache_, &look_ahead_, &identifying_, &extended_}) reader.get(*value);
    reader.get(power_);
    reader.get(transfer_);
    reader.get(sector_);
    reader.get(remaining_);
    reader.get(block_sectors_);
    const auto mode = [](u8 value, u8 highest) { return value <= highest || value == kNoMode; };
    if (heads_ == 0 || heads_ > 16 || sectors_ == 0 || multiple_ > kMaxMultiple ||
        !mode(multiword_mode_, 2) || !mode(ultra_mode_, 5))
        reader.damaged("an impossible setting");
    const u64 size = medium_.sectors();
    // A write of which the block is part has not counted it yet.
    const bool writes = transfer_ == Transfer::kBlocksOut || transfer_ == Transfer::kDmaOut;
    if (transfer_ > Transfer::kDmaOut || power_ > Power::kSleep || block_sectors_ == 0 ||
        block_sectors_ > kMaxDmaSectors || sector_ > size || remaining_ > size - sector_)
        reader.damaged("a transfer that the disk cannot have begun");
    if (writes &&
        (remaining_ == 0 || block_.size() > remaining_ * kSector || block_.size() % kSector != 0))
        reader.damaged("a write of another size");
    reader.end();
}

}  // namespace seventeen::devices
