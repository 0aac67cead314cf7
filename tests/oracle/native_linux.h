// NativeCpu: runs a case on the host CPU, in 32-bit compatibility mode of this very process.
//
// The regions of layout.h are mapped below 4 GiB. A stub loads every register and enters 32-bit
// code by IRETQ, which also serializes, so newly written code is seen; the far jump behind the case
// leads back to a 64-bit stub that stores every register. An exception becomes a signal: its
// handler takes the registers from the signal's context and resumes in that stub.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "tests/oracle/case.h"

namespace seventeen::oracle {

class NativeCpu {
  public:
    // Why this host or this process cannot run 32-bit code; empty where it can.
    static std::string unavailable();

    // At most one may exist at a time: signal handlers belong to the process. Throws Error.
    NativeCpu();
    ~NativeCpu();
    NativeCpu(const NativeCpu&) = delete;
    NativeCpu& operator=(const NativeCpu&) = delete;

    // False where the system keeps the first 64 KiB unmapped (vm.mmap_min_addr).
    bool has_low() const;

    // The compared memory, writable here whatever its rights in the case.
    std::span<u8, kMemorySize> memory();
    // The descriptors that user code may see in the host's GDT, for the guest's; 0 where none. The
    // process is kept on one CPU, for one of them holds its number.
    std::array<u64, kDescriptorCount> descriptors() const;
    // Are the local segments there (the kernel allows modify_ldt)?
    bool has_local_segments() const;
    // What stands at kExit: the guest is given the same bytes to read.
    std::span<const u8> exit_page() const;

    // The bytes must not hold a system call. What lies past the code region's end is dropped:
    // fetching it page-faults.
    void load_code(u32 address, std::span<const u8> bytes);
    // Runs from `registers.eip`; memory is used as it stands.
    Outcome run(const Registers& registers);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace seventeen::oracle
