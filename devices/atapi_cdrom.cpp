// Packet commands of a CD-ROM drive with one data track.
#include "devices/atapi_cdrom.h"

#include <algorithm>
#include <string_view>

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;
constexpr Scheduler::Nanoseconds kCommandTime = 20'000;
constexpr Scheduler::Nanoseconds kBlockTime = 5'000;
constexpr u64 kMediumSector = BlockMedium::kSectorSize;
constexpr std::size_t kMaxReply = 1024;

// Task file commands.
constexpr u8 kDeviceReset = 0x08;
constexpr u8 kPacket = 0xa0;
constexpr u8 kIdentifyPacket = 0xa1;
constexpr u8 kIdentifyDevice = 0xec;
constexpr u8 kSetFeatures = 0xef;
constexpr u8 kReadSectors = 0x20;

// The interrupt reason, where a disk counts sectors.
constexpr u8 kReasonCommand = 0x01;  // C/D
constexpr u8 kReasonIn = 0x02;       // I/O: to the host

// Packet commands (MMC-3).
enum Packet : u8 {
    kTestUnitReady = 0x00,
    kRequestSense = 0x03,
    kInquiry = 0x12,
    kStartStop = 0x1b,
    kPrevent = 0x1e,
    kReadCapacity = 0x25,
    kRead10 = 0x28,
    kSeek10 = 0x2b,
    kReadToc = 0x43,
    kEventStatus = 0x4a,
    kModeSense10 = 0x5a,
    kRead12 = 0xa8,
    kSetSpeed = 0xbb,
    kMechanismStatus = 0xbd,
    kReadCd = 0xbe,
};

// Events of the media class.
constexpr u8 kNewMedia = 2;
constexpr u8 kMediaRemoval = 3;

constexpr u8 kNotReady = 2;
constexpr u8 kIllegalRequest = 5;
constexpr u8 kUnitAttention = 6;
constexpr u8 kNoMedium = 0x3a;
constexpr u8 kMediumChanged = 0x28;
constexpr u8 kInvalidCommand = 0x20;
constexpr u8 kOutOfRange = 0x21;
constexpr u8 kInvalidField = 0x24;
constexpr u8 kRemovalPrevented = 0x53;

void put16(std::vector<u8>& data, std::size_t at, u32 value) {
    data[at] = static_cast<u8>(value >> 8);
    data[at + 1] = static_cast<u8>(value);
}

void put32(std::vector<u8>& data, std::size_t at, u32 value) {
    put16(data, at, value >> 16);
    put16(data, at + 2, value);
}

// Minutes, seconds and frames of an address; the first sector lies two seconds in.
u32 minutes(u32 sector) {
    const u32 frame = sector + 150;
    return (frame / 75 / 60) << 16 | (frame / 75 % 60) << 8 | frame % 75;
}

void put_text(std::vector<u8>& data, std::size_t at, std::size_t size, std::string_view text) {
    for (std::size_t i = 0; i < size; ++i)
        data[at + i] = i < text.size() ? static_cast<u8>(text[i]) : u8{' '};
}

bool needs_disc(u8 command) {
    switch (command) {
        case kTestUnitReady:
        case kReadCapacity:
        case kRead10:
        case kRead12:
        case kSeek10:
        case kReadToc:
        case kReadCd: return true;
        default: return false;
    }
}

}  // namespace

void AtapiCdrom::change_disc(BlockMedium* disc) {
    media_event_ = disc != nullptr ? kNewMedia : kMediaRemoval;
    disc_ = disc;
    tray_open_ = false;
    attention_ = disc != nullptr;
}

u16 AtapiCdrom::packet16(unsigned at) const {
    return static_cast<u16>(packet_[at] << 8 | packet_[at + 1]);
}

u32 AtapiCdrom::packet32(unsigned at) const {
    return u32{packet16(at)} << 16 | packet16(at + 2);
}

