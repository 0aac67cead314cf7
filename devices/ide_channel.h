// IdeChannel: one ATA cable: the registers of the two drives on it, selection and interrupt.
//
// ATA/ATAPI-6, chapter 7. Both drives hear what is written to the command block; the selected one
// answers. Like QEMU's, an absent drive and an empty cable read as zeros.
#pragma once

#include <array>
#include <string>

#include "core/device.h"
#include "core/line.h"
#include "devices/ide_drive.h"

namespace seventeen::devices {

class IdeChannel final : public Device {
  public:
    enum Region : unsigned {
        kCommandBlock,  // eight bytes: 1f0h or 170h; the first takes 16 or 32 bits
        kControlBlock,  // device control, alternate status, one byte: 3f6h or 376h
    };

    explicit IdeChannel(std::string name) : name_(std::move(name)) {}

    // Once for each of the two places, before the machine runs.
    void attach(unsigned place, IdeDrive& drive);
    // INTRQ, of the selected drive unless nIEN holds it.
    Line& interrupt() { return interrupt_; }
    // DMARQ of the selected drive.
    Line& dma_request() { return dma_request_; }
    std::size_t dma_read(std::span<u8> into);
    std::size_t dma_write(std::span<const u8> from);

    std::string_view name() const override { return name_; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    // Resets the drives too, and saves and restores them.
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    IdeDrive* selected() const { return drives_[selected_]; }
    u8 read_register(IdeRegister which);
    void write_register(IdeRegister which, u8 value);
    void write_control(u8 value);
    void update();

    std::string name_;
    std::array<IdeDrive*, 2> drives_{};
    Line interrupt_;
    Line dma_request_;
    u8 selected_ = 0;
    u8 control_ = 0;
};

}  // namespace seventeen::devices
