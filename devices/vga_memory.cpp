// The graphics controller's data path between the CPU and four planes.
#include "devices/vga_memory.h"

#include <algorithm>

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kPlanes = 4;
constexpr u8 kAllPlanes = 0x0f;
constexpr u8 kEvenPlanes = 0x05;
constexpr u8 kOddPlanes = 0x0a;
constexpr u8 kNothing = 0xff;

// The graphics controller's miscellaneous register: where the planes appear.
constexpr unsigned kMapShift = 2;
constexpr unsigned kMapMask = 3;
struct Map {
    u32 first;
    u32 size;
};
constexpr Map kMaps[] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
constexpr unsigned kWholeWindow = 0;

constexpr u8 kWriteModeMask = 3;
constexpr u8 kRotateMask = 7;
constexpr unsigned kFunctionShift = 3;
enum Function : unsigned { kReplace, kAnd, kOr, kXor };

constexpr u32 repeat(u8 value) {
    return value * 0x01010101u;
}

// One bit a plane, to a byte of ones a plane.
constexpr u32 spread(unsigned planes) {
    return ((planes & 1) | (planes & 2) << 7 | (planes & 4) << 14 | (planes & 8) << 21) * 0xffu;
}

constexpr u8 rotate_right(u8 value, unsigned count) {
    return static_cast<u8>(value >> count | value << (8 - count));
}

}  // namespace

VgaMemory::VgaMemory(const VgaRegisters& registers, const Vbe& vbe, u32 size)
    : registers_(registers), vbe_(vbe), bytes_(size), dirty_(size / kPageSize, 1) {}

// From an offset in the window to one in the map that the guest has chosen for it.
std::optional<u32> VgaMemory::mapped(u32 offset) const {
    const unsigned number =
        vbe_.enabled() ? 1 : registers_.graphics(graphics::kMiscellaneous) >> kMapShift & kMapMask;
    const Map& map = kMaps[number];
    if (offset < map.first || offset - map.first >= map.size) return std::nullopt;
    return offset - map.first;
}

// The planes' address: chained modes use its low bits to choose planes instead.
u32 VgaMemory::plane_address(u32 mapped, bool odd_even) const {
    const u8 miscellaneous = registers_.graphics(graphics::kMiscellaneous);
    const bool whole = (miscellaneous >> kMapShift & kMapMask) == kWholeWindow;
    u32 address = mapped;
    if ((registers_.sequencer(sequencer::kMemoryMode) & sequencer::kChain4) != 0) {
        address &= ~u32{3};
    } else if (odd_even) {
        // A16 takes the place of A0 where there is one (IBM: "Chain Odd/Even").
        address = (address & ~u32{1}) | (whole ? mapped >> 16 & 1 : 0);
    }
    if (!vbe_.enabled()) return address & kPlaneMask;
    const u32 plane_size = static_cast<u32>(bytes_.size()) / kPlanes;
    return (address + vbe_.bank_offset()) % plane_size;
}

u8 VgaMemory::read(u32 offset) {
    const std::optional<u32> address = mapped(offset);
    if (!address) return kNothing;
    if (vbe_.linear()) return bytes_[vbe_.bank_offset() + *address];

    const u8 mode = registers_.graphics(graphics::kMode);
    const bool odd_even = (mode & graphics::kReadOddEven) != 0;
    latch_ = planes(plane_address(*address, odd_even));
    if ((registers_.sequencer(sequencer::kMemoryMode) & sequencer::kChain4) != 0)
        return static_cast<u8>(latch_ >> (*address & 3) * 8);
    if ((mode & graphics::kReadCompare) != 0) {
        const u32 differ = (latch_ ^ spread(registers_.graphics(graphics::kColourCompare))) &
                           spread(registers_.graphics(graphics::kColourDoNotCare));
        return static_cast<u8>(~(differ | differ >> 8 | differ >> 16 | differ >> 24));
    }
    u32 plane = registers_.graphics(graphics::kReadMapSelect);
    if (odd_even) plane = (plane & 2) | (*address & 1);
    return static_cast<u8>(latch_ >> plane * 8);
}

