// Fault: a guest-visible exception as a value (vector, error code, address). Returned, never
// thrown.
#pragma once

#include "core/types.h"

namespace seventeen {

// SDM 3A table 6-1.
enum class Vector : u8 {
    kDivideError = 0,
    kDebug = 1,
    kNmi = 2,
    kBreakpoint = 3,
    kOverflow = 4,
    kBoundRange = 5,
    kInvalidOpcode = 6,
    kDeviceNotAvailable = 7,
    kDoubleFault = 8,
    kCoprocessorOverrun = 9,
    kInvalidTss = 10,
    kSegmentNotPresent = 11,
    kStackFault = 12,
    kGeneralProtection = 13,
    kPageFault = 14,
    kX87Error = 16,
    kAlignmentCheck = 17,
    kMachineCheck = 18,
    kSimdError = 19,
};

// Page-fault error code bits (SDM 3A 4.7).
inline constexpr u32 kPageFaultPresent = 1u << 0;
inline constexpr u32 kPageFaultWrite = 1u << 1;
inline constexpr u32 kPageFaultUser = 1u << 2;
inline constexpr u32 kPageFaultReserved = 1u << 3;
inline constexpr u32 kPageFaultFetch = 1u << 4;

// Selector error code bits (SDM 3A 6.13).
inline constexpr u32 kErrorExternal = 1u << 0;
inline constexpr u32 kErrorIdt = 1u << 1;

// An instruction that raised a Fault has changed nothing a guest can see, except where the SDM
// says otherwise; the default value means "no fault", so `if (Fault fault = ...) return fault;`.
struct [[nodiscard]] Fault {
    enum class Kind : u8 { kNone, kException, kShutdown };

    Kind kind = Kind::kNone;
    Vector vector = Vector::kDivideError;
    bool has_error_code = false;
    u32 error_code = 0;
    u64 address = 0;  // what CR2 receives when a page fault is delivered

    constexpr explicit operator bool() const { return kind != Kind::kNone; }
    bool operator==(const Fault&) const = default;

    static constexpr Fault of(Vector vector) { return {Kind::kException, vector, false, 0, 0}; }
    static constexpr Fault with_code(Vector vector, u32 code) {
        return {Kind::kException, vector, true, code, 0};
    }
    static constexpr Fault page(u32 code, LinearAddress address) {
        return {Kind::kException, Vector::kPageFault, true, code, address.value};
    }
    static constexpr Fault general_protection(u32 code = 0) {
        return with_code(Vector::kGeneralProtection, code);
    }
    static constexpr Fault stack(u32 code = 0) { return with_code(Vector::kStackFault, code); }
    static constexpr Fault invalid_opcode() { return of(Vector::kInvalidOpcode); }
    // A triple fault: the processor is in shutdown until reset (SDM 3A 6.15, vector 8).
    static constexpr Fault shutdown() {
        return {Kind::kShutdown, Vector::kDoubleFault, false, 0, 0};
    }
};
static_assert(sizeof(Fault) == 16, "two registers, so that returning one is cheap");

}  // namespace seventeen
