// Opening images and putting them into drives.
#include "app/assembly.h"

#include <array>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "machine/linux_kernel.h"
#include "machine/memory_map.h"

namespace seventeen::app {

namespace {

using machine::IdeUnit;
using std::filesystem::path;

constexpr u64 kLargestKernel = u64{1} << 30;
constexpr std::size_t kCdromUnit = 2;  // secondary master

class Assembler {
  public:
    explicit Assembler(const RunOptions& options) : options_(options) {}

    Assembly assemble() {
        add_machine();
        add_drives();
        add_kernel();
        return std::move(assembly_);
    }

  private:
    void add_machine() {
        machine::PcOptions& pc = assembly_.pc;
        pc.memory = options_.memory;
        pc.cpu = options_.cpu;
        pc.epoch = options_.epoch;
        pc.apic = options_.apic;
        pc.hpet = options_.hpet;
        pc.reset_after_triple_fault = options_.reboot;
        if (!options_.bios.empty())
            pc.firmware = read_file(options_.bios, machine::kFirmwareLargest);
        pc.boot_menu = options_.drives.boot_menu;
        if (!options_.drives.boot.empty()) pc.boot_order = options_.drives.boot;
    }

    void add_drives() {
        const DriveOptions& drives = options_.drives;
        constexpr std::array<const char*, 2> kFloppies = {"fda", "fdb"};
        for (std::size_t i = 0; i < drives.floppies.size(); ++i)
            if (!drives.floppies[i].empty())
                assembly_.pc.floppies[i] = open(kFloppies[i], drives.floppies[i], drives.mode);
        constexpr std::array<const char*, 4> kDisks = {"hda", "hdb", "hdc", "hdd"};
        for (std::size_t i = 0; i < drives.disks.size(); ++i)
            if (!drives.disks[i].empty())
                assembly_.pc.ide[i] = {IdeUnit::Kind::kDisk,
                                       open(kDisks[i], drives.disks[i], drives.mode)};
        IdeUnit& cdrom = assembly_.pc.ide[kCdromUnit];
        if (cdrom.kind == IdeUnit::Kind::kNone) {
            cdrom.kind = IdeUnit::Kind::kCdrom;
            if (!drives.cdrom.empty())
                cdrom.medium = open("cdrom", drives.cdrom, storage::OpenMode::kReadOnly);
        } else if (!drives.cdrom.empty()) {
            throw Error("--cdrom and --hdc are the same place: secondary master; use --hdd");
        }
    }

    std::unique_ptr<BlockMedium> open(const std::string& drive, const path& file,
                                      storage::OpenMode mode) {
        auto image = std::make_unique<storage::DiskImage>(
            file, storage::OpenOptions{
                      .mode = mode, .format = options_.drives.format, .temporary_folder = {}});
        assembly_.images.push_back({drive, image.get()});
        return image;
    }

    void add_kernel() {
        const DriveOptions& drives = options_.drives;
        if (drives.kernel.empty()) return;
        machine::LinuxBoot boot{.kernel = read_file(drives.kernel, kLargestKernel),
                                .initrd = {},
                                .command_line = drives.append,
                                .memory = options_.memory};
        if (!drives.initrd.empty()) boot.initrd = read_file(drives.initrd, kLargestKernel);
        assembly_.pc.kernel = machine::load_linux(std::move(boot));
    }

    const RunOptions& options_;
    Assembly assembly_;
};

}  // namespace

Assembly assemble(const RunOptions& options) {
    return Assembler(options).assemble();
}

}  // namespace seventeen::app
