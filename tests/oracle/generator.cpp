// Choosing, decorating and landing.
#include "tests/oracle/generator.h"

#include <algorithm>
#include <cstring>

#include "decoder/prefixes.h"
#include "tests/oracle/start_state.h"
#include "tests/oracle/steering.h"

namespace seventeen::oracle {

namespace {

using decoder::DecodeStatus;
using decoder::Instruction;
using decoder::OperandKind;

constexpr u32 kLongestCase = 8;  // instructions, those that steering adds not counted
constexpr std::size_t kTail = 12;
constexpr u64 kBackgroundSeed = 17;

Bytes encode(Random& random, const Encoding& encoding) {
    Bytes bytes;
    encoding.append_to(bytes);
    if (encoding.kind == Encoding::ModRm::kRegister) bytes.push_back(encoding.modrm);
    if (encoding.kind == Encoding::ModRm::kMemory) {
        const u32 mode = random.below(3);
        bytes.push_back(static_cast<u8>(mode << 6 | (encoding.modrm & 0x38) | random.below(8)));
    }
    for (std::size_t i = 0; i < kTail; ++i) bytes.push_back(random.byte());
    return bytes;
}

// Ends the case with an exception, whatever its operands.
bool always_faults(decoder::Mnemonic mnemonic) {
    switch (mnemonic) {
        case decoder::Mnemonic::kInvalid:
        case decoder::Mnemonic::UD0:
        case decoder::Mnemonic::UD1:
        case decoder::Mnemonic::UD2:
        case decoder::Mnemonic::INT1:
        case decoder::Mnemonic::INT3: return true;
        default: return decoder::row(mnemonic).kind == decoder::Class::kPrivileged;
    }
}

// AMD makes MOV CR8 of MOV CR0 with LOCK, and has VERR and VERW read their operand before #UD.
bool lock_is_refused(const Instruction& instruction) {
    return instruction.row().family != decoder::Family::kSystem &&
           instruction.row().group != decoder::SensitiveGroup::kSegmentDescriptors;
}

// A 16-bit branch leads to where nothing is mapped, unless the segment begins at the code.
bool leads_astray(const Instruction& instruction, u32 code_base) {
    return code_base == 0 && instruction.row().family == decoder::Family::kControlFlow &&
           instruction.operand_size == 2 && instruction.mnemonic != decoder::Mnemonic::BOUND;
}

const Encoding& pick_encoding(Random& random, const Catalogue::Entry& entry) {
    const bool memory =
        entry.without_memory.empty() || (!entry.with_memory.empty() && random.chance(50));
    return random.pick(memory ? entry.with_memory : entry.without_memory);
}

}  // namespace

Generator::Generator(const decoder::Decoder& decoder, NativeCpu& host)
    : decoder_(decoder), host_(host), catalogue_(decoder) {
    Random random(kBackgroundSeed);
    randomise_memory(random, background_);
}

// Cuts the draft to its instruction or its undefined opcode. False where there is none that a case
// may hold.
bool Generator::decode(Draft& draft) const {
    const DecodeStatus status = decoder_.decode(draft.bytes, draft.code_size, draft.instruction);
    draft.undefined = status == DecodeStatus::kInvalid;
    if (!draft.undefined && (status != DecodeStatus::kOk || !comparable(draft.instruction)))
        return false;
    draft.bytes.resize(draft.instruction.length);
    return true;
}

// Puts a prefix in front that need not be there: a segment, a size, a repeat or a LOCK.
void Generator::decorate(Random& random, Draft& draft) const {
    constexpr u8 kPrefixes[] = {0x26,
                                0x2e,
                                0x36,
                                0x3e,
                                0x64,
                                0x65,  // segments
                                decoder::kPrefixOperandSize,
                                decoder::kPrefixAddressSize,
                                decoder::kPrefixRepne,
                                decoder::kPrefixRep,
                                decoder::kPrefixLock};
    const u8 prefix = random.pick(std::span(kPrefixes));
    Draft decorated = draft;
    decorated.bytes.insert(decorated.bytes.begin(), prefix);
    for (std::size_t i = 0; i < 4; ++i) decorated.bytes.push_back(random.byte());
    if (!decode(decorated)) return;
    // LOCK where it is not allowed: #UD. (Other prefixes may make what newer hosts know.)
    const bool spoilt = decorated.undefined && !draft.undefined;
    if (spoilt && (prefix != decoder::kPrefixLock || !lock_is_refused(draft.instruction))) return;
    draft = decorated;
}

// Puts many prefixes in front, up to and over the limit of 15 bytes (#GP).
void Generator::lengthen(Random& random, Draft& draft) const {
    constexpr std::array<u8, 5> kPrefixes = {0x26, 0x36, 0x3e, decoder::kPrefixOperandSize,
                                             decoder::kPrefixAddressSize};
    Draft longer;
    longer.code_size = draft.code_size;
    longer.bytes.assign(4 + random.below(12), random.pick(kPrefixes));
    longer.bytes.insert(longer.bytes.end(), draft.bytes.begin(), draft.bytes.end());
    const std::size_t size = longer.bytes.size();
    for (std::size_t i = 0; i < 4; ++i) longer.bytes.push_back(random.byte());
    if (!decode(longer)) {
        const auto status = decoder_.decode(longer.bytes, longer.code_size, longer.instruction);
        if (status != DecodeStatus::kTooLong) return;
        longer.undefined = true;
        longer.bytes.resize(size);
    } else if (longer.undefined && !draft.undefined) {
        return;
    }
    draft = longer;
}

Draft Generator::draft_instruction(Scene& scene) const {
    Random& random = scene.random();
    for (;;) {
        const Catalogue::Family& family = only_ ? *only_ : random.pick(catalogue_.families());
        const Catalogue::Entry& entry = random.pick(family.entries);
        if (always_faults(entry.mnemonic) && !random.chance(10)) continue;
        Draft draft;
        draft.code_size = scene.code_size();
        draft.bytes = encode(random, pick_encoding(random, entry));
        if (!decode(draft)) continue;
        const bool astray = leads_astray(draft.instruction, scene.base(SegmentName::kCs));
        if (astray && !random.chance(10)) continue;
        if (random.chance(6)) decorate(random, draft);
        if (random.chance(1)) lengthen(random, draft);
        return draft;
    }
}

void Generator::make(u64 seed, Case& into) {
    Random random(seed);
    do {
        into.origin = kCode.base;
        if (random.chance(5)) into.origin += kPageSize - random.below(40);       // across a page
        if (random.chance(1)) into.origin = kCode.end() - 1 - random.below(40);  // off the last one
        into.instructions.clear();
        randomise_registers(random, into.registers);
        if (host_.has_local_segments()) randomise_segments(random, into.registers);
        into.memory = background_;
        Scene scene(host_, random, into);
        const u32 count = 1 + random.below(kLongestCase);
        for (u32 i = 0; i < count; ++i) {
            if (into.end() >= kCode.end()) break;
            Draft draft = draft_instruction(scene);
            if (!draft.undefined) steer(scene, draft);
            const bool last = draft.instruction.mnemonic == decoder::Mnemonic::FXSAVE;
            if (!scene.append(draft.bytes) || last) break;
        }
        land_branches(random, into);
    } while (into.instructions.empty() || contains_system_call(into.code()));
}

// Points each near branch at a later instruction, or at the end.
void Generator::land_branches(Random& random, Case& test) const {
    const std::size_t count = test.instructions.size();
    for (std::size_t i = 0; i + 1 < count; ++i) {
        Bytes& bytes = test.instructions[i];
        Instruction instruction;
        const auto status = decoder_.decode(bytes, test.code_size(), instruction);
        if (status != DecodeStatus::kOk || instruction.operand_count == 0 ||
            instruction.operands[0].kind != OperandKind::kRelative)
            continue;
        const std::size_t skipped = random.below(static_cast<u32>(count - i));
        u32 distance = 0;
        for (std::size_t next = i + 1; next < i + 1 + skipped; ++next)
            distance += static_cast<u32>(test.instructions[next].size());
        if (distance > 127 && instruction.layout.immediate_size == 1) continue;
        std::memcpy(bytes.data() + instruction.layout.immediate, &distance,
                    instruction.layout.immediate_size);
    }
}

}  // namespace seventeen::oracle
