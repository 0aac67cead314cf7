// CapturedCpu: a real-mode CPU with 16 MiB of memory that runs one captured test.
#pragma once

#include <string>
#include <vector>

#include "core/bus.h"
#include "core/scheduler.h"
#include "interpreter/interpreter.h"
#include "tests/cpu286/moo_file.h"

namespace seventeen::cpu286 {

class CapturedCpu final : private InterruptAcknowledge, private mmu::GuardObserver {
  public:
    CapturedCpu();

    // What differs from the capture, in words; empty where nothing does.
    std::string run(const MooTest& test);

  private:
    u8 acknowledge() override { return 0; }
    // Every page is guarded, so that every byte the CPU writes is known.
    void guarded_write(PhysicalAddress address, std::size_t size) override;

    void prepare(const MooTest& test);
    void share_vector();
    void execute(const MooTest& test);
    std::string compare_registers(const MooTest& test) const;
    std::string compare_memory(const MooTest& test);
    u16 reg(Register r) const;
    u16 undefined_flags(const MooTest& test) const;

    CpuState state_;
    Bus ports_;
    Bus mmio_;
    Scheduler scheduler_;
    mmu::PhysicalMemory memory_;
    mmu::Mmu mmu_;
    privilege::PrivilegeEngine privilege_;
    interpreter::Interpreter interpreter_;
    std::vector<u32> written_;
};

}  // namespace seventeen::cpu286
