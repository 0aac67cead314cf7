// Saves, restores and digests a CPU by one list of its fields.
#include "core/cpu_snapshot.h"

#include "core/digest.h"

namespace seventeen {

namespace {

constexpr std::string_view kSection = "cpu";
constexpr u32 kVersion = 1;

// The list. `archive(field…)` writes or reads fields in the order given; EFLAGS is separate, for
// its arithmetic half is kept as the result that it derives from.
template <typename State, typename Archive>
void visit(State& state, Archive&& archive) {
    for (unsigned i = 0; i < kGprCount; ++i) archive(state.gpr[i]);
    archive(state.rip, state.cpl, state.interrupt_line, state.nmi_pending, state.nmi_blocked);
    archive(state.interrupt_shadow, state.debug_shadow, state.activity, state.pending_debug);
    archive(state.retired);
    const auto segment = [&](auto& s) { archive(s.selector, s.attributes, s.limit, s.base); };
    for (auto& s : state.segments) segment(s);
    segment(state.ldtr);
    segment(state.tr);
    archive(state.gdtr.base, state.gdtr.limit, state.idtr.base, state.idtr.limit);
    archive(state.cr0, state.cr2, state.cr3, state.cr4);
    for (auto& entry : state.pdpte) archive(entry);
    for (auto& value : state.dr) archive(value);

    auto& msr = state.msr;
    archive(msr.efer, msr.apic_base, msr.sysenter_cs, msr.sysenter_esp, msr.sysenter_eip, msr.pat);
    archive(msr.tsc_offset, msr.misc_enable, msr.mtrr_default_type);
    for (auto& value : msr.mtrr_variable) archive(value);
    for (auto& value : msr.mtrr_fixed) archive(value);

    auto& fpu = state.fpu;
    archive(fpu.control, fpu.status, fpu.valid, fpu.opcode, fpu.instruction_pointer);
    archive(fpu.instruction_selector, fpu.data_selector, fpu.data_pointer, fpu.mxcsr);
    for (auto& r : fpu.registers) archive(r.significand, r.sign_exponent);
    for (auto& r : fpu.xmm) archive(r.lanes[0], r.lanes[1]);
}

bool wider_than_32_bits(const CpuState& state) {
    u64 all = state.rip | state.gdtr.base | state.idtr.base | state.cr2 | state.cr3;
    for (const u64 value : state.gpr) all |= value;
    for (const u64 value : state.dr) all |= value;
    for (const SegmentRegister& segment : state.segments) all |= segment.base;
    all |= state.ldtr.base | state.tr.base;
    return all >> 32 != 0;
}

// What is wrong with a restored state, or nullptr. The engines rely on all of this (long mode will
// widen it); which bits a CPU model lacks is not known here.
const char* flaw(const CpuState& state, u32 eflags) {
    constexpr u32 kEflagsKnown = 0x3f7fd7;
    constexpr u32 kAttributesKnown = 0x1f0ff;
    constexpr u64 kCr0Known = kCr0Pe | kCr0Mp | kCr0Em | kCr0Ts | kCr0Et | kCr0Ne | kCr0Wp |
                              kCr0Am | kCr0Nw | kCr0Cd | kCr0Pg;
    constexpr u64 kCr4Known = (kCr4Osxmmexcpt << 1) - 1;
    const auto bad_segment = [](const SegmentRegister& s) {
        return (s.attributes & ~kAttributesKnown) != 0;
    };
    if (wider_than_32_bits(state)) return "a register is wider than 32 bits";
    if ((eflags & ~kEflagsKnown) || !(eflags & kFlagFixed)) return "reserved bits of EFLAGS";
    if (state.cpl > 3 || ((eflags & kFlagVm) && state.cpl != 3)) return "the privilege level";
    if (state.activity > Activity::kShutdown) return "the activity state";
    for (const SegmentRegister& s : state.segments)
        if (bad_segment(s)) return "a segment's attributes";
    if (bad_segment(state.ldtr) || bad_segment(state.tr)) return "a segment's attributes";
    if (state.cr0 & ~kCr0Known) return "reserved bits of CR0";
    if ((state.cr0 & kCr0Pg) && !(state.cr0 & kCr0Pe)) return "paging without protection";
    if (state.cr4 & ~kCr4Known) return "reserved bits of CR4";
    if (state.msr.efer & ~kEferNxe) return "reserved bits of EFER";
    if (state.fpu.mxcsr & ~kMxcsrMask) return "reserved bits of MXCSR";
    return nullptr;
}

}  // namespace

void save_cpu(const CpuState& state, Writer& writer) {
    writer.begin(kSection, kVersion);
    writer.put(state.eflags());
    visit(state, [&](const auto&... field) { (writer.put(field), ...); });
    writer.end();
}

void restore_cpu(CpuState& state, Reader& reader) {
    reader.begin(kSection, kVersion, kVersion);
    CpuState restored;
    const u32 eflags = reader.get<u32>();
    visit(restored, [&](auto&... field) { (reader.get(field), ...); });
    if (const char* what = flaw(restored, eflags))
        reader.damaged(std::string("impossible state: ") + what);
    reader.end();
    restored.set_eflags(eflags);
    for (SegmentRegister& segment : restored.segments) segment.update();
    restored.ldtr.update();
    restored.tr.update();
    restored.attention = true;
    state = restored;
}

u64 cpu_digest(const CpuState& state) {
    u64 sum = digest_word(0, state.eflags());
    visit(state,
          [&](const auto&... field) { ((sum = digest_word(sum, static_cast<u64>(field))), ...); });
    return sum;
}

}  // namespace seventeen
