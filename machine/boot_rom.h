// Boot ROM: our own expansion ROM, with which the firmware boots a KernelImage.
#pragma once

#include <vector>

#include "core/types.h"

namespace seventeen::machine {

// The file in the firmware configuration that SeaBIOS runs as an expansion ROM, and what it calls
// the ROM in the boot order.
inline constexpr const char* kBootRomFile = "genroms/linuxboot.bin";
inline constexpr const char* kBootRomPath = "/rom@genroms/linuxboot.bin";

// roms/option/linuxboot.asm with its length and checksums.
std::vector<u8> boot_rom();

}  // namespace seventeen::machine
