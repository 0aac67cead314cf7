// BlockTranslator: guest bytes → Block. The translate loop.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "decoder/quick_decoder.h"
#include "privilege/cpu_model.h"
#include "translator/block.h"
#include "translator/code_cache.h"
#include "translator/context.h"
#include "translator/emitter.h"
#include "translator/statistics.h"

namespace seventeen::translator {

// What the assembler could not do must not pass for code.
class AssemblerErrors final : public asmjit::ErrorHandler {
  public:
    void handleError(asmjit::Error error, const char*, asmjit::BaseEmitter*) override {
        if (first_ == asmjit::kErrorOk) first_ = error;
    }
    // The first since it was last asked for.
    asmjit::Error take() { return std::exchange(first_, asmjit::kErrorOk); }

  private:
    asmjit::Error first_ = asmjit::kErrorOk;
};

class BlockTranslator {
  public:
    BlockTranslator(const privilege::CpuModel& model, unsigned longest_block, CodeCache& cache,
                    Statistics& statistics)
        : model_(model), longest_block_(longest_block), cache_(cache), statistics_(statistics) {}

    enum class Outcome : u8 {
        kDone,
        kNothing,  // the first instruction cannot be decoded, or leaves the code segment
        kCut,      // it goes on behind the source's bytes
        kFull,     // the code cache has no room
    };
    // Guest code: the block starts at `bytes[first]`.
    struct Source {
        std::span<const u8> bytes;
        u64 first = 0;
        unsigned most_instructions = ~0u;
    };
    Outcome translate(const BlockKey& key, const Surroundings& surroundings, const Source& source,
                      std::unique_ptr<Block>& into);

  private:
    // Returns whether the instruction behind the last one is cut short.
    bool emit(Emitter& emitter, Block& block, const Surroundings& surroundings,
              const Source& source, unsigned longest);
    bool emit_instruction(Emitter& emitter, const decoder::Instruction& instruction);
    bool place(Emitter& emitter, Block& block);

    privilege::CpuModel model_;
    unsigned longest_block_;  // instructions
    CodeCache& cache_;
    Statistics& statistics_;
    AssemblerErrors errors_;
    asmjit::CodeHolder code_;
    Block draft_;
    decoder::QuickDecoder decoder_;
};

}  // namespace seventeen::translator
