// AtapiCdrom: a CD-ROM drive that takes packet commands (ATA/ATAPI-6 9.8, INF-8020i, MMC-3).
#pragma once

#include <array>

#include "core/block_medium.h"
#include "devices/ide_drive.h"

namespace seventeen::devices {

class AtapiCdrom final : public IdeDrive {
  public:
    static constexpr std::size_t kSectorSize = 2048;

    AtapiCdrom(std::string name, Scheduler& scheduler) : IdeDrive(std::move(name), scheduler) {
        reset();
    }

    // The user's hand: a disc of one data track, or nullptr to take it out. The guest is told by
    // UNIT ATTENTION and by GET EVENT STATUS. The board keeps the disc alive; it says after a
    // restore which one is in.
    void change_disc(BlockMedium* disc);
    // Puts back what was in when the snapshot was taken, without telling the guest.
    void restore_disc(BlockMedium* disc) { disc_ = disc; }
    bool tray_open() const { return tray_open_; }
    bool locked() const { return locked_; }

    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    static constexpr std::size_t kPacketSize = 12;

    enum class State : u8 { kIdle, kWantsPacket, kRuns, kSends, kEnds };
    struct Sense {
        u8 key = 0;
        u8 code = 0;
        u8 qualifier = 0;
    };

    void start_command(u8 command) override;
    void proceed() override;
    void block_emptied() override;
    void block_filled() override;
    bool refill() override;
    bool drain() override { return false; }
    void complete_dma() override;
    void set_signature() override;
    void reset_drive() override;
    bool always_accepts(u8 command) const override;

    bool has_disc() const { return disc_ != nullptr && !tray_open_; }
    u64 disc_sectors() const { return has_disc() ? disc_->sectors() / 4 : 0; }
    u16 packet16(unsigned at) const;
    u32 packet32(unsigned at) const;

    void execute();
    void dispatch();
    void end(const Sense& sense);
    void reply(std::vector<u8> data, std::size_t allocated);
    void send();
    void send_block();
    void read_sectors(u32 first, u32 count);
    void read_cd();
    void request_sense();
    void inquiry();
    void read_capacity();
    void read_toc();
    void mode_sense();
    void start_stop();
    void event_status();
    void mechanism_status();
    void identify();

    BlockMedium* disc_ = nullptr;
    bool tray_open_ = false;
    bool locked_ = false;
    bool attention_ = false;  // UNIT ATTENTION waits to be reported
    u8 media_event_ = 0;      // GET EVENT STATUS NOTIFICATION waits
    Sense sense_;

    State state_ = State::kIdle;
    bool dma_ = false;
    bool from_disc_ = false;  // the data are sectors, else reply_
    std::array<u8, kPacketSize> packet_{};
    std::vector<u8> reply_;
    u64 position_ = 0;   // in bytes, on the disc or in the reply
    u64 remaining_ = 0;  // bytes still to send
};

}  // namespace seventeen::devices
