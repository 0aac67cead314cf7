// Ways out of a block: the instruction count, direct branches, branches through a jump table.
//
// Every exit brings r13 up to date: it subtracts the instructions completed on the way to it. Below
// the Countdown's start its read faults, and the block calls out instead of going on; the
// Translator keeps so much slack that a whole block fits into it.
#include "translator/emitter.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;

bool Emitter::in_page(u32 target) const {
    const u32 first = block_.key.eip + mode().code_base;
    return (target + mode().code_base) >> kPageShift == first >> kPageShift;
}

void Emitter::exit_to(u32 target, Branch branch) {
    pairs_ = branch == Branch::kCall && may_pair();
    emit_exit(target, static_cast<u16>(completed_ + 1));
    pairs_ = false;
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
    later.stack_delta = stack_delta_;
    later.x87 = x87_;
    later_.push_back(later);
    return later.label;
}

void Emitter::emit_exit(u32 target, u16 count, bool by_table) {
    settle_stack_pointer();
    store_x87_note();
    if (is_direct(target, by_table))
        emit_direct_exit(target, count);
    else
        emit_table_exit(target, count);
}

// Others go by the jump table.
bool Emitter::is_direct(u32 target, bool by_table) const {
    const TrickSet& disabled = surroundings_.disabled;
    if (disabled.has(Trick::kIndirectTable)) return true;
    if (in_page(target) && !by_table) return true;
    return !mode().user() && !disabled.has(Trick::kChaining) && !disabled.has(Trick::kFarChaining);
}

// r13 -= count; faults to the site where none is left (countdown.h). Flags stay where they are.
void Emitter::count(u16 site, u16 count) {
    assembler_.lea(x86::r13, x86::ptr(x86::r13, -static_cast<s32>(count)));
    const x86::Gp place = place_in_countdown(x86::r13);
    block_.fault_points.push_back({static_cast<u32>(assembler_.offset()), site, saved_});
    assembler_.movzx(x86::r10d, x86::byte_ptr(place));
}

x86::Gp Emitter::place_in_countdown(const x86::Gp& count) {
    if (surroundings_.disabled.has(Trick::kDenseCount)) return count;
    assembler_.shrx(x86::r10, count, x86::r15);
    return x86::r10;
}

void Emitter::emit_direct_exit(u32 target, u16 count) {
    const bool saved = saved_;
    const u16 site = new_direct_site(target);
    this->count(site, count);
    flags_to_host();
    jump_to_site(site);
    if (pairs_) emit_landing();
    saved_ = saved;
}

u16 Emitter::new_direct_site(u32 eip) {
    const u16 site = new_site(Site::Kind::kDirect, eip, 0);
    block_.sites[site].far = !in_page(eip);
    return site;
}

// To the block that the site is about, once they are linked.
void Emitter::jump_to_site(u16 site) {
    ColdSite cold;
    cold.label = assembler_.newLabel();
    cold.site = site;
    pairs_ ? assembler_.call(cold.label) : assembler_.long_().jmp(cold.label);
    cold.jump_end = assembler_.newLabel();
    assembler_.bind(cold.jump_end);
    cold_.push_back(cold);
}

template <typename Place>
void Emitter::leave_for(const Place& place) {
    pairs_ ? assembler_.call(place) : assembler_.jmp(place);
    if (pairs_) emit_landing();
}

// By the jump map, with the flags where they are. r8d is the target.
void Emitter::jump_by_map() {
    assembler_.mov(x86::r9, context(offsetof(Context, jump_table), 8));
    assembler_.mov(x86::r9d, x86::ptr(x86::r9, x86::r8, 2, 0, 4));
    assembler_.lea(x86::r9, x86::ptr(x86::r9, x86::r15, 0, kCodeFromR15));
    leave_for(x86::r9);
}

// To another page: by the slot of the jump table that the target has.
void Emitter::emit_table_exit(u32 target, u16 count) {
    const bool saved = saved_;
    const u16 site = new_direct_site(target);
    this->count(site, count);
    assembler_.mov(x86::r8d, target);
    if (mode().mapped()) {
        flags_to_host();
        jump_by_map();
    } else {
        jump_by_slot(site, target);
    }
    saved_ = saved;
}

// By the slot of r8d, which is known to be `target`.
void Emitter::jump_by_slot(u16 site, u32 target) {
    const s32 slot = static_cast<s32>(jump_slot_of(target) * sizeof(JumpSlot));
    ColdSite cold;
    cold.label = assembler_.newLabel();
    cold.site = site;
    cold.saved = true;
    cold_.push_back(cold);
    flags_to_saved();
    assembler_.mov(x86::r9, context(offsetof(Context, jump_table), 8));
    assembler_.cmp(x86::ptr(x86::r9, slot + s32{offsetof(JumpSlot, eip)}, 8), x86::r8);
    assembler_.jne(cold.label);
    flags_to_host();
    leave_for(x86::ptr(x86::r9, slot + s32{offsetof(JumpSlot, code)}, 8));
}

void Emitter::exit_indirect(Branch branch) {
    settle_stack_pointer();
    store_x87_note();
    const bool saved = saved_;
    const u16 site = new_site(Site::Kind::kIndirect, 0, 0);
    count(site, static_cast<u16>(completed_ + 1));
    pairs_ = branch == Branch::kCall && may_pair();
    if (surroundings_.disabled.has(Trick::kIndirectTable)) {
        leave_at(site);
    } else {
        flags_to_host();
        if (branch == Branch::kReturn && has_pairs())
            assembler_.ret();
        else if (mode().mapped() && branch != Branch::kCrossing)
            jump_by_map();
        else
            leave_for(context(offsetof(Context, look_up), 8));
    }
    pairs_ = false;
    saved_ = saved;
    closed_ = true;
}

// --- pairs ---

// Where branches are by a map that is small and hot, as programs' with a window are, that is faster
// than a landing.
bool Emitter::has_pairs() const {
    const TrickSet& disabled = surroundings_.disabled;
    return !disabled.has(Trick::kReturnPairs) && !disabled.has(Trick::kIndirectTable) &&
           !(mode().user() && mode().mapped());
}

// A landing stands for a page that JumpTables knows of.
bool Emitter::may_pair() const {
    return has_pairs() && in_page(next_eip());
}

// Where the host returns to: is it what the guest returns to? Flags stay where they are.
void Emitter::emit_landing() {
    const asmjit::Label paired = assembler_.newLabel();
    assembler_.mov(x86::r9, x86::rcx);
    assembler_.lea(x86::ecx, x86::ptr(x86::r8, -static_cast<s32>(next_eip())));
    assembler_.jecxz(x86::ecx, paired);
    assembler_.mov(x86::rcx, x86::r9);
    assembler_.jmp(context(offsetof(Context, mispaired), 8));
    assembler_.bind(paired);
    assembler_.mov(x86::rcx, x86::r9);
    x87_ = {};  // whatever was called has noted its own
    pairs_ = false;
    jump_to_site(new_direct_site(next_eip()));
}

}  // namespace seventeen::translator
