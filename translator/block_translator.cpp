// The translate loop: decode, let a rule emit or fall back, until something ends the block.
#include "translator/block_translator.h"

#include <algorithm>
#include <string>

#include "core/check.h"
#include "core/error.h"
#include "decoder/properties.h"
#include "translator/block_map.h"
#include "translator/rules.h"

namespace seventeen::translator {

namespace {

using decoder::CodeSize;
using decoder::DecodeStatus;
using decoder::Instruction;
using decoder::Mnemonic;

constexpr std::size_t kLongestInstruction = 15;

// Where a rule takes them, these don't end a block: it runs on where a branch is not taken.
bool runs_on(const Instruction& instruction) {
    const Mnemonic mnemonic = instruction.mnemonic;
    return (mnemonic >= Mnemonic::JO && mnemonic <= Mnemonic::JNLE) || mnemonic == Mnemonic::JCXZ ||
           mnemonic == Mnemonic::JECXZ || mnemonic == Mnemonic::LOOP ||
           mnemonic == Mnemonic::POPF || mnemonic == Mnemonic::POPFD || mnemonic == Mnemonic::STI ||
           decoder::is_repeated_string(instruction);
}

// They may mask or unmask x87 exceptions, which matters to a Mode where CR0.NE is clear.
bool changes_fpu_mode(const Instruction& instruction, const Mode& mode) {
    if (mode.has(Mode::kX87Faults)) return false;
    switch (instruction.mnemonic) {
        case Mnemonic::FLDENV:
        case Mnemonic::FRSTOR:
        case Mnemonic::FNSAVE:
        case Mnemonic::FNSTENV:
        case Mnemonic::FNINIT:
        case Mnemonic::FXRSTOR:
        case Mnemonic::FLDCW: return true;
        default: return false;
    }
}

// Could the instruction write memory by its fast path? Those that surely don't are named.
bool may_write(const Instruction& instruction) {
    using decoder::Family;
    switch (instruction.row().family) {
        case Family::kIntegerAlu:
            if (instruction.mnemonic == Mnemonic::CMP || instruction.mnemonic == Mnemonic::TEST)
                return false;
            break;
        case Family::kShift:
        case Family::kMultiplyDivide:
        case Family::kBitManipulation:
        case Family::kDataMovement: break;
        case Family::kStack:
            return instruction.mnemonic != Mnemonic::LEAVE &&
                   (instruction.mnemonic != Mnemonic::POP || instruction.has_memory());
        case Family::kControlFlow: return instruction.mnemonic == Mnemonic::CALL;
        default: return true;
    }
    return instruction.has_memory() &&
           (instruction.operands[0].kind == decoder::OperandKind::kMemory ||
            instruction.mnemonic == Mnemonic::XCHG || instruction.mnemonic == Mnemonic::XADD ||
            instruction.mnemonic == Mnemonic::CMPXCHG);
}

// Ports raise attention where they must be looked after.
bool ends(const Instruction& instruction) {
    if (instruction.row().family == decoder::Family::kInputOutput) return false;
    return decoder::ends_block(instruction);
}

// What the Mode depends on is changed by an instruction without a rule.
bool changes_mode(const Instruction& instruction, const Mode& mode) {
    const bool direction =
        instruction.mnemonic == Mnemonic::CLD || instruction.mnemonic == Mnemonic::STD;
    return direction || changes_fpu_mode(instruction, mode);
}

// Does another block start there, with which this one ends?
bool joins(const Block& block, u32 eip, const Surroundings& surroundings,
           const BlockMap::Starts* starts) {
    if (!starts || block.instructions == 0) return false;
    const u64 physical = block.key.physical + (eip - block.key.eip);
    return starts->test(physical & kPageMask) &&
           surroundings.joined->has({physical, eip, block.key.mode});
}

}  // namespace

BlockTranslator::Outcome BlockTranslator::translate(const BlockKey& key,
                                                    const Surroundings& surroundings,
                                                    const Source& source,
                                                    std::unique_ptr<Block>& into) {
    draft_.restart(key);
    draft_.loose = surroundings.loose;
    const unsigned longest = std::min(longest_block_, source.most_instructions);
    Emitter emitter(surroundings, model_, draft_, longest, code_);
    code_.setErrorHandler(&errors_);
    const bool cut = emit(emitter, draft_, surroundings, source, longest);
    if (draft_.instructions == 0) return cut ? Outcome::kCut : Outcome::kNothing;
    if (draft_.loose) {
        const auto* first = source.bytes.data() + source.first;
        draft_.loose.bytes.assign(first, first + draft_.bytes);
        ++statistics_.loose_blocks;
    }
    emitter.finish();
    auto block = std::make_unique<Block>(draft_);
    for (Site& site : block->sites) site.block = block.get();
    emitter.finish_callouts(*block);
    if (const asmjit::Error error = errors_.take())
        throw Error(std::string("cannot assemble translated code: ") +
                    asmjit::DebugUtils::errorAsString(error));
    if (!place(emitter, *block)) return Outcome::kFull;
    ++statistics_.blocks;
    statistics_.guest_instructions += block->instructions;
    statistics_.guest_bytes += block->bytes;
    statistics_.host_bytes += block->code_size;
    into = std::move(block);
    return Outcome::kDone;
}

bool BlockTranslator::emit(Emitter& emitter, Block& block, const Surroundings& surroundings,
                           const Source& source, unsigned longest) {
    const Mode& mode = surroundings.mode;
    const CodeSize size = mode.code32() ? CodeSize::k32 : CodeSize::k16;
    bool ended = false;
    bool cut = false;  // the next instruction goes on in another page
    u32 eip = block.key.eip;
    const BlockMap::Starts* const starts =
        surroundings.joined ? surroundings.joined->starts_in({block.key.physical}) : nullptr;
    const MarkedInstructions::InPage* const soft =
        surroundings.soft->in_page_of(block.key.physical);
    if (block.loose) emitter.check_source(eip);
    while (!ended && block.instructions < longest) {
        const u64 at = source.first + (eip - block.key.eip);
        const std::size_t in_page = source.bytes.size() - static_cast<std::size_t>(at);
        const u64 in_limit = eip > mode.code_limit ? 0 : u64{mode.code_limit} - eip + 1;
        const std::size_t left = std::min({in_page, kLongestInstruction, std::size_t{in_limit}});
        Instruction instruction;
        if (left == 0) break;
        if (joins(block, eip, surroundings, starts)) break;
        const DecodeStatus status =
            decoder_.decode(source.bytes.subspan(at, left), size, instruction);
        cut = status == DecodeStatus::kTruncated;
        if (status != DecodeStatus::kOk) break;
        if (block.loose && decoder::is_repeated_string(instruction)) break;
        const u64 offset = (block.key.physical + (eip - block.key.eip)) & kPageMask;
        emitter.begin(instruction, eip, soft && soft->test(offset));
        ended = emit_instruction(emitter, instruction);
        block.instructions = emitter.completed();
        block.bytes = std::max(block.bytes, emitter.next_eip() - block.key.eip);
        eip = emitter.following_eip();
        if (block.loose && !ended && may_write(instruction)) emitter.check_source(eip);
    }
    if (block.instructions != 0) emitter.finish_open(eip, cut);
    return cut;
}

// Returns whether the block ends with this instruction.
bool BlockTranslator::emit_instruction(Emitter& emitter, const Instruction& instruction) {
    const bool known =
        model_.has(decoder::required_feature(instruction)) && !emitter.mode().has(Mode::kAlignment);
    MnemonicCounts& counts = statistics_.of(instruction.mnemonic);
    if (known && translate_instruction(emitter)) {
        ++counts.translated;
        emitter.end_instruction();
        if (emitter.runs_on()) return false;
        return emitter.closed() || (ends(instruction) && !runs_on(instruction));
    }
    ++counts.left;
    ++statistics_.fallbacks;
    const bool ended = ends(instruction) || changes_mode(instruction, emitter.mode());
    emitter.fall_back(ended);
    return ended;
}

bool BlockTranslator::place(Emitter& emitter, Block& block) {
    asmjit::CodeHolder& code = emitter.code();
    check(code.flatten() == asmjit::kErrorOk, "translated code cannot be laid out");
    const std::size_t size = code.codeSize();
    block.entry = cache_.allocate(size);
    if (!block.entry) return false;
    // SAFETY: an address to compute with, of memory allocated above.
    check(code.relocateToBase(reinterpret_cast<u64>(block.entry)) == asmjit::kErrorOk,
          "translated code cannot be relocated");
    check(code.copyFlattenedData(cache_.writable(block.entry), size) == asmjit::kErrorOk,
          "translated code cannot be copied");
    block.code_size = static_cast<u32>(size);
    emitter.resolve(block);
    return true;
}

}  // namespace seventeen::translator
