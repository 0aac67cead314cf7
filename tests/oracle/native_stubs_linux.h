// The host code that enters and leaves 32-bit mode, and the frame it works on.
#pragma once

#include <array>
#include <cstddef>

#include "tests/oracle/case.h"

namespace seventeen::oracle {

// What FNSTENV stores in protected mode with 32-bit operands (SDM 1, figure 8-9).
struct X87Environment {
    u32 control = 0;
    u32 status = 0;
    u32 tag = 0;
    u32 instruction_pointer = 0;
    u16 instruction_selector = 0;
    u16 opcode = 0;
    u32 data_pointer = 0;
    u16 data_selector = 0;
    u16 reserved = 0;
    u32 padding = 0;  // keeps what follows aligned
};

// Everything the stubs load and store; aligned, for a case may leave EFLAGS.AC set.
struct alignas(64) NativeFrame {
    FxImage fx_in;
    FxImage fx_out;
    std::array<u64, 8> gpr{};  // loaded, then stored; ESP travels in iret_rsp on the way in
    X87Environment environment_out;
    u64 iret_rip = 0;
    u64 iret_cs = kUserCode32;
    u64 iret_rflags = 0;
    u64 iret_rsp = 0;
    u64 iret_ss = kUserData;
    u64 rflags_out = 0;
    // By SegmentName: for the case (CS and SS travel in iret_cs and iret_ss), of the case at its
    // exit, and of what a signal interrupted.
    std::array<u16, kSegmentCount> selectors_in{};
    std::array<u16, kSegmentCount> selectors_out{};
    std::array<u16, kSegmentCount> selectors_interrupted{};
    u64 host_rsp = 0;
    u64 host_fs_base = 0;
    u32 host_mxcsr = kMxcsrReset;
};

// A stack segment of 16 bits takes only SP from IRETQ, and ESP's upper half from the host's RSP. So
// a case with one starts in 32-bit code at kLaunch, which loads SS:ESP and CS:EIP from here.
struct alignas(16) LaunchPointers {
    u32 esp = 0;
    u16 ss = 0;
    u16 padding = 0;
    u32 eip = 0;
    u16 cs = 0;
};

// Offsets of the stubs' entry points within the page they are written to.
struct NativeStubs {
    static constexpr std::size_t kLaunch = 0x400;
    static constexpr std::size_t kLaunchPointers = 0x500;
    std::size_t enter = 0;   // void enter(NativeFrame*), as a C++ function
    std::size_t resume = 0;  // with RAX = frame: returns from `enter`
    std::size_t signal = 0;  // a signal handler that mends what the case may have broken first
};

using SignalHandler = void (*)(int, void*, void*);

// Writes the stubs to `page` (kExit.size bytes, later seen at kExit): leaving starts at its first
// byte. `frame` and `handler` become immediates.
NativeStubs write_native_stubs(u8* page, NativeFrame* frame, SignalHandler handler);

}  // namespace seventeen::oracle
