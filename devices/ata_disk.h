// AtaDisk: a hard disk of ATA/ATAPI-6 (T13/1410D) over a BlockMedium.
#pragma once

#include <optional>

#include "core/block_medium.h"
#include "devices/ide_drive.h"

namespace seventeen::devices {

struct DiskGeometry {
    u16 cylinders = 0;
    u8 heads = 0;
    u8 sectors = 0;  // a track
};

class AtaDisk final : public IdeDrive {
  public:
    // Without a geometry: 16 heads, 63 sectors and as many of 16383 cylinders as there are.
    AtaDisk(std::string name, Scheduler& scheduler, BlockMedium& medium,
            std::optional<DiskGeometry> geometry = {});

    const DiskGeometry& geometry() const { return native_; }
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    // How the command that is under way moves data.
    enum class Transfer : u8 { kNone, kBlocksIn, kBlocksOut, kDmaIn, kDmaOut };
    enum class Power : u8 { kActive, kStandby, kSleep };

    void start_command(u8 command) override;
    void proceed() override;
    void block_emptied() override;
    void block_filled() override;
    bool refill() override;
    bool drain() override;
    void complete_dma() override;
    void set_signature() override;
    void reset_drive() override;

    std::optional<u64> address(bool extended) const;
    void show_address(u64 sector);
    bool locate(bool extended);
    void transfer(Transfer transfer, bool extended, unsigned sectors_a_block);
    void fail(u8 error);
    void end_command(u8 error);
    void next_block();
    bool non_data_command(u8 command);
    u8 set_features();
    u8 set_transfer_mode(u8 mode);
    u8 set_multiple();
    u8 set_geometry();
    void show_native_maximum(bool extended);
    u16 current_cylinders() const;
    void identify();

    BlockMedium& medium_;
    DiskGeometry native_;
    u8 heads_ = 0;  // the translation that is in force
    u8 sectors_ = 0;
    u8 multiple_ = 0;        // sectors a block of READ MULTIPLE; 0: not set
    u8 multiword_mode_ = 2;  // the mode selected, or kNoMode
    u8 ultra_mode_ = 0xff;
    bool write_cache_ = true;
    bool look_ahead_ = true;
    Power power_ = Power::kActive;

    Transfer transfer_ = Transfer::kNone;
    bool identifying_ = false;
    bool extended_ = false;
    u8 pending_error_ = 0;
    u64 sector_ = 0;  // the next one to move
    u32 remaining_ = 0;
    u32 block_sectors_ = 1;
};

}  // namespace seventeen::devices
