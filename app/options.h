// Options: the command line, parsed and checked.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/types.h"

namespace seventeen::app {

struct RawImage {
    std::filesystem::path file;
    PhysicalAddress address;
};

struct RunOptions {
    std::filesystem::path bios;  // empty: none
    std::vector<RawImage> raw;
    u64 memory = 64u << 20;
    std::string cpu = "max";
    u64 max_instructions = ~u64{0};
    u64 hash_every = 0;  // 0: never
    bool print_state = false;
};

// Throws Error for what makes no sense. No value: help was asked for and printed.
std::optional<RunOptions> parse_command_line(int argc, char** argv);

}  // namespace seventeen::app
