// Options: the command line, parsed and checked.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/script.h"
#include "core/types.h"
#include "machine/pc.h"
#include "storage/disk_image.h"

namespace seventeen::app {

struct RawImage {
    std::filesystem::path file;
    PhysicalAddress address;
};

// Where images go; what is left empty is not there.
struct DriveOptions {
    std::vector<std::filesystem::path> images;  // recognised by what they hold
    std::array<std::filesystem::path, 2> floppies;
    std::array<std::filesystem::path, 4> disks;  // --hda … --hdd: IDE, primary and secondary
    std::filesystem::path cdrom;
    std::vector<std::filesystem::path> virtio;
    std::filesystem::path kernel;
    std::filesystem::path initrd;
    std::string append;
    std::string boot;  // empty: what fits
    bool boot_menu = false;
    std::optional<storage::Format> format;  // of the disks; none: recognised
    storage::OpenMode mode = storage::OpenMode::kOverlay;
};

struct RunOptions {
    std::string machine;         // pc or bare; empty: what fits
    std::filesystem::path bios;  // empty: SeaBIOS on a PC, none on the bare machine
    std::vector<RawImage> raw;
    DriveOptions drives;
    u64 memory = 0;  // 0: what fits
    std::string cpu = "max";
    s64 epoch = machine::PcOptions{}.epoch;
    std::array<std::string, 2> serial;  // empty: nothing, or what fits
    bool apic = true;
    bool hpet = true;
    bool reboot = true;

    u64 max_instructions = ~u64{0};
    u64 max_time = ~u64{0};  // nanoseconds of virtual time
    u64 hash_every = 0;      // 0: never
    bool print_state = false;
    bool headless = false;
    bool nographic = false;
    bool explain = false;
    std::vector<ScriptStep> script;
    std::filesystem::path restore;
    std::filesystem::path save_on_exit;
    std::filesystem::path record;
    std::filesystem::path replay;
    std::filesystem::path screenshot;  // taken at the end
};

// Throws Error for what makes no sense. No value: help was asked for and printed.
std::optional<RunOptions> parse_command_line(int argc, char** argv);

}  // namespace seventeen::app
