// Linux kernels: what is read from the header, where the parts go, and what is refused.
#include "machine/linux_kernel.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/machine/sample_kernel.h"

namespace seventeen::machine {

namespace {

constexpr u64 kMemory = 128u << 20;
constexpr u64 kFirmwareKeeps = 256u << 10;

std::string refusal(LinuxBoot boot) {
    try {
        load_linux(std::move(boot));
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

LinuxBoot boot_of(std::vector<u8> kernel) {
    return {.kernel = std::move(kernel), .initrd = {}, .command_line = {}, .memory = kMemory};
}

}  // namespace

TEST_CASE("The header of a bzImage") {
    const auto header = linux_header(sample_bzimage());
    REQUIRE(header);
    CHECK(header->protocol == 0x20f);
    CHECK(header->setup_size == kSampleSetupSize);
    CHECK(header->payload_size == 4096);
    CHECK(header->loaded_high);
    CHECK(header->relocatable);
    CHECK_FALSE(header->wide_only);
    CHECK(header->preferred_address == 0x1000000);
    CHECK(header->run_size == 0x800000);
    CHECK(header->initrd_most == 0x7fffffff);
    CHECK(header->command_line_most == 2047);
    CHECK(header->version == "6.1.0-sample (test) #1");
}

TEST_CASE("What an old header does not say has fixed values") {
    std::vector<u8> kernel = sample_zimage();
    put_number(kernel, 0x1f1, 0, 1);  // no setup sectors mean four
    const auto header = linux_header(kernel);
    REQUIRE(header);
    CHECK(header->setup_size == 5 * 512);
    CHECK(header->payload_size == 0);
    CHECK_FALSE(header->loaded_high);
    CHECK(header->initrd_most == 0x37ffffff);
    CHECK(header->command_line_most == 255);
    CHECK(header->run_size == 0);
    CHECK(header->version.empty());
}

TEST_CASE("What is no Linux kernel") {
    CHECK_FALSE(linux_header({}));
    std::vector<u8> kernel = sample_bzimage();
    CHECK_FALSE(linux_header(std::span(kernel).first(600)));
    SECTION("no boot flag") {
        kernel[0x1fe] = 0;
    }
    SECTION("no signature") {
        kernel[0x202] = 'h';
    }
    SECTION("a protocol that never was") {
        put_number(kernel, 0x206, 0x1ff, 2);
    }
    CHECK_FALSE(linux_header(kernel));
}

TEST_CASE("A version string that is none is left out") {
    std::vector<u8> kernel = sample_bzimage();
    SECTION("behind the setup") {
        put_number(kernel, 0x20e, 0xfff0, 2);
    }
    SECTION("not text") {
        kernel[0x403] = 0x1b;
    }
    SECTION("endless") {
        for (std::size_t at = 0x400; at < 0x600; ++at) kernel[at] = 'x';
    }
    CHECK(linux_header(kernel)->version.empty());
}

TEST_CASE("A bzImage's parts go where the protocol wants them") {
    LinuxBoot boot = boot_of(sample_bzimage());
    boot.initrd.assign(5000, 0x11);
    boot.command_line = "console=ttyS0";
    const devices::KernelImage image = load_linux(std::move(boot));
    CHECK(image.setup_address == 0x10000);
    CHECK(image.setup.size() == kSampleSetupSize);
    CHECK(image.kernel_address == 0x100000);
    CHECK(image.kernel == std::vector<u8>(4096, 0xcc));
    CHECK(image.command_line == "console=ttyS0");
    CHECK(image.command_line_address == 0x1e000);
    CHECK(image.entry == 0);
    CHECK(image.initrd.size() == 5000);
    CHECK(image.initrd_address == kMemory - kFirmwareKeeps - 2 * kPageSize);
    CHECK(get_number(image.setup, 0x210, 1) == 0xff);
    CHECK(get_number(image.setup, 0x211, 1) == 0x81);  // LOADED_HIGH, CAN_USE_HEAP
    CHECK(get_number(image.setup, 0x218, 4) == image.initrd_address);
    CHECK(get_number(image.setup, 0x21c, 4) == 5000);
    CHECK(get_number(image.setup, 0x224, 2) == 0xde00);
    CHECK(get_number(image.setup, 0x228, 4) == 0x1e000);
    CHECK(get_number(image.setup, 0x1fa, 2) == 0);
}

TEST_CASE("A zImage and its command line lie in the old places") {
    LinuxBoot boot = boot_of(sample_zimage());
    boot.command_line = "root=/dev/fd0";
    const devices::KernelImage image = load_linux(std::move(boot));
    CHECK(image.setup_address == 0x90000);
    CHECK(image.kernel_address == 0x10000);
    CHECK(image.command_line_address == 0x99800);
    CHECK(get_number(image.setup, 0x20, 2) == 0xa33f);
    CHECK(get_number(image.setup, 0x22, 2) == 0x9800);
    CHECK(get_number(image.setup, 0x212, 2) == 0x9800 + 14);
    CHECK(get_number(image.setup, 0x224, 2) == 0);  // 2.00 has no such field
    CHECK(get_number(image.setup, 0x21c, 4) == 0);
}

TEST_CASE("An initrd stays below what the kernel can reach") {
    LinuxBoot boot = boot_of(sample_bzimage());
    boot.initrd.assign(4096, 0);
    SECTION("by its header") {
        put_number(boot.kernel, 0x22c, 0x37fffff, 4);
        CHECK(load_linux(std::move(boot)).initrd_address == 0x37ff000);
    }
    SECTION("by mem=") {
        boot.command_line = "mem=96M quiet mem=64M";
        CHECK(load_linux(std::move(boot)).initrd_address == (64u << 20) - kPageSize);
    }
    SECTION("by memory, of which PCI takes the last of 4 GiB") {
        boot.memory = u64{6} << 30;
        put_number(boot.kernel, 0x22c, 0xffffffff, 4);
        CHECK(load_linux(std::move(boot)).initrd_address ==
              0xc0000000 - kFirmwareKeeps - kPageSize);
    }
}

TEST_CASE("A video mode is the boot loader's to set") {
    const auto mode = [](const std::string& command_line) {
        LinuxBoot boot = boot_of(sample_bzimage());
        boot.command_line = command_line;
        return get_number(load_linux(std::move(boot)).setup, 0x1fa, 2);
    };
    CHECK(mode("vga=normal") == 0xffff);
    CHECK(mode("vga=ext") == 0xfffe);
    CHECK(mode("quiet vga=ask") == 0xfffd);
    CHECK(mode("vga=0x317 quiet") == 0x317);
    CHECK(mode("vga=791") == 791);
    CHECK(mode("novga=791") == 0);
}

TEST_CASE("What does not fit is refused, saying what to do") {
    LinuxBoot boot = boot_of(sample_bzimage());
    SECTION("the kernel") {
        boot.memory = 20u << 20;
        CHECK(refusal(std::move(boot)) ==
              "the kernel, which needs 24 MiB, does not fit into 20 MiB of memory; try a larger "
              "--memory");
    }
    SECTION("a kernel that runs beyond memory") {
        put_number(boot.kernel, 0x258, ~u64{0} - 10, 8);
        CHECK(refusal(std::move(boot)).find("does not fit into 128 MiB") != std::string::npos);
    }
    SECTION("the initrd") {
        boot.memory = 32u << 20;
        boot.initrd.resize(8u << 20);
        CHECK(refusal(std::move(boot)).find("initrd (8 MiB) do not fit into 32 MiB") !=
              std::string::npos);
    }
    SECTION("the command line") {
        put_number(boot.kernel, 0x238, 10, 4);
        boot.command_line = "0123456789";
        CHECK(refusal(boot).empty());
        boot.command_line += 'a';
        CHECK(refusal(std::move(boot)) ==
              "the command line has 11 characters; this kernel takes 10");
    }
}

TEST_CASE("Damaged kernels are refused") {
    LinuxBoot boot = boot_of(sample_bzimage());
    std::string part;
    SECTION("no kernel at all") {
        boot.kernel.assign(5000, 0);
        part = "no setup header";
    }
    SECTION("it ends in its setup") {
        boot.kernel.resize(kSampleSetupSize);
        part = "ends within its real-mode part";
    }
    SECTION("it ends early") {
        boot.kernel.resize(boot.kernel.size() - 16);
        part = "should be 6144 bytes long, but the file has 6128";
    }
    SECTION("a setup that leaves no room for the stack") {
        put_number(boot.kernel, 0x1f1, 111, 1);
        boot.kernel.resize(200 * 512);
        part = "real-mode part has 57344 bytes, too many";
    }
    SECTION("a zImage that is too large") {
        boot.kernel = sample_zimage(513u << 10);
        part = "does not fit below 576 KiB";
    }
    const std::string message = refusal(std::move(boot));
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
}

TEST_CASE("Whatever a header says, loading ends in a place or an Error") {
    u32 random = 1;
    const auto next = [&] { return random = random * 1664525 + 1013904223; };
    for (unsigned round = 0; round < 20000; ++round) {
        LinuxBoot boot = boot_of(sample_bzimage());
        boot.initrd.resize(4096);
        for (unsigned i = 0; i < 4; ++i)
            boot.kernel[0x1f1 + (next() >> 8) % 0x80] = static_cast<u8>(next() >> 24);
        try {
            const devices::KernelImage image = load_linux(std::move(boot));
            const bool fits = u64{image.kernel_address} + image.kernel.size() <= kMemory &&
                              u64{image.initrd_address} + 4096 <= kMemory;
            REQUIRE(fits);
        } catch (const Error&) {
        }
    }
}

}  // namespace seventeen::machine
