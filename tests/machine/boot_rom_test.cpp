// The boot ROM under SeaBIOS: both ways into a kernel, with all its parts in place.
#include "machine/boot_rom.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "core/file.h"
#include "machine/firmware.h"
#include "machine/linux_kernel.h"
#include "machine/multiboot.h"
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

bool have_file(const std::filesystem::path& file, const std::string& package) {
    if (std::filesystem::exists(file)) return true;
    WARN("skipped: " << file.string() << " is not there; install the package " << package);
    return false;
}

bool screen_shows(Pc& pc, const std::string& text) {
    const devices::TextScreen screen = pc.vga().text_screen();
    for (unsigned row = 0; row < screen.rows; ++row)
        if (screen.text(row).find(text) != std::string::npos) return true;
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

TEST_CASE("A zImage is entered where it always lay") {
    if (!have_firmware()) return;
    LinuxBoot boot;
    boot.memory = kMemory;
    boot.kernel = sample_zimage(400u << 10);
    boot.command_line = "root=/dev/fd0";
    boot.kernel[0x200] = 0xe6;  // OUT F4h, AL
    boot.kernel[0x201] = 0xf4;
    PcOptions options;
    options.memory = kMemory;
    options.kernel = load_linux(std::move(boot));
    Pc pc(std::move(options));
    REQUIRE(pc.platform().run({.retired = kEnough}) == Stop::kExit);
    const CpuState& cpu = pc.platform().cpu();
    CHECK(cpu.segment(SegmentName::kCs).selector == 0x9020);
    CHECK(cpu.segment(SegmentName::kSs).selector == 0x9000);
    CHECK(cpu.reg32(Gpr::kSp) == 0x9800);
    const std::span<const u8> ram = pc.platform().memory().ram();
    CHECK(get_number(ram, 0x10000, 4) == 0xcccccccc);
    CHECK(get_number(ram, 0x10000 + (400u << 10) - 4, 4) == 0xcccccccc);
    CHECK(get_number(ram, 0x90000 + 0x22, 2) == 0x9800);
    CHECK(std::string(ram.data() + 0x99800, ram.data() + 0x9980e) ==
          std::string("root=/dev/fd0\0", 14));
}

TEST_CASE("A Multiboot kernel is entered in protected mode") {
    if (!have_firmware()) return;
    MultibootBoot boot;
    boot.memory = kMemory;
    boot.kernel = sample_multiboot();
    boot.command_line = "kernel word";
    boot.modules.push_back({std::vector<u8>(5000, 0x5a), "module"});
    PcOptions options;
    options.memory = kMemory;
    options.kernel = load_multiboot(std::move(boot));
    const u32 module = options.kernel->initrd_address;
    Pc pc(std::move(options));
    REQUIRE(pc.platform().run({.retired = kEnough}) == Stop::kExit);

    const CpuState& cpu = pc.platform().cpu();
    CHECK(cpu.reg32(Gpr::kAx) == 0x2badb002);
    CHECK(cpu.reg32(Gpr::kBx) == 0x10000);
    CHECK((cpu.cr0 & (kCr0Pe | kCr0Pg)) == kCr0Pe);
    CHECK_FALSE(cpu.flag(kFlagIf));
    CHECK(cpu.eip() == kSampleMultibootLoad + 0x42);
    for (unsigned number = 0; number < kSegmentCount; ++number) {
        CHECK(cpu.segments[number].base == 0);
        CHECK(cpu.segments[number].limit == 0xffffffff);
    }
    const std::span<const u8> ram = pc.platform().memory().ram();
    const std::span<const u8> info = ram.subspan(0x10000);
    CHECK(get_number(info, 4, 4) == 639);  // the BIOS keeps a kilobyte
    const u64 upper = get_number(info, 8, 4);
    CHECK(upper >= (kMemory >> 10) - 1024 - 256);
    CHECK(upper < (kMemory >> 10) - 1024);
    const u64 line = get_number(info, 16, 4);
    CHECK(std::string(ram.data() + line, ram.data() + line + 12) ==
          std::string("kernel word\0", 12));
    CHECK(ram[module] == 0x5a);
    CHECK(ram[module + 4999] == 0x5a);
    // The map: from zero up, whole entries, with the memory from 1 MiB on among them.
    const u64 length = get_number(info, 44, 4);
    const u64 map = get_number(info, 48, 4);
    REQUIRE(length % 24 == 0);
    CHECK(length >= 3 * 24);
    CHECK(get_number(ram, map + 4, 8) == 0);
    bool found = false;
    for (u64 at = map; at < map + length; at += 24) {
        CHECK(get_number(ram, at, 4) == 20);
        found |= get_number(ram, at + 4, 8) == 0x100000 && get_number(ram, at + 20, 4) == 1 &&
                 get_number(ram, at + 12, 8) == upper << 10;
    }
    CHECK(found);
}

TEST_CASE("A distribution's Linux kernel starts, after few instructions of the firmware's") {
    const std::filesystem::path folder =
        "/usr/lib/debian-installer/images/12/i386/text/debian-installer/i386";
    if (!have_firmware() || !have_file(folder / "linux", "debian-installer-12-netboot-i386"))
        return;
    constexpr u64 kKernelMemory = 512u << 20;
    constexpr u64 kLargest = 64u << 20;
    LinuxBoot boot{.kernel = read_file(folder / "linux", kLargest),
                   .initrd = read_file(folder / "initrd.gz", kLargest),
                   .command_line = "debug earlyprintk=serial,ttyS0",
                   .memory = kKernelMemory};
    std::string serial;
    PcOptions options;
    options.memory = kKernelMemory;
    options.serial[0] = [&](u8 byte) { serial += static_cast<char>(byte); };
    options.kernel = load_linux(std::move(boot));
    Pc pc(std::move(options));
    // The firmware's own work is 7.1 million.
    pc.platform().run({.retired = 8'000'000});
    CHECK(serial.find("early console in setup code") != std::string::npos);
}

TEST_CASE("A Multiboot kernel that others wrote runs") {
    if (!have_firmware() || !have_file("/boot/invaders.exec", "grub-invaders")) return;
    PcOptions options;
    options.memory = kMemory;
    options.kernel = load_multiboot({.kernel = read_file("/boot/invaders.exec", 1u << 20),
                                     .command_line = {},
                                     .modules = {},
                                     .memory = kMemory});
    Pc pc(std::move(options));
    pc.platform().run({.retired = 80'000'000});  // it waits for a sixth of a second
    CHECK(screen_shows(pc, "-*--*-        -*--*-"));
}

}  // namespace seventeen::machine
