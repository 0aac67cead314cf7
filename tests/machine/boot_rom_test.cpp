// The boot ROM under SeaBIOS: both ways into a kernel, with all its parts in place.
#include "machine/boot_rom.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "machine/firmware.h"
#include "machine/linux_kernel.h"
#include "machine/pc.h"
#include "tests/machine/sample_kernel.h"

namespace seventeen::machine {

namespace {

constexpr u64 kMemory = 64u << 20;
constexpr u64 kEnough = 30'000'000;  // SeaBIOS boots after some 8 million instructions

bool have_firmware() {
    for (const char* directory : {"/usr/share/seabios", "/usr/share/qemu"})
        if (std::filesystem::exists(std::filesystem::path(directory) / "bios-256k.bin"))
            return true;
    WARN("skipped: the package seabios is not installed");
    return false;
}

}  // namespace

TEST_CASE("The boot ROM is a valid expansion ROM") {
    const std::vector<u8> rom = boot_rom();
    CHECK(get_number(rom, 0, 2) == 0xaa55);
    CHECK(rom.size() == rom[2] * 512u);
    CHECK(std::accumulate(rom.begin(), rom.end(), 0u) % 256 == 0);
    const u64 pnp = get_number(rom, 0x1a, 2);
    CHECK(std::string(rom.begin() + static_cast<long>(pnp),
                      rom.begin() + static_cast<long>(pnp) + 4) == "$PnP");
    CHECK(std::accumulate(rom.begin() + static_cast<long>(pnp),
                          rom.begin() + static_cast<long>(pnp) + 32, 0u) %
              256 ==
          0);
}

TEST_CASE("A Linux kernel is entered in real mode") {
    if (!have_firmware()) return;
    LinuxBoot boot;
    boot.memory = kMemory;
    boot.kernel = sample_bzimage(8192);
    boot.initrd.assign(70000, 0x42);
    boot.command_line = "one two";
    // At 200h: OUT F4h, AL
    boot.kernel[0x200] = 0xe6;
    boot.kernel[0x201] = 0xf4;
    PcOptions options;
    options.memory = kMemory;
    options.kernel = load_linux(std::move(boot));
    const u32 initrd = options.kernel->initrd_address;
    Pc pc(std::move(options));
    REQUIRE(pc.platform().run({.retired = kEnough}) == Stop::kExit);

    const CpuState& cpu = pc.platform().cpu();
    CHECK(cpu.segment(SegmentName::kCs).selector == 0x1020);
    CHECK(cpu.eip() == 2);
    for (const SegmentName name :
         {SegmentName::kDs, SegmentName::kEs, SegmentName::kSs, SegmentName::kFs, SegmentName::kGs})
        CHECK(cpu.segment(name).selector == 0x1000);
    CHECK(cpu.reg32(Gpr::kSp) == 0xe000);
    CHECK_FALSE(cpu.flag(kFlagIf));
    const std::span<const u8> ram = pc.platform().memory().ram();
    CHECK(get_number(ram, 0x101fe, 2) == 0xaa55);
    CHECK(get_number(ram, 0x10218, 4) == initrd);
    CHECK(std::string(ram.begin() + 0x1e000, ram.begin() + 0x1e008) == std::string("one two\0", 8));
    const auto all = [&](u64 at, u64 size, u8 value) {
        const auto part = ram.subspan(at, size);
        return std::all_of(part.begin(), part.end(), [&](u8 byte) { return byte == value; });
    };
    CHECK(all(0x100000, 8192, 0xcc));
    CHECK(all(initrd, 70000, 0x42));
}

}  // namespace seventeen::machine
