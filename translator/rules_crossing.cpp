// Rules for INT n, IRET, SYSENTER and SYSEXIT, between a program and its kernel (crossings.h).
#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;

namespace {

// A window is chosen by an instruction, and the FPU's registers, whose level they cross, are out.
bool may_cross(const Emitter& emitter, CrossingKind kind) {
    const Mode& mode = emitter.mode();
    if (emitter.disabled(Trick::kCrossings) || emitter.disabled(Trick::kFsgsbase)) return false;
    if (mode.has(Mode::kFpuLive) || !mode.code32() || !mode.stack32()) return false;
    if (!leads_to_user(kind)) return mode.user();
    return mode.has(Mode::kKernel) &&
           (kind == CrossingKind::kSysexit || mode.flat(SegmentName::kSs));
}

}  // namespace

bool translate_crossing(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const std::optional<CrossingKind> kind = crossing_of(instruction.mnemonic);
    if (!kind || !may_cross(emitter, *kind)) return false;
    const u32 key =
        crossing_key(*kind, static_cast<u32>(instruction.immediate), emitter.mode_number());
    Emitter::Assembler& out = emitter.out();
    emitter.settle_stack_pointer();
    emitter.flags_to_saved();
    const asmjit::Label slow = emitter.slow_path();
    if (*kind == CrossingKind::kInterrupt) out.mov(x86::r8d, emitter.next_eip());
    out.mov(x86::r9d, crossing_place(key));
    out.mov(x86::r10d, key);
    const std::size_t stub = static_cast<std::size_t>(*kind) * sizeof(const u8*);
    out.call(emitter.context(offsetof(Context, cross) + stub, 8));
    out.jne(slow);
    out.mov(x86::rsp, emitter.context(offsetof(Context, pairs_top), 8));
    emitter.exit_indirect(Emitter::Branch::kCrossing);
    return true;
}

}  // namespace seventeen::translator
