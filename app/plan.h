// Plan: which machine and which drives fit the images on the command line, and the command that
// says so in full.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/types.h"
#include "machine/guest_image.h"

namespace seventeen::app {

// What was asked for; what is empty is chosen to fit.
struct PlanRequest {
    std::string machine;  // pc or bare
    u64 memory = 0;
    std::string cpu;
    std::vector<std::filesystem::path> images;      // recognised by what they hold
    std::array<std::filesystem::path, 2> floppies;  // --fda, --fdb
    std::array<std::filesystem::path, 4> disks;     // --hda … --hdd
    std::filesystem::path cdrom;                    // --cdrom
    std::vector<std::filesystem::path> virtio;      // --drive
    std::filesystem::path kernel;                   // --kernel
    std::string initrd;  // --initrd; for a Multiboot kernel QEMU's list "FILE ARGUMENTS,FILE …"
    std::string append;  // --append
    std::string boot;    // --boot: letters
};

struct PlannedDrive {
    enum class Kind : u8 { kNone, kFloppy, kDisk, kCdrom };
    Kind kind = Kind::kNone;
    std::filesystem::path file;
    std::string description;
    u64 padded_size = 0;  // of the floppy that a boot sector goes on; 0: as the file is
};

struct PlannedModule {
    std::filesystem::path file;
    std::string command_line;  // Multiboot: its name and arguments
    bool loose = false;        // was given among the images, behind those of --initrd
};

struct PlannedKernel {
    enum class Kind : u8 { kNone, kLinux, kMultiboot };
    Kind kind = Kind::kNone;
    std::filesystem::path file;
    std::string description;
    std::vector<PlannedModule> modules;  // Linux: at most one, its initrd
    std::string append;
};

struct MachinePlan {
    std::string machine;
    u64 memory = 0;
    std::string cpu;
    std::string boot_order;
    std::array<PlannedDrive, 2> floppies;
    std::array<PlannedDrive, 4> ide;  // hda … hdd
    std::vector<PlannedDrive> virtio;
    PlannedKernel kernel;
};

using Recogniser = std::function<machine::GuestImage(const std::filesystem::path&)>;

// Throws Error for what does not go together, and for images that nothing is known about.
MachinePlan make_plan(const PlanRequest& request, const Recogniser& recognise);
MachinePlan make_plan(const PlanRequest& request);

// A comment line for each image, then the whole command, quoted for a shell.
std::string explain(const MachinePlan& plan);

}  // namespace seventeen::app
