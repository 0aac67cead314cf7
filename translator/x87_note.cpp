// The emitter's part in keeping the x87's pointers.
#include "translator/emitter.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;

void Emitter::note_x87() {
    const decoder::Instruction& instruction = *instruction_;
    x87_.any = true;
    x87_.instruction_pointer = mode().code32() ? eip_ : eip_ & 0xffff;
    x87_.opcode = static_cast<u16>((instruction.opcode & 7) << 8 | instruction.modrm);
    if (!instruction.has_memory()) return;
    const decoder::MemoryOperand& memory = instruction.memory;
    x87_.data_segment = static_cast<u32>(memory.segment);
    const x86::Mem place = context(offsetof(Context, x87_data), 4);
    const bool absolute = memory.base == kNoGpr && memory.index == kNoGpr;
    if (absolute) {
        const u32 mask = instruction.address_size == 2 ? 0xffff : ~u32{0};
        assembler_.mov(place, static_cast<s32>(static_cast<u32>(memory.displacement) & mask));
        return;
    }
    // Where the access went through r8, it still has the address.
    if (operand_form() == MemoryForm::kWindow || !mode().flat(memory.segment)) effective_address();
    assembler_.mov(place, x86::r8d);
}

void Emitter::store_x87_note() {
    if (!x87_.any) return;
    const std::size_t at = offsetof(Context, x87_note);
    constexpr u32 kAny = 1u << 16;
    static_assert(offsetof(X87Note, any) == offsetof(X87Note, opcode) + 2);
    assembler_.mov(context(at + offsetof(X87Note, instruction_pointer), 4),
                   static_cast<s32>(x87_.instruction_pointer));
    assembler_.mov(context(at + offsetof(X87Note, opcode), 4),
                   static_cast<s32>(x87_.opcode | kAny));
    if (x87_.data_segment == X87Note::kNoData) return;
    assembler_.mov(context(at + offsetof(X87Note, data_segment), 4),
                   static_cast<s32>(x87_.data_segment));
}

}  // namespace seventeen::translator
