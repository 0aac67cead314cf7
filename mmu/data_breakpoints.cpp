// DR7's fields, decoded when they change instead of at each access.
#include "mmu/data_breakpoints.h"

namespace seventeen::mmu {

namespace {

constexpr unsigned kRegisters = 4;
// DR7, per register (SDM 3B 17.2.4).
constexpr u64 kEnabled = 3;  // L and G
constexpr unsigned kEnableBits = 2;
constexpr unsigned kFieldsShift = 16;
constexpr unsigned kFieldBits = 4;
constexpr u64 kTypeMask = 3;
constexpr u64 kOnWrite = 1;
constexpr u64 kOnReadOrWrite = 3;
constexpr unsigned kLengthShift = 2;
constexpr std::array<u64, 4> kLengths{1, 2, 8, 4};

}  // namespace

void DataBreakpoints::update(const std::array<u64, 8>& debug_registers) {
    const u64 control = debug_registers[7];
    count_ = 0;
    for (unsigned i = 0; i < kRegisters; ++i) {
        const u64 fields = control >> (kFieldsShift + kFieldBits * i);
        const u64 type = fields & kTypeMask;
        const bool enabled = control >> (kEnableBits * i) & kEnabled;
        if (!enabled || (type != kOnWrite && type != kOnReadOrWrite)) continue;
        const u64 length = kLengths[fields >> kLengthShift & 3];
        // The low bits of the address are ignored (SDM 3B 17.2.5).
        ranges_[count_++] = {debug_registers[i] & ~(length - 1), length, 1u << i,
                             type == kOnReadOrWrite};
    }
}

bool DataBreakpoints::on_page(u64 linear_page) const {
    for (unsigned i = 0; i < count_; ++i)
        if (ranges_[i].first >> kPageShift == linear_page) return true;
    return false;
}

u32 DataBreakpoints::hits(LinearAddress address, std::size_t size, Access access) const {
    u32 status = 0;
    for (unsigned i = 0; i < count_; ++i) {
        const Range& range = ranges_[i];
        const bool overlaps =
            address.value < range.first + range.size && range.first < address.value + size;
        if (overlaps && (access == Access::kWrite || range.on_read)) status |= range.status;
    }
    return status;
}

}  // namespace seventeen::mmu
