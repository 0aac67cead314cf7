// The comparison itself: states in and out of the host, and what must be equal.
#include "tests/interpreter/sse_bench.h"

#include <cstring>
#include <sstream>

#include "decoder/decoder.h"
#include "interpreter/bind.h"

namespace seventeen::interpreter {

namespace {

constexpr u8 kEdi = 7;
constexpr u8 kRegisterForm = 0xc0;

std::string printed(const SseCode& code) {
    std::ostringstream out;
    for (const u8 byte : code) out << std::hex << unsigned{byte} << " ";
    return out.str();
}

std::string printed(const NativeSseFrame& frame) {
    std::ostringstream out;
    const NativeFxImage& fpu = frame.fpu;
    out << std::hex << "vector " << frame.vector << " mxcsr " << fpu.mxcsr << " flags "
        << frame.flags << " x87 status " << fpu.status << " valid " << unsigned{fpu.valid} << "\n";
    for (unsigned i = 0; i < kNativeGprs; ++i) {
        out << "  " << i << ": gpr " << frame.gpr[i] << " xmm " << fpu.xmm[i].lanes[1] << ":"
            << fpu.xmm[i].lanes[0] << " st " << fpu.st[i].sign_exponent << ":"
            << fpu.st[i].significand << "\n";
    }
    return out.str();
}

// The guest's state as the host would have saved it.
NativeSseFrame frame_of(const CpuState& state, const Fault& fault) {
    NativeSseFrame frame;
    const FpuState& fpu = state.fpu;
    frame.fpu.control = fpu.control;
    frame.fpu.status = fpu.status;
    frame.fpu.valid = fpu.valid;
    frame.fpu.mxcsr = fpu.mxcsr;
    for (unsigned i = 0; i < kNativeGprs; ++i) {
        frame.fpu.st[i] = fpu.st(i);
        frame.fpu.xmm[i] = fpu.xmm[i];
        frame.gpr[i] = state.gpr[i];
    }
    frame.flags = state.eflags();
    frame.vector = fault ? static_cast<u64>(fault.vector) : 0;
    return frame;
}

bool same_registers(const NativeSseFrame& a, const NativeSseFrame& b) {
    for (unsigned i = 0; i < kNativeGprs; ++i) {
        const bool address = i == static_cast<unsigned>(Gpr::kSp) || i == kEdi;
        if (a.fpu.xmm[i] != b.fpu.xmm[i] || a.fpu.st[i] != b.fpu.st[i]) return false;
        if (!address && a.gpr[i] != b.gpr[i]) return false;
    }
    return true;
}

bool same_x87_words(const NativeFxImage& a, const NativeFxImage& b) {
    return a.control == b.control && a.status == b.status && a.valid == b.valid;
}

}  // namespace

SseOpcode prefixed(u8 prefix, const SseOpcode& opcode) {
    SseOpcode result{prefix};
    for (const u8 byte : opcode) result.push_back(byte);
    return result;
}

SseCode sse_registers(const SseOpcode& opcode, unsigned reg, unsigned rm) {
    SseCode code = opcode;
    code.push_back(static_cast<u8>(kRegisterForm | reg << 3 | rm));
    return code;
}

SseCode sse_memory(const SseOpcode& opcode, unsigned reg) {
    SseCode code = opcode;
    code.push_back(static_cast<u8>(reg << 3 | kEdi));
    return code;
}

SseCode with_immediate(SseCode code, u8 immediate) {
    code.push_back(immediate);
    return code;
}

Operation sse_operation(const SseCode& code) {
    static const decoder::Decoder decoder;
    decoder::Instruction instruction;
    REQUIRE(decoder.decode(code, decoder::CodeSize::k32, instruction) ==
            decoder::DecodeStatus::kOk);
    REQUIRE(instruction.length == code.size());
    return bind_operation(instruction, privilege::cpu_model("max"));
}

SseBench::SseBench()
    : cpu{bench.state, bench.mmu, bench.engine, {bench.state, bench.mmu}, ~u64{0}} {
    bench.protected_mode(3);
    bench.state.cr0 |= kCr0Ne | kCr0Mp | kCr0Am;
    bench.state.cr4 |= kCr4Osfxsr | kCr4Osxmmexcpt;
}

void SseBench::place(const NativeSseFrame& frame, const Area& area, const Operation& operation) {
    CpuState& guest = bench.state;
    FpuState& unit = guest.fpu;
    unit.control = frame.fpu.control;
    unit.status = frame.fpu.status;
    unit.valid = frame.fpu.valid;
    unit.mxcsr = frame.fpu.mxcsr;
    for (unsigned i = 0; i < kNativeGprs; ++i) {
        unit.st(i) = frame.fpu.st[i];
        unit.xmm[i] = frame.fpu.xmm[i];
        guest.gpr[i] = frame.gpr[i];
    }
    guest.set_reg32(Gpr::kDi, kSseArea + static_cast<u32>(frame.gpr[kEdi] % alignof(Area)));
    guest.set_eflags(static_cast<u32>(frame.flags));
    guest.rip = kSseCode + operation.length;
    bench.memory.write({kSseArea}, area.bytes.data(), area.bytes.size());
}

// The host's EDI leads to the same offset within its own area.
void SseBench::compare_once(const NativeSse& native, const Operation& operation) {
    NativeSseFrame frame = states.frame();
    if (states.one_in(16)) frame.flags |= kFlagAc;
    Area area;
    for (std::size_t at = 0; at < area.bytes.size(); at += sizeof(XmmRegister)) {
        const XmmRegister operand = states.operand();
        std::memcpy(&area.bytes[at], &operand, sizeof operand);
    }
    const u64 offset = 16 + (states.one_in(4) ? states.word() % 16 : 0);
    // SAFETY: only the address's value is wanted; the area outlives the run.
    frame.gpr[kEdi] = reinterpret_cast<std::uintptr_t>(area.bytes.data()) + offset;
    place(frame, area, operation);
    const NativeSseFrame before = frame;
    native.run(frame);
    const Fault fault = operation.run(cpu, operation);
    const std::string difference = differences(frame, area, fault);
    if (!difference.empty()) FAIL(difference << "\nbefore: " << printed(before));
}

std::string SseBench::differences(const NativeSseFrame& frame, const Area& area,
                                  const Fault& fault) {
    const NativeSseFrame guest = frame_of(bench.state, fault);
    std::ostringstream out;
    if (guest.vector != frame.vector) out << "\nexception";
    if (!same_registers(guest, frame)) out << "\nregisters";
    if (guest.fpu.mxcsr != frame.fpu.mxcsr) out << "\nmxcsr";
    if ((guest.flags ^ frame.flags) & kFlagsArithmetic) out << "\nflags";
    if (!same_x87_words(guest.fpu, frame.fpu)) out << "\nx87";
    Area memory;
    bench.memory.read({kSseArea}, memory.bytes.data(), memory.bytes.size());
    if (memory.bytes != area.bytes) out << "\nmemory";
    if (out.str().empty()) return {};
    out << " differs\ninterpreter: " << printed(guest) << "\nhost: " << printed(frame);
    return out.str();
}

void SseBench::compare_code(const SseCode& code, unsigned cases) {
    INFO("instruction: " << printed(code));
    const NativeSse native(code);
    const Operation operation = sse_operation(code);
    for (unsigned i = 0; i < cases; ++i) compare_once(native, operation);
    SUCCEED();
}

// EDI and ESP are spared: the one holds the address, the other is the host's.
void SseBench::compare(const SseOpcode& opcode, const SseForms& forms) {
    std::vector<SseCode> codes;
    if (forms.registers) {
        codes.push_back(sse_registers(opcode, 1, 2));
        codes.push_back(sse_registers(opcode, 3, 3));
        codes.push_back(sse_registers(opcode, 0, 6));
    }
    if (forms.memory) {
        codes.push_back(sse_memory(opcode, 2));
        codes.push_back(sse_memory(opcode, 0));
    }
    constexpr unsigned kImmediates = 24;
    for (const SseCode& code : codes) {
        if (!forms.immediate) {
            compare_code(code, forms.cases);
            continue;
        }
        for (unsigned i = 0; i < kImmediates; ++i) {
            const u8 immediate = static_cast<u8>(states.one_in(2) ? states.word() : i);
            compare_code(with_immediate(code, immediate), forms.cases / kImmediates + 1);
        }
    }
}

Fault SseBench::run(const SseCode& code) {
    const Operation operation = sse_operation(code);
    bench.state.rip = kSseCode + operation.length;
    return operation.run(cpu, operation);
}

}  // namespace seventeen::interpreter