// A packet device is not ready until it has been asked (9.12): its status is zero.
void AtapiCdrom::set_signature() {
    count_.write(1);
    low_.write(1);
    mid_.write(0x14);
    high_.write(0xeb);
    device_ &= 0x10;
    status_ = 0;
}

void AtapiCdrom::reset_drive() {
    state_ = State::kIdle;
    remaining_ = 0;
    locked_ = false;
    sense_ = {};
}

bool AtapiCdrom::always_accepts(u8 command) const {
    return command == kDeviceReset;
}

void AtapiCdrom::start_command(u8 command) {
    error_ = 0;
    switch (command) {
        case kDeviceReset:
            stop();
            reset_drive();
            set_signature();
            error_ = 0x01;
            return;
        case kPacket:
            // There is no overlap.
            if ((features_.now & 0x02) != 0) return finish(kReady, kAborted);
            dma_ = (features_.now & 0x01) != 0;
            state_ = State::kWantsPacket;
            count_.now = kReasonCommand;
            return request_block(kPacketSize);
        case kIdentifyPacket: return identify();
        case kIdentifyDevice:
        case kReadSectors:  // "not a disk", says the signature
            set_signature();
            return finish(kReady, kAborted);
        case kSetFeatures:
            return finish(kReady,
                          features_.now == 0x03 || features_.now == 0x66 || features_.now == 0xcc
                              ? 0
                              : kAborted);
        case 0xe0:
        case 0xe1:
        case 0xe2:
        case 0xe3:
        case 0xe6: return finish(kReady, 0);
        case 0xe5: count_.now = 0xff; return finish(kReady, 0);
        default: return finish(kReady, kAborted);
    }
}

// Only a damaged snapshot holds a block of another size.
void AtapiCdrom::block_filled() {
    if (block_.size() != kPacketSize) return finish(kReady, kAborted);
    std::copy_n(block_.begin(), kPacketSize, packet_.begin());
    state_ = State::kRuns;
    be_busy(kCommandTime);
}

void AtapiCdrom::block_emptied() {
    if (state_ == State::kIdle) {  // IDENTIFY PACKET DEVICE
        status_ = kReady;
        return;
    }
    state_ = remaining_ != 0 ? State::kSends : State::kEnds;
    be_busy(kBlockTime);
}

void AtapiCdrom::proceed() {
    switch (state_) {
        case State::kRuns: return execute();
        case State::kSends: return send_block();
        default: return end({});
    }
}

// Data are left over where the disc was taken out meanwhile.
void AtapiCdrom::complete_dma() {
    end(remaining_ == 0 ? Sense{} : Sense{kNotReady, kNoMedium, 0});
}

// A condition is told once, by any command but those that look at the drive itself (SPC-3, 5.10).
void AtapiCdrom::execute() {
    remaining_ = 0;
    from_disc_ = false;
    const u8 command = packet_[0];
    if (attention_ && command != kInquiry && command != kRequestSense && command != kEventStatus) {
        attention_ = false;
        return end({kUnitAttention, kMediumChanged, 0});
    }
    if (needs_disc(command) && !has_disc()) return end({kNotReady, kNoMedium, 0});
    dispatch();
}

void AtapiCdrom::dispatch() {
    switch (packet_[0]) {
        case kTestUnitReady:
        case kSetSpeed: return end({});
        case kSeek10:
            if (packet32(2) >= disc_sectors()) return end({kIllegalRequest, kOutOfRange, 0});
            return end({});
        case kPrevent: locked_ = (packet_[4] & 1) != 0; return end({});
        case kRequestSense: return request_sense();
        case kInquiry: return inquiry();
        case kReadCapacity: return read_capacity();
        case kRead10: return read_sectors(packet32(2), packet16(7));
        case kRead12: return read_sectors(packet32(2), packet32(6));
        case kReadCd: return read_cd();
        case kReadToc: return read_toc();
        case kModeSense10: return mode_sense();
        case kStartStop: return start_stop();
        case kEventStatus: return event_status();
        case kMechanismStatus: return mechanism_status();
        default: return end({kIllegalRequest, kInvalidCommand, 0});
    }
}

