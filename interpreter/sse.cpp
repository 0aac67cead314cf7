// The families of MMX and SSE: generations in the instruction table, here files by what they do.
#include "interpreter/families.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

constexpr Binder kBinders[] = {
    &bind_sse_move,    &bind_packed_integer, &bind_packed_shift,       &bind_sse_arithmetic,
    &bind_sse_shuffle, &bind_sse_extract,    &bind_sse_compare,        &bind_sse_convert,
    &bind_fxsave,      &bind_sse_round,      &bind_sse_string_compare, &bind_sse_crc32,
};

Handler bind(const decoder::Instruction& instruction) {
    for (const Binder binder : kBinders)
        if (Handler handler = binder(instruction)) return handler;
    return nullptr;
}

}  // namespace

Handler bind_mmx(const decoder::Instruction& instruction) {
    return bind(instruction);
}
Handler bind_sse(const decoder::Instruction& instruction) {
    return bind(instruction);
}
Handler bind_sse2(const decoder::Instruction& instruction) {
    return bind(instruction);
}
Handler bind_sse3(const decoder::Instruction& instruction) {
    return bind(instruction);
}
Handler bind_sse4(const decoder::Instruction& instruction) {
    return bind(instruction);
}

}  // namespace seventeen::interpreter
