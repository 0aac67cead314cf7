// PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: two short strings compared every way (SDM 2B 4.1).
#include <algorithm>
#include <bit>

#include "interpreter/packed_integer.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

// The immediate.
constexpr u8 kWords = 1u << 0;
constexpr u8 kSigned = 1u << 1;
constexpr unsigned kAggregationShift = 2;
constexpr u8 kNegative = 1u << 4;
constexpr u8 kOnlyValid = 1u << 5;    // the negation leaves out what lies past the second string
constexpr u8 kAlternative = 1u << 6;  // the last match instead of the first, lanes instead of bits
enum Aggregation : u8 { kEqualAny, kRanges, kEqualEach, kEqualOrdered };

constexpr std::size_t kMaxCount = 16;

// Characters in a common type, and how many belong to the string.
struct String {
    std::array<s32, kMaxCount> characters{};
    unsigned count = 0;   // in a register: 8 or 16
    unsigned length = 0;  // at most count
};

template <typename Lane>
String characters_of(const XmmRegister& value) {
    String string;
    const auto lanes = split<Lane>(value);
    std::copy(lanes.begin(), lanes.end(), string.characters.begin());
    string.count = lanes.size();
    return string;
}
String characters_of(const XmmRegister& value, u8 control) {
    const bool is_signed = control & kSigned;
    if (control & kWords) return is_signed ? characters_of<s16>(value) : characters_of<u16>(value);
    return is_signed ? characters_of<s8>(value) : characters_of<u8>(value);
}

void end_at_null(String& string) {
    const auto* const begin = string.characters.data();
    string.length = static_cast<unsigned>(std::find(begin, begin + string.count, 0) - begin);
}
void end_at_length(String& string, u32 length) {
    const u32 magnitude = static_cast<s32>(length) < 0 ? 0 - length : length;
    string.length = std::min(magnitude, string.count);
}

// Is character `j` of the second string matched? Characters past a string's end count as the
// aggregation says (SDM 2B table 4-7).
bool matches_any(const String& a, const String& b, unsigned j) {
    const auto* const end = a.characters.begin() + a.length;
    return j < b.length && std::find(a.characters.begin(), end, b.characters[j]) != end;
}
bool matches_range(const String& a, const String& b, unsigned j) {
    if (j >= b.length) return false;
    for (unsigned i = 0; i + 1 < a.length; i += 2) {
        if (a.characters[i] <= b.characters[j] && b.characters[j] <= a.characters[i + 1])
            return true;
    }
    return false;
}
bool matches_same(const String& a, const String& b, unsigned j) {
    if (j >= a.length || j >= b.length) return j >= a.length && j >= b.length;
    return a.characters[j] == b.characters[j];
}
bool matches_substring(const String& a, const String& b, unsigned j) {
    for (unsigned i = 0; i < a.length && j + i < b.count; ++i)
        if (j + i >= b.length || a.characters[i] != b.characters[j + i]) return false;
    return true;
}

// One bit for each character of the second string.
u32 compare_strings(const String& a, const String& b, u8 control) {
    u32 bits = 0;
    for (unsigned j = 0; j < b.count; ++j) {
        bool match = false;
        switch (static_cast<Aggregation>(control >> kAggregationShift & 3)) {
            case kEqualAny: match = matches_any(a, b, j); break;
            case kRanges: match = matches_range(a, b, j); break;
            case kEqualEach: match = matches_same(a, b, j); break;
            case kEqualOrdered: match = matches_substring(a, b, j); break;
        }
        bits |= u32{match} << j;
    }
    if (control & kNegative) bits ^= (1u << (control & kOnlyValid ? b.length : b.count)) - 1;
    return bits;
}

u32 index_of(u32 bits, unsigned count, bool last) {
    if (bits == 0) return count;
    return static_cast<u32>(last ? std::bit_width(bits) - 1 : std::countr_zero(bits));
}

template <typename Lane>
XmmRegister lane_mask(u32 bits) {
    Lanes<Lane, XmmRegister> lanes{};
    for (unsigned i = 0; i < lanes.size(); ++i)
        lanes[i] = bits >> i & 1 ? static_cast<Lane>(-1) : Lane{0};
    return join<XmmRegister>(lanes);
}
XmmRegister mask_of(u32 bits, u8 control) {
    if (!(control & kAlternative)) return {{bits, 0}};
    return control & kWords ? lane_mask<u16>(bits) : lane_mask<u8>(bits);
}

// ECX or XMM0 gets the result. No alignment is asked of a source in memory.
template <bool kExplicitLength, bool kIndex, typename Source>
Fault run_compare(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    XmmRegister source;
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    CpuState& state = cpu.state;
    const u8 control = static_cast<u8>(operation.immediate);
    String a = characters_of(state.fpu.xmm[operation.operand[0]], control);
    String b = characters_of(source, control);
    if constexpr (kExplicitLength) {
        end_at_length(a, state.reg32(Gpr::kAx));
        end_at_length(b, state.reg32(Gpr::kDx));
    } else {
        end_at_null(a);
        end_at_null(b);
    }
    const u32 bits = compare_strings(a, b, control);
    if constexpr (kIndex)
        state.set_reg32(Gpr::kCx, index_of(bits, b.count, control & kAlternative));
    else
        state.fpu.xmm[0] = mask_of(bits, control);
    state.arithmetic.set((bits != 0 ? kFlagCf : 0) | (b.length < b.count ? kFlagZf : 0) |
                         (a.length < a.count ? kFlagSf : 0) | (bits & 1 ? kFlagOf : 0));
    return {};
}

template <bool kExplicitLength, bool kIndex>
Handler compare(const Instruction& instruction) {
    return is_memory(instruction.operands[1])
               ? &run_compare<kExplicitLength, kIndex, FromMemory<XmmRegister>>
               : &run_compare<kExplicitLength, kIndex, FromRegister<XmmRegister>>;
}

}  // namespace

Handler bind_sse_string_compare(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PCMPESTRI: return compare<true, true>(instruction);
        case PCMPESTRM: return compare<true, false>(instruction);
        case PCMPISTRI: return compare<false, true>(instruction);
        case PCMPISTRM: return compare<false, false>(instruction);
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
