// The table of exceptions.
#include "tests/oracle/exceptions.h"

#include <algorithm>
#include <optional>

#include "core/fault.h"
#include "decoder/decoder.h"
#include "decoder/prefixes.h"

namespace seventeen::oracle {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;

u32 linear_address(const Registers& registers) {
    return registers.eip + segment_base(registers[SegmentName::kCs]);
}

// From the instruction that the host faulted at, perhaps amid one of the case's; or the case's
// last, where it completed or trapped behind that. (The generator ends a case with one that an
// exception speaks of.)
Bytes last_bytes(const Case& test, const Result& host) {
    const u32 address = linear_address(host.outcome.registers);
    if (address < test.origin || address >= test.end()) return test.instructions.back();
    const Bytes code = test.code();
    return Bytes(code.begin() + (address - test.origin), code.end());
}

// Empty where it is none.
std::optional<Instruction> last_instruction(const Case& test, const Result& host) {
    const decoder::Decoder decoder;
    Instruction instruction;
    const auto status = decoder.decode(last_bytes(test, host), test.code_size(), instruction);
    if (status != decoder::DecodeStatus::kOk) return std::nullopt;
    return instruction;
}

Mnemonic mnemonic_of(const std::optional<Instruction>& instruction) {
    return instruction ? instruction->mnemonic : Mnemonic::kInvalid;
}

// Are all differences in what `allowed` says? It is asked about each of them.
template <typename Allowed>
bool all_differences(const Result& host, const Result& guest, Allowed&& allowed) {
    const std::vector<Difference> found = differences(host, guest);
    return std::all_of(found.begin(), found.end(), allowed);
}

bool is_memory(const Difference& difference) {
    return difference.what.starts_with("memory");
}

bool is_exception(const Difference& difference) {
    return difference.what == "outcome" || difference.what == "error code" ||
           difference.what == "CR2";
}

bool is_memory_or_exception(const Difference& difference) {
    return is_memory(difference) || is_exception(difference);
}

bool ended_by(const Result& result, Vector vector) {
    return result.outcome.kind == Outcome::Kind::kException &&
           result.outcome.vector == static_cast<u8>(vector);
}

// What reading or writing the stack may raise.
bool is_fault_of_access(const Result& result) {
    return ended_by(result, Vector::kStackFault) || ended_by(result, Vector::kPageFault) ||
           ended_by(result, Vector::kAlignmentCheck);
}

bool is_gpr(const Difference& difference) {
    return difference.what.size() == 3 && difference.what[0] == 'E' && difference.what != "ESP";
}

// MXCSR bit 17 (MM, misaligned SSE) is AMD's alone; no model of ours has it.
bool host_set_misaligned_mode(const Case&, const Result& host, const Result&) {
    constexpr u32 kMisalignedMode = 1u << 17;
    return host.outcome.registers.fx.mxcsr & kMisalignedMode;
}

// Are all bytes that differ such as AMD stores differently in the image at `first`?
bool explains_fxsave_image(std::size_t first, const Result& host, const Result& guest) {
    constexpr std::size_t kPointers = 6, kPointersEnd = 24, kMask = 30;
    constexpr u8 kMisalignedModeMask = 2;  // of MXCSR_MASK's third byte
    for (std::size_t at = 0; at < kMemorySize; ++at) {
        if (host.memory[at] == guest.memory[at]) continue;
        const std::size_t offset = at - first;
        const bool pointer = offset >= kPointers && offset < kPointersEnd && host.memory[at] == 0;
        const bool mask = offset == kMask && host.memory[at] == kMisalignedModeMask;
        if (!pointer && !mask) return false;
    }
    return true;
}

bool fxsave_image(const Case& test, const Result& host, const Result& guest) {
    constexpr std::size_t kAlignment = 16;
    if (mnemonic_of(last_instruction(test, host)) != Mnemonic::FXSAVE) return false;
    if (!all_differences(host, guest, is_memory)) return false;
    std::size_t first = 0;
    while (host.memory[first] == guest.memory[first]) ++first;
    first -= first % kAlignment;  // the image's first 16 bytes, or its second ones
    return explains_fxsave_image(first, host, guest) ||
           explains_fxsave_image(first - kAlignment, host, guest);
}

bool faulted(const Result& host, const Result& guest) {
    return host.outcome.kind == Outcome::Kind::kException &&
           guest.outcome.kind == Outcome::Kind::kException;
}

bool pop_all_loaded_some(const Case& test, const Result& host, const Result& guest) {
    const Mnemonic last = mnemonic_of(last_instruction(test, host));
    return (last == Mnemonic::POPA || last == Mnemonic::POPAD) && faulted(host, guest) &&
           all_differences(host, guest, is_gpr);
}

bool pushed_some(const Case& test, const Result& host, const Result& guest) {
    if (!faulted(host, guest)) return false;
    switch (mnemonic_of(last_instruction(test, host))) {
        case Mnemonic::PUSHA:
        case Mnemonic::PUSHAD:
        case Mnemonic::ENTER: return all_differences(host, guest, is_memory);
        case Mnemonic::CALL_FAR:  // SDM 2A checks first that the stack has room for all
            return ended_by(guest, Vector::kStackFault)
                       ? all_differences(host, guest, is_memory_or_exception)
                       : all_differences(host, guest, is_memory);
        default: return false;
    }
}

bool is_string_port_access(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::INSB:
        case Mnemonic::INSW:
        case Mnemonic::INSD:
        case Mnemonic::OUTSB:
        case Mnemonic::OUTSW:
        case Mnemonic::OUTSD: return true;
        default: return false;
    }
}

