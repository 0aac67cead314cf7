// Re-encoding: prefixes, REX, opcode, ModRM and what follows.
#include "translator/copied_instruction.h"

#include <cstring>
#include <utility>

#include "decoder/prefixes.h"
#include "translator/stack_pointer.h"

namespace seventeen::translator {

namespace {

using decoder::Family;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::Operand;
using decoder::OperandKind;
using decoder::RegisterClass;

constexpr u8 kRex = 0x40;
constexpr u8 kRexR = 4;
constexpr u8 kRexX = 2;
constexpr u8 kRexB = 1;
constexpr u8 kSp = static_cast<u8>(Gpr::kSp);
constexpr u8 kModDisplacement8 = 0x40;
constexpr u8 kModDisplacement32 = 0x80;
constexpr u8 kModRegister = 0xc0;
constexpr u8 kRmSib = 4;       // ModRM.rm: a SIB byte follows
constexpr u8 kRmAbsolute = 5;  // ModRM.rm with mod 0: disp32 (RIP-relative in 64-bit code)
constexpr u8 kSibR8R9 = 0x08;  // base r8, index r9, with REX.B and REX.X
constexpr u8 kSibNone = 0x25;  // no base, no index, disp32

class Bytes {
  public:
    explicit Bytes(CopiedInstruction& into) : into_(into) {}
    void put(u8 byte) { into_.bytes[into_.size++] = byte; }
    void put(const u8* from, std::size_t count) {
        std::memcpy(into_.bytes.data() + into_.size, from, count);
        into_.size = static_cast<u8>(into_.size + count);
    }

