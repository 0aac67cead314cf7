// The table of every x87 instruction in the host's own code, to run over a whole state.
#include "interpreter/host_x87.h"

#include <array>
#include <utility>

namespace seventeen::interpreter {

namespace {

constexpr u8 kFirstEscape = 0xd8;
constexpr unsigned kEscapes = 8;
constexpr unsigned kRegisterForms = 64;  // ModRM c0..ff
constexpr unsigned kMemoryForms = 8;     // one for each value of ModRM's middle field
constexpr unsigned kForms = kRegisterForms + kMemoryForms;

template <u8 kEscape, u8 kModrm>
void run_one(HostImage& image, void* memory, u8& flags) {
    u32 eax = u32{flags} << 8;  // AH, for SAHF
    asm volatile(
        "frstor %[image]\n\t"
        "sahf\n\t"
        ".byte %c[escape], %c[modrm]\n\t"
        "lahf\n\t"
        "fnsave %[image]"
        : [image] "+m"(image), "+a"(eax)
        : "d"(memory), [escape] "i"(kEscape), [modrm] "i"(kModrm)
        : "cc", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
    flags = static_cast<u8>(eax >> 8);
}

using Runner = void (*)(HostImage& image, void* memory, u8& flags);

constexpr u8 modrm_of(unsigned form) {
    return static_cast<u8>(
        form < kRegisterForms ? 0xc0 + form : (form - kRegisterForms) << 3 | kHostMemoryOperand);
}

template <std::size_t... kIndex>
constexpr std::array<Runner, sizeof...(kIndex)> make_runners(std::index_sequence<kIndex...>) {
    return {run_one<kFirstEscape + kIndex / kForms, modrm_of(kIndex % kForms)>...};
}

constexpr auto kRunners = make_runners(std::make_index_sequence<kEscapes * kForms>());

}  // namespace

void host_instruction(u8 escape, u8 modrm, HostImage& image, void* memory, u8& flags) {
    const unsigned form = modrm >= 0xc0 ? modrm - 0xc0u : kRegisterForms + (modrm >> 3 & 7);
    kRunners[(escape - kFirstEscape) * kForms + form](image, memory, flags);
}

}  // namespace seventeen::interpreter
