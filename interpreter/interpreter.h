// Interpreter: one instruction at a time; the specification the other engines are held to.
#pragma once

#include <memory>

#include "core/engine.h"
#include "decoder/decoder.h"
#include "interpreter/block_cache.h"
#include "interpreter/cpu.h"

namespace seventeen::interpreter {

class Interpreter final : public Engine {
  public:
    Interpreter(CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege);

    std::string_view name() const override { return "interpreter"; }
    Exit run(u64 target) override;
    void reset() override;

    // Runs exactly one instruction (or one iteration), or delivers one event instead.
    void step();

  private:
    Cpu cpu_;
    decoder::Decoder decoder_;
    BlockCache blocks_;
};

}  // namespace seventeen::interpreter
