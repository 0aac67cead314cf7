// The DP8390's transmitter, receiver, receive ring and loopback.
#include <algorithm>
#include <vector>

#include "devices/dp8390.h"
#include "devices/dp8390_registers.h"

namespace seventeen::devices {

using namespace dp8390;

namespace {

constexpr unsigned kMissedTally = 2;
constexpr u8 kTallyInterrupt = 0x80;
constexpr u8 kTallyMost = 0xc0;  // where a tally counter stops (10.7)

constexpr std::size_t kAddressSize = 6;
constexpr std::size_t kHeaderSize = 4;  // what the chip puts before a packet in the ring
constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kMinimumSize = 60;  // what the sender pads to
constexpr std::size_t kRingPage = 256;

// The register that computes IEEE 802.3's checksum, before it is inverted.
u32 crc_register(std::span<const u8> bytes) {
    u32 crc = ~u32{0};
    for (const u8 byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb8'8320 : 0);
    }
    return crc;
}

void append_checksum(std::vector<u8>& frame) {
    const u32 checksum = ~crc_register(frame);
    for (unsigned i = 0; i < kChecksumSize; ++i)
        frame.push_back(static_cast<u8>(checksum >> 8 * i));
}

bool checksum_is_right(std::span<const u8> frame) {
    constexpr u32 kResidue = 0xdebb'20e3;  // of a frame with its own checksum behind it
    return frame.size() >= kChecksumSize && crc_register(frame) == kResidue;
}

std::size_t pages_for(std::size_t frame) {
    return (kHeaderSize + frame + kChecksumSize + kRingPage - 1) / kRingPage;
}

}  // namespace

void Dp8390::transmit() {
    std::vector<u8> frame(transmit_count_);
    local_address_ = page_address(transmit_page_);
    for (u8& byte : frame) byte = bus_.read_local(local_address_++);
    transmit_status_ = kSent;
    interrupt_status_ |= kTransmitted;
    if (in_loopback()) {
        loop_back(frame);
    } else {
        send(frame);
    }
}

// What is no frame, a receiver at the far end would discard: so it is not even handed over.
void Dp8390::send(std::span<const u8> frame) {
    if (cable_ == nullptr) {
        transmit_status_ |= kCarrierLost;
        return;
    }
    if ((transmit_config_ & kInhibitCrc) != 0) {
        if (!checksum_is_right(frame)) return;
        frame = frame.first(frame.size() - kChecksumSize);
    }
    if (frame.size() < kShortestFrame || frame.size() > kLongestFrame) return;
    cable_->receive(frame);
}

// AN-937: the packet goes to the FIFO, never to the ring. Transmitter and receiver share the
// checksum unit, so one that the chip appends looks wrong to it.
void Dp8390::loop_back(std::span<const u8> frame) {
    constexpr std::array<u8, 4> kStatus = {kSent, 0x51, 0x41, kSent};  // by mode, CDH and CRS
    transmit_status_ = kStatus[transmit_config_ >> 1 & 3];
    const bool external = (transmit_config_ & kLoopbackModes) == kExternalLoopback;
    if ((data_config_ & kNormal) != 0) {  // cut off from the cable, but not looped
        if (external) send(frame);
        return;
    }
    // Only one byte of each word gets through (section 12).
    std::vector<u8> packet;
    const std::size_t first = word_wide() && (data_config_ & kByteOrder) == 0 ? 1 : 0;
    for (std::size_t i = first; i < frame.size(); i += word_wide() ? 2 : 1)
        packet.push_back(frame[i]);
    if (external) send(packet);
    const bool generates = (transmit_config_ & kInhibitCrc) == 0;
    if (generates) append_checksum(packet);
    fill_fifo(packet);

    receive_status_ = kIntact;
    if (!accepts(packet) || (!generates && checksum_is_right(packet))) return;
    receive_status_ = kCrcError;
    interrupt_status_ |= kReceiveError;
}

// Section 12, "Alignment of the received packet in the FIFO": round and round from location 0,
// then the length, its upper byte twice.
void Dp8390::fill_fifo(std::span<const u8> packet) {
    std::size_t at = 0;
    const auto put = [this, &at](std::size_t byte) {
        fifo_[at++ % fifo_.size()] = static_cast<u8>(byte);
    };
    for (const u8 byte : packet) put(byte);
    put(packet.size());
    put(packet.size() >> 8);
    put(packet.size() >> 8);
    fifo_at_ = 0;
}

// RCR (10.3); the hash is the upper six bits of the checksum over the address.
bool Dp8390::accepts(std::span<const u8> frame) const {
    if (frame.size() < kAddressSize) return false;
    const std::span<const u8> address = frame.first(kAddressSize);
    if ((address[0] & 1) == 0)
        return (receive_config_ & kPromiscuous) != 0 ||
               std::equal(address.begin(), address.end(), physical_.begin());
    const bool broadcast = std::count(address.begin(), address.end(), 0xff) == kAddressSize;
    if (broadcast && (receive_config_ & kAcceptBroadcast) != 0) return true;
    if ((receive_config_ & kAcceptMulticast) == 0) return false;
    const u32 crc = crc_register(address);  // its bits are those of the datasheet in reverse
    unsigned hash = 0;
    for (unsigned bit = 0; bit < 6; ++bit) hash |= (crc >> bit & 1) << (5 - bit);
    return (multicast_[hash / 8] >> hash % 8 & 1) != 0;
}

// How far CURR may go before it would meet BNRY. A driver that keeps BNRY one behind what it reads
// next may put it just before the ring.
unsigned Dp8390::free_pages() const {
    const int ring = page_stop_ - page_start_;
    if (ring <= 0) return 0;
    if (current_ == boundary_) return static_cast<unsigned>(ring);
    const int gap = current_ < boundary_ ? boundary_ - current_ : ring - (current_ - boundary_);
    return static_cast<unsigned>(std::clamp(gap, 0, ring));
}

bool Dp8390::has_room() const {
    const bool deaf = (command_ & kStop) != 0 || in_loopback() || (receive_config_ & kMonitor) != 0;
    return deaf || pages_for(kLongestFrame) < free_pages();
}

void Dp8390::receive(std::span<const u8> frame) {
    if (frame.size() < kShortestFrame || frame.size() > kLongestFrame) return;
    if ((command_ & kStop) != 0 || in_loopback() || !accepts(frame)) return;
    if ((receive_config_ & kMonitor) != 0) {
        miss(0);
    } else if (pages_for(std::max(frame.size(), kMinimumSize)) >= free_pages()) {
        // CURR must not meet BNRY: that is how an empty ring looks.
        miss(kOverflow | kReceiveError | kResetState);
    } else {
        store(frame);
    }
    update();
}

// RSR keeps saying what became of the last packet that is in the ring: drivers that poll it for
// packets would never empty a full ring.
void Dp8390::miss(u8 causes) {
    interrupt_status_ |= causes;
    receive_status_ |= kMissed;
    u8& tally = tallies_[kMissedTally];
    if (tally < kTallyMost) ++tally;
    if (tally >= kTallyInterrupt) interrupt_status_ |= kTallyHigh;
}

u8 Dp8390::next_page(u8 page) const {
    const u8 next = static_cast<u8>(page + 1);
    return next == page_stop_ ? page_start_ : next;
}

// Section 7, "Storage format for received packets"; the checksum's place is counted, its bytes
// stay what they were.
void Dp8390::store(std::span<const u8> frame) {
    const std::size_t size = std::max(frame.size(), kMinimumSize);
    const std::size_t count = size + kChecksumSize;
    u8 next = current_;
    for (std::size_t i = 0; i < pages_for(size); ++i) next = next_page(next);

    receive_status_ = kIntact;
    if ((frame[0] & 1) != 0) receive_status_ |= kGroupAddress;
    local_address_ = page_address(current_);
    const auto put = [this](std::size_t byte) {
        bus_.write_local(local_address_++, static_cast<u8>(byte));
        if (local_address_ == page_address(page_stop_)) local_address_ = page_address(page_start_);
    };
    put(receive_status_);
    put(next);
    put(count);
    put(count >> 8);
    for (const u8 byte : frame) put(byte);
    for (std::size_t i = frame.size(); i < size; ++i) put(0);

    current_ = next;
    interrupt_status_ |= kReceived;
}

}  // namespace seventeen::devices
