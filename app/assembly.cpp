// Opening images and putting them into drives.
#include "app/assembly.h"

#include <array>
#include <utility>

#include "app/padded_medium.h"
#include "core/error.h"
#include "core/file.h"
#include "machine/linux_kernel.h"
#include "machine/memory_map.h"
#include "machine/multiboot.h"

namespace seventeen::app {

namespace {

using machine::IdeUnit;
using Kind = PlannedDrive::Kind;

constexpr u64 kLargestKernel = u64{1} << 30;
constexpr std::size_t kCdromUnit = 2;  // secondary master

class Assembler {
  public:
    Assembler(const MachinePlan& plan, const RunOptions& options)
        : plan_(plan), options_(options) {}

    Assembly assemble() {
        add_machine();
        add_floppies();
        add_disks();
        add_kernel();
        return std::move(assembly_);
    }

  private:
    void add_machine() {
        machine::PcOptions& pc = assembly_.pc;
        pc.memory = plan_.memory;
        pc.cpu = plan_.cpu;
        pc.engine = options_.engine;
        pc.boot_order = plan_.boot_order;
        pc.boot_menu = options_.boot_menu;
        pc.epoch = options_.epoch;
        pc.apic = options_.apic;
        pc.hpet = options_.hpet;
        pc.reset_after_triple_fault = options_.reboot;
        pc.network = options_.network.card;
        if (!options_.bios.empty())
            pc.firmware = read_file(options_.bios, machine::kFirmwareLargest);
    }

    void add_floppies() {
        constexpr std::array<const char*, 2> kNames = {"fda", "fdb"};
        for (std::size_t i = 0; i < kNames.size(); ++i)
            if (plan_.floppies[i].kind != Kind::kNone)
                assembly_.pc.floppies[i] = open(kNames[i], plan_.floppies[i]);
    }

    // There is always a CD-ROM drive, so that a disc can be put in, unless its place is taken.
    void add_disks() {
        constexpr std::array<const char*, 4> kNames = {"hda", "hdb", "hdc", "hdd"};
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            IdeUnit& unit = assembly_.pc.ide[i];
            if (plan_.ide[i].kind == Kind::kNone) {
                if (i == kCdromUnit) unit.kind = IdeUnit::Kind::kCdrom;
                continue;
            }
            const bool disk = plan_.ide[i].kind == Kind::kDisk;
            unit.kind = disk ? IdeUnit::Kind::kDisk : IdeUnit::Kind::kCdrom;
            unit.medium = open(kNames[i], plan_.ide[i]);
        }
        for (const PlannedDrive& drive : plan_.virtio)
            assembly_.pc.virtio_disks.push_back(
                open("virtio" + std::to_string(assembly_.pc.virtio_disks.size()), drive));
    }

    std::unique_ptr<BlockMedium> open(const std::string& name, const PlannedDrive& drive) {
        const bool cdrom = drive.kind == Kind::kCdrom;
        auto image = std::make_unique<storage::DiskImage>(
            drive.file, storage::OpenOptions{
                            .mode = cdrom ? storage::OpenMode::kReadOnly : options_.images.mode,
                            .format = options_.images.format,
                            .temporary_folder = {}});
        assembly_.images.push_back({name, image.get()});
        const u64 sectors = drive.padded_size / BlockMedium::kSectorSize;
        if (sectors <= image->sectors()) return image;
        return std::make_unique<PaddedMedium>(std::move(image), sectors);
    }

    void add_kernel() {
        const PlannedKernel& kernel = plan_.kernel;
        if (kernel.kind == PlannedKernel::Kind::kNone) return;
        std::vector<u8> image = read_file(kernel.file, kLargestKernel);
        if (kernel.kind == PlannedKernel::Kind::kLinux) {
            machine::LinuxBoot boot{.kernel = std::move(image),
                                    .initrd = {},
                                    .command_line = kernel.append,
                                    .memory = plan_.memory};
            if (!kernel.modules.empty())
                boot.initrd = read_file(kernel.modules.front().file, kLargestKernel);
            assembly_.pc.kernel = machine::load_linux(std::move(boot));
            return;
        }
        machine::MultibootBoot boot{.kernel = std::move(image),
                                    .command_line = kernel.append,
                                    .modules = {},
                                    .memory = plan_.memory};
        for (const PlannedModule& module : kernel.modules)
            boot.modules.push_back({read_file(module.file, kLargestKernel), module.command_line});
        assembly_.pc.kernel = machine::load_multiboot(std::move(boot));
    }

    const MachinePlan& plan_;
    const RunOptions& options_;
    Assembly assembly_;
};

}  // namespace

Assembly assemble(const MachinePlan& plan, const RunOptions& options) {
    return Assembler(plan, options).assemble();
}

}  // namespace seventeen::app
