// The host's own x87 unit: runs one x87 instruction over a few registers, or over a whole state.
//
// The guest's x87 instructions run as what they are: the host executes the same bytes. Two ways:
//
// `host_execute` is the short one. It loads one or two registers, runs the instruction with every
// exception masked and stores the results, for about twenty cycles. FNCLEX would cost more than
// all that, so the host's sticky exception flags are left to accumulate: what comes back is a
// superset of what the instruction raised. The caller refuses any flag that would be news to the
// guest (then nothing is stored) and goes the other way.
//
// `host_instruction` is the exact one. It loads the whole of a guest's state, control word, tags
// and condition codes included, runs the instruction and saves the state again: stack faults,
// unmasked exceptions and undefined flags are then the hardware's by construction. FRSTOR and
// FNSAVE wait for no exception, so none is ever taken on the host. It leaves the flags clear.
//
// Both leave the host's stack empty and its control word as the C++ run time expects it.
#pragma once

#include "core/fpu_state.h"
#include "core/types.h"

namespace seventeen::interpreter {

// One instruction as host_execute runs it. A memory operand is addressed by RDX: mod 0, r/m 2.
struct HostOperation {
    u8 escape = 0;
    u8 modrm = 0;
    u8 loads = 0;   // how many of ST(0), ST(1) are filled before it
    u8 stores = 0;  // how many results are on top of the stack after it
};

inline constexpr u8 kHostMemoryOperand = 2;  // the ModRM byte's low three bits for [RDX]

struct HostOperands {
    const X87Register* st0 = nullptr;
    const X87Register* st1 = nullptr;
    void* memory = nullptr;
    X87Register* result = nullptr;         // ST(0) after the instruction
    X87Register* second_result = nullptr;  // ST(1) after it
};

// Returns the status word after the instruction; results are stored unless it has a bit of
// `refused` set. `control` has all exceptions masked.
template <HostOperation kOperation>
inline u16 host_execute(const HostOperands& operands, u16 control, u32 refused) {
    static constexpr u16 kHostControl = kX87ControlInit;
    u32 status;
    // EMMS empties whatever is left on the stack; it, FLDCW and FSTP leave the flags of TEST alone.
    asm volatile(
        "fldcw %[control]\n\t"
        ".if %c[loads] > 1\n\t"
        "fldt (%[st1])\n\t"
        ".endif\n\t"
        ".if %c[loads] > 0\n\t"
        "fldt (%[st0])\n\t"
        ".endif\n\t"
        ".byte %c[escape], %c[modrm]\n\t"
        "fnstsw %%ax\n\t"
        "testl %[refused], %%eax\n\t"
        "jnz 1f\n\t"
        ".if %c[stores] > 0\n\t"
        "fstpt (%[result])\n\t"
        ".endif\n\t"
        ".if %c[stores] > 1\n\t"
        "fstpt (%[second_result])\n\t"
        ".endif\n"
        "1:\n\t"
        "emms\n\t"
        "fldcw %[host_control]"
        : "=&a"(status)
        : "d"(operands.memory), [st0] "r"(operands.st0), [st1] "r"(operands.st1),
          [result] "r"(operands.result), [second_result] "r"(operands.second_result),
          [refused] "r"(refused), [control] "m"(control), [host_control] "m"(kHostControl),
          [escape] "i"(kOperation.escape), [modrm] "i"(kOperation.modrm),
          [loads] "i"(kOperation.loads), [stores] "i"(kOperation.stores)
        : "cc", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
    return static_cast<u16>(status);
}

// FNSAVE's 32-bit protected-mode format (SDM 1 figure 8-9): registers in stack order.
struct [[gnu::packed]] HostImage {
    struct [[gnu::packed]] Register {
        u64 significand;
        u16 sign_exponent;
    };

    u16 control, reserved0;
    u16 status, reserved1;
    u16 tags, reserved2;
    u32 pointers[4];
    Register stack[8];
};
static_assert(sizeof(HostImage) == 108);

// Runs the instruction `escape modrm` over `image`, with its memory operand (if any) at `memory`
// and the low byte of EFLAGS in `flags`. The image's status has no exception flag set.
void host_instruction(u8 escape, u8 modrm, HostImage& image, void* memory, u8& flags);

}  // namespace seventeen::interpreter