// The sense of a command that went well replaces an older one, save that REQUEST SENSE has its own.
void AtapiCdrom::end(const Sense& sense) {
    state_ = State::kIdle;
    remaining_ = 0;
    sense_ = sense;
    count_.now = kReasonCommand | kReasonIn;
    const u8 error = sense.key == 0 ? 0 : static_cast<u8>(sense.key << 4);
    finish(kReady | kSeekComplete, error | (sense.key == kIllegalRequest ? kAborted : 0));
}

void AtapiCdrom::reply(std::vector<u8> data, std::size_t allocated) {
    reply_ = std::move(data);
    position_ = 0;
    remaining_ = std::min(reply_.size(), allocated);
    send();
}

void AtapiCdrom::send() {
    if (remaining_ == 0) return end({});
    state_ = State::kSends;
    if (!dma_) return send_block();
    if (!refill()) return complete_dma();
    start_dma(true);
}

// The next piece of the data goes into the block.
bool AtapiCdrom::refill() {
    const u64 limit = dma_ ? kMaxBlock : block_.size();
    const std::size_t size = static_cast<std::size_t>(std::min(limit, remaining_));
    if (size == 0) return false;
    block_.resize(size);
    if (from_disc_) {
        if (!has_disc() || position_ + size > disc_sectors() * kSectorSize) return false;
        const u64 first = position_ / kMediumSector;
        const u64 skip = position_ % kMediumSector;
        const u64 sectors = (skip + size + kMediumSector - 1) / kMediumSector;
        std::vector<u8> whole(sectors * kMediumSector);
        disc_->read(first, whole);
        std::copy_n(whole.begin() + static_cast<std::ptrdiff_t>(skip), size, block_.begin());
    } else {
        if (position_ + size > reply_.size()) return false;
        std::copy_n(reply_.begin() + static_cast<std::ptrdiff_t>(position_), size, block_.begin());
    }
    position_ += size;
    remaining_ -= size;
    return true;
}

// At most the host's byte count, which is even unless it holds everything (ATA/ATAPI-6, 8.23.4).
void AtapiCdrom::send_block() {
    u64 limit = high_.now << 8 | mid_.now;
    if (limit == 0) return finish(kReady, kAborted);
    if (limit == 0xffff) limit = 0xfffe;
    if (limit < remaining_) limit = std::max<u64>(limit & ~u64{1}, 2);
    block_.resize(static_cast<std::size_t>(std::min(limit, remaining_)));
    const std::size_t size = block_.size();
    if (!refill()) return end({kNotReady, kNoMedium, 0});
    count_.now = kReasonIn;
    mid_.now = static_cast<u8>(size);
    high_.now = static_cast<u8>(size >> 8);
    offer_block();
}

void AtapiCdrom::read_sectors(u32 first, u32 count) {
    if (first > disc_sectors() || count > disc_sectors() - first)
        return end({kIllegalRequest, kOutOfRange, 0});
    from_disc_ = true;
    position_ = u64{first} * kSectorSize;
    remaining_ = u64{count} * kSectorSize;
    send();
}

// The user data of data sectors only; a request for nothing is no error.
void AtapiCdrom::read_cd() {
    const u32 count = u32{packet_[6]} << 16 | packet16(7);
    const u8 wanted = packet_[9] & 0xf8;
    if (count == 0 || wanted == 0) return end({});
    if (wanted != 0x10 || (packet_[10] & 7) != 0) return end({kIllegalRequest, kInvalidField, 0});
    read_sectors(packet32(2), count);
}

void AtapiCdrom::request_sense() {
    std::vector<u8> data(18);
    if (attention_) {
        sense_ = {kUnitAttention, kMediumChanged, 0};
        attention_ = false;
    }
    data[0] = 0x70;
    data[2] = sense_.key;
    data[7] = 10;
    data[12] = sense_.code;
    data[13] = sense_.qualifier;
    reply(std::move(data), packet_[4]);
}

