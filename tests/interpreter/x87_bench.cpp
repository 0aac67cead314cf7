// The comparison itself: images in and out of the host, and what must be equal.
#include "tests/interpreter/x87_bench.h"

#include <cstring>
#include <sstream>
#include <string>

#include "decoder/decoder.h"
#include "interpreter/families.h"

namespace seventeen::interpreter {

namespace {

NativeImage image_of(const FpuState& fpu) {
    NativeImage image{};
    image.control = fpu.control;
    image.status = fpu.status;
    for (unsigned i = 0; i < 8; ++i) {
        if (!(fpu.valid >> i & 1)) image.tags |= 3u << (2 * i);
        std::memcpy(&image.stack[i][0], &fpu.st(i).significand, 8);
        std::memcpy(&image.stack[i][8], &fpu.st(i).sign_exponent, 2);
    }
    image.instruction_pointer = fpu.instruction_pointer;
    image.instruction_selector = fpu.instruction_selector;
    image.opcode = fpu.opcode;
    image.data_pointer = fpu.data_pointer;
    image.data_selector = fpu.data_selector;
    return image;
}

FpuState state_of(const NativeImage& image) {
    FpuState fpu;
    fpu.control = static_cast<u16>(image.control);
    fpu.status = static_cast<u16>(image.status);
    fpu.valid = 0;
    for (unsigned i = 0; i < 8; ++i) {
        if ((image.tags >> (2 * i) & 3) != 3) fpu.valid |= static_cast<u8>(1u << i);
        std::memcpy(&fpu.st(i).significand, &image.stack[i][0], 8);
        std::memcpy(&fpu.st(i).sign_exponent, &image.stack[i][8], 2);
    }
    fpu.opcode = image.opcode & 0x7ff;
    fpu.instruction_pointer = image.instruction_pointer;
    fpu.instruction_selector = image.instruction_selector;
    fpu.data_pointer = image.data_pointer;
    fpu.data_selector = image.data_selector;
    return fpu;
}

std::string printed(const FpuState& fpu) {
    std::ostringstream out;
    out << std::hex << "control " << fpu.control << " status " << fpu.status << " valid "
        << unsigned{fpu.valid} << " fop " << fpu.opcode << " fip " << fpu.instruction_pointer
        << " fdp " << fpu.data_pointer << "\n";
    for (unsigned i = 0; i < 8; ++i)
        out << "  st" << i << " " << fpu.st(i).sign_exponent << ":" << fpu.st(i).significand;
    return out.str();
}

template <typename Bytes>
std::string printed_bytes(const Bytes& bytes) {
    std::ostringstream out;
    for (const u8 byte : bytes) out << std::hex << unsigned{byte} << " ";
    return out.str();
}

u32 address_of(const std::array<u8, 128>& memory) {
    // SAFETY: only the number is wanted, what FDP holds of it.
    return static_cast<u32>(reinterpret_cast<std::uintptr_t>(memory.data()));
}

// A kernel that switches to another thread meanwhile saves no FCS and FDS for 64-bit programs: so
// a result counts when two runs give it.
void run_undisturbed(NativeX87& native, NativeFrame& frame) {
    const NativeFrame before = frame;
    const auto differs = [](const NativeFrame& a, const NativeFrame& b) {
        return std::memcmp(&a.image, &b.image, sizeof a.image) != 0 || a.memory != b.memory;
    };
    NativeFrame first;
    do {
        frame = before;
        native.run(frame);
        first = frame;
        frame = before;
        native.run(frame);
    } while (differs(first, frame));
}

struct HostUnit {
    u16 control = 0;
    u16 tags = 0;
};

HostUnit host_unit() {
    u32 environment[7];
    asm volatile("fnstenv %0\n\tfldenv %0" : "+m"(environment));
    return {static_cast<u16>(environment[0]), static_cast<u16>(environment[2])};
}

}  // namespace

Operation x87_operation(const X87Code& code) {
    static const decoder::Decoder decoder;
    decoder::Instruction instruction;
    REQUIRE(decoder.decode(code, decoder::CodeSize::k32, instruction) ==
            decoder::DecodeStatus::kOk);
    REQUIRE(instruction.length == code.size());
    REQUIRE(instruction.row().family == decoder::Family::kX87);
    Operation operation = make_operation(instruction);
    operation.run = bind_x87(instruction);
    REQUIRE(operation.run);
    return operation;
}

X87Bench::X87Bench()
    : cpu{bench.state, bench.mmu, bench.engine, {bench.state, bench.mmu}, ~u64{0}} {
    bench.protected_mode(3);
    bench.state.cr0 |= kCr0Ne | kCr0Mp;
    bench.state.set_reg32(Gpr::kDx, kX87Operand);
}

void X87Bench::place(const NativeFrame& frame, const FpuState& before, const Operation& operation) {
    CpuState& state = bench.state;
    state.fpu = before;
    state.arithmetic.set(static_cast<u32>(frame.flags));
    state.set_reg32(Gpr::kAx, static_cast<u32>(frame.rax));
    state.rip = kX87Code + operation.length;
    bench.memory.write({kX87Operand}, frame.memory.data(), frame.memory.size());
}

void X87Bench::compare_once(NativeX87& native, const Operation& operation, const FpuState& before) {
    NativeFrame frame;
    frame.image = image_of(before);
    frame.flags = (states.word() & kFlagsArithmetic) | kFlagFixed;
    frame.rax = states.word() & 0xffff'ffff;
    for (std::size_t at = 0; at < frame.memory.size(); at += 16) {
        const auto operand = states.operand();
        std::memcpy(&frame.memory[at], operand.data(), operand.size());
    }
    place(frame, before, operation);
    const NativeFrame start = frame;
    run_undisturbed(native, frame);
    const Fault fault = operation.run(cpu, operation);
    const std::string difference = fault ? "a fault" : differences(frame, native.address());
    if (difference.empty()) return;
    FAIL(difference << "\nbefore: " << printed(before)
                    << "\nmemory: " << printed_bytes(start.memory));
}

std::string X87Bench::differences(const NativeFrame& frame, u32 native_address) {
    std::ostringstream out;
    FpuState expected = state_of(frame.image);
    // Where the instruction and its operand lie differs; all else must not.
    if (expected.instruction_pointer == native_address) {
        expected.instruction_pointer = kX87Code;
        expected.instruction_selector = bench.selector(SegmentName::kCs);
    }
    if (expected.data_pointer == address_of(frame.memory)) {
        expected.data_pointer = kX87Operand;
        expected.data_selector = bench.selector(SegmentName::kDs);
    }
    if (fpu() != expected)
        out << "\ninterpreter: " << printed(fpu()) << "\nhost: " << printed(expected);
    decltype(frame.memory) memory;
    bench.memory.read({kX87Operand}, memory.data(), memory.size());
    if (memory != frame.memory)
        out << "\nmemory, interpreter: " << printed_bytes(memory)
            << "\nhost: " << printed_bytes(frame.memory);
    const u32 flags = static_cast<u32>(frame.flags) & kFlagsArithmetic;
    if (bench.state.arithmetic.value() != flags)
        out << "\nflags: " << bench.state.arithmetic.value() << ", host: " << flags;
    if (bench.state.reg32(Gpr::kAx) != static_cast<u32>(frame.rax)) out << "\nAX";
    return out.str();
}

void X87Bench::compare(const X87Code& code, unsigned cases) {
    NativeX87 native(code);
    const Operation operation = x87_operation(code);
    INFO("instruction: " << printed_bytes(code));
    for (unsigned i = 0; i < cases; ++i) compare_once(native, operation, states.state());
    const HostUnit unit = host_unit();
    if (unit.control != 0x37f || unit.tags != 0xffff) FAIL("the host's own unit isn't clean");
    SUCCEED();
}

Fault X87Bench::run(const X87Code& code) {
    const Operation operation = x87_operation(code);
    bench.state.rip = kX87Code + operation.length;
    return operation.run(cpu, operation);
}

}  // namespace seventeen::interpreter
