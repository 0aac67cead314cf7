// FloppyController: the Intel 82077AA with up to four drives, by DMA and by programmed I/O.
//
// A command goes through three phases (datasheet, 5.0): its bytes are written to the FIFO, it is
// executed in virtual time (a sector at a time), its results are read from the FIFO. Seeks end the
// first phase at once and report by interrupt. The transfers are in floppy_transfer.cpp.
#pragma once

#include <array>
#include <vector>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"
#include "devices/dma_channel.h"
#include "devices/floppy_drive.h"

namespace seventeen::devices {

class FloppyController final : public Device {
  public:
    static constexpr unsigned kDrives = 4;
    // 3F0h, six bytes; 3F7h, one byte (3F6h belongs to the disk controller).
    enum Region : unsigned { kRegisters, kDirection };
    struct Options {
        unsigned drives = 2;  // that are on the cable
        unsigned haste = 1;   // how many times faster than real drives they turn and step
    };

    FloppyController(Scheduler& scheduler, DmaChannel& dma, Options options);

    std::string_view name() const override { return "floppy controller"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;  // the same disks are in the drives already

    Line& interrupt() { return interrupt_; }
    FloppyDrive& drive(unsigned number) { return drives_[number]; }

  private:
    enum class Phase : u8 { kCommand, kExecution, kResult };
    // What the execution phase does, and what its event brings.
    enum class Work : u8 { kNone, kRead, kWrite, kVerify, kReadId, kFormat };
    using Nanoseconds = Scheduler::Nanoseconds;

    struct Seek {
        Scheduler::EventId event = 0;
        u8 track = 0;          // PCN: where the chip believes the head to be
        u8 target = 0;         // PCN after the seek
        u8 status = 0;         // ST0 after it
        bool busy = false;     // MSR's bit, until the interrupt is sensed
        bool pending = false;  // an interrupt to be sensed
    };

    // Registers and phases.
    void write_output(u8 value);
    void write_rate_select(u8 value);
    u8 main_status() const;
    u8 read_fifo();
    void write_fifo(u8 value);
    void begin_reset();
    void end_reset();
    void execute();
    void respond(std::initializer_list<u8> bytes);
    void set_interrupt(bool level);

    // Commands without a transfer.
    void specify();
    void sense_drive();
    void sense_interrupt();
    bool seek_reported() const;
    void start_seek(unsigned number, int steps, u8 status);
    void recalibrate();
    void seek();
    void finish_seek(unsigned number);
    void dump_registers();
    void configure();
    void perpendicular();
    void lock();

    // Transfers.
    void start_transfer(Work work);
    void start_format();
    void start_read_id();
    void schedule_work(Nanoseconds delay);
    void do_work();
    bool readable();
    bool sector_found();
    void move_sector();
    void sector_moved(bool terminal_count);
    bool advance();
    void format_track(std::span<const u8> ids, bool complete);
    void data_written(u8 value);
    void finish(u8 status0, u8 status1, u8 status2);
    bool by_dma() const { return !(head_load_ & 1); }
    Nanoseconds mechanical(Nanoseconds delay) const { return delay / options_.haste; }
    Nanoseconds step_time() const;
    Nanoseconds revolution() const;
    Nanoseconds sector_time() const;
    FloppyDrive& selected() { return drives_[unit_ & 3]; }

    Scheduler& scheduler_;
    DmaChannel& dma_;
    Options options_;
    Line interrupt_;
    std::array<FloppyDrive, kDrives> drives_;
    std::array<Seek, kDrives> seeks_;
    Scheduler::EventId work_event_;
    Scheduler::EventId reset_event_;

    Phase phase_ = Phase::kCommand;
    Work work_ = Work::kNone;
    std::vector<u8> command_;  // its bytes so far
    std::vector<u8> results_;  // those still to be read
    std::vector<u8> data_;     // programmed I/O: the sector, or the IDs to format
    std::size_t data_position_ = 0;
    bool data_ready_ = false;  // programmed I/O: the guest's turn
    bool interrupt_wanted_ = false;

    u8 output_ = 0;
    u8 rate_ = 0;
    u8 tape_ = 0;
    u8 step_rate_ = 0;  // SPECIFY's two bytes
    u8 head_load_ = 0;
    u8 configuration_ = 0;
    u8 precompensation_ = 0;
    u8 perpendicular_ = 0;
    bool locked_ = false;
    // The transfer's parameters, kept up to date while it runs.
    u8 opcode_ = 0;
    u8 unit_ = 0;  // drive and head
    u8 id_cylinder_ = 0;
    u8 id_head_ = 0;
    u8 id_sector_ = 0;
    u8 id_size_ = 0;
    u8 last_sector_ = 0;
    u8 count_ = 0;  // VERIFY with EC, FORMAT: sectors left
    u8 filler_ = 0;
};

}  // namespace seventeen::devices
