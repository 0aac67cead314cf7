// FXSAVE, FXRSTOR, LDMXCSR, STMXCSR: the whole x87, MMX and SSE state, or MXCSR, in memory.
//
// The image (SDM 1 10.5.1) is 512 bytes on a 16-byte boundary. FXSAVE stores 288 of them, reserved
// ones as zeros, and leaves the rest alone; both instructions check all 512 first, as the host
// does. Without CR4.OSFXSR the XMM registers stay out of it. x87 registers are in stack order, tags
// in physical order. Neither instruction waits for a pending x87 exception.
#include <algorithm>
#include <array>
#include <bit>

#include "interpreter/sse_packed.h"
#include "interpreter/x87.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

constexpr u32 kAreaSize = 512;
constexpr u16 kOpcodeMask = 0x7ff;
constexpr unsigned kXmmCount = 8;  // outside 64-bit mode

// --- the image ---

struct SavedRegister {
    u64 significand = 0;
    u16 sign_exponent = 0;
    std::array<u16, 3> reserved{};
};
struct Pointer {
    u32 offset = 0;
    u16 selector = 0;
    u16 reserved = 0;
};
struct Header {
    u16 control = 0;
    u16 status = 0;
    u8 valid = 0;
    u8 reserved = 0;
    u16 opcode = 0;
    Pointer instruction;
    Pointer data;
    u32 mxcsr = 0;
    u32 mxcsr_mask = 0;
};
struct Image {
    Header header;
    std::array<SavedRegister, 8> st;
    std::array<XmmRegister, kXmmCount> xmm;
};
struct Area {
    Image image;
    std::array<u8, 224> unused;
};
static_assert(sizeof(Area) == kAreaSize);

Image image_of(const FpuState& fpu) {
    Image image;
    image.header = {fpu.control,
                    fpu.status,
                    fpu.valid,
                    0,
                    fpu.opcode,
                    {fpu.instruction_pointer, fpu.instruction_selector, 0},
                    {fpu.data_pointer, fpu.data_selector, 0},
                    fpu.mxcsr,
                    kMxcsrMask};
    for (unsigned i = 0; i < image.st.size(); ++i)
        image.st[i] = {fpu.st(i).significand, fpu.st(i).sign_exponent, {}};
    std::copy_n(fpu.xmm.begin(), kXmmCount, image.xmm.begin());
    return image;
}

void restore(FpuState& fpu, const Image& image, bool with_xmm) {
    const Header& header = image.header;
    fpu.status = header.status;
    set_control(fpu, header.control);
    fpu.valid = header.valid;
    fpu.opcode = header.opcode & kOpcodeMask;
    fpu.instruction_pointer = header.instruction.offset;
    fpu.instruction_selector = header.instruction.selector;
    fpu.data_pointer = header.data.offset;
    fpu.data_selector = header.data.selector;
    fpu.mxcsr = header.mxcsr;
    for (unsigned i = 0; i < image.st.size(); ++i)
        fpu.st(i) = {image.st[i].significand, image.st[i].sign_exponent};
    if (with_xmm) std::copy_n(image.xmm.begin(), kXmmCount, fpu.xmm.begin());
}

// --- the area in memory ---

// One access each; the Mmu takes no longer ones.
using Line = std::array<u8, 32>;
constexpr u32 kImageLines = sizeof(Image) / sizeof(Line);
constexpr u32 kLinesWithoutXmm = (sizeof(Image) - sizeof(Image::xmm)) / sizeof(Line);
static_assert(kLinesWithoutXmm * sizeof(Line) + sizeof(Image::xmm) == sizeof(Image));

// What the two have in common: #NM, the first doubleword's place in the segment, alignment, and
// then the area's last byte (whose offset wraps as addresses do) before its first, as on the host:
// CR2 shows it. Where the guest asked for alignment checks, the width that raises #AC instead of
// #GP is up to processors (SDM 2A, FXSAVE); the host's is four.
Fault begin_area(Cpu& cpu, const Operation& operation) {
    if (Fault fault = cpu.privilege.require_x87()) return fault;
    const u32 offset = effective_address(cpu.state, operation);
    const SegmentRegister& segment = cpu.state.segment(operation.segment);
    if (!segment.may_read(offset, sizeof(u32)))
        return privilege::SegmentedMemory::violation(operation.segment);
    const LinearAddress address = privilege::SegmentedMemory::linear(segment, offset);
    if (Fault fault = cpu.memory.check_alignment(address, sizeof(u32))) return fault;
    return address.value % kXmmAlignment == 0 ? Fault{} : Fault::general_protection();
}

u32 last_byte(const Cpu& cpu, const Operation& operation) {
    return (effective_address(cpu.state, operation) + kAreaSize - 1) & operation.address_mask;
}

Fault run_fxsave(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_area(cpu, operation)) return fault;
    const u32 last = last_byte(cpu, operation);
    if (Fault fault = cpu.memory.probe_write(operation.segment, last, 1)) return fault;
    const u32 offset = effective_address(cpu.state, operation);
    if (Fault fault = cpu.memory.probe_write(operation.segment, offset, kAreaSize)) return fault;
    const auto lines = std::bit_cast<std::array<Line, kImageLines>>(image_of(cpu.state.fpu));
    const u32 count = cpu.state.cr4 & kCr4Osfxsr ? kImageLines : kLinesWithoutXmm;
    for (u32 i = 0; i < count; ++i) {
        const u32 place = offset + i * static_cast<u32>(sizeof(Line));
        if (Fault fault = cpu.memory.write(operation.segment, place, lines[i])) return fault;
    }
    return {};
}

Fault run_fxrstor(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_area(cpu, operation)) return fault;
    u8 byte;
    if (Fault fault = cpu.memory.read(operation.segment, last_byte(cpu, operation), byte))
        return fault;
    const u32 offset = effective_address(cpu.state, operation);
    std::array<Line, kAreaSize / sizeof(Line)> area;
    for (u32 i = 0; i < area.size(); ++i) {
        const u32 place = offset + i * static_cast<u32>(sizeof(Line));
        if (Fault fault = cpu.memory.read(operation.segment, place, area[i])) return fault;
    }
    const Image image = std::bit_cast<Area>(area).image;
    if (image.header.mxcsr & ~kMxcsrMask) return Fault::general_protection();
    restore(cpu.state.fpu, image, cpu.state.cr4 & kCr4Osfxsr);
    return finish_control(cpu);
}

// Exceptions that LDMXCSR unmasks wait for the next instruction that raises them (SDM 1 11.5.6).
Fault run_ldmxcsr(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    u32 value;
    if (Fault fault = load_operand(cpu, operation, value)) return fault;
    if (value & ~kMxcsrMask) return Fault::general_protection();
    cpu.state.fpu.mxcsr = value;
    return {};
}
Fault run_stmxcsr(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    return store_operand(cpu, operation, cpu.state.fpu.mxcsr);
}

}  // namespace

Handler bind_fxsave(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case FXSAVE: return &run_fxsave;
        case FXRSTOR: return &run_fxrstor;
        case LDMXCSR: return &run_ldmxcsr;
        case STMXCSR: return &run_stmxcsr;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
