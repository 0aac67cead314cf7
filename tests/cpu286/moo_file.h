// MooFile: one file of hardware-captured single-instruction tests (MOO 1.1, gzip).
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/types.h"

namespace seventeen::cpu286 {

// In the file's order.
enum class Register : u8 {
    kAx,
    kBx,
    kCx,
    kDx,
    kCs,
    kSs,
    kDs,
    kEs,
    kSp,
    kBp,
    kSi,
    kDi,
    kIp,
    kFlags,
};
inline constexpr unsigned kRegisters = 14;

struct Byte {
    u32 address = 0;
    u8 value = 0;
};

struct Registers {
    std::array<std::optional<u16>, kRegisters> value;
    std::optional<u16> operator[](Register r) const { return value[static_cast<unsigned>(r)]; }
};

struct MooTest {
    u32 index = 0;
    std::string name;
    std::vector<u8> bytes;
    Registers before;
    Registers after;                    // only what changed
    std::array<u16, kRegisters> masks;  // bits that mean something
    std::vector<Byte> memory_before;
    std::vector<Byte> memory_after;  // only what changed
    std::optional<u8> exception;
    std::string hash;  // hexadecimal SHA-1
};

// Throws Error where the file is not what its format promises.
std::vector<MooTest> read_moo(const std::filesystem::path& path);

}  // namespace seventeen::cpu286
