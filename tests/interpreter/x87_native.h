// NativeX87: one x87 instruction run by the host over a whole state, written with an encoder of
// its own.
#pragma once

#include <xbyak/xbyak.h>

#include <array>
#include <span>

#include "core/types.h"

namespace seventeen::interpreter {

// FNSAVE's 32-bit protected-mode format, as the SDM draws it.
struct [[gnu::packed]] NativeImage {
    u32 control, status, tags;
    u32 instruction_pointer;
    u16 instruction_selector, opcode;
    u32 data_pointer;
    u16 data_selector, reserved;
    std::array<std::array<u8, 10>, 8> stack;
};
static_assert(sizeof(NativeImage) == 108);

// What goes in and comes out; RDX leads to `memory` while the instruction runs.
struct NativeFrame {
    NativeImage image{};
    alignas(64) std::array<u8, 128> memory{};
    u64 flags = 2;
    u64 rax = 0;
};

class NativeX87 : public Xbyak::CodeGenerator {
  public:
    explicit NativeX87(std::span<const u8> instruction) {
        push(rbx);
        mov(rbx, rdi);
        lea(rdx, ptr[rdi + offsetof(NativeFrame, memory)]);
        mov(rax, ptr[rdi + offsetof(NativeFrame, rax)]);
        db(0xdd), db(0x23);  // FRSTOR [RBX]
        push(qword[rbx + offsetof(NativeFrame, flags)]);
        popfq();
        instruction_ = getCurr();
        for (const u8 byte : instruction) db(byte);
        pushfq();
        pop(qword[rbx + offsetof(NativeFrame, flags)]);
        db(0xdd), db(0x33);  // FNSAVE [RBX]
        mov(ptr[rbx + offsetof(NativeFrame, rax)], rax);
        pop(rbx);
        ret();
        setProtectModeRE();
    }

    void run(NativeFrame& frame) { getCode<void (*)(NativeFrame*)>()(&frame); }
    // What the instruction leaves in FIP.
    // SAFETY: only the number is wanted.
    u32 address() const { return static_cast<u32>(reinterpret_cast<std::uintptr_t>(instruction_)); }

  private:
    const u8* instruction_;
};

}  // namespace seventeen::interpreter
