// Case: a short instruction sequence with the state it starts from, and the Outcome it leads to.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "core/cpu_state.h"
#include "core/types.h"
#include "tests/oracle/segments.h"

namespace seventeen::oracle {

// What FXSAVE stores outside 64-bit mode (SDM 1, table 10-2).
struct alignas(16) FxImage {
    struct X87 {
        u64 significand = 0;
        u16 sign_exponent = 0;
        std::array<u8, 6> reserved{};
        bool operator==(const X87&) const = default;
    };
    using Vector = std::array<u64, 2>;

    u16 control = kX87ControlInit;
    u16 status = 0;
    u8 valid = 0;  // the abridged tag word
    u8 reserved = 0;
    u16 opcode = 0;
    u32 instruction_pointer = 0;
    u16 instruction_selector = 0;
    u16 reserved1 = 0;
    u32 data_pointer = 0;
    u16 data_selector = 0;
    u16 reserved2 = 0;
    u32 mxcsr = kMxcsrReset;
    u32 mxcsr_mask = 0;
    std::array<X87, 8> st{};  // stack order
    std::array<Vector, 8> xmm{};
    std::array<u8, 224> rest{};
};
static_assert(sizeof(FxImage) == 512);

struct Registers {
    std::array<u32, 8> gpr{};
    u32 eip = 0;
    u32 eflags = kFlagFixed | kFlagIf;
    // By SegmentName.
    std::array<u16, kSegmentCount> selectors{kUserData, kUserCode32, kUserData,
                                             kUserData, kUserData,   kUserData};
    FxImage fx;

    u32& operator[](Gpr name) { return gpr[static_cast<unsigned>(name)]; }
    u32 operator[](Gpr name) const { return gpr[static_cast<unsigned>(name)]; }
    u16& operator[](SegmentName name) { return selectors[static_cast<unsigned>(name)]; }
    u16 operator[](SegmentName name) const { return selectors[static_cast<unsigned>(name)]; }
};

using MemoryImage = std::array<u8, kMemorySize>;

using Bytes = std::vector<u8>;

// The far jump to the exit, which stands behind every case.
void append_exit_jump(Bytes& code, decoder::CodeSize size = decoder::CodeSize::k32);

// INT 80h, SYSCALL, SYSENTER or SYSRET anywhere, at whatever offset: a case may jump to any byte,
// and the host's kernel would obey.
bool contains_system_call(std::span<const u8> bytes);

// The first of the bytes at `address`, as many as the code region holds.
std::span<const u8> within_code_region(u32 address, std::span<const u8> bytes);

// Puts bytes at a linear address of the image; what lies outside is dropped.
void poke(std::span<u8, kMemorySize> memory, u32 address, const void* bytes, std::size_t size);

struct Case {
    u32 origin = kCode.base;  // linear address of the first instruction
    std::vector<Bytes> instructions;
    Registers registers;  // eip is not used: the case starts at `origin`
    MemoryImage memory{};

    // All instructions and the jump to the exit behind them.
    Bytes code() const;
    u32 end() const;  // address of that jump
    // Of the code segment that the case starts in; what it changes to has the same size.
    decoder::CodeSize code_size() const { return oracle::code_size(registers[SegmentName::kCs]); }
    // The registers as a CPU takes them, with EIP.
    Registers start() const;

    void poke(u32 address, const Bytes& bytes) {
        oracle::poke(memory, address, bytes.data(), bytes.size());
    }
};

// How a run ended. Memory is compared in place and so is not part of it.
struct Outcome {
    enum class Kind : u8 {
        kCompleted,  // reached the exit
        kException,
        kHung,  // ran longer than any case has reason to, or into the stubs behind the exit
    };

    Kind kind = Kind::kCompleted;
    u8 vector = 0;
    u32 error_code = 0;     // zero for a vector without one
    u32 fault_address = 0;  // page faults only
    // How much of the x87's last-instruction state `registers.fx` holds.
    enum class Pointers : u8 { kNone, kNoSelectors, kAll };
    Pointers pointers = Pointers::kAll;
    Registers registers;
};

// Does this vector push an error code (SDM 3A table 6-1)?
constexpr bool pushes_error_code(u8 vector) {
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

}  // namespace seventeen::oracle
