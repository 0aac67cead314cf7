// Rules for instructions that read the machine's own registers.
#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Mnemonic;

namespace {

// What it read is a line over the instructions retired, while the Translator knows that.
bool translate_time_stamp(Emitter& emitter) {
    Emitter::Assembler& out = emitter.out();
    emitter.flags_to_saved();
    const asmjit::Label slow = emitter.slow_path();
    if (!emitter.mode().has(Mode::kKernel)) {
        out.test(emitter.state(offsetof(CpuState, cr4), 4), kCr4Tsd);
        out.jnz(slow);
    }
    out.mov(x86::r9, emitter.context(offsetof(Context, time_stamp_step), 8));
    out.test(x86::r9, x86::r9);
    out.jz(slow);
    out.mov(x86::r8, emitter.context(offsetof(Context, horizon), 8));
    out.sub(x86::r8, x86::r13);
    out.add(x86::r8, emitter.completed());
    out.imul(x86::r8, x86::r9);
    out.add(x86::r8, emitter.context(offsetof(Context, time_stamp_start), 8));
    out.mov(x86::eax, x86::r8d);
    out.shr(x86::r8, 32);
    out.mov(x86::edx, x86::r8d);
    return true;
}

}  // namespace

bool translate_system(Emitter& emitter) {
    switch (emitter.instruction().mnemonic) {
        case Mnemonic::RDTSC: return translate_time_stamp(emitter);
        default: return false;
    }
}

}  // namespace seventeen::translator