void AtapiCdrom::inquiry() {
    std::vector<u8> data(36);
    data[0] = 0x05;  // a CD-ROM drive
    data[1] = 0x80;  // removable
    data[3] = 0x21;  // ATAPI, response format 1
    data[4] = 31;
    put_text(data, 8, 8, "17");
    put_text(data, 16, 16, "SEVENTEEN CD-ROM");
    put_text(data, 32, 4, "1.0");
    reply(std::move(data), packet_[4]);
}

void AtapiCdrom::read_capacity() {
    std::vector<u8> data(8);
    put32(data, 0, static_cast<u32>(disc_sectors() - 1));
    put32(data, 4, kSectorSize);
    reply(std::move(data), kMaxReply);  // it has no allocation length
}

// Format 0: the tracks from one on, and the lead-out; format 1: the first session.
void AtapiCdrom::read_toc() {
    const bool as_time = (packet_[1] & 2) != 0;
    const u8 format = (packet_[2] & 0x0f) != 0 ? packet_[2] & 0x0f : packet_[9] >> 6;
    const u8 track = packet_[6];
    std::vector<u8> data{0, 0, 1, 1};
    const auto entry = [&](u8 number, u32 sector) {
        const std::size_t at = data.size();
        data.resize(at + 8);
        data[at + 1] = number == 0xaa ? 0x16 : 0x14;  // a data track
        data[at + 2] = number;
        put32(data, at + 4, as_time ? minutes(sector) : sector);
    };
    if (format > 1 || (format == 0 && track > 1 && track != 0xaa))
        return end({kIllegalRequest, kInvalidField, 0});
    if (format == 1 || track <= 1) entry(1, 0);
    if (format == 0) entry(0xaa, static_cast<u32>(disc_sectors()));
    put16(data, 0, static_cast<u32>(data.size() - 2));
    reply(std::move(data), packet16(7));
}

// Pages 1 (error recovery) and 2ah (capabilities); changeable values are none.
void AtapiCdrom::mode_sense() {
    const u8 page = packet_[2] & 0x3f;
    const u8 control = packet_[2] >> 6;
    if (control == 3) return end({kIllegalRequest, 0x39, 0});  // saving is not supported
    if (page != 0x01 && page != 0x2a && page != 0x3f)
        return end({kIllegalRequest, kInvalidField, 0});
    std::vector<u8> data(8);
    data[2] = has_disc() ? 0x01 : 0x70;
    if (tray_open_) data[2] = 0x71;
    const auto append = [&](std::vector<u8> content) {
        if (control == 1) std::fill(content.begin() + 2, content.end(), u8{0});
        data.insert(data.end(), content.begin(), content.end());
    };
    if (page != 0x2a) append({0x01, 0x06, 0x00, 0x05, 0, 0, 0, 0});
    if (page != 0x01) {
        std::vector<u8> capabilities(20);
        capabilities[0] = 0x2a;
        capabilities[1] = 18;
        capabilities[2] = 0x03;                                       // reads CD-R, CD-RW
        capabilities[6] = static_cast<u8>(0x29 | (locked_ ? 2 : 0));  // tray, eject, lock
        put16(capabilities, 8, 706);                                  // 4 ×, in KB/s
        put16(capabilities, 10, 2);
        put16(capabilities, 12, 512);
        put16(capabilities, 14, 706);
        append(std::move(capabilities));
    }
    put16(data, 0, static_cast<u32>(data.size() - 2));
    reply(std::move(data), packet16(7));
}

void AtapiCdrom::start_stop() {
    const bool load_eject = (packet_[4] & 2) != 0;
    const bool start = (packet_[4] & 1) != 0;
    if (!load_eject) return end({});
    if (!start && locked_) return end({kIllegalRequest, kRemovalPrevented, 2});
    if (tray_open_ == start) {
        tray_open_ = !start;
        attention_ = start && disc_ != nullptr;
        media_event_ = start ? kNewMedia : kMediaRemoval;
        if (start && disc_ == nullptr) media_event_ = 0;
    }
    end({});
}

