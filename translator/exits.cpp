// Ways out of a block: the instruction count, direct branches, branches through a jump table.
//
// Every exit brings r13 up to date: it subtracts the instructions completed on the way to it. Below
// the Countdown's start its read faults, and the block calls out instead of going on
// (Site::Kind::kEvent); the Translator keeps so much slack that a whole block fits into it.
#include "translator/emitter.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;

bool Emitter::in_page(u32 target) const {
    const u32 first = block_.key.eip + mode().code_base;
    return (target + mode().code_base) >> kPageShift == first >> kPageShift;
}

void Emitter::exit_to(u32 target) {
    emit_exit(target, static_cast<u16>(completed_ + 1));
    closed_ = true;
}

// Loops are mostly gone round again.
bool Emitter::go_round(u32 target) {
    constexpr unsigned kMostRounds = 8;
    if (target != block_.key.eip || surroundings_.disabled.has(Trick::kUnroll)) return false;
    const unsigned completed = completed_ + 1u;
    if (rounds_ == 1) round_ = static_cast<u16>(completed);
    if (rounds_ == kMostRounds || completed + round_ > longest_) return false;
    ++rounds_;
    return again_ = true;
}

asmjit::Label Emitter::exit_later(u32 target) {
    LaterExit later;
    later.label = assembler_.newLabel();
    later.target = target;
    later.count = static_cast<u16>(completed_ + 1);
    later.x87 = x87_;
    later_.push_back(later);
    return later.label;
}

void Emitter::emit_exit(u32 target, u16 count, bool by_table) {
    store_x87_note();
    const TrickSet& disabled = surroundings_.disabled;
    if ((in_page(target) && !by_table) || disabled.has(Trick::kIndirectTable))
        emit_direct_exit(target, count);
    else
        emit_table_exit(target, count);
}

// r13 -= count; faults to the site where none is left (countdown.h). Flags stay where they are.
void Emitter::count(u16 site, u16 count) {
    assembler_.lea(x86::r13, x86::ptr(x86::r13, -static_cast<s32>(count)));
    const bool dense = !surroundings_.disabled.has(Trick::kDenseCount);
    if (dense) assembler_.shrx(x86::r10, x86::r13, x86::r15);
    block_.fault_points.push_back({static_cast<u32>(assembler_.offset()), site, saved_});
    assembler_.movzx(x86::r10d, x86::byte_ptr(dense ? x86::r10 : x86::r13));
}

void Emitter::emit_direct_exit(u32 target, u16 count) {
    const bool saved = saved_;
    this->count(new_site(Site::Kind::kEvent, target, 0), count);
    flags_to_host();
    ColdSite cold;
    cold.label = assembler_.newLabel();
    cold.site = new_site(Site::Kind::kDirect, target, 0);
    assembler_.long_().jmp(cold.label);
    cold.jump_end = assembler_.newLabel();
    assembler_.bind(cold.jump_end);
    cold_.push_back(cold);
    saved_ = saved;
}

// By the jump map, with the flags where they are. r8d is the target.
void Emitter::jump_by_map() {
    assembler_.mov(x86::r9, context(offsetof(Context, jump_table), 8));
    assembler_.mov(x86::r10, context(offsetof(Context, code), 8));
    assembler_.mov(x86::r9d, x86::ptr(x86::r9, x86::r8, 2, 0, 4));
    assembler_.lea(x86::r9, x86::ptr(x86::r9, x86::r10));
    assembler_.jmp(x86::r9);
}

// To another page: by the slot of the jump table that the target has.
void Emitter::emit_table_exit(u32 target, u16 count) {
    const bool saved = saved_;
    this->count(new_site(Site::Kind::kEvent, target, 0), count);
    assembler_.mov(x86::r8d, target);
    if (mode().mapped()) {
        flags_to_host();
        jump_by_map();
    } else {
        flags_to_saved();
        const s32 slot = static_cast<s32>(jump_slot_of(target) * sizeof(JumpSlot));
        assembler_.mov(x86::r9, context(offsetof(Context, jump_table), 8));
        jump_by_slot(slot, new_site(Site::Kind::kDirect, target, 0));
    }
    saved_ = saved;
}

// By the slot at r9 + `slot`, if it is the one of r8d; flags are saved.
void Emitter::jump_by_slot(s32 slot, u16 miss) {
    ColdSite cold;
    cold.label = assembler_.newLabel();
    cold.site = miss;
    cold.saved = true;
    cold_.push_back(cold);
    assembler_.cmp(x86::ptr(x86::r9, slot + s32{offsetof(JumpSlot, eip)}, 8), x86::r8);
    assembler_.jne(cold.label);
    flags_to_host();
    assembler_.jmp(x86::ptr(x86::r9, slot + s32{offsetof(JumpSlot, code)}, 8));
}

void Emitter::exit_indirect() {
    static_assert(sizeof(JumpSlot) == 16);
    store_x87_note();
    const bool saved = saved_;
    const u16 site = new_site(Site::Kind::kIndirect, 0, 0);
    count(site, static_cast<u16>(completed_ + 1));
    if (surroundings_.disabled.has(Trick::kIndirectTable)) {
        leave_at(site);
    } else if (mode().mapped()) {
        flags_to_host();
        jump_by_map();
    } else {
        flags_to_saved();
        assembler_.mov(x86::r9d, x86::r8d);  // jump_slot_of(r8d)
        assembler_.shr(x86::r9d, kPageShift);
        assembler_.xor_(x86::r9d, x86::r8d);
        assembler_.and_(x86::r9d, kJumpSlots - 1);
        assembler_.shl(x86::r9d, 4);
        assembler_.add(x86::r9, context(offsetof(Context, jump_table), 8));
        jump_by_slot(0, site);
    }
    saved_ = saved;
    closed_ = true;
}

}  // namespace seventeen::translator
