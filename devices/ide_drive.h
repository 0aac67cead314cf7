// IdeDrive: what an ATA disk and an ATAPI drive share: task file, data block, interrupt, DMA.
//
// References: ATA/ATAPI-6 (T13/1410D), chapters 7 and 9. A command makes the drive busy; an event
// in virtual time lets it proceed. Data pass through one block: the guest empties or fills it
// through the data register, or the bus master does.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"

namespace seventeen::devices {

// Offsets in the command block.
enum class IdeRegister : u8 {
    kData,
    kErrorFeatures,
    kCount,
    kLow,
    kMid,
    kHigh,
    kDevice,
    kStatusCommand,
};

class IdeDrive {
  public:
    static constexpr u8 kBusy = 0x80;
    static constexpr u8 kReady = 0x40;
    static constexpr u8 kSeekComplete = 0x10;
    static constexpr u8 kDataRequest = 0x08;
    static constexpr u8 kErrorBit = 0x01;
    static constexpr u8 kAborted = 0x04;  // of the error register

    IdeDrive(std::string name, Scheduler& scheduler);
    virtual ~IdeDrive() = default;

    const std::string& name() const { return name_; }
    // INTRQ before the channel's nIEN.
    Line& interrupt() { return interrupt_; }
    // DMARQ.
    Line& dma_request() { return dma_request_; }

    // `previous`: the HOB bit, which shows what was written before the last write.
    u8 read_register(IdeRegister which, bool previous);
    u8 alternate_status() const { return status_; }
    // Any register but the data register; a busy drive ignores it.
    void write_register(IdeRegister which, u8 value);
    u32 read_data(Width width);
    void write_data(u32 value, Width width);

    // The bus master moves what it can; 0 where no data go in that direction now.
    std::size_t dma_read(std::span<u8> into);
    std::size_t dma_write(std::span<const u8> from);

    void reset();                    // RESET-
    void hold_in_reset();            // SRST set
    void leave_reset();              // SRST cleared
    void diagnose(bool interrupts);  // EXECUTE DEVICE DIAGNOSTIC

    virtual void save(Writer& writer) const;
    virtual void restore(Reader& reader);

  protected:
    static constexpr std::size_t kMaxBlock = 64 * 1024;

    // Where software's last write and the one before it are.
    struct TaskRegister {
        u8 now = 0;
        u8 previous = 0;
        void write(u8 value) {
            previous = now;
            now = value;
        }
        u16 both() const { return static_cast<u16>(previous << 8 | now); }
    };

    // The drive's own commands. One that takes time calls be_busy and goes on in proceed().
    virtual void start_command(u8 command) = 0;
    virtual void proceed() = 0;
    // The guest emptied the block through the data register.
    virtual void block_emptied() = 0;
    virtual void block_filled() = 0;
    // DMA: puts more into the block, or takes what fills it and says how much comes next; false
    // where the command has no more data and is complete.
    virtual bool refill() = 0;
    virtual bool drain() = 0;
    virtual void complete_dma() = 0;
    virtual void set_signature() = 0;
    virtual void reset_drive() = 0;
    // Accepted even while busy (DEVICE RESET).
    virtual bool always_accepts(u8) const { return false; }

    void be_busy(Scheduler::Nanoseconds delay);
    void offer_block();                    // the block is full: DRQ and an interrupt
    void request_block(std::size_t size);  // wants it filled: DRQ
    void start_dma(bool to_memory);
    // Ends a command with `error` in the error register.
    void finish(u8 status, u8 error);
    void stop();  // whatever is under way

    Line interrupt_;
    TaskRegister features_, count_, low_, mid_, high_;
    u8 device_ = 0;
    u8 status_ = 0;
    u8 error_ = 0;
    std::vector<u8> block_;

  private:
    enum class Phase : u8 {
        kIdle,
        kBusy,
        kBlockIn,
        kBlockOut,
        kDmaIn,
        kDmaOut,
        kInReset,
        kLeavingReset,
        kDiagnosing,
        kDiagnosingSilently,
    };

    void on_event();
    void block_moved();
    void end_dma();

    std::string name_;
    Scheduler& scheduler_;
    Scheduler::EventId event_;
    Line dma_request_;
    Phase phase_ = Phase::kIdle;
    std::size_t position_ = 0;  // in the block
};

}  // namespace seventeen::devices
