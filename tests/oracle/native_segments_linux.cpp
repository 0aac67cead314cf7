// LAR, LSL and modify_ldt.
#include "tests/oracle/native_segments_linux.h"

#include <asm/ldt.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace seventeen::oracle {

namespace {

// LAR's view of a selector, or 0 where it is not one of ours.
u32 access_rights(u32 selector) {
    u32 rights = 0;
    asm("larl %1, %0; jz 1f; xorl %0, %0; 1:" : "=r"(rights) : "r"(selector) : "cc");
    return rights;
}

u32 limit(u32 selector) {
    u32 bytes = 0;
    asm("lsll %1, %0; jz 1f; xorl %0, %0; 1:" : "=r"(bytes) : "r"(selector) : "cc");
    return bytes;
}

// Bits of LAR's result (SDM 2A, LAR).
constexpr u32 kRightsCode = 1u << 11;
constexpr u32 kRightsPresent = 1u << 15;
constexpr u32 kRightsLong = 1u << 21;
constexpr u32 kRightsBig = 1u << 22;
constexpr u32 kRightsGranular = 1u << 23;

user_desc description_of(unsigned index) {
    const LocalSegment& segment = local_segments()[index];
    user_desc description{};
    description.entry_number = index;
    description.base_addr = segment.base;
    description.limit = segment.limit;
    description.seg_32bit = segment.width == LocalSegment::Width::k32;
    description.contents = static_cast<unsigned>(segment.kind);  // in Linux's order
    description.read_exec_only = segment.rights == LocalSegment::Rights::kLess;
    description.limit_in_pages = segment.unit == LocalSegment::Unit::kPages;
    description.seg_not_present = !segment.present;
    return description;
}

}  // namespace

bool is_flat_32_bit(u16 selector, bool code) {
    const u32 want = kRightsPresent | kRightsBig | (code ? kRightsCode : 0);
    const u32 mask = want | kRightsCode | kRightsLong;
    return (access_rights(selector) & mask) == want && limit(selector) == 0xffff'ffff;
}

std::array<u64, kDescriptorCount> visible_descriptors() {
    std::array<u64, kDescriptorCount> table{};
    for (u32 i = 0; i < table.size(); ++i) {
        const u32 selector = i << 3 | 3;
        const u32 rights = access_rights(selector) & 0x00f0ff00;
        const u32 last = rights & kRightsGranular ? limit(selector) >> kPageShift : limit(selector);
        if (rights != 0) table[i] = u64{rights | (last & 0xf0000)} << 32 | (last & 0xffff);
    }
    return table;
}

bool write_local_segments() {
    constexpr int kWrite = 0x11;
    for (unsigned i = 0; i < kLocalSegmentCount; ++i) {
        user_desc description = description_of(i);
        // (The system call's result is an int, which syscall() does not extend.)
        const auto result = syscall(SYS_modify_ldt, kWrite, &description, sizeof description);
        if (static_cast<int>(result) != 0) return false;
    }
    return true;
}

}  // namespace seventeen::oracle
