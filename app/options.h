// Options: the command line, parsed and checked.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/plan.h"
#include "app/script.h"
#include "core/types.h"
#include "machine/pc.h"
#include "network/forward.h"
#include "storage/disk_image.h"

namespace seventeen::app {

struct RawImage {
    std::filesystem::path file;
    PhysicalAddress address;
};

// How disk images are treated.
struct ImageOptions {
    std::optional<storage::Format> format;  // none: recognised
    storage::OpenMode mode = storage::OpenMode::kOverlay;
};

struct NetworkOptions {
    machine::NetworkCard card = machine::NetworkCard::kNone;
    bool connected = false;   // to the host's network
    bool restricted = false;  // and from there nowhere
    std::vector<network::Forward> forwards;
    std::filesystem::path capture;
};

// What is told on standard error when the machine has stopped.
struct ReportOptions {
    bool jit = false;      // as `info jit`
    bool mmu = false;      // as `info mmu`
    bool profile = false;  // where the host's CPU time went
};

enum class Command : u8 { kRun, kLockstep };

struct RunOptions {
    Command command = Command::kRun;
    PlanRequest plan;            // which machine, which images
    std::filesystem::path bios;  // empty: SeaBIOS on a PC, none on the bare machine
    std::vector<RawImage> raw;
    machine::EngineOptions engine;
    ImageOptions images;
    NetworkOptions network;
    s64 epoch = machine::PcOptions{}.epoch;
    std::array<std::string, 2> serial;  // empty: nothing, or what fits
    bool boot_menu = false;
    bool apic = true;
    bool hpet = true;
    bool reboot = true;

    u64 max_instructions = ~u64{0};
    u64 max_time = ~u64{0};  // nanoseconds of virtual time
    u64 hash_every = 0;      // 0: never
    ReportOptions reports;
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
