// MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS, alone and repeated.
//
// A repeated instruction counts one retired instruction for each iteration (one for a count of
// zero) and yields between iterations: when the run's target is reached, when attention is raised,
// or when an iteration faults. EIP then still (again) points at it, with the registers saying how
// far it came, as SDM 2B, REP describes, and RF is set (SDM 3B 17.3.1.1). The engine's loop counts
// one; the rest is counted here.
//
// All but LODS, INS and OUTS run over whole stretches within a page where plain memory lies on both
// sides.
#include <algorithm>

#include "interpreter/arithmetic.h"
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;

constexpr u8 kAx = 0;  // byte offsets within CpuState::gpr
constexpr u8 kDx = static_cast<u8>(Gpr::kDx) * 8;
constexpr u8 kCx = static_cast<u8>(Gpr::kCx) * 8;
constexpr u8 kSi = static_cast<u8>(Gpr::kSi) * 8;
constexpr u8 kDi = static_cast<u8>(Gpr::kDi) * 8;

template <typename T>
s32 step_of(const Cpu& cpu) {
    constexpr s32 kSize = static_cast<s32>(sizeof(T));
    return cpu.state.flag(kFlagDf) ? -kSize : kSize;
}

template <typename Address>
void advance(Cpu& cpu, u8 index, s64 by) {
    cpu.set_reg<Address>(index, static_cast<Address>(cpu.reg<Address>(index) + by));
}

template <typename T, typename Address>
struct MoveString {
    static constexpr bool kRuns = true;
    static constexpr bool kCompares = false;
    static Fault once(Cpu& cpu, const Operation& operation) {
        T value;
        if (Fault fault = cpu.memory.read(operation.segment, cpu.reg<Address>(kSi), value))
            return fault;
        if (Fault fault = cpu.memory.write(SegmentName::kEs, cpu.reg<Address>(kDi), value))
            return fault;
        advance<Address>(cpu, kSi, step_of<T>(cpu));
        advance<Address>(cpu, kDi, step_of<T>(cpu));
        return {};
    }
};

template <typename T, typename Address>
struct StoreString {
    static constexpr bool kRuns = true;
    static constexpr bool kCompares = false;
    static Fault once(Cpu& cpu, const Operation&) {
        if (Fault fault =
                cpu.memory.write(SegmentName::kEs, cpu.reg<Address>(kDi), cpu.reg<T>(kAx)))
            return fault;
        advance<Address>(cpu, kDi, step_of<T>(cpu));
        return {};
    }
};

template <typename T, typename Address>
struct LoadString {
    static constexpr bool kRuns = false;
    static constexpr bool kCompares = false;
    static Fault once(Cpu& cpu, const Operation& operation) {
        T value;
        if (Fault fault = cpu.memory.read(operation.segment, cpu.reg<Address>(kSi), value))
            return fault;
        cpu.set_reg<T>(kAx, value);
        advance<Address>(cpu, kSi, step_of<T>(cpu));
        return {};
    }
};

template <typename T, typename Address>
struct CompareStrings {
    static constexpr bool kRuns = false;
    static constexpr bool kCompares = true;
    static Fault once(Cpu& cpu, const Operation& operation) {
        T source;
        T other;
        if (Fault fault = cpu.memory.read(operation.segment, cpu.reg<Address>(kSi), source))
            return fault;
        if (Fault fault = cpu.memory.read(SegmentName::kEs, cpu.reg<Address>(kDi), other))
            return fault;
        subtract_with_flags(cpu.state.arithmetic, source, other);
        advance<Address>(cpu, kSi, step_of<T>(cpu));
        advance<Address>(cpu, kDi, step_of<T>(cpu));
        return {};
    }
};

template <typename T, typename Address>
struct ScanString {
    static constexpr bool kRuns = false;
    static constexpr bool kCompares = true;
    static Fault once(Cpu& cpu, const Operation&) {
        T value;
        if (Fault fault = cpu.memory.read(SegmentName::kEs, cpu.reg<Address>(kDi), value))
            return fault;
        subtract_with_flags(cpu.state.arithmetic, cpu.reg<T>(kAx), value);
        advance<Address>(cpu, kDi, step_of<T>(cpu));
        return {};
    }
};

