// Linux kernel: a bzImage or zImage (boot protocol 2.00 to 2.15), checked and laid out in memory
// for the boot ROM.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/types.h"
#include "devices/firmware_config.h"

namespace seventeen::machine {

// What the setup header says, with the older protocols' fixed values where it says nothing.
struct LinuxHeader {
    u16 protocol = 0;          // 0x020f is 2.15
    u64 setup_size = 0;        // bytes of the file up to the protected-mode part
    u64 payload_size = 0;      // the protected-mode part, as the header has it; 0: not known
    bool loaded_high = false;  // bzImage: at 1 MiB, not at 64 KiB
    bool relocatable = false;
    bool wide_only = false;  // has a 64-bit entry: a kernel for x86-64
    u32 alignment = 0;
    u64 preferred_address = 0;
    u64 run_size = 0;           // memory it needs from where it runs until it reads the memory map
    u32 initrd_most = 0;        // the highest address of an initrd's last byte
    u32 command_line_most = 0;  // without its NUL
    std::string version;        // "6.1.0-42-686 (…) #1 SMP …"; empty where it has none
};

// From a file's beginning; nothing where it isn't a Linux kernel. Believes nothing it can't check.
std::optional<LinuxHeader> linux_header(std::span<const u8> head);

struct LinuxBoot {
    std::vector<u8> kernel;
    std::vector<u8> initrd;
    std::string command_line;
    u64 memory = 0;
};

// Throws Error for damaged kernels, and for what does not fit into memory.
devices::KernelImage load_linux(LinuxBoot boot);

}  // namespace seventeen::machine
