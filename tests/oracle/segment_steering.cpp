// Selectors of every kind that a process meets.
#include "tests/oracle/segment_steering.h"

#include <cstring>

#include "tests/oracle/aim.h"

namespace seventeen::oracle {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

constexpr unsigned kStackPointer = static_cast<unsigned>(Gpr::kSp);

// Any of the LDT, one behind its end and a lower RPL (which counts for nothing here) included.
u16 any_local_selector(Random& random) {
    const u16 selector = local_selector(random.below(kLocalSegmentCount + 1));
    return random.chance(90) ? selector : static_cast<u16>(selector - random.below(4));
}

u16 choose_selector(Random& random) {
    // The user's own with each RPL, null ones, the kernel's, a system segment's.
    constexpr std::array<u16, 17> kSelectors = {0x2b, 0x2a, 0x28, 0x23, 0x20, 0x33, 0x30, 0,   1,
                                                3,    0x10, 0x13, 0x1b, 0x43, 0x53, 0x63, 0x7b};
    if (random.chance(30)) return kUserData;
    if (random.chance(50)) return any_local_selector(random);
    return random.chance(90) ? random.pick(kSelectors) : static_cast<u16>(random.next32());
}

// One that code of that size can go on in: never the host's 64-bit segment, for the case would go
// on in another language, and so it would in a segment of the other size.
u16 fitting_code_selector(Random& random, decoder::CodeSize size) {
    for (;;) {
        const u16 selector = local_selector(random.below(kLocalSegmentCount));
        const LocalSegment& segment = *local_segment(selector);
        if (segment.is_code() && segment.present && code_size(selector) == size) return selector;
    }
}

u16 choose_code_selector(Scene& scene) {
    constexpr std::array<u16, 14> kRefused = {0x20, 0x21, 0x2b, 0,    3,    0x10, 0x13,
                                              0x1b, 0x43, 0x53, 0x7b, 0x83, 0x2f, 0x37};
    Random& random = scene.random();
    if (random.chance(15)) return random.pick(kRefused);
    const bool local = scene.has_local_segments() && random.chance(60);
    if (scene.code_size() == decoder::CodeSize::k32 && !local) return kUserCode32;
    return fitting_code_selector(random, scene.code_size());
}

// Puts `selector` where a 16-bit source operand is read.
void set_source(Scene& scene, const Instruction& instruction, u16 selector) {
    for (unsigned i = 0; i < instruction.operand_count; ++i) {
        const decoder::Operand& operand = instruction.operands[i];
        const bool last = i + 1u == instruction.operand_count;
        if (operand.kind == OperandKind::kMemory)
            scene.poke(operand_address(scene, instruction), selector);
        else if (last && operand.kind == OperandKind::kRegister &&
                 operand.register_class != decoder::RegisterClass::kSegment &&
                 operand.number != kStackPointer)
            scene.set_gpr16(operand.number, selector);
    }
}

// Offset, then selector, in memory; returns the address behind them.
u32 poke_far_pointer(Scene& scene, u32 address, u32 offset, u16 selector, unsigned offset_size) {
    scene.poke(address, &offset, offset_size);
    scene.poke(address + offset_size, selector);
    return address + 2 * offset_size;  // as on a stack
}

void steer_far_transfer(Scene& scene, Draft& draft) {
    Random& random = scene.random();
    const Instruction& instruction = draft.instruction;
    const unsigned size = instruction.operand_size;
    const u16 selector = choose_code_selector(scene);
    scene.change_code_segment(selector);
    const u32 landing =
        scene.next_address() + static_cast<u32>(draft.bytes.size()) - segment_base(selector);
    if (instruction.operands[0].kind == OperandKind::kFarPointer) {
        u8* pointer = draft.bytes.data() + instruction.layout.immediate;
        std::memcpy(pointer, &landing, size);
        std::memcpy(pointer + size, &selector, sizeof selector);
        return;
    }
    const bool through_memory = instruction.operands[0].kind == OperandKind::kMemory;
    const u32 address =
        through_memory ? operand_address(scene, instruction) : scene.stack_address();
    const u32 flags_address = poke_far_pointer(scene, address, landing, selector, size);
    if (instruction.mnemonic == Mnemonic::IRET || instruction.mnemonic == Mnemonic::IRETD) {
        constexpr u32 kSeldom = kFlagTf | kFlagAc | kFlagNt;
        u32 flags = random.next32();
        if (!random.chance(10)) flags &= ~kSeldom;
        scene.poke(flags_address, &flags, size);
    }
}

}  // namespace

void steer_segments(Scene& scene, Draft& draft) {
    const Instruction& instruction = draft.instruction;
    Random& random = scene.random();
    switch (instruction.mnemonic) {
        case Mnemonic::MOV_SEGMENT:
        case Mnemonic::LAR:
        case Mnemonic::LSL:
        case Mnemonic::VERR:
        case Mnemonic::VERW:
        case Mnemonic::ARPL: set_source(scene, instruction, choose_selector(random)); break;
        case Mnemonic::POP_SEGMENT:
            scene.poke(scene.stack_address(), choose_selector(random));
            break;
        case Mnemonic::LDS:
        case Mnemonic::LES:
        case Mnemonic::LFS:
        case Mnemonic::LGS:
        case Mnemonic::LSS:
            poke_far_pointer(scene, operand_address(scene, instruction), random.integer32(),
                             choose_selector(random), instruction.operand_size);
            break;
        case Mnemonic::JMP_FAR:
        case Mnemonic::CALL_FAR:
        case Mnemonic::RET_FAR:
        case Mnemonic::IRET:
        case Mnemonic::IRETD: steer_far_transfer(scene, draft); break;
        default: break;
    }
}

}  // namespace seventeen::oracle
