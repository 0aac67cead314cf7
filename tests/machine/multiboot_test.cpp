// Multiboot kernels: both ways to say what is loaded where, modules, information, and refusals.
#include "machine/multiboot.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/machine/sample_kernel.h"

namespace seventeen::machine {

namespace {

constexpr u64 kMemory = 32u << 20;

std::string refusal(MultibootBoot boot) {
    try {
        load_multiboot(std::move(boot));
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

MultibootBoot boot_of(std::vector<u8> kernel) {
    return {.kernel = std::move(kernel), .command_line = {}, .modules = {}, .memory = kMemory};
}

// The text at `address` in the information.
std::string text_at(const devices::KernelImage& image, u64 address) {
    if (address == image.command_line_address) return image.command_line;
    std::string text;
    for (u64 at = address - image.setup_address; image.setup.at(at) != 0; ++at)
        text += static_cast<char>(image.setup[at]);
    return text;
}

}  // namespace

TEST_CASE("A Multiboot header is found by magic and checksum in the first 8 KiB") {
    std::vector<u8> file = sample_multiboot();
    CHECK(multiboot_header(file) == kSampleMultibootHeader);
    SECTION("not with another checksum") {
        ++file[kSampleMultibootHeader + 8];
        CHECK_FALSE(multiboot_header(file));
    }
    SECTION("not off a doubleword") {
        file.insert(file.begin(), 0);
        CHECK_FALSE(multiboot_header(file));
    }
    SECTION("up to the last place") {
        file.insert(file.begin(), 8192 - 12 - kSampleMultibootHeader, 0);
        CHECK(multiboot_header(file) == 8192 - 12);
        file.insert(file.begin(), 4, 0);
        CHECK_FALSE(multiboot_header(file));
    }
}

TEST_CASE("A kernel whose header says where it goes") {
    const std::vector<u8> file = sample_multiboot();
    const devices::KernelImage image = load_multiboot(boot_of(file));
    CHECK(image.kernel_address == kSampleMultibootLoad);
    CHECK(image.entry == kSampleMultibootLoad + 0x40);
    REQUIRE(image.kernel.size() == file.size() + 0x100);  // with its zeros
    CHECK(std::equal(file.begin(), file.end(), image.kernel.begin()));
    CHECK(image.kernel.back() == 0);
}

TEST_CASE("Only a part of the file is loaded where the header says so") {
    std::vector<u8> file = sample_multiboot();
    file.insert(file.begin(), 0x20, 0xee);  // before the load address
    put_number(file, 0x20 + kSampleMultibootHeader + 20, kSampleMultibootLoad + 0x42, 4);
    put_number(file, 0x20 + kSampleMultibootHeader + 24, 0, 4);
    const devices::KernelImage image = load_multiboot(boot_of(file));
    CHECK(image.kernel == std::vector<u8>(file.begin() + 0x20, file.begin() + 0x62));
}

TEST_CASE("An ELF kernel's segments") {
    const devices::KernelImage image = load_multiboot(boot_of(sample_multiboot_elf()));
    CHECK(image.kernel_address == 0x100000);
    CHECK(image.kernel.size() == 0x3000);
    CHECK(image.entry == 0x100010);  // its virtual address is 0xc0100010
    CHECK(image.kernel[0x10] == 0xf4);
    CHECK(image.kernel[0x2000] == 0x77);
    CHECK(image.kernel[0x2001] == 0);
}

TEST_CASE("The information names command line, modules and boot loader") {
    MultibootBoot boot = boot_of(sample_multiboot());
    boot.command_line = "kernel --flag";
    boot.modules.push_back({std::vector<u8>(5000, 0xaa), "first module"});
    boot.modules.push_back({{0xbb}, "second"});
    const devices::KernelImage image = load_multiboot(std::move(boot));
    const std::vector<u8>& info = image.setup;
    CHECK(image.setup_address == 0x10000);
    CHECK(get_number(info, 0, 4) == 0x24d);
    CHECK(text_at(image, get_number(info, 16, 4)) == "kernel --flag");
    CHECK(text_at(image, get_number(info, 64, 4)) == "Seventeen");
    CHECK(get_number(info, 44, 4) == 32 * 24);
    CHECK(get_number(info, 48, 4) % 4 == 0);
    CHECK(get_number(info, 48, 4) + 32 * 24 <= image.setup_address + info.size());

    REQUIRE(get_number(info, 20, 4) == 2);
    const u64 records = get_number(info, 24, 4) - image.setup_address;
    const u64 first = get_number(info, records, 4);
    const u64 second = get_number(info, records + 16, 4);
    CHECK(first == image.initrd_address);
    CHECK(first % kPageSize == 0);
    CHECK(first >= image.kernel_address + image.kernel.size());
    CHECK(get_number(info, records + 4, 4) == first + 5000);
    CHECK(text_at(image, get_number(info, records + 8, 4)) == "first module");
    CHECK(second == first + 2 * kPageSize);
    CHECK(get_number(info, records + 20, 4) == second + 1);
    CHECK(text_at(image, get_number(info, records + 24, 4)) == "second");
    CHECK(image.initrd.at(4999) == 0xaa);
    CHECK(image.initrd.at(5000) == 0);
    CHECK(image.initrd.at(2 * kPageSize) == 0xbb);
    CHECK(image.initrd.size() == 2 * kPageSize + 1);
}

TEST_CASE("Multiboot kernels that are refused") {
    constexpr std::size_t kHeader = kSampleMultibootHeader;
    MultibootBoot boot = boot_of(sample_multiboot());
    std::string part;
    SECTION("no header") {
        boot.kernel[kHeader] = 0;
        part = "has no Multiboot header";
    }
    SECTION("an unknown requirement") {
        put_number(boot.kernel, kHeader + 4, 0x10008, 4);
        put_number(boot.kernel, kHeader + 8, 0u - 0x1badb002u - 0x10008u, 4);
        part = "requires what Seventeen does not know (flags 0x10008)";
    }
    SECTION("a header that lies elsewhere") {
        put_number(boot.kernel, kHeader + 16, kSampleMultibootLoad - 0x1000, 4);
        part = "header does not lie where it says";
    }
    SECTION("a file that ends early") {
        put_number(boot.kernel, kHeader + 20, kSampleMultibootLoad + 0x10000, 4);
        part = "the file ends before";
    }
    SECTION("zeros that end before the file") {
        put_number(boot.kernel, kHeader + 24, kSampleMultibootLoad + 1, 4);
        part = "memory ends before its file";
    }
    SECTION("more zeros than memory") {
        put_number(boot.kernel, kHeader + 24, 0xfffffff0, 4);
        part = "it ends at 0xfffffff0; try a larger --memory";
    }
    SECTION("an entry point outside") {
        put_number(boot.kernel, kHeader + 28, 0x10, 4);
        part = "entry point 0x10 lies outside";
    }
    SECTION("below 1 MiB") {
        put_number(boot.kernel, kHeader + 12, 0x8000 + kHeader, 4);
        put_number(boot.kernel, kHeader + 16, 0x8000, 4);
        put_number(boot.kernel, kHeader + 24, 0, 4);
        part = "at 0x8000, below 1 MiB";
    }
    SECTION("a module too many") {
        boot.modules.push_back({std::vector<u8>(40u << 20), {}});
        part = "module 1 ends at";
    }
    SECTION("a command line for which there is no room") {
        boot.modules.push_back({{1}, std::string(70000, 'x')});
        part = "there is room for 64 KiB";
    }
    const std::string message = refusal(std::move(boot));
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
}

TEST_CASE("Damaged ELF kernels are refused") {
    MultibootBoot boot = boot_of(sample_multiboot_elf());
    std::string part;
    SECTION("for another CPU") {
        boot.kernel[18] = 62;
        part = "not a 32-bit x86 ELF file";
    }
    SECTION("a segment beyond the file") {
        put_number(boot.kernel, 52 + 4, 0xfffff000, 4);
        part = "segment 0 does not lie within the file";
    }
    SECTION("segments beyond the file") {
        put_number(boot.kernel, 44, 0xffff, 2);
        part = "table of segments does not lie within the file";
    }
    const std::string message = refusal(std::move(boot));
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
}

TEST_CASE("Whatever a Multiboot kernel says, loading ends in a place or an Error") {
    u32 random = 1;
    const auto next = [&] { return random = random * 1664525 + 1013904223; };
    for (unsigned round = 0; round < 20000; ++round) {
        std::vector<u8> kernel = round % 2 == 0 ? sample_multiboot() : sample_multiboot_elf();
        for (unsigned i = 0; i < 3; ++i)
            kernel[(next() >> 8) % 0x80] = static_cast<u8>(next() >> 24);
        try {
            const devices::KernelImage image = load_multiboot(boot_of(std::move(kernel)));
            REQUIRE(u64{image.kernel_address} + image.kernel.size() <= kMemory);
        } catch (const Error&) {
        }
    }
}

}  // namespace seventeen::machine