// The destination is checked before the port is read: a device read cannot be undone.
template <typename T, typename Address>
struct InputString {
    static constexpr bool kRuns = false;
    static constexpr bool kCompares = false;
    static Fault once(Cpu& cpu, const Operation&) {
        const u16 port = cpu.reg<u16>(kDx);
        const u32 offset = cpu.reg<Address>(kDi);
        if (Fault fault = cpu.privilege.check_port(port, sizeof(T))) return fault;
        if (Fault fault = cpu.memory.probe_write(SegmentName::kEs, offset, sizeof(T))) return fault;
        u32 value;
        if (Fault fault = cpu.privilege.input(port, sizeof(T), value)) return fault;
        if (Fault fault = cpu.memory.write(SegmentName::kEs, offset, static_cast<T>(value)))
            return fault;
        advance<Address>(cpu, kDi, step_of<T>(cpu));
        return {};
    }
};

template <typename T, typename Address>
struct OutputString {
    static constexpr bool kRuns = false;
    static constexpr bool kCompares = false;
    static Fault once(Cpu& cpu, const Operation& operation) {
        const u16 port = cpu.reg<u16>(kDx);
        if (Fault fault = cpu.privilege.check_port(port, sizeof(T))) return fault;
        T value;
        if (Fault fault = cpu.memory.read(operation.segment, cpu.reg<Address>(kSi), value))
            return fault;
        if (Fault fault = cpu.privilege.output(port, sizeof(T), value)) return fault;
        advance<Address>(cpu, kSi, step_of<T>(cpu));
        return {};
    }
};

// How many elements of `size` bytes lie upward from `offset` before the page or the address size
// ends.
u64 elements_ahead(const Cpu& cpu, SegmentName name, u32 offset, u32 address_mask, unsigned size) {
    const SegmentRegister& segment = cpu.state.segment(name);
    const u64 in_page = kPageSize - privilege::SegmentedMemory::linear(segment, offset).offset();
    const u64 in_address_space = u64{address_mask} + 1 - offset;
    return std::min(in_page, in_address_space) / size;
}

// Upward and one by one where the stretches overlap, as the guest would see it.
template <typename T>
void move_elements(u8* to, const u8* from, u64 count) {
    const u64 bytes = count * sizeof(T);
    if (to + bytes <= from || from + bytes <= to) {
        std::memcpy(to, from, bytes);
        return;
    }
    for (u64 i = 0; i < count; ++i)
        std::memmove(to + i * sizeof(T), from + i * sizeof(T), sizeof(T));
}

// Elements within a page of plain memory at SI (where the instruction reads it) and at DI, upwards.
struct Stretch {
    u64 count = 0;  // 0: each iteration needs a closer look
    const u8* from = nullptr;
    const u8* to = nullptr;  // at DI, where that is read …
    u8* into = nullptr;      // … or where it is written
};

template <typename T, typename Address, bool kReadsSi, bool kWritesDi>
Stretch find_stretch(Cpu& cpu, const Operation& operation, u64 count) {
    const CpuState& state = cpu.state;
    if (state.system_flags & (kFlagDf | kFlagAc)) return {};
    const u32 mask = operation.address_mask;
    const u32 to_offset = cpu.reg<Address>(kDi);
    count = std::min(count, elements_ahead(cpu, SegmentName::kEs, to_offset, mask, sizeof(T)));
    const u32 from_offset = cpu.reg<Address>(kSi);
    if constexpr (kReadsSi)
        count =
            std::min(count, elements_ahead(cpu, operation.segment, from_offset, mask, sizeof(T)));
    if (count < 2) return {};
    const unsigned bytes = static_cast<unsigned>(count * sizeof(T));
    const SegmentRegister& to_segment = state.segment(SegmentName::kEs);
    const SegmentRegister& from_segment = state.segment(operation.segment);
    if (!(kWritesDi ? to_segment.may_write(to_offset, bytes)
                    : to_segment.may_read(to_offset, bytes)))
        return {};
    if (kReadsSi && !from_segment.may_read(from_offset, bytes)) return {};
    const mmu::Privilege privilege = cpu.memory.privilege();
    const auto linear = &privilege::SegmentedMemory::linear;
    // SAFETY: read_run and write_run lead to a page of guest memory, and elements_ahead keeps the
    // stretch within it. The source comes first, as in a single iteration: A and D bits.
    Stretch stretch;
    if constexpr (kReadsSi) {
        stretch.from = cpu.mmu.read_run(linear(from_segment, from_offset), privilege);
        if (!stretch.from) return {};
    }
    const LinearAddress at = linear(to_segment, to_offset);
    if constexpr (kWritesDi)
        stretch.into = cpu.mmu.write_run(at, privilege);
    else
        stretch.to = cpu.mmu.read_run(at, privilege);
    if (stretch.into || stretch.to) stretch.count = count;
    return stretch;
}

