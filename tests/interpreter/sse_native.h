// NativeSse: one instruction run by the host between loading and storing a whole state; what it
// raises is caught.
#pragma once

#include <xbyak/xbyak.h>

#include <array>
#include <span>

#include "core/fpu_state.h"
#include "core/types.h"

namespace seventeen::interpreter {

// FXSAVE's image in 64-bit mode, as the SDM draws it.
struct alignas(16) NativeFxImage {
    u16 control = kX87ControlInit;
    u16 status = 0;
    u8 valid = 0;
    u8 reserved = 0;
    u16 opcode = 0;
    std::array<u64, 2> pointers{};
    u32 mxcsr = kMxcsrReset;
    u32 mxcsr_mask = 0;
    std::array<X87Register, 8> st{};  // the image's own layout but for three unused words
    std::array<XmmRegister, 16> xmm{};
    std::array<u64, 12> rest{};
};
static_assert(sizeof(NativeFxImage) == 512);

inline constexpr unsigned kNativeGprs = 8;  // by their numbers; SP stays the host's own

struct alignas(64) NativeSseFrame {
    NativeFxImage fpu;
    std::array<u64, kNativeGprs> gpr{};
    u64 flags = 2;
    u64 vector = 0;    // of the exception that the instruction raised; 0: none
    u64 recovery = 0;  // where the code goes on after one
};

// Sends what instructions raise back to their frames, while it lives.
class NativeTraps {
  public:
    NativeTraps();
    ~NativeTraps();
    NativeTraps(const NativeTraps&) = delete;
    NativeTraps& operator=(const NativeTraps&) = delete;
};

class NativeSse : public Xbyak::CodeGenerator {
  public:
    explicit NativeSse(std::span<const u8> instruction);
    // NativeTraps must be alive.
    void run(NativeSseFrame& frame) const;

  private:
    void load_state();
    void store_state();
};

}  // namespace seventeen::interpreter
