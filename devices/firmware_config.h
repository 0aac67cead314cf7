// FirmwareConfig: QEMU's fw_cfg, from which firmware learns what machine it is in.
//
// The guest selects an item and reads its bytes in order, one at a time or by DMA (QEMU,
// docs/specs/fw_cfg). Items are read-only. They belong to the machine's configuration, not to its
// state: a snapshot holds only which item is being read, and how far.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/device.h"

namespace seventeen::devices {

// One row of "etc/e820": types as in INT 15h, AX=E820h (1 RAM, 2 reserved).
struct MemoryMapEntry {
    u64 address = 0;
    u64 size = 0;
    u32 type = 1;
};

// A kernel that the firmware's boot ROM loads and starts.
struct KernelImage {
    std::vector<u8> setup;  // bzImage's real-mode part
    u32 setup_address = 0;
    std::vector<u8> kernel;  // its protected-mode part
    u32 kernel_address = 0;
    std::vector<u8> initrd;
    u32 initrd_address = 0;
    std::string command_line;
    u32 command_line_address = 0;
    u32 entry = 0;  // not zero: where it is entered in protected mode (Multiboot)
};

class FirmwareConfig final : public Device {
  public:
    // 510h, two bytes: the selector is a word at 0, data a byte at 1. 514h, eight bytes: DMA.
    enum Region : unsigned { kSelectorAndData, kDma };

    // QEMU's numbers; files come at 20h and after.
    enum class Key : u16 {
        kSignature = 0x00,
        kId = 0x01,
        kUuid = 0x02,
        kRamSize = 0x03,
        kNoGraphic = 0x04,
        kCpuCount = 0x05,
        kMachineId = 0x06,
        kKernelAddress = 0x07,
        kKernelSize = 0x08,
        kInitrdAddress = 0x0a,
        kInitrdSize = 0x0b,
        kBootDevice = 0x0c,
        kNuma = 0x0d,
        kBootMenu = 0x0e,
        kMostCpus = 0x0f,
        kKernelEntry = 0x10,
        kKernelData = 0x11,
        kInitrdData = 0x12,
        kCommandLineAddress = 0x13,
        kCommandLineSize = 0x14,
        kCommandLineData = 0x15,
        kSetupAddress = 0x16,
        kSetupSize = 0x17,
        kSetupData = 0x18,
        kFileDirectory = 0x19,
        kAcpiTables = 0x8000,
        kSmbios = 0x8001,
        kIrq0Override = 0x8002,
        kHpet = 0x8004,
    };

    explicit FirmwareConfig(DmaPort& memory);

    std::string_view name() const override { return "firmware config"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

    // Replaces what was there.
    void add(Key key, std::vector<u8> bytes);
    void add_u16(Key key, u16 value);
    void add_u32(Key key, u32 value);
    void add_u64(Key key, u64 value);
    // Throws Error where the name is empty or longer than 55 characters.
    void add_file(const std::string& name, std::vector<u8> bytes);

    void set_memory_size(u64 bytes) { add_u64(Key::kRamSize, bytes); }
    void set_cpu_count(u16 count);
    void set_memory_map(std::span<const MemoryMapEntry> entries);
    // Open Firmware paths ("/pci@i0cf8/ide@1,1/drive@0/disk@0"), first choice first.
    void set_boot_order(std::span<const std::string> paths);
    void set_kernel(KernelImage image);

  private:
    using Bytes = std::vector<u8>;

    void select(u16 key);
    const Bytes& selected() const;
    u8 next_byte();
    void run_dma(PhysicalAddress descriptor);
    bool transfer(u32 control, u32 length, PhysicalAddress address);
    bool copy_out(u32 length, PhysicalAddress address);
    void number_files();

    DmaPort& memory_;
    std::map<u16, Bytes> items_;
    std::map<std::string, Bytes, std::less<>> files_;  // the directory is sorted by name
    std::vector<const Bytes*> numbered_;               // the files again, by selector
    u16 key_ = 0;
    u32 position_ = 0;
    u32 dma_high_ = 0;
};

}  // namespace seventeen::devices
