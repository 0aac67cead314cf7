// The 82077AA's execution phase: sectors read, written, verified and formatted in virtual time.
#include "devices/floppy_controller.h"
#include "devices/floppy_registers.h"

namespace seventeen::devices {

using namespace floppy;

namespace {

constexpr std::size_t kSectorSize = BlockMedium::kSectorSize;
constexpr u8 kSizeCode = 2;  // N of 512 bytes
constexpr u64 kRevolution300 = 200'000'000;
constexpr u64 kRevolution360 = 166'666'667;  // 1.2M drives
constexpr std::size_t kIdSize = 4;           // C, H, R, N
constexpr u8 kBadTrack = 0xff;               // a cylinder number that marks a bad track
constexpr unsigned kMotorShift = 4;

}  // namespace

Scheduler::Nanoseconds FloppyController::revolution() const {
    const FloppyDrive& drive = drives_[unit_ & kUnitDrive];
    const bool fast = drive.loaded() && drive.geometry().drive == FloppyDriveType::k1200K;
    return mechanical(fast ? kRevolution360 : kRevolution300);
}

Scheduler::Nanoseconds FloppyController::sector_time() const {
    const FloppyDrive& drive = drives_[unit_ & kUnitDrive];
    return drive.loaded() ? revolution() / drive.geometry().sectors : revolution();
}

void FloppyController::schedule_work(Nanoseconds delay) {
    data_ready_ = false;
    scheduler_.schedule_in(work_event_, delay);
}

// Bytes of the command: opcode, unit, C, H, R, N, EOT, GPL, DTL.
void FloppyController::start_transfer(Work work) {
    opcode_ = command_[0];
    unit_ = command_[1] & (kUnitDrive | kUnitHead);
    id_cylinder_ = command_[2];
    id_head_ = command_[3];
    id_sector_ = command_[4];
    id_size_ = command_[5];
    last_sector_ = command_[6];
    const bool counted = work == Work::kVerify && command_[1] & kVerifyCount;
    count_ = counted ? command_[8] : 0;
    if ((opcode_ & kOpcodeMask) == kReadTrack) id_sector_ = 1;  // from the index hole
    command_.clear();
    phase_ = Phase::kExecution;
    work_ = work;

    Nanoseconds delay = 0;
    Seek& seek = seeks_[unit_ & kUnitDrive];
    if (configuration_ & kImpliedSeek && seek.track != id_cylinder_) {
        const int steps = id_cylinder_ - seek.track;
        if ((unit_ & kUnitDrive) < options_.drives) selected().step(steps);
        seek.track = id_cylinder_;
        delay = static_cast<u64>(steps < 0 ? -steps : steps) * step_time();
    }
    schedule_work(delay + sector_time());
}

void FloppyController::start_read_id() {
    opcode_ = command_[0];
    unit_ = command_[1] & (kUnitDrive | kUnitHead);
    command_.clear();
    phase_ = Phase::kExecution;
    work_ = Work::kReadId;
    schedule_work(sector_time());
}

// Bytes: opcode, unit, N, sectors on the track, GPL, filler.
void FloppyController::start_format() {
    opcode_ = command_[0];
    unit_ = command_[1] & (kUnitDrive | kUnitHead);
    id_size_ = command_[2];
    count_ = command_[3];
    filler_ = command_[5];
    id_cylinder_ = static_cast<u8>(selected().cylinder());
    id_head_ = unit_ & kUnitHead ? 1 : 0;
    id_sector_ = 1;
    command_.clear();
    phase_ = Phase::kExecution;
    work_ = Work::kFormat;
    schedule_work(revolution());
}

// Without a turning disk of this data rate no address mark comes by: the chip gives up at the
// second index hole. (With no index at all a real one would wait for ever.)
bool FloppyController::readable() {
    const unsigned number = unit_ & kUnitDrive;
    if (number >= options_.drives || !selected().loaded()) return false;
    const FloppyGeometry& geometry = selected().geometry();
    const FloppyRate rate = static_cast<FloppyRate>(rate_);
    // Double density turns faster in a 1.2M drive, and so reads at 300 kbit/s.
    const bool same =
        rate == geometry.rate || (geometry.rate == FloppyRate::k250 && rate == FloppyRate::k300);
    const bool turns = output_ >> (kMotorShift + number) & 1;
    const unsigned head = unit_ & kUnitHead ? 1 : 0;
    return same && turns && opcode_ & kMfm && head < geometry.heads &&
           selected().cylinder() < geometry.cylinders;
}

void FloppyController::do_work() {
    if (!readable()) return finish(kAbnormal, kMissingAddress, 0);
    const bool writes = work_ == Work::kWrite || work_ == Work::kFormat;
    if (writes && !selected().writable()) return finish(kAbnormal, kNotWritable, 0);
    if (work_ == Work::kReadId) {
        const u64 sectors = selected().geometry().sectors;
        id_cylinder_ = static_cast<u8>(selected().cylinder());
        id_head_ = unit_ & kUnitHead ? 1 : 0;
        id_sector_ = static_cast<u8>(1 + scheduler_.now() % revolution() * sectors / revolution());
        id_size_ = kSizeCode;
        return finish(kNormal, 0, 0);
    }
    if (work_ == Work::kFormat) {
        if (count_ == 0) return finish(kNormal, 0, 0);
        data_.assign(kIdSize * count_, 0);
        data_position_ = 0;
        if (!by_dma()) {
            data_ready_ = true;
            return set_interrupt(true);
        }
        const std::size_t moved = dma_.read(data_);
        const bool complete = moved == data_.size() || (moved != 0 && dma_.terminal_count());
        return format_track(std::span(data_).first(moved), complete);
    }
    if (sector_found()) move_sector();
}

// Compares the command's C, H, R and N with what is under the head; ends the command where no ID
// matches.
bool FloppyController::sector_found() {
    const unsigned head = unit_ & kUnitHead ? 1 : 0;
    const FloppyDrive& drive = selected();
    if (id_cylinder_ != drive.cylinder()) {
        const u8 bad = id_cylinder_ == kBadTrack ? kBadCylinder : 0;
        finish(kAbnormal, kNoData, kWrongCylinder | bad);
        return false;
    }
    const bool skipped = (opcode_ & kOpcodeMask) == kReadDeleted && opcode_ & kSkip;
    if (id_head_ != head || id_size_ != kSizeCode || skipped ||
        !drive.has_sector(head, id_sector_)) {
        finish(kAbnormal, kNoData, 0);
        return false;
    }
    return true;
}

void FloppyController::move_sector() {
    const unsigned head = unit_ & kUnitHead ? 1 : 0;
    std::array<u8, kSectorSize> sector{};
    if (work_ == Work::kRead) selected().read(head, id_sector_, sector);
    if (work_ == Work::kVerify) return sector_moved(false);
    if (!by_dma()) {
        data_.assign(sector.begin(), sector.end());
        data_position_ = 0;
        data_ready_ = true;
        return set_interrupt(true);
    }
    const std::size_t moved = work_ == Work::kRead ? dma_.write(sector) : dma_.read(sector);
    const bool terminal_count = moved != 0 && dma_.terminal_count();
    if (moved < sector.size() && !terminal_count) return finish(kAbnormal, kOverrun, 0);
    // What a write lacks of its last sector is zeros.
    if (work_ == Work::kWrite) selected().write(head, id_sector_, sector);
    sector_moved(terminal_count);
}

// Programmed I/O: a byte of the sector to be written, or of the IDs.
void FloppyController::data_written(u8 value) {
    set_interrupt(false);
    data_[data_position_++] = value;
    if (data_position_ < data_.size()) return;
    data_ready_ = false;
    if (work_ == Work::kFormat) return format_track(data_, true);
    const unsigned head = unit_ & kUnitHead ? 1 : 0;
    // The disk may have been taken out, or the motor stopped, while the guest was writing.
    if (!readable() || !selected().writable() || !selected().has_sector(head, id_sector_))
        return finish(kAbnormal, kOverrun, 0);
    selected().write(head, id_sector_, data_);
    sector_moved(false);
}

// C, H and R become those of the next sector (table 6-4); false where the command's last sector
// was the end of the cylinder.
bool FloppyController::advance() {
    const bool last = id_sector_ == last_sector_;
    if (!last) {
        ++id_sector_;
        return true;
    }
    id_sector_ = 1;
    if (!(opcode_ & kMultiTrack)) {
        ++id_cylinder_;
        return false;
    }
    const bool second_side = unit_ & kUnitHead;
    unit_ ^= kUnitHead;
    id_head_ ^= 1;
    if (second_side) ++id_cylinder_;
    return !second_side;
}

// Images hold no deleted data: reading "deleted" finds the other mark and stops there.
void FloppyController::sector_moved(bool terminal_count) {
    const bool more = advance();
    if ((opcode_ & kOpcodeMask) == kReadDeleted) return finish(kNormal, 0, kControlMark);
    if (terminal_count) return finish(kNormal, 0, 0);
    if (work_ == Work::kVerify && count_ != 0 && --count_ == 0) return finish(kNormal, 0, 0);
    // VERIFY moves nothing and so has no terminal count to wait for (6.1.4).
    if (!more && work_ == Work::kVerify && count_ == 0) return finish(kNormal, 0, 0);
    if (!more) return finish(kAbnormal, kEndOfCylinder, 0);
    schedule_work(sector_time());
}

// An image has the tracks it has: IDs that are not on them can't be written.
void FloppyController::format_track(std::span<const u8> ids, bool complete) {
    const unsigned head = unit_ & kUnitHead ? 1 : 0;
    std::array<u8, kSectorSize> sector;
    sector.fill(filler_);
    for (; ids.size() >= kIdSize; ids = ids.subspan(kIdSize)) {
        const bool here = ids[0] == selected().cylinder() && ids[1] == head &&
                          ids[3] == kSizeCode && id_size_ == kSizeCode;
        if (!here || !readable() || !selected().writable() || !selected().has_sector(head, ids[2]))
            return finish(kAbnormal, kNoData, 0);
        selected().write(head, ids[2], sector);
    }
    if (complete)
        finish(kNormal, 0, 0);
    else
        finish(kAbnormal, kOverrun, 0);
}

void FloppyController::finish(u8 status0, u8 status1, u8 status2) {
    work_ = Work::kNone;
    data_ready_ = false;
    data_.clear();
    respond({static_cast<u8>(status0 | unit_), status1, status2, id_cylinder_, id_head_, id_sector_,
             id_size_});
    set_interrupt(true);
}

}  // namespace seventeen::devices
