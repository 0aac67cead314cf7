// The protocols of ATA/ATAPI-6 chapter 9 that every drive follows.
#include "devices/ide_drive.h"

#include <algorithm>

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;
constexpr Scheduler::Nanoseconds kResetTime = 100'000;
constexpr u8 kDiagnosticPassed = 0x01;

}  // namespace

IdeDrive::IdeDrive(std::string name, Scheduler& scheduler)
    : name_(std::move(name)),
      scheduler_(scheduler),
      event_(scheduler.add_event(name_, [this] { on_event(); })) {}

u8 IdeDrive::read_register(IdeRegister which, bool previous) {
    const auto pick = [&](const TaskRegister& it) { return previous ? it.previous : it.now; };
    switch (which) {
        case IdeRegister::kErrorFeatures: return error_;
        case IdeRegister::kCount: return pick(count_);
        case IdeRegister::kLow: return pick(low_);
        case IdeRegister::kMid: return pick(mid_);
        case IdeRegister::kHigh: return pick(high_);
        case IdeRegister::kDevice: return device_ | 0xa0;  // two obsolete bits, always set
        case IdeRegister::kStatusCommand: interrupt_.lower(); return status_;
        case IdeRegister::kData: break;
    }
    return 0;
}

void IdeDrive::write_register(IdeRegister which, u8 value) {
    const bool command = which == IdeRegister::kStatusCommand;
    if ((status_ & (kBusy | kDataRequest)) != 0 && !(command && always_accepts(value))) return;
    switch (which) {
        case IdeRegister::kErrorFeatures: features_.write(value); break;
        case IdeRegister::kCount: count_.write(value); break;
        case IdeRegister::kLow: low_.write(value); break;
        case IdeRegister::kMid: mid_.write(value); break;
        case IdeRegister::kHigh: high_.write(value); break;
        case IdeRegister::kDevice: device_ = value; break;
        case IdeRegister::kStatusCommand:
            interrupt_.lower();
            start_command(value);
            break;
        case IdeRegister::kData: break;
    }
}

u32 IdeDrive::read_data(Width width) {
    if (phase_ != Phase::kBlockIn) return 0;
    u32 value = 0;
    for (unsigned i = 0; i < width && position_ < block_.size(); ++i)
        value |= u32{block_[position_++]} << 8 * i;
    if (position_ == block_.size()) {
        block_moved();
        block_emptied();
    }
    return value;
}

void IdeDrive::write_data(u32 value, Width width) {
    if (phase_ != Phase::kBlockOut) return;
    for (unsigned i = 0; i < width && position_ < block_.size(); ++i)
        block_[position_++] = static_cast<u8>(value >> 8 * i);
    if (position_ == block_.size()) {
        block_moved();
        block_filled();
    }
}

// The drive may give the block another size now.
void IdeDrive::block_moved() {
    phase_ = Phase::kIdle;
    position_ = 0;
    status_ &= static_cast<u8>(~kDataRequest);
}

void IdeDrive::be_busy(Scheduler::Nanoseconds delay) {
    phase_ = Phase::kBusy;
    status_ = kBusy;
    scheduler_.schedule_in(event_, delay);
}

void IdeDrive::offer_block() {
    check(!block_.empty() && block_.size() <= kMaxBlock, "a drive offers a block");
    phase_ = Phase::kBlockIn;
    position_ = 0;
    status_ = kReady | kSeekComplete | kDataRequest;
    interrupt_.raise();
}

void IdeDrive::request_block(std::size_t size) {
    check(size != 0 && size <= kMaxBlock, "a drive requests a block");
    block_.assign(size, 0);
    phase_ = Phase::kBlockOut;
    position_ = 0;
    status_ = kReady | kSeekComplete | kDataRequest;
}

// The block holds the first data, or is as large as the first data wanted.
void IdeDrive::start_dma(bool to_memory) {
    phase_ = to_memory ? Phase::kDmaIn : Phase::kDmaOut;
    position_ = 0;
    status_ = kReady | kSeekComplete | kDataRequest;
    dma_request_.raise();
}

void IdeDrive::end_dma() {
    phase_ = Phase::kIdle;
    dma_request_.lower();
    complete_dma();
}

