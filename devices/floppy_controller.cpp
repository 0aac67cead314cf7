// The 82077AA's registers, its phases, and the commands that move no data.
#include "devices/floppy_controller.h"

#include <algorithm>
#include <cstdlib>

#include "core/check.h"
#include "core/snapshot.h"
#include "devices/floppy_registers.h"

namespace seventeen::devices {

using namespace floppy;

namespace {

constexpr u32 kSectionVersion = 1;

enum Register : u64 { kOutput = 2, kTape = 3, kMainStatus = 4, kFifo = 5 };

constexpr u8 kOutputDrive = 0x03;
constexpr u8 kOutputRun = 1 << 2;   // zero resets
constexpr u8 kOutputGate = 1 << 3;  // lets interrupts and DMA requests out
constexpr unsigned kOutputMotors = 4;

constexpr u8 kStatusBusy = 1 << 4;
constexpr u8 kStatusNonDma = 1 << 5;
constexpr u8 kStatusFromChip = 1 << 6;
constexpr u8 kStatusRequest = 1 << 7;

constexpr u8 kSelectReset = 1 << 7;
constexpr u8 kRateMask = 0x03;
constexpr u8 kDiskChanged = 1 << 7;
constexpr u8 kTapeMask = 0x03;

constexpr u8 kVersionReply = 0x90;
constexpr u8 kLockBit = 1 << 7;
constexpr u8 kPerpendicularOverwrite = 1 << 7;
constexpr u8 kPerpendicularDrives = 0x3c;
constexpr u8 kPerpendicularMode = 0x03;

constexpr int kRecalibrateSteps = 79;
constexpr u64 kMillisecond = 1'000'000;
constexpr u64 kResetTime = 20'000;  // until the interrupt
constexpr u64 kSettleTime = 100'000;
constexpr std::size_t kMostData = 4 * 256;  // FORMAT's IDs; a sector is shorter

// Bytes of a command, the first included; 0 where there is no such command. SCAN is left out, as
// the chip's successors did.
std::size_t command_size(u8 opcode) {
    switch (opcode & kOpcodeMask) {
        case kReadTrack:
        case kWriteData:
        case kReadData:
        case kWriteDeleted:
        case kReadDeleted:
        case kVerify: return 9;
        case kFormat: return 6;
        case kReadId: return 2;
        default: break;
    }
    if (opcode == (kLock | kLockBit)) return 1;
    if ((opcode & ~kRelativeInwards) == (kSeek | kRelativeSeek)) return 3;
    switch (opcode) {
        case kSenseInterrupt:
        case kDumpRegisters:
        case kVersion:
        case kLock: return 1;
        case kSenseDrive:
        case kRecalibrate:
        case kPerpendicular: return 2;
        case kSpecify:
        case kSeek: return 3;
        case kConfigure: return 4;
        default: return 0;
    }
}

}  // namespace

FloppyController::FloppyController(Scheduler& scheduler, DmaChannel& dma, Options options)
    : scheduler_(scheduler),
      dma_(dma),
      options_(options),
      work_event_(scheduler.add_event("floppy transfer", [this] { do_work(); })),
      reset_event_(scheduler.add_event("floppy reset", [this] { end_reset(); })) {
    check(options.drives <= kDrives && options.haste >= 1, "floppy options make no sense");
    for (unsigned i = 0; i < kDrives; ++i)
        seeks_[i].event =
            scheduler.add_event("floppy seek " + std::to_string(i), [this, i] { finish_seek(i); });
    reset();
}

// The RESET pin also forgets LOCK, and leaves DOR at zero: the chip waits for DOR's reset bit.
void FloppyController::reset() {
    locked_ = false;
    rate_ = static_cast<u8>(FloppyRate::k250);
    tape_ = step_rate_ = head_load_ = perpendicular_ = 0;
    output_ = 0;
    for (Seek& seek : seeks_) seek.track = 0;
    begin_reset();
}

void FloppyController::begin_reset() {
    phase_ = Phase::kCommand;
    work_ = Work::kNone;
    command_.clear();
    results_.clear();
    data_.clear();
    data_ready_ = false;
    if (!locked_) {
        configuration_ = kFifoOff;
        precompensation_ = 0;
    }
    perpendicular_ &= kPerpendicularDrives;
    scheduler_.cancel(work_event_);
    scheduler_.cancel(reset_event_);
    for (Seek& seek : seeks_) {
        seek.busy = seek.pending = false;
        scheduler_.cancel(seek.event);
    }
    set_interrupt(false);
}

// The chip polls its drives and finds that all of them have changed (7.4).
void FloppyController::end_reset() {
    if (configuration_ & kPollingOff) return;
    for (unsigned i = 0; i < kDrives; ++i) {
        seeks_[i].pending = true;
        seeks_[i].status = static_cast<u8>(kPolled | i);
    }
    set_interrupt(true);
}

void FloppyController::set_interrupt(bool level) {
    interrupt_wanted_ = level;
    interrupt_.set(level && (output_ & kOutputGate));
}

// Status registers A and B are not there in AT mode.
u64 FloppyController::read(unsigned region, u64 offset, Width) {
    if (region == kDirection) {
        const unsigned number = output_ & kOutputDrive;
        const bool turns = output_ >> (kOutputMotors + number) & 1;
        const bool present = number < options_.drives;
        return turns && present && drives_[number].changed() ? kDiskChanged : 0;
    }
    switch (offset) {
        case kOutput: return output_;
        case kTape: return tape_;
        case kMainStatus: return main_status();
        case kFifo: return read_fifo();
        default: return 0xff;
    }
}

void FloppyController::write(unsigned region, u64 offset, u64 wide_value, Width) {
    const u8 value = static_cast<u8>(wide_value);
    if (region == kDirection) {
        rate_ = value & kRateMask;
        return;
    }
    switch (offset) {
        case kOutput: write_output(value); break;
        case kTape: tape_ = value & kTapeMask; break;
        case kMainStatus: write_rate_select(value); break;
        case kFifo: write_fifo(value); break;
        default: break;
    }
}

void FloppyController::write_output(u8 value) {
    const u8 before = output_;
    output_ = value;
    if (!(value & kOutputRun))
        begin_reset();
    else if (!(before & kOutputRun))
        scheduler_.schedule_in(reset_event_, kResetTime);
    set_interrupt(interrupt_wanted_);
}

// This reset bit clears itself.
void FloppyController::write_rate_select(u8 value) {
    rate_ = value & kRateMask;
    if (!(value & kSelectReset) || !(output_ & kOutputRun)) return;
    begin_reset();
    scheduler_.schedule_in(reset_event_, kResetTime);
}

u8 FloppyController::main_status() const {
    if (!(output_ & kOutputRun) || scheduler_.scheduled(reset_event_)) return 0;
    u8 status = 0;
    for (unsigned i = 0; i < kDrives; ++i)
        if (seeks_[i].busy) status |= static_cast<u8>(1u << i);
    switch (phase_) {
        case Phase::kCommand:
            status |= kStatusRequest;
            if (!command_.empty()) status |= kStatusBusy;
            break;
        case Phase::kExecution:
            status |= kStatusBusy;
            if (by_dma()) break;
            if (work_ == Work::kRead || work_ == Work::kWrite || work_ == Work::kFormat)
                status |= kStatusNonDma;
            if (data_ready_) status |= kStatusRequest;
            if (work_ == Work::kRead) status |= kStatusFromChip;
            break;
        case Phase::kResult: status |= kStatusRequest | kStatusFromChip | kStatusBusy; break;
    }
    return status;
}

u8 FloppyController::read_fifo() {
    if (phase_ == Phase::kResult) {
        const u8 value = results_.front();
        results_.erase(results_.begin());
        set_interrupt(false);
        if (results_.empty()) {
            phase_ = Phase::kCommand;
            set_interrupt(seek_reported());
        }
        return value;
    }
    if (phase_ != Phase::kExecution || !data_ready_ || work_ != Work::kRead) return 0;
    set_interrupt(false);
    const u8 value = data_[data_position_++];
    if (data_position_ == data_.size()) sector_moved(false);
    return value;
}

void FloppyController::write_fifo(u8 value) {
    if (!(output_ & kOutputRun) || scheduler_.scheduled(reset_event_)) return;
    if (phase_ == Phase::kExecution && data_ready_ && work_ != Work::kRead)
        return data_written(value);
    if (phase_ != Phase::kCommand) return;
    command_.push_back(value);
    const std::size_t size = command_size(command_[0]);
    if (size == 0) return respond({kInvalid});
    if (command_.size() == size) execute();
}

void FloppyController::execute() {
    const u8 opcode = command_[0];
    switch (opcode & kOpcodeMask) {
        case kReadTrack:
        case kReadData:
        case kReadDeleted: return start_transfer(Work::kRead);
        case kWriteData:
        case kWriteDeleted: return start_transfer(Work::kWrite);
        case kVerify: return start_transfer(Work::kVerify);
        case kReadId: return start_read_id();
        case kFormat: return start_format();
        case kSpecify: specify(); break;
        case kRecalibrate: recalibrate(); break;
        case kSeek: seek(); break;
        case kPerpendicular: perpendicular(); break;
        case kConfigure: configure(); break;
        case kSenseDrive: return sense_drive();
        case kSenseInterrupt: return sense_interrupt();
        case kDumpRegisters: return dump_registers();
        case kVersion: return respond({kVersionReply});
        default: return lock();
    }
    command_.clear();
}

void FloppyController::respond(std::initializer_list<u8> bytes) {
    command_.clear();
    results_ = bytes;
    phase_ = Phase::kResult;
}

void FloppyController::specify() {
    step_rate_ = command_[1];
    head_load_ = command_[2];
}

void FloppyController::configure() {
    configuration_ = command_[2];
    precompensation_ = command_[3];
}

// The drives' bits change only where OW says so.
void FloppyController::perpendicular() {
    const u8 value = command_[1];
    const u8 drives = value & kPerpendicularOverwrite ? value : perpendicular_;
    perpendicular_ = (drives & kPerpendicularDrives) | (value & kPerpendicularMode);
}

void FloppyController::lock() {
    locked_ = command_[0] & kLockBit;
    respond({static_cast<u8>(locked_ ? 1 << 4 : 0)});
}

void FloppyController::sense_drive() {
    const unsigned number = command_[1] & kUnitDrive;
    u8 status = kReady | kTwoSided | (command_[1] & (kUnitDrive | kUnitHead));
    const FloppyDrive& drive = drives_[number];
    if (number < options_.drives && drive.cylinder() == 0) status |= kTrack0;
    if (drive.loaded() && !drive.writable()) status |= kWriteProtected;
    respond({status});
}

// A seek has ended whose interrupt was not sensed: the line rises anew when results are read.
bool FloppyController::seek_reported() const {
    return std::any_of(seeks_.begin(), seeks_.end(), [](const Seek& seek) {
        return seek.pending && (seek.status & kPolled) != kPolled;
    });
}

void FloppyController::sense_interrupt() {
    const auto found =
        std::find_if(seeks_.begin(), seeks_.end(), [](const Seek& seek) { return seek.pending; });
    if (found == seeks_.end()) return respond({kInvalid});
    found->pending = false;
    found->busy = false;
    set_interrupt(false);
    respond({found->status, found->track});
}

void FloppyController::dump_registers() {
    const u8 modes = static_cast<u8>((locked_ ? kLockBit : 0) | perpendicular_);
    respond({seeks_[0].track, seeks_[1].track, seeks_[2].track, seeks_[3].track, step_rate_,
             head_load_, last_sector_, modes, configuration_, precompensation_});
}

// (16 - SRT) ms at 500 kbit/s, longer in proportion at lower rates (table 5-7).
Scheduler::Nanoseconds FloppyController::step_time() const {
    constexpr std::array<u64, 4> kKilobits{500, 300, 250, 1000};
    return mechanical((16 - (step_rate_ >> 4)) * kMillisecond * 500 / kKilobits[rate_]);
}

void FloppyController::start_seek(unsigned number, int steps, u8 status) {
    Seek& seek = seeks_[number];
    seek.status = static_cast<u8>(status | number);
    seek.busy = true;
    seek.pending = false;
    if (number < options_.drives) drives_[number].step(steps);
    const u64 count = static_cast<u64>(std::abs(steps));
    scheduler_.schedule_in(seek.event, kSettleTime / options_.haste + count * step_time());
}

void FloppyController::recalibrate() {
    const unsigned number = command_[1] & kUnitDrive;
    FloppyDrive& drive = drives_[number];
    const bool present = number < options_.drives;
    const int away = present ? static_cast<int>(drive.cylinder()) : kRecalibrateSteps + 1;
    const bool arrives = away <= kRecalibrateSteps;
    seeks_[number].target = 0;
    start_seek(number, -std::min(away, kRecalibrateSteps),
               arrives ? kSeekEnd : kAbnormal | kSeekEnd | kEquipmentCheck);
    if (present) drive.acknowledge_change();  // a real drive might not step; QEMU's does
}

void FloppyController::seek() {
    const u8 unit = command_[1] & (kUnitDrive | kUnitHead);
    Seek& seek = seeks_[unit & kUnitDrive];
    int steps = command_[2] - seek.track;
    if (command_[0] & kRelativeSeek)
        steps = command_[0] & kRelativeInwards ? command_[2] : -command_[2];
    seek.target = static_cast<u8>(seek.track + steps);
    start_seek(unit & kUnitDrive, steps, kSeekEnd | (unit & kUnitHead));
}

void FloppyController::finish_seek(unsigned number) {
    seeks_[number].track = seeks_[number].target;
    seeks_[number].pending = true;
    set_interrupt(true);
}

void FloppyController::save(Writer& writer) const {
    writer.begin(name(), kSectionVersion);
    for (const FloppyDrive& drive : drives_) drive.save(writer);
    for (const Seek& seek : seeks_) {
        for (const u8 value : {seek.track, seek.target, seek.status}) writer.put(value);
        writer.put(seek.busy);
        writer.put(seek.pending);
    }
    writer.put(phase_);
    writer.put(work_);
    for (const std::vector<u8>* bytes : {&command_, &results_, &data_}) {
        writer.put(static_cast<u32>(bytes->size()));
        writer.bytes(bytes->data(), bytes->size());
    }
    writer.put(static_cast<u32>(data_position_));
    for (const bool value : {data_ready_, interrupt_wanted_, locked_}) writer.put(value);
    for (const u8 value : {output_, rate_, tape_, step_rate_, head_load_, configuration_,
                           precompensation_, perpendicular_, opcode_, unit_, id_cylinder_, id_head_,
                           id_sector_, id_size_, last_sector_, count_, filler_})
        writer.put(value);
    writer.end();
}

void FloppyController::restore(Reader& reader) {
    reader.begin(name(), kSectionVersion, kSectionVersion);
    for (FloppyDrive& drive : drives_) drive.restore(reader);
    for (Seek& seek : seeks_) {
        for (u8* value : {&seek.track, &seek.target, &seek.status}) reader.get(*value);
        reader.get(seek.busy);
        reader.get(seek.pending);
    }
    reader.get(phase_);
    reader.get(work_);
    for (std::vector<u8>* bytes : {&command_, &results_, &data_}) {
        const u32 size = reader.get<u32>();
        if (size > kMostData) reader.damaged("the FIFO is overfull");
        bytes->resize(size);
        reader.bytes(bytes->data(), size);
    }
    data_position_ = reader.get<u32>();
    for (bool* value : {&data_ready_, &interrupt_wanted_, &locked_}) reader.get(*value);
    for (u8* value : {&output_, &rate_, &tape_, &step_rate_, &head_load_, &configuration_,
                      &precompensation_, &perpendicular_, &opcode_, &unit_, &id_cylinder_,
                      &id_head_, &id_sector_, &id_size_, &last_sector_, &count_, &filler_})
        reader.get(*value);
    if (phase_ > Phase::kResult || work_ > Work::kFormat) reader.damaged("there is no such phase");
    if ((phase_ == Phase::kResult) == results_.empty() || (data_ready_ && data_.empty()) ||
        (data_ready_ && data_position_ >= data_.size()))
        reader.damaged("the phase and the FIFO disagree");
    if (!command_.empty() && command_.size() >= command_size(command_[0]))
        reader.damaged("a command is complete already");
    if (rate_ > kRateMask) reader.damaged("there is no such data rate");
    reader.end();
    interrupt_.restore(interrupt_wanted_ && (output_ & kOutputGate));
}

}  // namespace seventeen::devices
