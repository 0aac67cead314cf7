// Names of fields, sites and modes.
#include "tests/translator/listing_names.h"

#include <array>
#include <regex>
#include <span>
#include <sstream>

#include "core/text.h"
#include "translator/context.h"

namespace seventeen::translator {

namespace {

struct Field {
    s64 offset;
    const char* name;
};

constexpr Field kOfContext[] = {
    {offsetof(Context, tlb), "tlb.supervisor"},
    {offsetof(Context, tlb) + sizeof(void*), "tlb.user"},
    {offsetof(Context, countdown_start), "countdown_start"},
    {offsetof(Context, horizon), "horizon"},
    {offsetof(Context, time_stamp_step), "time_stamp_step"},
    {offsetof(Context, time_stamp_start), "time_stamp_start"},
    {offsetof(Context, window), "window"},
    {offsetof(Context, scratch), "scratch"},
    {offsetof(Context, string), "string.ecx"},
    {offsetof(Context, string) + 1 * sizeof(u32), "string.esi"},
    {offsetof(Context, string) + 2 * sizeof(u32), "string.edi"},
    {offsetof(Context, host_address), "host_address"},
    {offsetof(Context, x87_note), "x87_note"},
    {offsetof(Context, x87_note) + offsetof(X87Note, opcode), "x87_note.opcode"},
    {offsetof(Context, x87_data), "x87_data"},
    {offsetof(Context, jump_table), "jump_table"},
    {offsetof(Context, look_up), "look_up"},
    {offsetof(Context, load_segment), "load_segment"},
    {offsetof(Context, write_table), "write_table"},
    {offsetof(Context, mispaired), "mispaired"},
    {offsetof(Context, callout_host), "callout_host"},
    {offsetof(Context, callout_saved), "callout_saved"},
};

constexpr Field kOfState[] = {
    {offsetof(CpuState, system_flags), "system_flags"},
    {offsetof(CpuState, interrupt_line), "interrupt_line"},
    {offsetof(CpuState, cr4), "cr4"},
};

constexpr Field kOfSegment[] = {
    {offsetof(SegmentRegister, selector), "selector"},
    {offsetof(SegmentRegister, base), "base"},
    {offsetof(SegmentRegister, first), "first"},
    {offsetof(SegmentRegister, read_span), "read_span"},
    {offsetof(SegmentRegister, write_span), "write_span"},
};

constexpr std::array kSegments{"es", "cs", "ss", "ds", "fs", "gs"};

std::string field(const std::string& of, std::span<const Field> fields, s64 offset) {
    for (const Field& each : fields)
        if (each.offset == offset) return of + "." + each.name;
    return offset < 0 ? of + "-" + hex(static_cast<u64>(-offset))
                      : of + "+" + hex(static_cast<u64>(offset));
}

std::string state_field(s64 offset) {
    const s64 in_segments = offset - s64{offsetof(CpuState, segments)};
    if (in_segments < 0 || in_segments >= s64{sizeof(CpuState::segments)})
        return field("state", kOfState, offset);
    constexpr s64 kSize = sizeof(SegmentRegister);
    const char* segment = kSegments[static_cast<std::size_t>(in_segments / kSize)];
    return field(std::string("state.") + segment, kOfSegment, in_segments % kSize);
}

// Jump maps hold offsets from `code`.
std::string with_code(const std::string& instruction) {
    static const std::string code = "r15*1+" + hex(kCodeFromR15);
    const std::size_t at = instruction.find(code);
    if (at == std::string::npos) return instruction;
    return instruction.substr(0, at) + "code" + instruction.substr(at + code.size());
}

}  // namespace

std::string kind_text(Site::Kind kind) {
    constexpr std::array kKinds{"instruction", "direct", "indirect", "fpu", "stale"};
    return kKinds.at(static_cast<std::size_t>(kind));
}

std::string site_text(const Site& site) {
    std::ostringstream out;
    out << kind_text(site.kind);
    if (site.kind != Site::Kind::kIndirect) out << " " << hex(site.eip);
    if (site.count != 0) out << ", " << site.count << " completed";
    if (site.far) out << ", far";
    if (site.board) out << ", board";
    if (site.clock) out << ", clock";
    if (site.fallback) out << ", fallback";
    if (site.segment) out << ", segment";
    if (site.fpu) out << ", fpu";
    if (site.stack_before != 0) out << ", esp " << std::showpos << site.stack_before;
    if (site.stack_after != site.stack_before)
        out << ", then " << std::showpos << site.stack_after << std::noshowpos;
    out << std::noshowpos;
    if (site.x87.any) {
        out << ", x87 " << hex(site.x87.instruction_pointer) << " opcode " << hex(site.x87.opcode);
        if (site.x87.data_segment != X87Note::kNoData)
            out << " in " << kSegments.at(site.x87.data_segment);
        if (site.x87_operand != Site::kNoOperation) out << " operand " << site.x87_operand;
        if (site.x87_moved != 0) out << " moved by " << static_cast<s32>(site.x87_moved);
    }
    return out.str();
}

std::string mode_text(const Mode& mode) {
    constexpr std::array kBits{"user",       "code32",   "stack32",   "alignment",
                               "window",     "fpu-live", "x87",       "sse",
                               "x87-faults", "kernel",   "backwards", "soft-writes"};
    std::string text;
    for (std::size_t i = 0; i < kBits.size(); ++i)
        if (mode.bits >> i & 1) text += std::string(kBits[i]) + " ";
    text += "flat:";
    for (std::size_t i = 0; i < kSegments.size(); ++i)
        if (mode.flat(static_cast<SegmentName>(i))) text += std::string(" ") + kSegments[i];
    if (mode.code_base != 0) text += ", cs at " + hex(mode.code_base);
    return text + ", cs limit " + hex(mode.code_limit);
}

std::string with_fields(const std::string& instruction) {
    static const std::regex kOperand(R"(\[r1([45])(?:([+-])0x([0-9a-f]+))?\])");
    std::smatch match;
    if (!std::regex_search(instruction, match, kOperand)) return with_code(instruction);
    s64 offset = match[3].matched ? std::stoll(match[3], nullptr, 16) : 0;
    if (match[2] == "-") offset = -offset;
    const std::string name =
        match[1] == "4" ? state_field(offset) : field("context", kOfContext, offset + kContextBias);
    return match.prefix().str() + "[" + name + "]" + match.suffix().str();
}

}  // namespace seventeen::translator