bool other_operand_first(const Case& test, const Result& host, const Result& guest) {
    switch (mnemonic_of(last_instruction(test, host))) {
        case Mnemonic::CMPSB:
        case Mnemonic::CMPSW:
        case Mnemonic::CMPSD:
            return faulted(host, guest) && all_differences(host, guest, is_exception);
        default: return false;
    }
}

bool repeated_port_access(const Case& test, const Result& host, const Result&) {
    const auto last = last_instruction(test, host);
    if (!is_string_port_access(mnemonic_of(last)) || !(last->rep || last->repne)) return false;
    const u32 count = host.outcome.registers[Gpr::kCx];
    return ended_by(host, Vector::kGeneralProtection) &&
           (last->address_size == 2 ? count & 0xffff : count) == 0;
}

// Do the operand's bytes run past the greatest offset that the address size has?
bool wraps(const Instruction& instruction, const Registers& registers) {
    const u64 end = u64{1} << (instruction.address_size * 8);
    const auto gpr = [&](u8 number) { return number == kNoGpr ? 0 : registers.gpr[number]; };
    if (!instruction.has_memory()) {  // MASKMOVQ, MASKMOVDQU
        const unsigned size = instruction.mnemonic == Mnemonic::MASKMOVQ ? 8 : 16;
        return registers[Gpr::kDi] % end + size > end;
    }
    const decoder::MemoryOperand& memory = instruction.memory;
    const u32 offset = gpr(memory.base) + (gpr(memory.index) << memory.scale) +
                       static_cast<u32>(memory.displacement);
    return offset % end + instruction.operands[0].size > end;
}

bool wrapped_operand(const Case& test, const Result& host, const Result&) {
    const auto last = last_instruction(test, host);
    switch (mnemonic_of(last)) {
        case Mnemonic::MASKMOVQ:
        case Mnemonic::MASKMOVDQU:
        case Mnemonic::FLD:
        case Mnemonic::FSTP:
        case Mnemonic::FBLD:
        case Mnemonic::FBSTP: break;
        default: return false;
    }
    return ended_by(host, Vector::kPageFault) && wraps(*last, host.outcome.registers);
}

bool resume_flag_of_trap(const Case&, const Result& host, const Result& guest) {
    const auto is_resume_flag = [](const Difference& difference) {
        return difference.flags == kFlagRf;
    };
    return ended_by(host, Vector::kDebug) && all_differences(host, guest, is_resume_flag);
}

bool breakpoint_of_hypervisor(const Case& test, const Result& host, const Result& guest) {
    const auto last = last_instruction(test, host);
    return mnemonic_of(last) == Mnemonic::INT1 && ended_by(host, Vector::kDebug) &&
           ended_by(guest, Vector::kDebug) &&
           guest.outcome.registers.eip == host.outcome.registers.eip + last->length &&
           all_differences(host, guest, is_exception);
}

// UD0 and UD1 have a ModRM in the manual (SDM 2B, UD) but none on AMD: ours fetches more.
bool undefined_without_modrm(const Case& test, const Result& host, const Result& guest) {
    const Bytes last = last_bytes(test, host);
    const std::size_t opcode = decoder::scan_prefixes(last).count;
    if (opcode + 2 > last.size() || last[opcode] != 0x0f) return false;
    return (last[opcode + 1] == 0xb9 || last[opcode + 1] == 0xff) &&
           ended_by(host, Vector::kInvalidOpcode) &&
           (ended_by(guest, Vector::kPageFault) || ended_by(guest, Vector::kGeneralProtection)) &&
           all_differences(host, guest, is_exception);
}

