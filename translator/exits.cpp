// Ways out of a block: the instruction count, direct branches, branches through a jump table.
//
// Every exit brings r13 up to date: it subtracts the instructions completed on the way to it. Below
// zero the block calls out instead of going on (Site::Kind::kEvent); the Translator keeps so much
// slack that a whole block fits into it.
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

void Emitter::emit_exit(u32 target, u16 count) {
    store_x87_note();
    const TrickSet& disabled = surroundings_.disabled;
    if (in_page(target) || disabled.has(Trick::kIndirectTable))
        emit_direct_exit(target, count);
    else
        emit_table_exit(target, count);
}

// r13 -= count, with the flags saved: in r11, or (between count() and restore_after_count()) in ax
// with the guest's eax in r11.
void Emitter::count(u32 target, u16 count) {
    if (!saved_) {
        assembler_.mov(x86::r11, x86::rax);
        assembler_.lahf();
        assembler_.seto(x86::al);
    }
    ColdSite cold;
    cold.label = assembler_.newLabel();
    cold.site = &new_site(Site::Kind::kEvent, target, 0);
    cold.saved = saved_;
    cold.swapped = !saved_;
    cold_.push_back(cold);
    assembler_.sub(x86::r13, count);
    assembler_.js(cold.label);
}

void Emitter::restore_after_count() {
    if (saved_) {
        flags_to_host();
        return;
    }
    assembler_.add(x86::al, 0x7f);
    assembler_.sahf();
    assembler_.mov(x86::rax, x86::r11);
}

void Emitter::emit_direct_exit(u32 target, u16 count) {
    const bool saved = saved_;
    this->count(target, count);
    restore_after_count();
    ColdSite cold;
    cold.label = assembler_.newLabel();
    cold.site = &new_site(Site::Kind::kDirect, target, 0);
    assembler_.long_().jmp(cold.label);
    cold.jump_end = assembler_.newLabel();
    assembler_.bind(cold.jump_end);
    cold_.push_back(cold);
    saved_ = saved;
}

// To another page: through the slot of the jump table that the target has.
void Emitter::emit_table_exit(u32 target, u16 count) {
    const bool saved = saved_;
    this->count(target, count);
    ColdSite miss;
    miss.label = assembler_.newLabel();
    miss.site = &new_site(Site::Kind::kDirect, target, 0);
    miss.saved = saved_;
    miss.swapped = !saved_;
    cold_.push_back(miss);
    const s32 slot = static_cast<s32>(jump_slot_of(target) * sizeof(JumpSlot));
    assembler_.mov(x86::r9, context(offsetof(Context, jump_table), 8));
    assembler_.mov(x86::r8d, target);
    assembler_.cmp(x86::ptr(x86::r9, slot + s32{offsetof(JumpSlot, eip)}, 8), x86::r8);
    assembler_.jne(miss.label);
    restore_after_count();
    assembler_.jmp(x86::ptr(x86::r9, slot + s32{offsetof(JumpSlot, code)}, 8));
    saved_ = saved;
}

void Emitter::exit_indirect() {
    static_assert(sizeof(JumpSlot) == 16);
    store_x87_note();
    const bool saved = saved_;
    const u16 completed = static_cast<u16>(completed_ + 1);
    if (!saved_) {
        assembler_.mov(x86::r11, x86::rax);
        assembler_.lahf();
        assembler_.seto(x86::al);
    }
    ColdSite miss;
    miss.label = assembler_.newLabel();
    miss.site = &new_site(Site::Kind::kIndirect, 0, 0);
    miss.saved = saved_;
    miss.swapped = !saved_;
    cold_.push_back(miss);
    assembler_.sub(x86::r13, completed);
    assembler_.js(miss.label);
    if (surroundings_.disabled.has(Trick::kIndirectTable)) {
        assembler_.jmp(miss.label);
    } else {
        assembler_.mov(x86::r9d, x86::r8d);  // jump_slot_of(r8d)
        assembler_.shr(x86::r9d, kPageShift);
        assembler_.xor_(x86::r9d, x86::r8d);
        assembler_.and_(x86::r9d, kJumpSlots - 1);
        assembler_.shl(x86::r9d, 4);
        assembler_.add(x86::r9, context(offsetof(Context, jump_table), 8));
        assembler_.cmp(x86::ptr(x86::r9, offsetof(JumpSlot, eip), 8), x86::r8);
        assembler_.jne(miss.label);
        restore_after_count();
        assembler_.jmp(x86::ptr(x86::r9, offsetof(JumpSlot, code), 8));
    }
    saved_ = saved;
    closed_ = true;
}

}  // namespace seventeen::translator
