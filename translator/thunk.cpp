// Recognising thunks, finding their blocks, and going on behind their calls.
#include "translator/thunk.h"

#include "translator/emitter.h"
#include "translator/translator.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;

// With ESP as the result it would return to elsewhere.
std::optional<Gpr> thunk_result(std::span<const u8, Thunk::kSize> code) {
    constexpr u8 kMov = 0x8b;  // r32, r/m32
    constexpr u8 kBySib = 0x04;
    constexpr u8 kResultMask = 0x38;
    constexpr unsigned kResultShift = 3;
    constexpr u8 kSibOfSp = 0x24;
    constexpr u8 kRet = 0xc3;
    const u8 modrm = code[1];
    if (code[0] != kMov || (modrm & ~kResultMask) != kBySib || code[2] != kSibOfSp ||
        code[3] != kRet)
        return {};
    const Gpr result{static_cast<u8>(modrm >> kResultShift)};
    if (result == Gpr::kSp) return {};
    return result;
}

bool Translator::may_inline_thunks() const {
    const Mode& mode = modes_[mode_];
    return mode.user() && mode.mapped() && !options_.disabled.has(Trick::kThunks) &&
           !options_.disabled.has(Trick::kIndirectTable);
}

// It is only guessed what is at `eip`, without touching accessed bits: the code that comes of it
// asks the jump map.
std::optional<Thunk> Translator::thunk_at(u32 eip) {
    const LinearAddress linear =
        privilege::SegmentedMemory::linear(state_.segment(SegmentName::kCs), eip);
    PhysicalAddress physical;
    if (!cpu_.mmu.peek(linear, physical) || physical.offset() > kPageSize - Thunk::kSize) return {};
    // SAFETY: the host memory of one guest page, all of it.
    const u8* page = cpu_.mmu.memory().read_pointer({physical.value & ~kPageMask});
    if (!page || blocks_.is_loose(physical)) return {};
    const std::span<const u8> bytes(page, kPageSize);
    const auto result = thunk_result(bytes.subspan(physical.offset()).first<Thunk::kSize>());
    if (!result) return {};
    const Block* block = thunk_block({physical.value, eip, mode_}, bytes);
    // One that ends early, where another began, vouches for less.
    if (!block || block->bytes != Thunk::kSize) return {};
    ++statistics_.thunks;
    return Thunk{*result, static_cast<u32>(block->entry - cache_.code())};
}

// It is made where there is none, while its caller is being translated.
const Block* Translator::thunk_block(const BlockKey& key, std::span<const u8> page) {
    if (const BlockMap::Found found = blocks_.find(key)) return blocks_.containing(found.entry);
    std::unique_ptr<Block> block;
    const Surroundings around = surroundings({key.physical}, {key.physical}, Arrival::kByBranch);
    const BlockTranslator::Source source{page, key.physical & kPageMask};
    if (thunk_translator_.translate(key, around, source, block) != BlockTranslator::Outcome::kDone)
        return nullptr;
    return &blocks_.insert(std::move(block));
}

bool Emitter::go_through_thunk(u32 target) {
    constexpr s32 kPushed = 4;
    const bool plain = mode().code32() && mode().stack32() && mode().flat(SegmentName::kSs) &&
                       mode().code_limit == ~u32{0} && !block_.loose;
    const bool fits = completed_ + 1u + Thunk::kInstructions <= longest_;
    if (!surroundings_.thunk_at || !plain || !fits || in_page(target)) return false;
    const std::optional<Thunk> thunk = surroundings_.thunk_at(target);
    if (!thunk) return false;
    flags_to_host();
    const asmjit::Label known = assembler_.newLabel();
    const asmjit::Label otherwise = exit_later(target);
    later_.back().stack_delta = from_stack_pointer(-kPushed);
    assembler_.mov(x86::r9, context(offsetof(Context, jump_table), 8));
    assembler_.mov(x86::r8d, target);
    assembler_.mov(x86::r10, x86::rcx);
    assembler_.mov(x86::r9d, x86::ptr(x86::r9, x86::r8, 2, 0, 4));
    assembler_.lea(x86::ecx, x86::ptr(x86::r9, -static_cast<s32>(thunk->place)));
    assembler_.jecxz(x86::ecx, known);
    assembler_.mov(x86::rcx, x86::r10);
    assembler_.jmp(otherwise);
    assembler_.bind(known);
    assembler_.mov(x86::rcx, x86::r10);
    assembler_.mov(guest32(static_cast<unsigned>(thunk->result)), next_eip());
    completed_ += Thunk::kInstructions;
    slow_path_leaves();
    return runs_on_ = true;
}

}  // namespace seventeen::translator
