// Enumerates opcode maps, prefixes and ModRM bytes.
#include "tests/oracle/catalogue.h"

#include <algorithm>
#include <array>

#include "decoder/prefixes.h"

namespace seventeen::oracle {

namespace {

using decoder::Class;
using decoder::Instruction;
using decoder::Mnemonic;

// By decoder::Family.
constexpr std::array<std::string_view, 19> kFamilyNames = {"integer_alu",
                                                           "shift",
                                                           "multiply_divide",
                                                           "bit_manipulation",
                                                           "decimal",
                                                           "data_movement",
                                                           "stack",
                                                           "control_flow",
                                                           "string",
                                                           "flag_control",
                                                           "input_output",
                                                           "segment",
                                                           "system",
                                                           "x87",
                                                           "mmx",
                                                           "sse",
                                                           "sse2",
                                                           "sse3",
                                                           "sse4"};
constexpr std::string_view kUndefinedName = "undefined";

constexpr std::array<u8, 5> kDecidingPrefixes = {0, decoder::kPrefixOperandSize,
                                                 decoder::kPrefixAddressSize, decoder::kPrefixRepne,
                                                 decoder::kPrefixRep};

// Where a host may know instructions that no model of ours has: SVM and XGETBV, SYSCALL, SYSRET,
// prefetches, GETSEC, SSE4a, XSAVE, RDRAND; XOP and AVX; RTM's XABORT and XBEGIN; SHA, AES, ADX, …
bool host_may_know(const Encoding& encoding) {
    const u8 opcode = encoding.opcode;
    const auto is_one_of = [opcode](std::initializer_list<u8> opcodes) {
        return std::find(opcodes.begin(), opcodes.end(), opcode) != opcodes.end();
    };
    switch (encoding.opcode_map) {
        case 0:
            return is_one_of({0x62, 0x8f, 0xc4, 0xc5}) ||
                   (is_one_of({0xc6, 0xc7}) && encoding.modrm == 0xf8);
        case 1: return is_one_of({0x01, 0x05, 0x07, 0x0d, 0x2b, 0x37, 0x78, 0x79, 0xae, 0xc7});
        case 2: return opcode >= 0x80;
        default: return opcode >= 0x40;
    }
}

// Does user code see the same in the guest as on the host? The guest's GDT shows what the host's
// shows, but other tables and control registers are its own.
bool is_sensitive_but_alike(const Instruction& instruction) {
    constexpr s64 kLinuxSystemCall = 0x80;
    switch (instruction.row().group) {
        case decoder::SensitiveGroup::kInterruptFlag:
        case decoder::SensitiveGroup::kSegmentDescriptors:
        case decoder::SensitiveGroup::kSegmentRegisters: return true;
        case decoder::SensitiveGroup::kGatesAndTasks: break;
        default: return false;
    }
    switch (instruction.mnemonic) {
        case Mnemonic::INT: return (instruction.immediate & 0xff) != kLinuxSystemCall;
        case Mnemonic::INT1:
        case Mnemonic::INT3:
        case Mnemonic::INTO:
        case Mnemonic::JMP_FAR:
        case Mnemonic::CALL_FAR:
        case Mnemonic::RET_FAR: return true;
        default: return false;
    }
}

// Prefixes and the escapes to the other maps.
bool is_no_opcode(u8 opcode_map, u8 byte) {
    if (opcode_map == 1) return byte == 0x38 || byte == 0x3a;
    return opcode_map == 0 && (decoder::scan_prefixes({&byte, 1}).count != 0 || byte == 0x0f);
}

// A repeat prefix that means something to the host where it means nothing to the guest: F3 makes
// TZCNT and LZCNT of BSF and BSR, and on AMD F2 and F3 decide what LOOPE and LOOPNE wait for.
bool repeat_means_more(const Instruction& instruction) {
    switch (instruction.mnemonic) {
        case Mnemonic::BSF:
        case Mnemonic::BSR: return instruction.rep;
        case Mnemonic::LOOPE:
        case Mnemonic::LOOPNE: return instruction.rep || instruction.repne;
        default: return false;
    }
}

// The generator strews redundant prefixes in now and then; here they would crowd out the others.
// Repeat prefixes mean something to string instructions (mandatory ones do not show as such), and
// the address size tells JCXZ from JECXZ.
bool is_redundant(u8 prefix, const Instruction& instruction) {
    if (prefix == decoder::kPrefixAddressSize) return instruction.mnemonic != Mnemonic::JCXZ;
    const bool repeats = instruction.rep || instruction.repne;
    return repeats && instruction.row().family != decoder::Family::kString;
}

}  // namespace

void Encoding::append_to(std::vector<u8>& bytes) const {
    if (prefix != 0) bytes.push_back(prefix);
    if (opcode_map > 0) bytes.push_back(0x0f);
    if (opcode_map == 2) bytes.push_back(0x38);
    if (opcode_map == 3) bytes.push_back(0x3a);
    bytes.push_back(opcode);
}

bool comparable(const Instruction& instruction) {
    if (repeat_means_more(instruction)) return false;
    switch (instruction.row().kind) {
        case Class::kInnocuous:
        case Class::kControl: return true;
        case Class::kSensitive: return is_sensitive_but_alike(instruction);
        case Class::kPrivileged:  // #GP(0), but for what long mode or this host treats otherwise
            return instruction.mnemonic != Mnemonic::SYSEXIT &&
                   instruction.mnemonic != Mnemonic::MONITOR &&
                   instruction.mnemonic != Mnemonic::MWAIT;
    }
    return false;
}

Catalogue::Catalogue(const decoder::Decoder& decoder) {
    for (const std::string_view name : kFamilyNames) families_.push_back({name, {}});
    families_.push_back({kUndefinedName, {}});
    for (u8 opcode_map = 0; opcode_map < 4; ++opcode_map) {
        for (unsigned opcode = 0; opcode < 256; ++opcode) {
            if (is_no_opcode(opcode_map, static_cast<u8>(opcode))) continue;
            for (const u8 prefix : kDecidingPrefixes)
                add_opcode(decoder, {prefix, opcode_map, static_cast<u8>(opcode),
                                     Encoding::ModRm::kNone, 0});
        }
    }
    std::erase_if(families_, [](const Family& family) { return family.entries.empty(); });
}

const Catalogue::Family* Catalogue::find(std::string_view name) const {
    const auto found = std::find_if(families_.begin(), families_.end(),
                                    [name](const Family& family) { return family.name == name; });
    return found == families_.end() ? nullptr : &*found;
}

// Asks about every ModRM byte (one with mod = 0 stands for all of its memory forms).
void Catalogue::add_opcode(const decoder::Decoder& decoder, Encoding encoding) {
    constexpr std::size_t kTail = 12;
    for (unsigned modrm = 0; modrm < 256; ++modrm) {
        const bool memory = modrm < 0xc0;
        if (memory && (modrm & 0xc7) != 0) continue;
        std::vector<u8> bytes;
        encoding.append_to(bytes);
        bytes.push_back(static_cast<u8>(modrm));
        bytes.resize(bytes.size() + kTail);
        Instruction instruction;
        const auto status = decoder.decode(bytes, decoder::CodeSize::k32, instruction);
        encoding.modrm = static_cast<u8>(modrm);
        encoding.kind = memory ? Encoding::ModRm::kMemory : Encoding::ModRm::kRegister;
        if (status == decoder::DecodeStatus::kInvalid) {
            if (host_may_know(encoding)) continue;
            if (instruction.length + kTail < bytes.size()) encoding.kind = Encoding::ModRm::kNone;
        } else {
            if (!comparable(instruction) || is_redundant(encoding.prefix, instruction)) continue;
            if (instruction.layout.modrm == 0) encoding.kind = Encoding::ModRm::kNone;
        }
        add(instruction.mnemonic, encoding);
        if (encoding.kind == Encoding::ModRm::kNone) return;
    }
}

void Catalogue::add(Mnemonic mnemonic, const Encoding& encoding) {
    const std::size_t family = mnemonic == Mnemonic::kInvalid
                                   ? kFamilyNames.size()
                                   : static_cast<std::size_t>(decoder::row(mnemonic).family);
    std::vector<Entry>& entries = families_[family].entries;
    const auto [place, is_new] = places_.try_emplace(mnemonic, family, entries.size());
    if (is_new) entries.push_back({mnemonic, {}, {}});
    Entry& entry = entries[place->second.second];
    (encoding.kind == Encoding::ModRm::kMemory ? entry.with_memory : entry.without_memory)
        .push_back(encoding);
}

}  // namespace seventeen::oracle
