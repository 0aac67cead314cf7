// GuestCpu: runs a case on one of our engines, as CPL 3 code of a flat 32-bit protected-mode guest.
//
// The guest's page tables map what the host process maps, with the same rights and nothing else, so
// that page faults agree down to their error codes (PAE with NX, for the fetch bit). Every gate of
// its IDT leads to a HLT of its own: where the guest halts says which exception came.
#pragma once

#include <memory>
#include <span>

#include "tests/oracle/case.h"

namespace seventeen::oracle {

class GuestCpu {
  public:
    struct Options {
        bool map_low = true;  // as NativeCpu::has_low
        // As NativeCpu::exit_page, looked at again before each run; empty: an undefined opcode.
        std::span<const u8> exit_page;
        std::array<u64, kDescriptorCount> descriptors{};  // as NativeCpu::descriptors
        bool local_segments = true;                       // as NativeCpu::has_local_segments
        // 0: the interpreter runs it; else the translator, with blocks of up to so many.
        unsigned translated_block = 0;
    };

    explicit GuestCpu(const Options& options);
    ~GuestCpu();

    // The compared memory.
    std::span<u8, kMemorySize> memory();
    void load_code(u32 address, std::span<const u8> bytes);
    // Runs from `registers.eip`; memory is used as it stands.
    Outcome run(const Registers& registers);

    // Its own tables lie here in linear space: present, yet the supervisor's, where the host has
    // nothing at all. An access there page-faults on both with a different P bit.
    static bool is_private(u32 address);

  private:
    struct Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace seventeen::oracle
