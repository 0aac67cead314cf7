// Learning from a crossing that the privilege engine has made.
#include "translator/crossings.h"

#include <algorithm>
#include <cstring>

#include "privilege/descriptor.h"
#include "translator/block_key.h"

namespace seventeen::translator {

namespace {

using privilege::kDescriptorSize;

// IF may change, and RF, which is cleared before the next instruction, may be popped.
constexpr u32 kMoving = kFlagIf | kFlagRf;
constexpr u32 kHindrances = kFlagTf | kFlagNt | kFlagRf | kFlagVm;

// Eight bytes that supervisors can read at once.
bool read_word(mmu::Mmu& mmu, u64 place, Crossing::Word& word) {
    word.place = place & 0xffff'ffff;
    const LinearAddress address{word.place};
    if (address.offset() > kPageSize - sizeof word.value) return false;
    const u8* bytes = mmu.read_run(address, mmu::Privilege::kSupervisor);
    if (bytes) std::memcpy(&word.value, bytes, sizeof word.value);
    return bytes;
}

bool read_descriptor(mmu::Mmu& mmu, const CpuState& state, u16 selector, Crossing::Word& word) {
    if (selector & privilege::kSelectorLocal) return false;
    return read_word(mmu, state.gdtr.base + (selector & ~u64{kDescriptorSize - 1}), word);
}

u16 last_byte(u16 selector) {
    return selector | (kDescriptorSize - 1);
}

bool is_flat_code(const SegmentRegister& code) {
    return code.base == 0 && code.limit == 0xffff'ffff && code.big();
}

bool learn_descriptors(Crossing& crossing, const CpuState& state, mmu::Mmu& mmu) {
    const u16 code = crossing.code.selector;
    const u16 stack = crossing.stack.selector;
    crossing.gdt = state.gdtr.base;
    crossing.gdt_last = std::max(last_byte(code), last_byte(stack));
    return read_descriptor(mmu, state, code, crossing.code_descriptor) &&
           read_descriptor(mmu, state, stack, crossing.stack_descriptor);
}

// A 32-bit gate, and a 32-bit TSS.
bool learn_gate(Crossing& crossing, u8 vector, const CpuState& state, mmu::Mmu& mmu) {
    using enum privilege::SystemType;
    constexpr u32 kFirstStack = 4;  // in the TSS
    crossing.idt = state.idtr.base;
    crossing.idt_last = static_cast<u16>(vector * kDescriptorSize + kDescriptorSize - 1);
    if (!read_word(mmu, state.idtr.base + vector * kDescriptorSize, crossing.gate)) return false;
    constexpr unsigned kHighShift = 32;
    const u64 word = crossing.gate.value;
    const privilege::Descriptor gate{static_cast<u32>(word), static_cast<u32>(word >> kHighShift)};
    const bool interrupt_gate = gate.is(kInterruptGate32);
    if (!interrupt_gate && !gate.is(kTrapGate32)) return false;
    if (!(state.tr.attributes & privilege::kSystemType32)) return false;
    crossing.target = gate.gate_offset();
    crossing.kept_flags = interrupt_gate ? ~kFlagIf : ~0u;
    crossing.tss = state.tr.base;
    crossing.tss_kind = u64{state.tr.limit} << 32 | state.tr.attributes;
    Crossing::Word stack;
    if (!read_word(mmu, state.tr.base + kFirstStack, stack)) return false;
    crossing.stack_place = stack.place;
    return true;
}

}  // namespace

std::optional<CrossingKind> crossing_of(decoder::Mnemonic mnemonic) {
    using decoder::Mnemonic;
    switch (mnemonic) {
        case Mnemonic::INT: return CrossingKind::kInterrupt;
        case Mnemonic::IRETD: return CrossingKind::kReturn;
        case Mnemonic::SYSENTER: return CrossingKind::kSysenter;
        case Mnemonic::SYSEXIT: return CrossingKind::kSysexit;
        default: return std::nullopt;
    }
}

bool learn_crossing(Crossing& crossing, CrossingKind kind, u8 vector, u32 flags,
                    const CpuState& state, mmu::Mmu& mmu) {
    const unsigned level = leads_to_user(kind) ? 3 : 0;
    crossing.flags = flags & ~kFlagIf;
    crossing.cr0 = state.cr0;
    crossing.cr4 = state.cr4;
    crossing.cr3 = state.cr3;
    crossing.pdpte = state.pdpte;
    crossing.sysenter_cs = state.msr.sysenter_cs;
    crossing.kept_flags = ~kFlagIf;
    crossing.code = state.segment(SegmentName::kCs);
    crossing.stack = state.segment(SegmentName::kSs);
    if ((flags & kHindrances) || ((flags ^ state.system_flags) & ~kMoving)) return false;
    if (state.cpl != level || !state.protected_mode()) return false;
    if (!is_flat_code(crossing.code) || !is_flat(crossing.stack) || !crossing.stack.big())
        return false;
    switch (kind) {
        case CrossingKind::kInterrupt:
            return learn_gate(crossing, vector, state, mmu) &&
                   learn_descriptors(crossing, state, mmu);
        case CrossingKind::kReturn: return learn_descriptors(crossing, state, mmu);
        default: return true;
    }
}

}  // namespace seventeen::translator
