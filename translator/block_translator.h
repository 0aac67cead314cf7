// BlockTranslator: guest bytes → Block. The translate loop.
#pragma once

#include <memory>
#include <span>

#include "decoder/decoder.h"
#include "privilege/cpu_model.h"
#include "translator/block.h"
#include "translator/code_cache.h"
#include "translator/context.h"
#include "translator/emitter.h"
#include "translator/statistics.h"

namespace seventeen::translator {

class BlockTranslator {
  public:
    BlockTranslator(const privilege::CpuModel& model, unsigned longest_block, CodeCache& cache,
                    Statistics& statistics)
        : model_(model), longest_block_(longest_block), cache_(cache), statistics_(statistics) {}

    enum class Outcome : u8 {
        kDone,
        kNothing,  // the first instruction leaves the page or the code segment
        kFull,     // the code cache has no room
    };
    // `page` is the physical page that holds the first instruction.
    Outcome translate(const BlockKey& key, const Surroundings& surroundings,
                      std::span<const u8, kPageSize> page, std::unique_ptr<Block>& into);

  private:
    void emit(Emitter& emitter, Block& block, const Surroundings& surroundings,
              std::span<const u8, kPageSize> page);
    bool emit_instruction(Emitter& emitter, Block& block, const decoder::Instruction& instruction);
    bool place(Emitter& emitter, Block& block);

    privilege::CpuModel model_;
    unsigned longest_block_;  // instructions
    CodeCache& cache_;
    Statistics& statistics_;
    asmjit::CodeHolder code_;
    decoder::Decoder decoder_;
};

}  // namespace seventeen::translator
