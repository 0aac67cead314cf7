// One steering rule for each kind of instruction that needs one.
#include "tests/oracle/steering.h"

#include <algorithm>
#include <cstring>

#include "decoder/properties.h"
#include "tests/oracle/aim.h"
#include "tests/oracle/operand_contents.h"
#include "tests/oracle/segment_steering.h"

namespace seventeen::oracle {

namespace {

using decoder::Family;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

constexpr unsigned number_of(Gpr gpr) {
    return static_cast<unsigned>(gpr);
}

// Sets a register as far as 16- or 32-bit addressing uses it.
void set_address_register(Scene& scene, const Instruction& instruction, Gpr gpr, u32 value) {
    if (instruction.address_size == 2)
        scene.set_gpr16(number_of(gpr), value);
    else
        scene.set_gpr(number_of(gpr), value);
}

bool moves_string(Mnemonic mnemonic) {
    return mnemonic == Mnemonic::MOVSB || mnemonic == Mnemonic::MOVSW ||
           mnemonic == Mnemonic::MOVSD;
}

void steer_string(Scene& scene, const Instruction& instruction) {
    Random& random = scene.random();
    const unsigned size = instruction.operand_count > 0 ? instruction.operands[0].size : 1;
    const bool low = instruction.address_size == 2;
    const u32 source_base = scene.base(instruction.memory.segment);
    const u32 destination_base = scene.base(SegmentName::kEs);
    const u32 source = choose_target(scene, {size, low, false, source_base});
    u32 destination = choose_target(scene, {size, low, false, destination_base});
    if (random.chance(25)) destination = source + random.below(17) - 8;  // overlapping
    if (low && moves_string(instruction.mnemonic)) {
        // Zen tells overlap by all 32 bits of the registers, also with 16-bit addresses, and copies
        // wrongly where their upper halves are not clear.
        for (const Gpr gpr : {Gpr::kSi, Gpr::kDi, Gpr::kCx}) scene.set_gpr(number_of(gpr), 0);
    }
    set_address_register(scene, instruction, Gpr::kSi, source - source_base);
    set_address_register(scene, instruction, Gpr::kDi, destination - destination_base);
    if (instruction.rep || instruction.repne) {
        const u32 count = random.chance(90) ? random.below(40) : random.below(0x3000);
        set_address_register(scene, instruction, Gpr::kCx, count);
    }
    if (!random.chance(40)) return;
    // Long runs of equal elements, for the comparing ones.
    const u32 element = random.chance(50) ? scene.gpr(0) : random.integer32();
    for (u32 i = 0; i < 12; ++i) {
        scene.poke(destination + i * size, &element, size);
        scene.poke(source + i * size, &element, size);
    }
}

// A dividend that mostly fits.
void steer_division(Scene& scene, const Instruction& instruction) {
    Random& random = scene.random();
    if (random.chance(25)) return;
    if (instruction.operands[0].size == 1) {
        scene.set_gpr(number_of(Gpr::kAx),
                      random.chance(50) ? random.below(0x800) : 0u - random.below(0x800));
        return;
    }
    u32 high = random.below(4);
    if (random.chance(60)) high = scene.gpr(0) & 0x8000'0000 ? 0xffff'ffff : 0;
    scene.set_gpr(number_of(Gpr::kDx), high);
}

// Where a transfer through a register, memory or the stack should lead: to the next instruction.
void steer_transfer(Scene& scene, const Draft& draft) {
    if (scene.random().chance(10)) return;
    const Instruction& instruction = draft.instruction;
    const auto landing = [&] {
        return scene.next_address() + static_cast<u32>(draft.bytes.size()) -
               scene.base(SegmentName::kCs);
    };
    if (instruction.mnemonic == Mnemonic::RET) {
        scene.poke(scene.stack_address(), landing());
        return;
    }
    const decoder::Operand& operand = instruction.operands[0];
    if (operand.kind == OperandKind::kRegister && operand.number != number_of(Gpr::kSp)) {
        const u32 move_length = scene.code_size() == decoder::CodeSize::k32 ? 5 : 6;
        const u32 move = scene.at_start() ? 0 : move_length;
        scene.set_gpr(operand.number, landing() + move);
    }
    if (operand.kind == OperandKind::kMemory)
        scene.poke(operand_address(scene, instruction), landing());
}

// Aims a register that an instruction uses as an address without naming it.
void steer_implicit_address(Scene& scene, const Instruction& instruction, Gpr gpr, unsigned size) {
    const u32 base = scene.base(instruction.memory.segment);
    const u32 target = choose_target(scene, {size, instruction.address_size == 2, false, base});
    set_address_register(scene, instruction, gpr, target - base);
}

// Registers that an instruction uses without naming them, or in a way of its own.
void steer_registers(Scene& scene, Draft& draft) {
    Random& random = scene.random();
    const Instruction& instruction = draft.instruction;
    if (instruction.row().family == Family::kString) {
        steer_string(scene, instruction);
        return;
    }
    switch (instruction.mnemonic) {
        case Mnemonic::DIV:
        case Mnemonic::IDIV: steer_division(scene, instruction); break;
        case Mnemonic::XLAT: steer_implicit_address(scene, instruction, Gpr::kBx, 1); break;
        case Mnemonic::MASKMOVQ:
        case Mnemonic::MASKMOVDQU: steer_implicit_address(scene, instruction, Gpr::kDi, 8); break;
        case Mnemonic::LEAVE:
        case Mnemonic::ENTER:
            if (random.chance(85))
                scene.set_gpr(number_of(Gpr::kBp), kStack.base + 0x800 + random.below(0x300) * 2);
            break;
        case Mnemonic::LOOP:
        case Mnemonic::LOOPE:
        case Mnemonic::LOOPNE:
        case Mnemonic::JCXZ:
        case Mnemonic::JECXZ:
            if (random.chance(60))
                set_address_register(scene, instruction, Gpr::kCx, random.below(3));
            break;
        default:
            if (instruction.row().family == Family::kShift && random.chance(30))
                scene.set_gpr(number_of(Gpr::kCx), random.integer32());
            break;
    }
}

// Immediates at the edges; a near branch's displacement is zero until the whole case is known.
void steer_immediate(Random& random, Draft& draft) {
    const Instruction& instruction = draft.instruction;
    const decoder::Layout& layout = instruction.layout;
    if (layout.immediate == 0 || instruction.mnemonic == Mnemonic::INT) return;
    u8* immediate = draft.bytes.data() + layout.immediate;
    const Mnemonic mnemonic = instruction.mnemonic;
    if (instruction.operands[0].kind == OperandKind::kRelative) {
        std::fill_n(immediate, layout.immediate_size, u8{0});
    } else if (mnemonic == Mnemonic::ENTER || mnemonic == Mnemonic::RET) {
        if (random.chance(85)) immediate[1] = 0;
    } else if (random.chance(50)) {
        const u32 value = random.integer32();
        std::memcpy(immediate, &value, std::min<std::size_t>(layout.immediate_size, sizeof value));
    }
}

// The accumulator that a comparison succeeds with.
void steer_exchange(Scene& scene, const Instruction& instruction) {
    if (!scene.random().chance(50)) return;
    const decoder::Operand& destination = instruction.operands[0];
    const bool memory = destination.kind == OperandKind::kMemory;
    const u32 address = memory ? operand_address(scene, instruction) : 0;
    if (instruction.mnemonic == Mnemonic::CMPXCHG8B) {
        scene.set_gpr(number_of(Gpr::kAx), scene.peek(address));
        scene.set_gpr(number_of(Gpr::kDx), scene.peek(address + 4));
    } else if (memory) {
        scene.set_gpr(number_of(Gpr::kAx), scene.peek(address));
    } else if (destination.size != 1) {
        scene.set_gpr(number_of(Gpr::kAx), scene.gpr(destination.number));
    }
}

// A bit offset in a register reaches far beyond the operand; mostly not as far as it could.
void steer_bit_offset(Scene& scene, const Instruction& instruction) {
    const decoder::Operand& offset = instruction.operands[1];
    const bool names_address =
        offset.number == instruction.memory.base || offset.number == instruction.memory.index;
    if (offset.kind != OperandKind::kRegister || offset.number == number_of(Gpr::kSp) ||
        names_address || scene.random().chance(10))
        return;
    scene.set_gpr(offset.number, scene.random().below(0x400) - 0x200);
}

bool is_bit_test(Mnemonic mnemonic) {
    return mnemonic == Mnemonic::BT || mnemonic == Mnemonic::BTS || mnemonic == Mnemonic::BTR ||
           mnemonic == Mnemonic::BTC;
}

}  // namespace

void steer(Scene& scene, Draft& draft) {
    const Instruction& instruction = draft.instruction;
    steer_immediate(scene.random(), draft);
    steer_registers(scene, draft);
    if (instruction.has_memory()) {
        if (is_bit_test(instruction.mnemonic)) steer_bit_offset(scene, instruction);
        aim(scene, draft);
        choose_contents(scene, instruction);
    }
    steer_segments(scene, draft);
    const Mnemonic mnemonic = instruction.mnemonic;
    if (mnemonic == Mnemonic::CMPXCHG || mnemonic == Mnemonic::CMPXCHG8B)
        steer_exchange(scene, instruction);
    if (instruction.row().kind == decoder::Class::kControl) steer_transfer(scene, draft);
}

}  // namespace seventeen::oracle