// Polled only; the media class only.
void AtapiCdrom::event_status() {
    if ((packet_[1] & 1) == 0) return end({kIllegalRequest, kInvalidField, 0});
    std::vector<u8> data(4);
    data[3] = 0x10;  // classes there are
    if ((packet_[4] & 0x10) != 0) {
        data[2] = 0x04;
        data.resize(8);
        data[4] = media_event_;
        data[5] = static_cast<u8>((tray_open_ ? 1 : 0) | (has_disc() ? 2 : 0));
        media_event_ = 0;
    } else {
        data[2] = 0x80;  // no event
    }
    put16(data, 0, static_cast<u32>(data.size() - 2));
    reply(std::move(data), packet16(7));
}

void AtapiCdrom::mechanism_status() {
    std::vector<u8> data(8);
    data[1] = tray_open_ ? 0x10 : 0x00;
    data[5] = 1;  // one slot
    reply(std::move(data), packet16(8));
}

// ATA/ATAPI-6, 8.16.
void AtapiCdrom::identify() {
    block_.assign(512, 0);
    const auto word = [this](unsigned at, u32 value) {
        block_[2 * at] = static_cast<u8>(value);
        block_[2 * at + 1] = static_cast<u8>(value >> 8);
    };
    const auto text = [this](unsigned at, unsigned words, std::string_view value) {
        for (unsigned i = 0; i < 2 * words; ++i)
            block_[2 * at + (i ^ 1)] = i < value.size() ? static_cast<u8>(value[i]) : u8{' '};
    };
    word(0, 0x85c0);  // ATAPI, CD-ROM, removable, DRQ within 50 µs, packets of 12 bytes
    text(10, 10, name());
    text(23, 4, "1.0");
    text(27, 20, "SEVENTEEN CD-ROM");
    word(48, 1);
    word(49, 0x0b00);  // IORDY, LBA, DMA
    word(53, 0x0006);
    word(63, 0x0407);  // multiword DMA modes, 2 selected
    word(64, 0x03);
    for (unsigned at = 65; at <= 68; ++at) word(at, 120);
    word(80, 0x007e);
    word(82, 0x4010);  // PACKET
    word(83, 0x4000);
    word(88, 0x003f);
    state_ = State::kIdle;
    offer_block();
}

void AtapiCdrom::save(Writer& writer) const {
    IdeDrive::save(writer);
    writer.begin(name(), kVersion);
    for (const bool value : {tray_open_, locked_, attention_, dma_, from_disc_}) writer.put(value);
    for (const u8 value : {media_event_, sense_.key, sense_.code, sense_.qualifier})
        writer.put(value);
    writer.put(state_);
    writer.bytes(packet_.data(), packet_.size());
    writer.put(static_cast<u32>(reply_.size()));
    writer.bytes(reply_.data(), reply_.size());
    writer.put(position_);
    writer.put(remaining_);
    writer.end();
}

void AtapiCdrom::restore(Reader& reader) {
    IdeDrive::restore(reader);
    reader.begin(name(), kVersion, kVersion);
    for (bool* value : {&tray_open_, &locked_, &attention_, &dma_, &from_disc_}) reader.get(*value);
    for (u8* value : {&media_event_, &sense_.key, &sense_.code, &sense_.qualifier})
        reader.get(*value);
    reader.get(state_);
    reader.bytes(packet_.data(), packet_.size());
    const u32 size = reader.get<u32>();
    if (state_ > State::kEnds || media_event_ > kMediaRemoval || size > kMaxReply)
        reader.damaged("an impossible packet command");
    reply_.assign(size, 0);
    reader.bytes(reply_.data(), size);
    reader.get(position_);
    reader.get(remaining_);
    constexpr u64 kLimit = u64{1} << 43;  // more than 2^32 sectors hold
    if (position_ > kLimit || remaining_ > kLimit) reader.damaged("data past any disc's end");
    if (state_ == State::kWantsPacket && block_.size() != kPacketSize)
        reader.damaged("a packet of another size");
    reader.end();
}

}  // namespace seventeen::devices
