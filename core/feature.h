// Feature: everything that CPU models differ in; instruction rows and control bits name one.
#pragma once

#include "core/types.h"

namespace seventeen {

enum class Feature : u8 {
    kNone,  // every model has it (the 386's instructions)
    k486,   // CMPXCHG, XADD, BSWAP, INVLPG, INVD, WBINVD, CR0.WP/AM
    kCpuid,
    kFpu,
    kVme,
    kDe,
    kPse,
    kTsc,
    kMsr,
    kPae,
    kMce,
    kCx8,
    kApic,
    kSep,
    kMtrr,
    kPge,
    kMca,
    kCmov,  // with kFpu: FCMOVcc and FCOMI too
    kPat,
    kPse36,
    kClflush,
    kMmx,
    kFxsr,
    kSse,
    kSse2,
    kSse3,
    kSsse3,
    kSse41,
    kSse42,
    kPopcnt,
    kMovbe,
    kMonitor,
    kNx,
    kRdpmc,
    kLongNop,
    kUd2,
    kNever,  // decoded, but no model has it
    kCount,
};
static_assert(static_cast<unsigned>(Feature::kCount) <= 64, "a model keeps them in one word");

}  // namespace seventeen
