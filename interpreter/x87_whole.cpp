// The exact way to run an x87 instruction: the guest's whole state on the host's unit, and back.
#include "interpreter/x87.h"

namespace seventeen::interpreter {

namespace {

constexpr unsigned kTagEmpty = 3;

HostImage image_of(const FpuState& fpu) {
    HostImage image{};
    image.control = fpu.control;
    // An exception that stands already (CR0.NE clear: the instruction runs all the same) must not
    // trap on the host, and its flag has no part in what the instruction does.
    image.status =
        fpu.status &
        static_cast<u16>(~(kX87Exceptions | kX87StackFault | kX87ErrorSummary | kX87Busy));
    for (unsigned i = 0; i < 8; ++i) {
        if (!(fpu.valid >> i & 1)) image.tags |= static_cast<u16>(kTagEmpty << (2 * i));
        image.stack[i] = {fpu.st(i).significand, fpu.st(i).sign_exponent};
    }
    return image;
}

}  // namespace

HostImage run_on_image(const FpuState& fpu, const Operation& operation, void* memory, u8& flags) {
    HostImage image = image_of(fpu);
    host_instruction(operation.opcode, operation.modrm, image, memory, flags);
    return image;
}

void commit_image(Cpu& cpu, const Operation& operation, const HostImage& image) {
    FpuState& fpu = cpu.state.fpu;
    fpu.status = image.status | (fpu.status & (kX87Exceptions | kX87StackFault));
    update_error_summary(fpu);
    fpu.valid = 0;
    for (unsigned i = 0; i < 8; ++i) {
        if ((image.tags >> (2 * i) & 3) != kTagEmpty) fpu.valid |= static_cast<u8>(1u << i);
        fpu.st(i) = {image.stack[i].significand, image.stack[i].sign_exponent};
    }
    note_instruction(cpu.state, operation);
    if (fpu.status & kX87ErrorSummary) cpu.privilege.update_ferr();
}

void run_whole(Cpu& cpu, const Operation& operation, void* memory, u8& flags) {
    const HostImage image = run_on_image(cpu.state.fpu, operation, memory, flags);
    commit_image(cpu, operation, image);
}

}  // namespace seventeen::interpreter
