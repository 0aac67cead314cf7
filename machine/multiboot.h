// Multiboot: kernels of the Multiboot specification 0.6.96 (32-bit ELF, or addresses in the
// header), checked and laid out in memory with their modules for the boot ROM.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/types.h"
#include "devices/firmware_config.h"

namespace seventeen::machine {

// Where the header lies in a file, of which the first 8 KiB are enough; nothing where there is
// none.
std::optional<std::size_t> multiboot_header(std::span<const u8> head);

struct MultibootModule {
    std::vector<u8> bytes;
    std::string command_line;
};

struct MultibootBoot {
    std::vector<u8> kernel;
    std::string command_line;
    std::vector<MultibootModule> modules;
    u64 memory = 0;
};

// Throws Error for damaged kernels, and for what does not fit into memory.
devices::KernelImage load_multiboot(MultibootBoot boot);

}  // namespace seventeen::machine
