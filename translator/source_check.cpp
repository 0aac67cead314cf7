// Comparisons of a loose block with its source (block.h, LooseSource).
#include <cstring>

#include "translator/emitter.h"
#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;

// The comparison itself is emitted last, when it is known how far it reaches.
void Emitter::check_source(u32 eip) {
    flags_to_saved();
    Check check;
    check.label = assembler_.newLabel();
    check.back = assembler_.newLabel();
    check.stale = assembler_.newLabel();
    assembler_.jmp(check.label);
    assembler_.bind(check.back);
    ColdSite cold;
    cold.label = check.stale;
    cold.site = new_site(Site::Kind::kStale, eip, completed_);
    cold.saved = true;
    cold_.push_back(cold);
    checks_.push_back(std::move(check));
}

// Is the current instruction's immediate read where it lies? What does must not fall back.
void Emitter::open_source() {
    open_immediate_ = nullptr;
    LooseSource& source = block_.loose;
    if (!source || mode().has(Mode::kAlignment) || !has_open_immediate(*instruction_)) return;
    const u32 offset = eip_ - block_.key.eip;
    const u32 first = offset + instruction_->layout.immediate;
    if (first + LooseSource::kImmediateSize > source.in_first) return;
    if (surroundings_.patched->has(block_.key.physical + offset)) {
        open_immediate_ = source.host_of(first);
        source.open.push_back({offset, first});
    } else {
        source.immediates.push_back({offset, first});
    }
}

// The current instruction is among what the last comparison vouches for.
void Emitter::cover_source() {
    if (checks_.empty()) return;
    const u32 first = eip_ - block_.key.eip;
    const u32 closed = open_immediate_ ? LooseSource::kImmediateSize : 0;
    cover_source(first, first + instruction_->length - closed);  // immediates come last
}

void Emitter::cover_source(u32 first, u32 end) {
    auto& pieces = checks_.back().pieces;
    for (auto& piece : pieces) {
        if (piece.first <= first && end <= piece.second) return;
        if (piece.second != first) continue;
        piece.second = end;
        return;
    }
    pieces.emplace_back(first, end);
}

void Emitter::emit_check(const Check& check) {
    assembler_.bind(check.label);
    const u32 border = block_.loose.in_first;
    for (const auto& [first, end] : check.pieces) {
        if (first < border) compare_source(first, std::min(end, border), check.stale);
        if (end > border) compare_source(std::max(first, border), end, check.stale);
    }
    assembler_.jmp(check.back);
}

// SAFETY: the bytes that the block is translated from. Where they are in host memory does not
// change while the block lives.
void Emitter::compare_source(u32 first, u32 end, const asmjit::Label& stale) {
    const u8* host = block_.loose.host_of(first);
    assembler_.mov(x86::r8, reinterpret_cast<u64>(host));
    for (u32 done = 0; done < end - first;) {
        const u32 left = end - first - done;
        const u32 size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        u64 bytes = 0;
        std::memcpy(&bytes, block_.loose.bytes.data() + first + done, size);
        const x86::Mem place = x86::ptr(x86::r8, static_cast<s32>(done), size);
        if (size == 8) {
            assembler_.mov(x86::r9, bytes);
            assembler_.cmp(place, x86::r9);
        } else {
            assembler_.mov(x86::r9d, static_cast<u32>(bytes));
            if (size == 4) assembler_.cmp(place, x86::r9d);
            if (size == 2) assembler_.cmp(place, x86::r9w);
            if (size == 1) assembler_.cmp(place, x86::r9b);
        }
        assembler_.jne(stale);
        done += size;
    }
}

}  // namespace seventeen::translator
