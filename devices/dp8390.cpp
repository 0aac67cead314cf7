// Registers, remote DMA and snapshots of the DP8390.
#include "devices/dp8390.h"

#include <utility>

#include "core/snapshot.h"
#include "devices/dp8390_registers.h"

namespace seventeen::devices {

using namespace dp8390;

namespace {

void set_low(u16& value, u8 byte) {
    value = static_cast<u16>((value & 0xff00) | byte);
}

void set_high(u16& value, u8 byte) {
    value = static_cast<u16>((value & 0x00ff) | byte << 8);
}

}  // namespace

// Section 11, "Initialization procedures": what a hardware reset sets and clears.
void Dp8390::reset() {
    command_ = kAbortRemote | kStop;
    interrupt_status_ = kResetState;
    interrupt_mask_ = 0;
    data_config_ |= kLongAddress;
    transmit_config_ &= static_cast<u8>(~kLoopbackModes);
    remote_ = Remote::kIdle;
    remote_count_ = 0;
    update();
}

void Dp8390::update() {
    interrupt_.set((interrupt_status_ & interrupt_mask_ & ~kResetState) != 0);
}

u8 Dp8390::read(unsigned offset) {
    if (offset == kCommand) return command_;
    switch (page()) {
        case 0: return read_page0(offset);
        case 1: return read_page1(offset);
        case 2: return read_page2(offset);
        default: return 0xff;  // test modes
    }
}

void Dp8390::write(unsigned offset, u8 value) {
    if (offset == kCommand) {
        write_command(value);
    } else if (page() == 0) {
        write_page0(offset, value);
    } else if (page() == 1) {
        write_page1(offset, value);
    }
    // Pages 2 and 3 are written by chip testers only.
    update();
}

u8 Dp8390::read_page0(unsigned offset) {
    switch (offset) {
        case kLocalLow: return static_cast<u8>(local_address_);
        case kLocalHigh: return static_cast<u8>(local_address_ >> 8);
        case kBoundary: return boundary_;
        case kTransmitStatus: return transmit_status_;
        case kCollisions: return 0;
        case kFifo: return read_fifo();
        case kInterruptStatus: return interrupt_status_;
        case kRemoteLow: return static_cast<u8>(remote_address_);
        case kRemoteHigh: return static_cast<u8>(remote_address_ >> 8);
        case kReceiveStatus: return receive_status_;
        case kTally0:
        case kTally1:
        case kTally2: return read_tally(offset - kTally0);
        default: return 0xff;
    }
}

u8 Dp8390::read_page1(unsigned offset) const {
    if (offset >= kMulticast) return multicast_[offset - kMulticast];
    if (offset == kCurrent) return current_;
    return physical_[offset - kPhysical];
}

// What page 0 takes; the rest tells how far the DMAs are.
u8 Dp8390::read_page2(unsigned offset) const {
    switch (offset) {
        case kPageStart: return page_start_;
        case kPageStop: return page_stop_;
        case 0x03: return remote_next_;
        case kTransmitPage: return transmit_page_;
        case 0x05: return current_;
        case 0x06: return static_cast<u8>(local_address_ >> 8);
        case 0x07: return static_cast<u8>(local_address_);
        case kReceiveConfig: return receive_config_;
        case kTransmitConfig: return transmit_config_;
        case kDataConfig: return data_config_;
        case kInterruptMask: return interrupt_mask_;
        default: return 0xff;
    }
}

void Dp8390::write_page0(unsigned offset, u8 value) {
    switch (offset) {
        case kPageStart: page_start_ = value; break;
        case kPageStop: page_stop_ = value; break;
        case kBoundary:
            boundary_ = value;
            // Packets were removed from a ring that had been full.
            if ((command_ & kStop) == 0) interrupt_status_ &= static_cast<u8>(~kResetState);
            break;
        case kTransmitPage: transmit_page_ = value; break;
        case kTransmitCountLow: set_low(transmit_count_, value); break;
        case kTransmitCountHigh: set_high(transmit_count_, value); break;
        case kInterruptStatus: interrupt_status_ &= static_cast<u8>(~value | kResetState); break;
        case kRemoteLow: set_low(remote_address_, value); break;
        case kRemoteHigh: set_high(remote_address_, value); break;
        case kRemoteCountLow: set_low(remote_count_, value); break;
        case kRemoteCountHigh: set_high(remote_count_, value); break;
        case kReceiveConfig:
            receive_config_ = value & 0x3f;
            receive_status_ &= static_cast<u8>(~kReceiverDisabled);
            if ((value & kMonitor) != 0) receive_status_ |= kReceiverDisabled;
            break;
        case kTransmitConfig: transmit_config_ = value & 0x1f; break;
        case kDataConfig: data_config_ = value & 0x7f; break;
        case kInterruptMask: interrupt_mask_ = value & 0x7f; break;
        default: break;
    }
}

void Dp8390::write_page1(unsigned offset, u8 value) {
    if (offset >= kMulticast) {
        multicast_[offset - kMulticast] = value;
    } else if (offset == kCurrent) {
        current_ = value;
    } else {
        physical_[offset - kPhysical] = value;
    }
}

// Drivers change pages with STA and STP, or even the whole lower half, clear: the chip runs on. It
// also leaves reset so, as an RTL8029 does.
void Dp8390::write_command(u8 value) {
    const u8 stopped = command_ & kStop;
    command_ = static_cast<u8>(value & ~kTransmit);
    if ((value & (kStop | kStart)) == 0 && stopped == 0) command_ |= kStart;
    if ((value & kStop) != 0) {
        interrupt_status_ |= kResetState;
    } else if (stopped != 0 || (value & kStart) != 0) {
        interrupt_status_ &= static_cast<u8>(~kResetState);
    }
    switch (value >> 3 & 7) {
        case 0: break;  // not allowed, and drivers do
        case 1: start_remote(Remote::kRead); break;
        case 2: start_remote(Remote::kWrite); break;
        case 3: start_remote(Remote::kSend); break;
        default: remote_ = Remote::kIdle; break;
    }
    if ((value & kTransmit) != 0 && (value & kStop) == 0) transmit();
}

u8 Dp8390::read_tally(unsigned which) {
    return std::exchange(tallies_[which], u8{0});
}

u8 Dp8390::read_fifo() {
    const u8 value = fifo_[fifo_at_];
    fifo_at_ = static_cast<u8>((fifo_at_ + 1) % fifo_.size());
    return value;
}

bool Dp8390::word_wide() const {
    return (data_config_ & kWordTransfer) != 0;
}

void Dp8390::start_remote(Remote remote) {
    if (remote == Remote::kSend) {
        if ((data_config_ & kAutoRemote) == 0) return;
        load_send_packet();
    }
    remote_ = remote;
    if (remote_count_ != 0) return;
    remote_ = Remote::kIdle;
    interrupt_status_ |= kRemoteDone;  // drivers find their interrupt line so
}

// Section 9, "Send packet command": the packet at BNRY, as long as its header says.
void Dp8390::load_send_packet() {
    remote_address_ = page_address(boundary_);
    const auto header = [this](unsigned at) {
        return bus_.read_local(static_cast<u16>(remote_address_ + at));
    };
    remote_next_ = header(1);
    remote_count_ = static_cast<u16>(header(2) | header(3) << 8);
}

u16 Dp8390::remote_read() {
    if (remote_ != Remote::kRead && remote_ != Remote::kSend) return 0xffff;
    u16 value = 0;
    if (word_wide()) {
        const u16 even = remote_address_ & 0xfffe;
        value = static_cast<u16>(bus_.read_local(even) | bus_.read_local(even | 1) << 8);
    } else {
        value = bus_.read_local(remote_address_);
    }
    advance_remote();
    return value;
}

void Dp8390::remote_write(u16 value) {
    if (remote_ != Remote::kWrite) return;
    if (word_wide()) {
        const u16 even = remote_address_ & 0xfffe;
        bus_.write_local(even, static_cast<u8>(value));
        bus_.write_local(even | 1, static_cast<u8>(value >> 8));
    } else {
        bus_.write_local(remote_address_, static_cast<u8>(value));
    }
    advance_remote();
}

// Either DMA goes round at PSTOP. A word is moved even where one byte was left.
void Dp8390::advance_remote() {
    const u16 unit = word_wide() ? 2 : 1;
    remote_address_ = static_cast<u16>(remote_address_ + unit);
    if (remote_address_ == page_address(page_stop_)) remote_address_ = page_address(page_start_);
    remote_count_ = remote_count_ > unit ? static_cast<u16>(remote_count_ - unit) : u16{0};
    if (remote_count_ != 0) return;
    if (remote_ == Remote::kSend) boundary_ = remote_next_;
    remote_ = Remote::kIdle;
    interrupt_status_ |= kRemoteDone;
    update();
}

bool Dp8390::in_loopback() const {
    return (transmit_config_ & kLoopbackModes) != 0;
}

void Dp8390::save(Writer& writer) const {
    for (const u8 value :
         {command_, interrupt_status_, interrupt_mask_, data_config_, transmit_config_,
          transmit_status_, receive_config_, receive_status_, page_start_, page_stop_, boundary_,
          current_, transmit_page_, remote_next_, fifo_at_})
        writer.put(value);
    for (const u16 value : {transmit_count_, local_address_, remote_address_, remote_count_})
        writer.put(value);
    writer.put(remote_);
    writer.bytes(physical_.data(), physical_.size());
    writer.bytes(multicast_.data(), multicast_.size());
    writer.bytes(tallies_.data(), tallies_.size());
    writer.bytes(fifo_.data(), fifo_.size());
}

void Dp8390::restore(Reader& reader) {
    for (u8* value :
         {&command_, &interrupt_status_, &interrupt_mask_, &data_config_, &transmit_config_,
          &transmit_status_, &receive_config_, &receive_status_, &page_start_, &page_stop_,
          &boundary_, &current_, &transmit_page_, &remote_next_, &fifo_at_})
        reader.get(*value);
    for (u16* value : {&transmit_count_, &local_address_, &remote_address_, &remote_count_})
        reader.get(*value);
    reader.get(remote_);
    reader.bytes(physical_.data(), physical_.size());
    reader.bytes(multicast_.data(), multicast_.size());
    reader.bytes(tallies_.data(), tallies_.size());
    reader.bytes(fifo_.data(), fifo_.size());
    if (remote_ > Remote::kSend || fifo_at_ >= fifo_.size())
        reader.damaged("the network controller is in a state that it does not have");
    interrupt_.restore((interrupt_status_ & interrupt_mask_ & ~kResetState) != 0);
}

}  // namespace seventeen::devices