  private:
    CopiedInstruction& into_;
};

// Does ModRM's reg field extend the opcode instead of naming a register?
bool is_group(const Instruction& instruction) {
    const u8 opcode = instruction.opcode;
    if (instruction.opcode_map == 0) {
        return (opcode >= 0x80 && opcode <= 0x83) || opcode == 0x8f || opcode == 0xc0 ||
               opcode == 0xc1 || opcode == 0xc6 || opcode == 0xc7 ||
               (opcode >= 0xd0 && opcode <= 0xd3) || opcode == 0xf6 || opcode == 0xf7 ||
               opcode >= 0xfe;
    }
    if (instruction.opcode_map == 1) {
        return opcode == 0xba || opcode == 0xc7 || opcode == 0xae ||
               (opcode >= 0x90 && opcode <= 0x9f) || (opcode >= 0x71 && opcode <= 0x73) ||
               opcode == 0x18 || opcode == 0x1f || opcode <= 0x01;
    }
    return false;
}

bool has_high_byte(const Instruction& instruction) {
    for (const Operand& operand : instruction.operands) {
        if (operand.kind == OperandKind::kRegister &&
            operand.register_class == RegisterClass::kGpr8 && operand.number >= 4)
            return true;
    }
    return false;
}

bool is_vector(const Instruction& instruction) {
    return instruction.row().family >= Family::kX87;
}

// Prefixes that are part of the opcode, or make operands 16 bits wide.
void put_prefixes(Bytes& out, const Instruction& instruction) {
    const std::span raw(instruction.bytes.data(), instruction.layout.prefixes);
    const auto prefixes = decoder::scan_prefixes(raw);
    if (is_vector(instruction)) {
        if (prefixes.operand_size) out.put(decoder::kPrefixOperandSize);
        if (prefixes.repeat) out.put(prefixes.repeat);
        return;
    }
    const bool fixed_size = instruction.mnemonic == Mnemonic::MOVNTI;
    if (instruction.operand_size == 2 && !fixed_size) out.put(decoder::kPrefixOperandSize);
    if (instruction.mnemonic == Mnemonic::POPCNT) out.put(decoder::kPrefixRep);
}

struct Encoding {
    u8 rex = 0;
    u8 opcode = 0;
    bool has_modrm = false;
    u8 modrm = 0;
    bool has_sib = false;
    u8 sib = 0;
    bool displacement = false;  // the instruction's own follows
    u32 moved = 0;              // or this one …
    u8 moved_size = 0;          // … of so many bytes
};

void move_displacement(Encoding& encoding, const Instruction& instruction, s32 by) {
    const u32 moved = static_cast<u32>(instruction.memory.displacement) + static_cast<u32>(by);
    const bool is_short = std::in_range<s8>(static_cast<s32>(moved));
    encoding.displacement = false;
    encoding.moved = moved;
    encoding.moved_size = moved == 0 ? 0 : is_short ? 1 : 4;
    encoding.modrm &= static_cast<u8>(~kModRegister);
    if (moved != 0) encoding.modrm |= is_short ? kModDisplacement8 : kModDisplacement32;
}

void place_memory(Encoding& encoding, const Instruction& instruction, MemoryForm form,
                  s32 stack_delta) {
    const u8 reg = encoding.modrm & 0x38;
    if (form == MemoryForm::kPointer) {
        encoding.rex |= kRexB | kRexX;
        encoding.modrm = reg | kRmSib;
        encoding.has_sib = true;
        encoding.sib = kSibR8R9;
    } else if (form == MemoryForm::kWindowR8) {
        encoding.rex |= kRexB;
        encoding.modrm = reg;
    } else {
        const u8 mod = encoding.modrm & kModRegister;
        encoding.displacement = instruction.layout.displacement_size != 0;
        if (instruction.layout.sib) {
            encoding.has_sib = true;
            encoding.sib = instruction.bytes[instruction.layout.sib];
            if (instruction.memory.base == kSp) {
                encoding.rex |= kRexB;
                if (stack_delta != 0) move_displacement(encoding, instruction, stack_delta);
            }
        } else if (mod == 0 && (encoding.modrm & 7) == kRmAbsolute) {
            encoding.modrm = reg | kRmSib;
            encoding.has_sib = true;
            encoding.sib = kSibNone;
        }
    }
}

// MOV between the accumulator and an absolute address has no short form with a 32-bit address.
bool is_absolute_move(const Instruction& instruction) {
    return instruction.opcode_map == 0 && instruction.opcode >= 0xa0 && instruction.opcode <= 0xa3;
}

Encoding encode(const Instruction& instruction, MemoryForm form, s32 stack_delta) {
    Encoding encoding;
    encoding.opcode = instruction.opcode;
    if (instruction.layout.modrm) {
        encoding.has_modrm = true;
        encoding.modrm = instruction.modrm;
        const bool gpr_registers = names_stack_pointer(instruction);
        if (gpr_registers && !is_group(instruction) && (encoding.modrm >> 3 & 7) == kSp)
            encoding.rex |= kRexR;
        if (encoding.modrm >= kModRegister) {
            if (gpr_registers && (encoding.modrm & 7) == kSp) encoding.rex |= kRexB;
        } else {
            place_memory(encoding, instruction, form, stack_delta);
        }
    } else if (is_absolute_move(instruction)) {
        constexpr u8 kOpcodes[] = {0x8a, 0x8b, 0x88, 0x89};
        encoding.opcode = kOpcodes[instruction.opcode - 0xa0];
        encoding.has_modrm = true;
        encoding.modrm = kRmAbsolute;
        place_memory(encoding, instruction, form, 0);
        encoding.displacement = form == MemoryForm::kWindow;
    } else if (instruction.opcode_map == 0 && instruction.opcode >= 0x40 &&
               instruction.opcode <= 0x4f) {  // INC, DEC r: their bytes are REX prefixes now
        encoding.opcode = 0xff;
        encoding.has_modrm = true;
        encoding.modrm = kModRegister | (instruction.opcode & 0x0f);
        if (names_stack_pointer(instruction)) encoding.rex |= kRexB;
    } else if (names_stack_pointer(instruction) && (encoding.opcode & 7) == kSp) {
        encoding.rex |= kRexB;  // the register is part of the opcode
    }
    if (instruction.opcode_map == 0 && encoding.opcode == 0x82) encoding.opcode = 0x80;
    return encoding;
}

}  // namespace

CopiedInstruction copy_instruction(const Instruction& instruction, MemoryForm form,
                                   s32 stack_delta) {
    CopiedInstruction copied;
    // ESP beside a vector register: which field names which is not worth knowing.
    if (is_vector(instruction) && names_stack_pointer(instruction)) return copied;
    const Encoding encoding = encode(instruction, form, stack_delta);
    if (encoding.rex && has_high_byte(instruction)) return copied;
    Bytes out(copied);
    if (form == MemoryForm::kWindow || form == MemoryForm::kWindowR8) {
        out.put(0x65);
        out.put(decoder::kPrefixAddressSize);
    }
    put_prefixes(out, instruction);
    if (encoding.rex) out.put(kRex | encoding.rex);
    if (instruction.opcode_map != 0) out.put(0x0f);
    if (instruction.opcode_map == 2) out.put(0x38);
    if (instruction.opcode_map == 3) out.put(0x3a);
    out.put(encoding.opcode);
    if (encoding.has_modrm) out.put(encoding.modrm);
    if (encoding.has_sib) out.put(encoding.sib);
    const auto& layout = instruction.layout;
    if (encoding.displacement)
        out.put(instruction.bytes.data() + layout.displacement, layout.displacement_size);
    for (u8 i = 0; i < encoding.moved_size; ++i) out.put(static_cast<u8>(encoding.moved >> 8 * i));
    out.put(instruction.bytes.data() + layout.immediate, layout.immediate_size);
    return copied;
}

}  // namespace seventeen::translator
