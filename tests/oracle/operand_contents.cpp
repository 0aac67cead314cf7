// Floats for those that read floats, images for those that restore images, bounds for BOUND.
#include "tests/oracle/operand_contents.h"

#include <cstring>

#include "tests/oracle/aim.h"
#include "tests/oracle/start_state.h"

namespace seventeen::oracle {

namespace {

using decoder::Family;
using decoder::Instruction;
using decoder::Mnemonic;

bool reads_integer(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::FILD:
        case Mnemonic::FIADD:
        case Mnemonic::FIMUL:
        case Mnemonic::FISUB:
        case Mnemonic::FISUBR:
        case Mnemonic::FIDIV:
        case Mnemonic::FIDIVR:
        case Mnemonic::FICOM:
        case Mnemonic::FICOMP: return true;
        default: return false;
    }
}

void poke_x87_number(Scene& scene, const Instruction& instruction, u32 address) {
    Random& random = scene.random();
    const bool integer = reads_integer(instruction.mnemonic);
    switch (instruction.operands[0].size) {
        case 4: scene.poke(address, integer ? random.integer32() : random.float32()); break;
        case 8: scene.poke(address, integer ? random.integer64() : random.float64()); break;
        case 10: {
            const Random::Extended value = random.extended();
            scene.poke(address, value.significand);
            scene.poke(address + 8, value.sign_exponent);
            if (instruction.mnemonic == Mnemonic::FBLD)
                scene.poke(address, random.packed_decimal());
            break;
        }
        default: scene.poke(address, static_cast<u16>(random.integer32())); break;
    }
}

// FLDENV's and FRSTOR's image, in the 16- or the 32-bit form (SDM 1, figures 8-9 to 8-12).
void poke_environment(Scene& scene, const Instruction& instruction, u32 address) {
    Random& random = scene.random();
    FxImage image;
    randomise_fpu(random, image);
    const u32 words[] = {image.control,
                         image.status,
                         random.next32(),
                         image.instruction_pointer,
                         u32{image.opcode} << 16 | image.instruction_selector,
                         image.data_pointer,
                         image.data_selector};
    u32 at = address;
    for (const u32 word : words) {
        scene.poke(at, &word, instruction.operand_size);
        at += instruction.operand_size;
    }
    if (instruction.mnemonic != Mnemonic::FRSTOR) return;
    for (const FxImage::X87& st : image.st) {
        scene.poke(at, st.significand);
        scene.poke(at + 8, st.sign_exponent);
        at += 10;
    }
}

void poke_bounds(Scene& scene, const Instruction& instruction, u32 address) {
    Random& random = scene.random();
    const unsigned size = instruction.operand_size;
    const u32 index = scene.gpr(instruction.operands[0].number);
    const u32 lower = index - random.below(3);
    const u32 upper = index + random.below(3) - (random.chance(20) ? 1 : 0);
    scene.poke(address, &lower, size);
    scene.poke(address + size, &upper, size);
}

}  // namespace

void choose_contents(Scene& scene, const Instruction& instruction) {
    Random& random = scene.random();
    const u32 address = operand_address(scene, instruction);
    switch (instruction.mnemonic) {
        case Mnemonic::LDMXCSR: scene.poke(address, random_mxcsr(random)); return;
        case Mnemonic::FLDCW: scene.poke(address, random_x87_control(random)); return;
        case Mnemonic::FLDENV:
        case Mnemonic::FRSTOR: poke_environment(scene, instruction, address); return;
        case Mnemonic::FXRSTOR: {
            FxImage image;
            randomise_fpu(random, image);
            scene.poke(address, image);
            return;
        }
        case Mnemonic::BOUND: poke_bounds(scene, instruction, address); return;
        default: break;
    }
    if (random.chance(35)) return;
    switch (instruction.row().family) {
        case Family::kX87: poke_x87_number(scene, instruction, address); break;
        case Family::kMmx:
        case Family::kSse:
        case Family::kSse2:
        case Family::kSse3:
        case Family::kSse4: scene.poke(address, random.vector()); break;
        default: scene.poke(address, random.integer32()); break;
    }
}

}  // namespace seventeen::oracle