bool interrupt_return_from_task(const Case& test, const Result& host, const Result&) {
    const Mnemonic last = mnemonic_of(last_instruction(test, host));
    return (last == Mnemonic::IRET || last == Mnemonic::IRETD) &&
           (host.outcome.registers.eflags & kFlagNt) && ended_by(host, Vector::kGeneralProtection);
}

bool pushed_before_check(const Case& test, const Result& host, const Result& guest) {
    return mnemonic_of(last_instruction(test, host)) == Mnemonic::CALL &&
           ended_by(guest, Vector::kGeneralProtection) && is_fault_of_access(host) &&
           all_differences(host, guest, is_exception);
}

bool far_return_frame(const Case& test, const Result& host, const Result& guest) {
    switch (mnemonic_of(last_instruction(test, host))) {
        case Mnemonic::RET_FAR:
        case Mnemonic::IRET:
        case Mnemonic::IRETD: break;
        default: return false;
    }
    if (!is_fault_of_access(host)) return false;
    const bool refused =
        ended_by(guest, Vector::kGeneralProtection) || ended_by(guest, Vector::kStackFault);
    const auto is_address = [](const Difference& difference) { return difference.what == "CR2"; };
    return refused ? all_differences(host, guest, is_exception)
                   : all_differences(host, guest, is_address);
}

constexpr std::array<Exception, 13> kExceptions = {{
    {"misaligned SSE mode",
     "LDMXCSR or FXRSTOR set MXCSR.MM, which AMD CPUs have and others refuse with #GP(0)",
     host_set_misaligned_mode},
    {"FXSAVE image",
     "AMD's MXCSR_MASK has the MM bit, and AMD stores the x87 pointers as zero unless an unmasked "
     "x87 exception is pending; SDM 1 10.5.1 stores them always",
     fxsave_image},
    {"POPA fault",
     "AMD has loaded some registers when a later one's page faults; ESP is kept, so the "
     "instruction restarts all the same, and ours loads none",
     pop_all_loaded_some},
    {"fault between pushes",
     "PUSHA, ENTER, far CALL: AMD has pushed some values when a later one faults; ESP is kept, and "
     "ours pushes none or "
     "others",
     pushed_some},
    {"CALL beyond the limit",
     "AMD pushes before it compares a near CALL's target with the segment's limit, and so another "
     "fault may come first; SDM 2A, CALL, checks the target first",
     pushed_before_check},
    {"operand that CMPS reads first",
     "Zen 4 reads the one at ES:EDI first, Zen 5 and ours the other, and where both fault the "
     "first "
     "does; SDM 2A, CMPS, leaves it open",
     other_operand_first},
    {"REP INS and OUTS with a count of zero",
     "AMD checks the port's permission all the same; SDM 2B, REP, does nothing at all",
     repeated_port_access},
    {"operand that wraps",
     "AMD takes 80-bit numbers in two pieces and masked stores in bytes or halves, and each "
     "piece's "
     "offset wraps at 64 KiB or 4 GiB; the manuals leave that open, and ours run on to the limit",
     wrapped_operand},
    {"RF of a single-step trap",
     "between two iterations of a string instruction SDM 3B 17.3.1.1 pushes RF set; under KVM on "
     "AMD the hypervisor injects the #DB anew and RF is clear",
     resume_flag_of_trap},
    {"IRET with NT set",
     "long mode, which the host's kernel runs in, has no task switches and raises #GP(0); "
     "protected "
     "mode returns to the outer task, SDM 2A, IRET",
     interrupt_return_from_task},
    {"INT1 under a hypervisor",
     "KVM on AMD injects its #DB anew as a fault, at INT1 itself; SDM 2A, INT n, pushes the "
     "address "
     "behind it",
     breakpoint_of_hypervisor},
    {"length of UD0 and UD1",
     "AMD fetches no ModRM for them; SDM 2B, UD, has one, so that its fetch may fault first",
     undefined_without_modrm},
    {"frame of a far return",
     "RETF and IRET: AMD reads CS or EFLAGS before EIP, and the outer stack's SS:ESP before it "
     "refuses CS or the stack's limit, so another fault may come first; SDM 2B's pseudo-code "
     "has EIP first",
     far_return_frame},
}};

}  // namespace

std::span<const Exception> exceptions() {
    return kExceptions;
}

const Exception* find_exception(const Case& test, const Result& host, const Result& guest) {
    const auto found = std::find_if(
        kExceptions.begin(), kExceptions.end(),
        [&](const Exception& candidate) { return candidate.explains(test, host, guest); });
    return found == kExceptions.end() ? nullptr : found;
}

}  // namespace seventeen::oracle
