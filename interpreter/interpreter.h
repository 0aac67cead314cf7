// Interpreter: one instruction at a time; the specification the other engines are held to.
//
// run() alternates between two things: straight runs of decoded operations from the block cache,
// and, whenever CpuState::attention is raised, a look around at the boundary (PrivilegeEngine takes
// interrupts and traps there). An instruction under TF, a breakpoint or an interrupt shadow runs
// alone, between begin_careful() and end_careful().
//
// What counts as retired: every instruction that completes, every iteration of a repeated string
// instruction, and every fault that is delivered in an instruction's place. The last keeps virtual
// time moving in a guest that does nothing but fault.
#pragma once

#include <optional>

#include "core/engine.h"
#include "core/occupation.h"
#include "decoder/quick_decoder.h"
#include "interpreter/block_cache.h"
#include "interpreter/cpu.h"

namespace seventeen::interpreter {

class Interpreter final : public Engine {
  public:
    Interpreter(CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege);

    std::string_view name() const override { return "interpreter"; }
    Exit run(u64 target) override;
    void reset() override;

    // Runs exactly one instruction (or one iteration), or delivers what is pending before it.
    Exit step() { return run(cpu_.state.retired + 1); }
    // Runs one straight stretch of instructions, for an engine that found nothing pending:
    // attention is clear and `target` not reached.
    void run_stretch(u64 target) {
        const Occupied occupied(Occupation::kInterpreter);
        run_block(target, kLongestBlock);
    }

  private:
    static constexpr u64 kLongestBlock = 64;  // operations

    // Where the page of code at a linear page lies, while nothing has changed that.
    struct CodePage {
        u64 linear_page = ~u64{0};
        u64 generation = 0;
        mmu::Privilege privilege = mmu::Privilege::kSupervisor;
        PhysicalAddress physical;
    };

    std::optional<Exit> look_around(u64 target);
    void run_carefully(u64 target);
    // These say whether the last instruction completed; otherwise its fault has been delivered.
    bool run_block(u64 target, u64 most);  // at most so many operations
    bool run_operations(const Block& block, u64 count);
    // Decodes and runs the instruction at EIP from scratch: it crosses a page or the segment's
    // limit, or lies where there is no memory to cache.
    bool run_uncached();
    bool run_one(const Operation& operation);
    bool raise(const Fault& fault);

    Fault locate(u32 eip, PhysicalAddress& physical);
    const Block& decode_block(BlockKey key, const u8* page);
    Fault fetch_uncached(Operation& operation);

    Cpu cpu_;
    decoder::QuickDecoder decoder_;
    BlockCache blocks_;
    CodePage code_page_;
};

}  // namespace seventeen::interpreter
