// BlockKey and Mode: what must hold for a block to be valid.
#pragma once

#include <compare>
#include <functional>

#include "core/cpu_state.h"
#include "core/types.h"

namespace seventeen::translator {

// The CPU state that is baked into code. Everything else is read from CpuState as the code runs.
struct Mode {
    enum Bit : u32 {
        kUser = 1 << 0,       // CPL 3: which lane of the TLB
        kCode32 = 1 << 1,     // CS.D
        kStack32 = 1 << 2,    // SS.B
        kAlignment = 1 << 3,  // alignment checks are in force: accesses are left to the interpreter
        kWindow = 1 << 4,     // memory is reached through the window in gs:, but for soft sites
        kFpuLive = 1 << 5,    // the guest's x87, MMX and SSE registers are in the host's
        kX87 = 1 << 6,        // x87 and MMX instructions don't raise #NM or #UD
        kSse = 1 << 7,        // nor do SSE instructions
        kX87Faults = 1 << 8,  // CR0.NE: an unmasked x87 exception raises #MF
        kKernel = 1 << 9,     // CPL 0: IF and the flags are there to be read and changed
        kBackwards = 1 << 10,   // DF: string instructions go down
        kSoftWrites = 1 << 11,  // but for reads, memory is not reached through the window
        kFlatShift = 16,        // six bits by SegmentName: base 0, all 4 GiB readable and writable
    };

    u32 bits = 0;
    u32 code_limit = 0;  // CS's, in bytes
    u32 code_base = 0;

    bool has(Bit bit) const { return bits & bit; }
    bool user() const { return has(kUser); }
    // Branches that leave a page go through a jump map; in spaces that may be short-lived through a
    // hashed JumpTable, which is filled sooner.
    bool mapped() const { return has(kWindow) || !user(); }
    bool code32() const { return has(kCode32); }
    bool stack32() const { return has(kStack32); }
    bool flat(SegmentName name) const {
        return bits >> (kFlatShift + static_cast<unsigned>(name)) & 1;
    }
    bool operator==(const Mode&) const = default;
};

Mode mode_of(const CpuState& state);
// Base 0, and all 4 GiB readable and writable.
bool is_flat(const SegmentRegister& segment);

struct BlockKey {
    u64 physical = 0;  // of the first byte
    u32 eip = 0;       // code holds addresses relative to it
    u32 mode = 0;      // number of the Mode

    bool operator==(const BlockKey&) const = default;
};

struct BlockKeyHash {
    std::size_t operator()(const BlockKey& key) const {
        u64 sum = (key.physical ^ u64{key.eip} << 32 ^ u64{key.mode} << 20) * 0x9e37'79b9'7f4a'7c15;
        return sum ^ sum >> 29;
    }
};

}  // namespace seventeen::translator