// Runs up to `count` iterations of MOVS or STOS at once; 0 where each needs a closer look.
template <typename T, typename Address, bool kMoves>
u64 run_stretch(Cpu& cpu, const Operation& operation, u64 count) {
    const Stretch stretch = find_stretch<T, Address, kMoves, true>(cpu, operation, count);
    if (stretch.count == 0) return 0;
    const s64 bytes = static_cast<s64>(stretch.count * sizeof(T));
    if constexpr (kMoves) {
        move_elements<T>(stretch.into, stretch.from, stretch.count);
        advance<Address>(cpu, kSi, bytes);
    } else {
        const T value = cpu.reg<T>(kAx);
        for (u64 i = 0; i < stretch.count; ++i)
            std::memcpy(stretch.into + i * sizeof(T), &value, sizeof(T));
    }
    advance<Address>(cpu, kDi, bytes);
    return stretch.count;
}

// How many elements REPE CMPS passes over, surely equal, before each needs a look of its own.
template <typename T>
u64 equal_elements(const u8* one, const u8* other, u64 count) {
    constexpr u64 kBlock = 64;  // bytes
    u64 bytes = 0;
    while (bytes + kBlock < count * sizeof(T) &&
           std::memcmp(one + bytes, other + bytes, kBlock) == 0)
        bytes += kBlock;
    return bytes / sizeof(T);
}

// How many bytes REPNE SCASB passes over: all before the one it looks for, or before the last.
u64 other_bytes(const u8* bytes, u8 wanted, u64 count) {
    const void* found = std::memchr(bytes, wanted, count - 1);
    return found ? static_cast<u64>(static_cast<const u8*>(found) - bytes) : count - 1;
}

// As run_stretch for CMPS (two places) and SCAS (the accumulator and one place): up to and with the
// element that ends the repetition.
template <typename T, typename Address, bool kTwoPlaces>
u64 compare_stretch(Cpu& cpu, const Operation& operation, u64 count) {
    const Stretch stretch = find_stretch<T, Address, kTwoPlaces, false>(cpu, operation, count);
    if (stretch.count == 0) return 0;
    T one = cpu.reg<T>(kAx);
    u64 done = 0;
    if (kTwoPlaces && operation.rep)
        done = equal_elements<T>(stretch.from, stretch.to, stretch.count);
    if constexpr (!kTwoPlaces && sizeof(T) == 1) {
        if (!operation.rep) done = other_bytes(stretch.to, one, stretch.count);
    }
    T other;
    do {
        if constexpr (kTwoPlaces) std::memcpy(&one, stretch.from + done * sizeof(T), sizeof(T));
        std::memcpy(&other, stretch.to + done * sizeof(T), sizeof(T));
        ++done;
    } while (done < stretch.count && (one == other) == operation.rep);
    subtract_with_flags(cpu.state.arithmetic, one, other);
    const s64 bytes = static_cast<s64>(done * sizeof(T));
    if constexpr (kTwoPlaces) advance<Address>(cpu, kSi, bytes);
    advance<Address>(cpu, kDi, bytes);
    return done;
}

