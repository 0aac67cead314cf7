// Finishes the assembled boot ROM: an expansion ROM tells its length, and its bytes add up to zero.
#include "machine/boot_rom.h"

#include <numeric>
#include <span>

#include "core/check.h"

namespace seventeen::machine {

// In the source that is made of the assembled ROM.
extern const std::span<const u8> kBootRomImage;

namespace {

// PCI Firmware Specification 3.0, 5.2.1: the header's fields; Plug and Play BIOS Specification
// 1.0A, 3.2: the expansion header's.
constexpr std::size_t kUnit = 512;
constexpr std::size_t kLength = 2;
constexpr std::size_t kPnpPointer = 0x1a;
constexpr std::size_t kPnpSize = 32;
constexpr std::size_t kPnpChecksum = 9;

u8 what_makes_zero(std::span<const u8> bytes) {
    return static_cast<u8>(-std::accumulate(bytes.begin(), bytes.end(), 0));
}

}  // namespace

std::vector<u8> boot_rom() {
    std::vector<u8> rom(kBootRomImage.begin(), kBootRomImage.end());
    rom.resize((rom.size() + 1 + kUnit - 1) / kUnit * kUnit);  // with the checksum, the last byte
    rom[kLength] = static_cast<u8>(rom.size() / kUnit);
    const std::size_t pnp = rom[kPnpPointer] | std::size_t{rom[kPnpPointer + 1]} << 8;
    check(pnp + kPnpSize <= rom.size(), "the boot ROM's expansion header lies within it");
    rom[pnp + kPnpChecksum] = what_makes_zero(std::span(rom).subspan(pnp, kPnpSize));
    rom.back() = what_makes_zero(rom);
    return rom;
}

}  // namespace seventeen::machine
