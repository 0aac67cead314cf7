// What a case starts from.
#include "tests/oracle/start_state.h"

#include <cstring>

namespace seventeen::oracle {

namespace {

constexpr u16 kX87Masks = 0x3f;
constexpr u16 kX87AlwaysSet = 0x40;
constexpr u16 kX87ErrorSummary = 1u << 7;
constexpr u16 kX87Busy = 1u << 15;
constexpr u32 kMxcsrMasks = 0x3fu << 7;

u32 random_gpr(Random& random) {
    if (random.chance(45)) {
        const u32 offset = random.below(kData.size - 0x200) + 0x100;
        return kData.base + (random.chance(70) ? offset & ~15u : offset);
    }
    if (random.chance(12)) return (random.next32() << 16) | (kLow.base + random.below(0xfe0));
    return random.integer32();
}

u32 random_stack_pointer(Random& random) {
    if (random.chance(3)) return kStack.base + random.below(0x30);  // about to overrun
    if (random.chance(3)) return kStack.end() - random.below(0x30);
    const u32 offset = 0x600 + random.below(0x400);
    return kStack.base + (random.chance(85) ? offset & ~3u : offset);
}

u32 random_flags(Random& random) {
    u32 flags = kFlagFixed | kFlagIf | (random.next32() & kFlagsArithmetic);
    if (random.chance(25)) flags |= kFlagDf;
    if (random.chance(10)) flags |= kFlagNt;
    if (random.chance(30)) flags |= kFlagId;
    if (random.chance(3)) flags |= kFlagAc;
    if (random.chance(1)) flags |= kFlagTf;
    return flags;
}

}  // namespace

u16 random_x87_control(Random& random) {
    if (random.chance(40)) return kX87ControlInit;
    constexpr u16 kRoundingAndPrecision = 0x1f00;  // the infinity control too
    const u16 control = static_cast<u16>((random.next32() & kRoundingAndPrecision) | kX87AlwaysSet);
    const bool masked = random.chance(50);
    return control | (masked ? kX87Masks : static_cast<u16>(random.next32() & kX87Masks));
}

u32 random_mxcsr(Random& random) {
    if (random.chance(40)) return kMxcsrReset;
    u32 mxcsr = random.next32() & kMxcsrMask;
    if (random.chance(60)) mxcsr |= kMxcsrMasks;
    if (random.chance(60)) mxcsr &= ~0x8040u;  // FZ, DAZ
    return mxcsr;
}

void randomise_fpu(Random& random, FxImage& image) {
    image.control = random_x87_control(random);
    image.status = static_cast<u16>(random.next32() & 0x7f00);  // conditions and TOP
    if (random.chance(15)) image.status |= random.next32() & 0x7f;
    if (image.status & ~image.control & kX87Masks) image.status |= kX87ErrorSummary | kX87Busy;
    switch (random.below(4)) {
        case 0: image.valid = 0xff; break;
        case 1: image.valid = random.byte(); break;
        case 2: image.valid = static_cast<u8>(random.byte() | random.byte()); break;
        default: image.valid = 0xff >> random.below(8); break;
    }
    image.opcode = static_cast<u16>(random.next32() & 0x7ff);
    image.instruction_pointer = random.next32();
    image.instruction_selector = static_cast<u16>(random.next32());
    image.data_pointer = random.next32();
    image.data_selector = static_cast<u16>(random.next32());
    image.mxcsr = random_mxcsr(random);
    for (FxImage::X87& st : image.st) {
        const Random::Extended value = random.extended();
        st = {value.significand, value.sign_exponent, {}};
        if (random.chance(15)) st = {random.vector()[0], 0xffff, {}};  // as MMX leaves it
    }
    for (FxImage::Vector& xmm : image.xmm) xmm = random.vector();
}

void randomise_registers(Random& random, Registers& registers) {
    for (u32& gpr : registers.gpr) gpr = random_gpr(random);
    registers[Gpr::kSp] = random_stack_pointer(random);
    registers.eflags = random_flags(random);
    registers.selectors = Registers().selectors;
    registers.fx = FxImage{};
    randomise_fpu(random, registers.fx);
}

// Mostly flat; else each register by itself, with a stack that fits the code's size more often than
// not.
void randomise_segments(Random& random, Registers& registers) {
    if (random.chance(70)) return;
    const auto pick = [&](auto&& fits) {
        for (;;) {
            const u16 selector = local_selector(random.below(kLocalSegmentCount));
            const LocalSegment& segment = *local_segment(selector);
            if (segment.present && fits(segment)) return selector;
        }
    };
    const auto is_code = [](const LocalSegment& segment) { return segment.is_code(); };
    const auto is_stack = [](const LocalSegment& segment) {
        return !segment.is_code() && segment.rights == LocalSegment::Rights::kMore;
    };
    const auto is_data = [](const LocalSegment& segment) {
        return !segment.is_code() || segment.rights == LocalSegment::Rights::kMore;
    };
    if (random.chance(70)) registers[SegmentName::kCs] = pick(is_code);
    const bool wide = is_32_bit(registers[SegmentName::kCs]);
    if (random.chance(wide ? 30 : 80)) registers[SegmentName::kSs] = pick(is_stack);
    for (const SegmentName name :
         {SegmentName::kEs, SegmentName::kDs, SegmentName::kFs, SegmentName::kGs})
        if (random.chance(40)) registers[name] = pick(is_data);
    // The host cannot enter a case with a small stack and the trap flag at once.
    if (!is_32_bit(registers[SegmentName::kSs])) registers.eflags &= ~kFlagTf;
}

void randomise_memory(Random& random, MemoryImage& memory) {
    for (std::size_t offset = 0; offset < memory.size(); offset += 16) {
        const std::array<u64, 2> bytes = random.vector();
        std::memcpy(memory.data() + offset, bytes.data(), sizeof bytes);
    }
}

}  // namespace seventeen::oracle
