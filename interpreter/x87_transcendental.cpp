// x87 transcendental functions, with the results of the host's own unit.
#include "interpreter/x87_recipe.h"

namespace seventeen::interpreter {

namespace {

// ST(0) = f(ST(0)); C2 is set, and nothing else done, where the argument is out of range.
constexpr Recipe of_angle(u8 modrm) {
    return {.host = {0xd9, modrm, 1, 1}, .conditions = kX87C1 | kX87C2};
}
// ST(1) = f(ST(0), ST(1)), then a pop.
constexpr Recipe of_both(u8 modrm) {
    return {.host = {0xd9, modrm, 2, 1}, .result = 1, .pops = 1};
}
// ST(0) = f(ST(0)), then a push of the second result; out of range there is no push.
constexpr Recipe twofold(u8 modrm) {
    return {.host = {0xd9, modrm, 1, 2},
            .conditions = kX87C1 | kX87C2,
            .result = kStPushed,
            .second_result = 0,
            .pushes = true,
            .refused = kX87C2};
}

}  // namespace

Handler bind_x87_transcendental(const decoder::Instruction& instruction) {
    if (instruction.opcode != 0xd9) return nullptr;
    switch (instruction.modrm) {
        case 0xf0: return on_stack<Recipe{.host = {0xd9, 0xf0, 1, 1}}>;  // F2XM1
        case 0xf1: return on_stack<of_both(0xf1)>;                       // FYL2X
        case 0xf2: return on_stack<twofold(0xf2)>;                       // FPTAN
        case 0xf3: return on_stack<of_both(0xf3)>;                       // FPATAN
        case 0xf9: return on_stack<of_both(0xf9)>;                       // FYL2XP1
        case 0xfb: return on_stack<twofold(0xfb)>;                       // FSINCOS
        case 0xfe: return on_stack<of_angle(0xfe)>;                      // FSIN
        case 0xff: return on_stack<of_angle(0xff)>;                      // FCOS
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
