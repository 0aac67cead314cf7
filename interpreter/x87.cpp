// The x87 family's binder: by opcode bytes, which are more regular than the mnemonics.
#include "interpreter/x87.h"

#include "interpreter/families.h"

namespace seventeen::interpreter {

Handler bind_x87(const decoder::Instruction& instruction) {
    if (instruction.opcode_map != 0) return nullptr;
    constexpr Handler (*kBinders[])(const decoder::Instruction&) = {
        bind_x87_control, bind_x87_environment,    bind_x87_load_store, bind_x87_move,
        bind_x87_compare, bind_x87_transcendental, bind_x87_arithmetic};
    for (const auto bind : kBinders) {
        if (const Handler handler = bind(instruction)) return handler;
    }
    return nullptr;
}

}  // namespace seventeen::interpreter
