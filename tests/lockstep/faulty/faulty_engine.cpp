// An engine that makes a mistake: DAA changes EBX as well. Lockstep must find that.
#include "interpreter/interpreter.h"
#include "tests/lockstep/tested_engine.h"

namespace seventeen::lockstep {

namespace {

class FaultyEngine final : public Engine {
  public:
    FaultyEngine(CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege)
        : state_(state), mmu_(mmu), interpreter_(state, mmu, privilege) {}

    std::string_view name() const override { return "faulty"; }
    void reset() override { interpreter_.reset(); }
    Exit run(u64 target) override {
        while (state_.retired < target) {
            const bool daa = opcode() == kDaa;
            const u32 next = state_.eip() + 1;
            const u64 retired = state_.retired;
            const Exit exit = interpreter_.run(retired + 1);
            if (daa && state_.eip() == next && state_.retired > retired)
                state_.gpr[static_cast<unsigned>(Gpr::kBx)] ^= 0x10000;
            if (exit != Exit::kTarget) return exit;
        }
        return Exit::kTarget;
    }

  private:
    static constexpr u8 kDaa = 0x27;

    u8 opcode() {
        PhysicalAddress physical;
        const u64 linear = state_.segment(SegmentName::kCs).base + state_.eip();
        if (!mmu_.peek({linear & 0xffff'ffff}, physical)) return 0;
        return mmu_.memory().read<u8>(physical);
    }

    CpuState& state_;
    mmu::Mmu& mmu_;
    interpreter::Interpreter interpreter_;
};

}  // namespace

Guest::MakeEngine tested_engine(const translator::TranslatorOptions&) {
    return [](CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege) {
        return std::make_unique<FaultyEngine>(state, mmu, privilege);
    };
}

}  // namespace seventeen::lockstep