std::size_t IdeDrive::dma_read(std::span<u8> into) {
    std::size_t done = 0;
    while (phase_ == Phase::kDmaIn && done < into.size()) {
        const std::size_t size = std::min(into.size() - done, block_.size() - position_);
        std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(position_), size,
                    into.begin() + static_cast<std::ptrdiff_t>(done));
        done += size;
        position_ += size;
        if (position_ < block_.size()) break;
        position_ = 0;
        if (!refill()) end_dma();
    }
    return done;
}

std::size_t IdeDrive::dma_write(std::span<const u8> from) {
    std::size_t done = 0;
    while (phase_ == Phase::kDmaOut && done < from.size()) {
        const std::size_t size = std::min(from.size() - done, block_.size() - position_);
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(done), size,
                    block_.begin() + static_cast<std::ptrdiff_t>(position_));
        done += size;
        position_ += size;
        if (position_ < block_.size()) break;
        position_ = 0;
        if (!drain()) end_dma();
    }
    return done;
}

void IdeDrive::finish(u8 status, u8 error) {
    phase_ = Phase::kIdle;
    error_ = error;
    status_ = static_cast<u8>(status | (error != 0 ? kErrorBit : 0));
    interrupt_.raise();
}

void IdeDrive::stop() {
    scheduler_.cancel(event_);
    phase_ = Phase::kIdle;
    position_ = 0;
    dma_request_.lower();
    interrupt_.lower();
}

void IdeDrive::on_event() {
    const Phase phase = phase_;
    phase_ = Phase::kIdle;
    if (phase == Phase::kBusy) {
        proceed();
        return;
    }
    status_ = 0;
    error_ = kDiagnosticPassed;
    set_signature();
    if (phase == Phase::kDiagnosing) interrupt_.raise();
}

void IdeDrive::hold_in_reset() {
    stop();
    reset_drive();
    phase_ = Phase::kInReset;
    status_ = kBusy;
}

void IdeDrive::leave_reset() {
    if (phase_ != Phase::kInReset) return;
    phase_ = Phase::kLeavingReset;
    scheduler_.schedule_in(event_, kResetTime);
}

void IdeDrive::diagnose(bool interrupts) {
    stop();
    phase_ = interrupts ? Phase::kDiagnosing : Phase::kDiagnosingSilently;
    status_ = kBusy;
    scheduler_.schedule_in(event_, kResetTime);
}

// Power has been on for long: the drive is ready when firmware comes to look.
void IdeDrive::reset() {
    hold_in_reset();
    on_event();
}

void IdeDrive::save(Writer& writer) const {
    writer.begin(name_ + " task file", kVersion);
    for (const TaskRegister* it : {&features_, &count_, &low_, &mid_, &high_}) {
        writer.put(it->now);
        writer.put(it->previous);
    }
    writer.put(device_);
    writer.put(status_);
    writer.put(error_);
    writer.put(phase_);
    writer.put(interrupt_.level());
    writer.put(dma_request_.level());
    writer.put(static_cast<u32>(block_.size()));
    writer.put(static_cast<u32>(position_));
    writer.bytes(block_.data(), block_.size());
    writer.end();
}

void IdeDrive::restore(Reader& reader) {
    reader.begin(name_ + " task file", kVersion, kVersion);
    for (TaskRegister* it : {&features_, &count_, &low_, &mid_, &high_}) {
        reader.get(it->now);
        reader.get(it->previous);
    }
    reader.get(device_);
    reader.get(status_);
    reader.get(error_);
    reader.get(phase_);
    if (phase_ > Phase::kDiagnosingSilently) reader.damaged("an unknown phase");
    interrupt_.restore(reader.get<bool>());
    dma_request_.restore(reader.get<bool>());
    const u32 size = reader.get<u32>();
    position_ = reader.get<u32>();
    const bool moves = phase_ >= Phase::kBlockIn && phase_ <= Phase::kDmaOut;
    if (size > kMaxBlock || position_ > size || (moves && position_ == size))
        reader.damaged("an impossible block");
    block_.assign(size, 0);
    reader.bytes(block_.data(), size);
    reader.end();
}

}  // namespace seventeen::devices
