// Memory operands: effective address, segment, and the soft form of an access.
#include "translator/emitter.h"

#include "mmu/tlb.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;

namespace {

using mmu::Tlb;
using mmu::TlbEntry;

constexpr unsigned kEntryShift = 5;
static_assert(sizeof(TlbEntry) == 1u << kEntryShift);

std::size_t segment_offset(SegmentName segment) {
    return offsetof(CpuState, segments) + static_cast<unsigned>(segment) * sizeof(SegmentRegister);
}

x86::Mem in_window(x86::Mem place) {
    place.setSegment(x86::gs);
    return place;
}

}  // namespace

void Emitter::effective_address(const decoder::MemoryOperand& memory, unsigned address_size) {
    const s32 displacement = displacement_of(memory);
    const bool has_base = memory.base != kNoGpr;
    const bool has_index = memory.index != kNoGpr;
    if (has_base && has_index) {
        assembler_.lea(x86::r8d, x86::ptr(guest64(memory.base), guest64(memory.index), memory.scale,
                                          displacement));
    } else if (has_base) {
        if (displacement == 0)
            assembler_.mov(x86::r8d, guest32(memory.base));
        else
            assembler_.lea(x86::r8d, x86::ptr(guest64(memory.base), displacement));
    } else if (has_index) {
        assembler_.lea(x86::r8d, x86::ptr(0, guest64(memory.index), memory.scale));
        if (displacement != 0) assembler_.lea(x86::r8d, x86::ptr(x86::r8, displacement));
    } else {
        assembler_.mov(x86::r8d, static_cast<u32>(displacement));
    }
    if (address_size == 2) assembler_.movzx(x86::r8d, x86::r8w);
}

void Emitter::apply_segment(SegmentName segment, Access access, unsigned size) {
    if (mode().flat(segment)) return;
    flags_to_saved();
    const asmjit::Label slow = slow_path();
    const std::size_t at = segment_offset(segment);
    const std::size_t span = access == Access::kRead ? offsetof(SegmentRegister, read_span)
                                                     : offsetof(SegmentRegister, write_span);
    assembler_.mov(x86::r9d, x86::r8d);
    assembler_.sub(x86::r9d, state(at + offsetof(SegmentRegister, first), 4));
    assembler_.add(x86::r9, size);
    assembler_.cmp(x86::r9, state(at + span, 8));
    assembler_.ja(slow);
    assembler_.add(x86::r8d, state(at + offsetof(SegmentRegister, base), 4));
}

// Soft form: one comparison checks everything. The line is the one of the first byte's page, the
// tag is compared with the last byte's, so an access across two pages never matches (Tlb).
x86::Mem Emitter::locate(Access access, unsigned size) {
    if (windowed(access)) return in_window(x86::ptr(x86::r8d, 0, size));
    const x86::Mem last = x86::ptr(x86::r8, static_cast<s32>(size) - 1);
    flags_to_saved();
    if (may_write_table(access, size)) {
        const TableWrite write{assembler_.newLabel(), assembler_.newLabel(), slow_path()};
        table_writes_.push_back(write);
        locate_until(access, last, write.label);
        assembler_.bind(write.back);
    } else {
        locate_until(access, last);
    }
    return x86::ptr(x86::r8, x86::r9, 0, 0, size);
}

// What gave its window up in a kernel mostly did for the sake of page tables.
bool Emitter::may_write_table(Access access, unsigned size) const {
    return access != Access::kRead && size == mmu::TableWatch::kUnit && soft_ &&
           mode().has(Mode::kKernel) && !surroundings_.disabled.has(Trick::kTableWrites);
}

void Emitter::emit_table_write(const TableWrite& write) {
    assembler_.bind(write.label);
    assembler_.call(context(offsetof(Context, write_table), 8));
    assembler_.je(write.back);
    assembler_.jmp(write.slow);
}

void Emitter::locate_until(Access access, const x86::Mem& last, const asmjit::Label& miss) {
    const std::size_t lane = offsetof(Context, tlb) + (mode().user() ? sizeof(void*) : 0);
    const std::size_t tag =
        access == Access::kRead ? offsetof(TlbEntry, read_page) : offsetof(TlbEntry, write_page);
    assembler_.mov(x86::r9d, x86::r8d);
    assembler_.shr(x86::r9d, kPageShift - kEntryShift);
    assembler_.and_(x86::r9d, (Tlb::kLines - 1) << kEntryShift);
    assembler_.add(x86::r9, context(lane, 8));
    assembler_.lea(x86::r10, last);
    assembler_.shr(x86::r10, kPageShift);
    assembler_.cmp(x86::r10, x86::ptr(x86::r9, static_cast<s32>(tag), 8));
    assembler_.jne(miss);
    assembler_.mov(x86::r9, x86::ptr(x86::r9, offsetof(TlbEntry, delta), 8));
}

MemoryForm Emitter::operand_form(Access access) const {
    if (!instruction_->has_memory()) return MemoryForm::kNone;
    if (!windowed(access)) return MemoryForm::kPointer;
    const bool direct =
        mode().flat(instruction_->memory.segment) && instruction_->address_size == 4;
    return direct ? MemoryForm::kWindow : MemoryForm::kWindowR8;
}

void Emitter::operand_for_copy(Access access, unsigned size) {
    const MemoryForm form = operand_form(access);
    if (form == MemoryForm::kWindow || form == MemoryForm::kNone) return;
    effective_address();
    apply_segment(instruction_->memory.segment, access, size);
    locate(access, size);
}

x86::Mem Emitter::memory_operand(Access access, unsigned size) {
    const decoder::MemoryOperand& memory = instruction_->memory;
    if (operand_form(access) == MemoryForm::kWindow && memory.base != kNoGpr) {
        const s32 displacement = displacement_of(memory);
        if (memory.index == kNoGpr)
            return in_window(x86::ptr(guest32(memory.base), displacement, size));
        return in_window(x86::ptr(guest32(memory.base), guest32(memory.index), memory.scale,
                                  displacement, size));
    }
    effective_address();
    apply_segment(memory.segment, access, size);
    return locate(access, size);
}

}  // namespace seventeen::translator