template <typename T, typename Address, template <typename, typename> class Op>
Fault repeat(Cpu& cpu, const Operation& operation) {
    using Once = Op<T, Address>;
    CpuState& state = cpu.state;
    if (cpu.reg<Address>(kCx) == 0) return {};
    for (;;) {
        u64 done = 0;
        // One at a time where somebody is to look in between (TF, a pending interrupt).
        const bool at_once = cpu.target > state.retired && !state.attention;
        const u64 allowed = at_once ? cpu.target - state.retired : 1;
        const u64 wanted = std::min<u64>(cpu.reg<Address>(kCx), allowed);
        if constexpr (Once::kCompares) {
            constexpr bool kTwoPlaces = std::is_same_v<Once, CompareStrings<T, Address>>;
            done = compare_stretch<T, Address, kTwoPlaces>(cpu, operation, wanted);
        } else if constexpr (Once::kRuns) {
            constexpr bool kMoves = std::is_same_v<Once, MoveString<T, Address>>;
            done = run_stretch<T, Address, kMoves>(cpu, operation, wanted);
        }
        if (done == 0) {
            if (Fault fault = Once::once(cpu, operation)) return fault;
            done = 1;
        }
        const Address left = static_cast<Address>(cpu.reg<Address>(kCx) - done);
        cpu.set_reg<Address>(kCx, left);
        bool more = left != 0;
        if constexpr (Once::kCompares) more = more && state.arithmetic.zf() == operation.rep;
        if (!more) {
            state.retired += done - 1;  // the loop counts the last
            return {};
        }
        if (state.retired + done >= cpu.target || state.attention) {
            state.retired += done - 1;
            state.rip = static_cast<u32>(state.rip - operation.length);
            state.system_flags |= kFlagRf;
            state.attention = true;
            return {};
        }
        state.retired += done;
    }
}

template <template <typename, typename> class Op, typename T, typename Address>
Handler bind_addressed(const Instruction& instruction) {
    if (instruction.rep || instruction.repne) return &repeat<T, Address, Op>;
    return &Op<T, Address>::once;
}

template <template <typename, typename> class Op, typename T>
Handler bind_sized(const Instruction& instruction) {
    return instruction.address_size == 2 ? bind_addressed<Op, T, u16>(instruction)
                                         : bind_addressed<Op, T, u32>(instruction);
}

}  // namespace

Handler bind_string(const Instruction& instruction) {
    switch (instruction.mnemonic) {
        case Mnemonic::MOVSB: return bind_sized<MoveString, u8>(instruction);
        case Mnemonic::MOVSW: return bind_sized<MoveString, u16>(instruction);
        case Mnemonic::MOVSD: return bind_sized<MoveString, u32>(instruction);
        case Mnemonic::STOSB: return bind_sized<StoreString, u8>(instruction);
        case Mnemonic::STOSW: return bind_sized<StoreString, u16>(instruction);
        case Mnemonic::STOSD: return bind_sized<StoreString, u32>(instruction);
        case Mnemonic::LODSB: return bind_sized<LoadString, u8>(instruction);
        case Mnemonic::LODSW: return bind_sized<LoadString, u16>(instruction);
        case Mnemonic::LODSD: return bind_sized<LoadString, u32>(instruction);
        case Mnemonic::CMPSB: return bind_sized<CompareStrings, u8>(instruction);
        case Mnemonic::CMPSW: return bind_sized<CompareStrings, u16>(instruction);
        case Mnemonic::CMPSD: return bind_sized<CompareStrings, u32>(instruction);
        case Mnemonic::SCASB: return bind_sized<ScanString, u8>(instruction);
        case Mnemonic::SCASW: return bind_sized<ScanString, u16>(instruction);
        case Mnemonic::SCASD: return bind_sized<ScanString, u32>(instruction);
        case Mnemonic::INSB: return bind_sized<InputString, u8>(instruction);
        case Mnemonic::INSW: return bind_sized<InputString, u16>(instruction);
        case Mnemonic::INSD: return bind_sized<InputString, u32>(instruction);
        case Mnemonic::OUTSB: return bind_sized<OutputString, u8>(instruction);
        case Mnemonic::OUTSW: return bind_sized<OutputString, u16>(instruction);
        case Mnemonic::OUTSD: return bind_sized<OutputString, u32>(instruction);
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
