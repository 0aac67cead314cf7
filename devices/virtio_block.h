// VirtioBlock: virtio's block device over a BlockMedium.
//
// Virtual I/O Device (VIRTIO) 1.2, 5.2. A request is carried out before the next one is looked at,
// so a flush covers every write that was completed before it. For a driver that does not negotiate
// flushing each write is flushed before it completes.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/block_medium.h"
#include "devices/virtio_pci.h"

namespace seventeen::devices {

class VirtioBlock final : public VirtioPci {
  public:
    static constexpr u16 kQueueSize = 128;  // SeaBIOS takes no larger one through the old interface
    static constexpr u32 kMostSegments = kQueueSize - 2;
    static constexpr u32 kLargestSegment = 64 << 10;
    // What a request may move: more is an error, so that none takes long.
    static constexpr u64 kLargestRequest = u64{kMostSegments} * kLargestSegment;
    static constexpr std::size_t kSerialSize = 20;

    // What does not fit of the serial number is cut off.
    VirtioBlock(std::string name, DmaPort& memory, std::unique_ptr<BlockMedium> medium,
                std::string serial);

    std::string_view name() const override { return name_; }
    BlockMedium& medium() { return *medium_; }

  private:
    static constexpr unsigned kConfigSize = 36;

    std::optional<u64> serve(unsigned queue, VirtioChain& chain) override;
    u8 read_device_config(unsigned offset) const override;
    void write_device_config(unsigned offset, u8 value) override;
    void status_raised(u8 bits) override;
    void reset_device() override { write_back_ = true; }
    void save_device(Writer& writer) const override;
    void restore_device(Reader& reader) override;

    u8 carry_out(u32 type, u64 sector, VirtioChain& chain);
    bool on_medium(u64 sector, u64 size) const;
    u8 read_medium(u64 sector, VirtioBytes& into);
    u8 write_medium(u64 sector, VirtioBytes& from);
    u8 identify(VirtioBytes& into);
    bool caches_writes() const;
    void put_config(unsigned offset, Width width, u64 value);

    std::string name_;
    std::unique_ptr<BlockMedium> medium_;
    std::string serial_;
    std::array<u8, kConfigSize> config_{};
    std::vector<u8> buffer_;
    bool write_back_ = true;
};

}  // namespace seventeen::devices
