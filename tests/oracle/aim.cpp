// Targets, and the ways to reach them.
#include "tests/oracle/aim.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace seventeen::oracle {

namespace {

using decoder::Instruction;
using decoder::MemoryOperand;

constexpr unsigned kStackPointer = static_cast<unsigned>(Gpr::kSp);

u32 address_mask(const Instruction& instruction) {
    return instruction.address_size == 2 ? 0xffff : 0xffff'ffff;
}

constexpr u32 kLowReach = 0x10000;

// A region within the first 64 KiB from `base`, or kLow.
const Region& choose_low_region(Random& random, u32 base) {
    std::array<const Region*, kMemory.size()> found{};
    u32 count = 0;
    for (const Region& region : kMemory)
        if (region.base - base < kLowReach) found[count++] = &region;
    return count == 0 ? kLow : *found[random.below(count)];
}

const Region& choose_region(Random& random, const Access& access) {
    if (access.low) return choose_low_region(random, access.base);
    const u32 choice = random.below(100);
    return choice < 86 ? kData : choice < 92 ? kStack : choice < 97 ? kConstants : kLow;
}

void patch_displacement(Draft& draft, u32 displacement) {
    const decoder::Layout& layout = draft.instruction.layout;
    std::memcpy(draft.bytes.data() + layout.displacement, &displacement, layout.displacement_size);
    draft.instruction.memory.displacement = static_cast<s32>(displacement);
}

void set_address_part(Scene& scene, const Instruction& instruction, u8 number, u32 value) {
    if (instruction.address_size == 2)
        scene.set_gpr16(number, value);
    else
        scene.set_gpr(number, value);
}

// Does what the displacement cannot; a stack pointer stays, and so does an unreachable operand.
void adjust_registers(Scene& scene, const Instruction& instruction, u32 missing) {
    const MemoryOperand& memory = instruction.memory;
    const bool base_is_free = memory.base != kNoGpr && memory.base != kStackPointer;
    if (base_is_free && memory.base != memory.index) {
        set_address_part(scene, instruction, memory.base, scene.gpr(memory.base) + missing);
    } else if (memory.index != kNoGpr && memory.index != memory.base) {
        set_address_part(scene, instruction, memory.index,
                         scene.gpr(memory.index) + (missing >> memory.scale));
    }
}

}  // namespace

u32 operand_address(const Scene& scene, const Instruction& instruction) {
    const MemoryOperand& memory = instruction.memory;
    const u32 sum = scene.gpr(memory.base) + (scene.gpr(memory.index) << memory.scale) +
                    static_cast<u32>(memory.displacement);
    return scene.base(memory.segment) + (sum & address_mask(instruction));
}

u32 choose_target(Scene& scene, const Access& access) {
    Random& random = scene.random();
    if (random.chance(2)) return random.next32();
    const Region& region = choose_region(random, access);
    if (random.chance(4)) {  // across a page or over the region's edge
        const u32 page = (random.below(region.size / kPageSize + 1)) * kPageSize;
        return region.base + page - random.below(access.size + 2);
    }
    const u32 reach =
        access.low ? std::min(region.size, access.base + kLowReach - region.base) : region.size;
    const u32 target = region.base + random.below(reach - 0x20);
    const bool align = random.chance(access.aligned ? 94 : 70);
    return align && access.size > 1 ? target & ~(std::bit_floor(access.size) - 1) : target;
}

void aim(Scene& scene, Draft& draft) {
    Instruction& instruction = draft.instruction;
    unsigned size = 1;
    for (const decoder::Operand& operand : instruction.operands)
        if (operand.kind == decoder::OperandKind::kMemory)
            size = std::max<unsigned>(1, operand.size);
    const bool low = instruction.address_size == 2;
    const bool aligned = size >= 16;
    const u32 base = scene.base(instruction.memory.segment);
    const u32 target = choose_target(scene, {std::min(size, 16u), low, aligned, base});
    const u32 missing = target - operand_address(scene, instruction);
    const unsigned widest = low ? 2 : 4;
    if (instruction.layout.displacement_size == widest)
        patch_displacement(draft, static_cast<u32>(instruction.memory.displacement) + missing);
    else
        adjust_registers(scene, instruction, missing);
}

}  // namespace seventeen::oracle