// Where the bit mask is 0 the latches pass (IBM: "Bit Mask Register").
u32 VgaMemory::combined(u32 data, u8 bit_mask) const {
    switch (registers_.graphics(graphics::kDataRotate) >> kFunctionShift) {
        case kAnd: data &= latch_; break;
        case kOr: data |= latch_; break;
        case kXor: data ^= latch_; break;
        default: break;
    }
    const u32 mask = repeat(bit_mask);
    return (data & mask) | (latch_ & ~mask);
}

// What the four write modes make of the CPU's byte.
u32 VgaMemory::modified(u8 value) const {
    const u8 bit_mask = registers_.graphics(graphics::kBitMask);
    const u32 set_reset = spread(registers_.graphics(graphics::kSetReset));
    const u8 rotated =
        rotate_right(value, registers_.graphics(graphics::kDataRotate) & kRotateMask);
    switch (registers_.graphics(graphics::kMode) & kWriteModeMask) {
        case 0: {
            const u32 enabled = spread(registers_.graphics(graphics::kEnableSetReset));
            return combined((repeat(rotated) & ~enabled) | (set_reset & enabled), bit_mask);
        }
        case 1: return latch_;
        case 2: return combined(spread(value & kAllPlanes), bit_mask);
        default: return combined(set_reset, bit_mask & rotated);
    }
}

void VgaMemory::write(u32 offset, u8 value) {
    const std::optional<u32> address = mapped(offset);
    if (!address) return;
    if (vbe_.linear()) {
        const u32 at = vbe_.bank_offset() + *address;
        bytes_[at] = value;
        mark(at, 1);
        return;
    }
    const u8 memory_mode = registers_.sequencer(sequencer::kMemoryMode);
    const bool odd_even = (memory_mode & sequencer::kNotOddEven) == 0;
    unsigned enabled = registers_.sequencer(sequencer::kMapMask);
    if ((memory_mode & sequencer::kChain4) != 0)
        enabled &= 1u << (*address & 3);
    else if (odd_even)
        enabled &= (*address & 1) != 0 ? kOddPlanes : kEvenPlanes;
    if (enabled == 0) return;

    const u32 at = plane_address(*address, odd_even);
    const u32 mask = spread(enabled);
    const u32 word = (modified(value) & mask) | (planes(at) & ~mask);
    std::memcpy(bytes_.data() + std::size_t{at} * kPlanes, &word, sizeof word);
    mark(at * kPlanes, kPlanes);
}

void VgaMemory::clear(u32 size) {
    std::fill_n(bytes_.begin(), size, u8{0});
    mark(0, size);
}

void VgaMemory::mark(u32 offset, u32 size) {
    if (size == 0) return;
    any_dirty_ = true;
    for (u64 page = offset / kPageSize; page <= (offset + size - 1) / kPageSize; ++page)
        dirty_[page] = 1;
}

bool VgaMemory::dirty(u32 offset, u32 size) const {
    if (!any_dirty_ || size == 0) return false;
    const auto first = dirty_.begin() + static_cast<std::ptrdiff_t>(offset / kPageSize);
    const auto end = dirty_.begin() + static_cast<std::ptrdiff_t>((offset + size - 1) / kPageSize);
    return std::find(first, end + 1, 1) != end + 1;
}

void VgaMemory::clean() {
    if (any_dirty_) std::fill(dirty_.begin(), dirty_.end(), u8{0});
    any_dirty_ = false;
}

void VgaMemory::reset() {
    latch_ = 0;
}

void VgaMemory::save(Writer& writer) const {
    writer.put(latch_);
    writer.put(static_cast<u32>(bytes_.size()));
    writer.bytes(bytes_.data(), bytes_.size());
}

void VgaMemory::restore(Reader& reader) {
    reader.get(latch_);
    if (reader.get<u32>() != bytes_.size()) reader.damaged("video memory has another size");
    reader.bytes(bytes_.data(), bytes_.size());
    mark(0, static_cast<u32>(bytes_.size()));
}

}  // namespace seventeen::devices
