// Decodes the command and control blocks of one ATA cable.
#include "devices/ide_channel.h"

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// The device control register (ATA/ATAPI-6, 7.9).
constexpr u8 kNoInterrupt = 0x02;
constexpr u8 kSoftReset = 0x04;
constexpr u8 kHighOrderByte = 0x80;

constexpr unsigned kSelectBit = 4;  // of the device register
constexpr u8 kDiagnostic = 0x90;    // EXECUTE DEVICE DIAGNOSTIC: both drives take it

}  // namespace

void IdeChannel::attach(unsigned place, IdeDrive& drive) {
    check(place < drives_.size() && drives_[place] == nullptr, "a place on the cable is free");
    drives_[place] = &drive;
    drive.interrupt().connect([this](bool) { update(); });
    drive.dma_request().connect([this](bool) { update(); });
}

void IdeChannel::update() {
    IdeDrive* drive = selected();
    const bool enabled = (control_ & kNoInterrupt) == 0;
    interrupt_.set(drive != nullptr && enabled && drive->interrupt().level());
    dma_request_.set(drive != nullptr && drive->dma_request().level());
}

std::size_t IdeChannel::dma_read(std::span<u8> into) {
    return selected() != nullptr ? selected()->dma_read(into) : 0;
}

std::size_t IdeChannel::dma_write(std::span<const u8> from) {
    return selected() != nullptr ? selected()->dma_write(from) : 0;
}

u8 IdeChannel::read_register(IdeRegister which) {
    if (selected() != nullptr)
        return selected()->read_register(which, (control_ & kHighOrderByte) != 0);
    // The other drive, if any, drives the device register's selection.
    const IdeDrive* other = drives_[selected_ ^ 1];
    if (which != IdeRegister::kDevice || other == nullptr) return 0;
    return static_cast<u8>(0xa0 | selected_ << kSelectBit);
}

void IdeChannel::write_register(IdeRegister which, u8 value) {
    control_ &= static_cast<u8>(~kHighOrderByte);
    if (which == IdeRegister::kStatusCommand) {
        if (value == kDiagnostic) {
            selected_ = 0;
            for (IdeDrive* drive : drives_)
                if (drive != nullptr) drive->diagnose(drive == drives_[0]);
        } else if (selected() != nullptr) {
            selected()->write_register(which, value);
        }
        return;
    }
    // A drive that is at work holds the bus.
    const IdeDrive* drive = selected();
    constexpr u8 kAtWork = IdeDrive::kBusy | IdeDrive::kDataRequest;
    if (drive != nullptr && (drive->alternate_status() & kAtWork) != 0) return;
    for (IdeDrive* each : drives_)
        if (each != nullptr) each->write_register(which, value);
    if (which == IdeRegister::kDevice) {
        selected_ = value >> kSelectBit & 1;
        update();
    }
}

void IdeChannel::write_control(u8 value) {
    const bool was_reset = (control_ & kSoftReset) != 0;
    const bool is_reset = (value & kSoftReset) != 0;
    control_ = value;
    if (is_reset && !was_reset) selected_ = 0;
    for (IdeDrive* drive : drives_) {
        if (drive == nullptr) continue;
        if (is_reset && !was_reset) drive->hold_in_reset();
        if (!is_reset && was_reset) drive->leave_reset();
    }
    update();
}

u64 IdeChannel::read(unsigned region, u64 offset, Width width) {
    if (region == kControlBlock) return selected() != nullptr ? selected()->alternate_status() : 0;
    if (offset == 0) return selected() != nullptr ? selected()->read_data(width) : 0;
    u64 value = 0;
    for (unsigned i = 0; i < width && offset + i < 8; ++i)
        value |= u64{read_register(static_cast<IdeRegister>(offset + i))} << 8 * i;
    return value;
}

void IdeChannel::write(unsigned region, u64 offset, u64 value, Width width) {
    if (region == kControlBlock) return write_control(static_cast<u8>(value));
    if (offset == 0) {
        if (selected() != nullptr) selected()->write_data(static_cast<u32>(value), width);
        return;
    }
    for (unsigned i = 0; i < width && offset + i < 8; ++i)
        write_register(static_cast<IdeRegister>(offset + i), static_cast<u8>(value >> 8 * i));
}

void IdeChannel::reset() {
    selected_ = 0;
    control_ = 0;
    for (IdeDrive* drive : drives_)
        if (drive != nullptr) drive->reset();
    update();
}

void IdeChannel::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    writer.put(selected_);
    writer.put(control_);
    writer.put(interrupt_.level());
    writer.put(dma_request_.level());
    writer.end();
    for (const IdeDrive* drive : drives_)
        if (drive != nullptr) drive->save(writer);
}

void IdeChannel::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    reader.get(selected_);
    if (selected_ > 1) reader.damaged("a third drive");
    reader.get(control_);
    interrupt_.restore(reader.get<bool>());
    dma_request_.restore(reader.get<bool>());
    reader.end();
    for (IdeDrive* drive : drives_)
        if (drive != nullptr) drive->restore(reader);
}

}  // namespace seventeen::devices
