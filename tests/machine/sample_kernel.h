// Sample kernels: small Linux and Multiboot images that satisfy a boot loader, for tests to vary.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace seventeen::machine {

inline void put_number(std::vector<u8>& bytes, std::size_t at, u64 value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) bytes.at(at + i) = static_cast<u8>(value >> 8 * i);
}

inline u64 get_number(std::span<const u8> bytes, std::size_t at, unsigned size) {
    u64 value = 0;
    for (unsigned i = 0; i < size; ++i) value |= u64{bytes[at + i]} << 8 * i;
    return value;
}

inline void put_text(std::vector<u8>& bytes, std::size_t at, std::string_view text) {
    for (const char letter : text) bytes.at(at++) = static_cast<u8>(letter);
}

inline constexpr std::size_t kSampleSetupSize = 4 * 512;  // a boot sector and three sectors

// A bzImage that says it has protocol 2.15; `payload` bytes of 0xcc follow its setup.
inline std::vector<u8> sample_bzimage(std::size_t payload = 4096) {
    std::vector<u8> bytes(kSampleSetupSize + payload, 0xcc);
    std::fill_n(bytes.begin(), kSampleSetupSize, u8{0});
    put_number(bytes, 0x1f1, 3, 1);             // setup sectors
    put_number(bytes, 0x1f4, payload / 16, 4);  // syssize
    put_number(bytes, 0x1fe, 0xaa55, 2);
    put_text(bytes, 0x202, "HdrS");
    put_number(bytes, 0x206, 0x20f, 2);  // protocol
    put_number(bytes, 0x20e, 0x200, 2);  // version string, less 200h
    put_text(bytes, 0x400, "6.1.0-sample (test) #1");
    put_number(bytes, 0x211, 1, 1);           // LOADED_HIGH
    put_number(bytes, 0x22c, 0x7fffffff, 4);  // initrd_addr_max
    put_number(bytes, 0x230, 0x1000000, 4);   // kernel_alignment
    put_number(bytes, 0x234, 1, 1);           // relocatable
    put_number(bytes, 0x238, 2047, 4);        // cmdline_size
    put_number(bytes, 0x258, 0x1000000, 8);   // pref_address
    put_number(bytes, 0x260, 0x0800000, 4);   // init_size
    return bytes;
}

// A zImage of protocol 2.00, as Linux 1.3.73 had it.
inline std::vector<u8> sample_zimage(std::size_t payload = 4096) {
    std::vector<u8> bytes = sample_bzimage(payload);
    std::fill(bytes.begin() + 0x20e, bytes.begin() + kSampleSetupSize, u8{0});
    put_number(bytes, 0x206, 0x200, 2);
    return bytes;
}

inline constexpr std::size_t kSampleMultibootHeader = 0x10;
inline constexpr u64 kSampleMultibootLoad = 0x200000;

inline void put_multiboot_header(std::vector<u8>& bytes, std::size_t at, u32 flags) {
    put_number(bytes, at, 0x1badb002, 4);
    put_number(bytes, at + 4, flags, 4);
    put_number(bytes, at + 8, 0u - 0x1badb002u - flags, 4);
}

// By addresses in its header; at its entry point, 40h, OUT F4h, AL. 100h bytes of zeros follow it.
inline std::vector<u8> sample_multiboot() {
    std::vector<u8> bytes(0x800, 0x90);
    put_multiboot_header(bytes, kSampleMultibootHeader, 0x10003);
    put_number(bytes, kSampleMultibootHeader + 12, kSampleMultibootLoad + kSampleMultibootHeader,
               4);
    put_number(bytes, kSampleMultibootHeader + 16, kSampleMultibootLoad, 4);
    put_number(bytes, kSampleMultibootHeader + 20, 0, 4);
    put_number(bytes, kSampleMultibootHeader + 24, kSampleMultibootLoad + 0x900, 4);
    put_number(bytes, kSampleMultibootHeader + 28, kSampleMultibootLoad + 0x40, 4);
    put_number(bytes, 0x40, 0xf4e6, 2);
    return bytes;
}

// An ELF file with a segment of code at 1 MiB, linked at 3 GiB, one of data two pages on, and a
// note.
inline std::vector<u8> sample_multiboot_elf() {
    std::vector<u8> bytes(0x401, 0);
    put_text(bytes, 0,
             "\x7f"
             "ELF\x01\x01\x01");
    put_number(bytes, 16, 2, 2);
    put_number(bytes, 18, 3, 2);
    put_number(bytes, 24, 0xc0100010, 4);
    put_number(bytes, 28, 52, 4);
    put_number(bytes, 42, 32, 2);
    put_number(bytes, 44, 3, 2);
    const auto segment = [&](unsigned number, std::initializer_list<u64> fields) {
        std::size_t at = 52 + 32 * number;
        for (const u64 field : fields) {
            put_number(bytes, at, field, 4);
            at += 4;
        }
    };
    segment(0, {1, 0x200, 0xc0100000, 0x100000, 0x200, 0x800, 5, 0x1000});
    segment(1, {1, 0x400, 0xc0102000, 0x102000, 1, 0x1000, 6, 0x1000});
    segment(2, {4, 0x200, 0, 0, 0x20, 0x20, 4, 4});
    put_multiboot_header(bytes, 0x100, 0);
    bytes[0x210] = 0xf4;
    bytes[0x400] = 0x77;
    return bytes;
}

}  // namespace seventeen::machine
