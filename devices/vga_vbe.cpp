// The Bochs display interface's registers and what makes their values fit video memory.
#include "devices/vga_vbe.h"

#include <algorithm>
#include <bit>

#include "core/check.h"

namespace seventeen::devices {

namespace {

constexpr u16 kOldestId = 0xb0c0;
constexpr u16 kNewestId = 0xb0c5;
// The enable register.
constexpr u16 kEnabled = 0x01;
constexpr u16 kCapabilities = 0x02;  // size and depth read as their largest
constexpr u16 kWideDac = 0x20;
constexpr u16 kKeepMemory = 0x80;

constexpr u16 kPlanarDepth = 4;
constexpr u16 kDefaultDepth = 8;
constexpr u16 kDeepest = 32;
constexpr unsigned kWidestVirtual = 16000;
constexpr unsigned kWidthStep = 8;
constexpr u32 kLeastMemory = 0x40000;

constexpr unsigned step_down(unsigned width) {
    return width / kWidthStep * kWidthStep;
}

constexpr bool known(u16 depth) {
    return depth == kPlanarDepth || depth == 8 || depth == 15 || depth == 16 || depth == 24 ||
           depth == kDeepest;
}

}  // namespace

Vbe::Vbe(u32 memory) : memory_(memory) {
    check(std::has_single_bit(memory) && memory >= kLeastMemory,
          "video memory is a power of two and at least 256 KiB");
    reset();
}

void Vbe::reset() {
    ++generation_;
    index_ = 0;
    registers_.fill(0);
    registers_[kId] = kNewestId;
    registers_[kMemoryBanks] = static_cast<u16>(memory_ / kBankSize);
}

bool Vbe::enabled() const {
    return (registers_[kEnable] & kEnabled) != 0;
}

bool Vbe::linear() const {
    return enabled() && depth() != kPlanarDepth;
}

bool Vbe::wide_dac() const {
    return (registers_[kEnable] & kWideDac) != 0;
}

// Four planes of a bit each take as much as a nibble.
u32 Vbe::line_bytes() const {
    return depth() == kPlanarDepth ? virtual_width() / 2 : virtual_width() * pixel_bytes();
}

u16 Vbe::read(unsigned index) const {
    if (index >= kRegisters) return 0;
    if ((registers_[kEnable] & kCapabilities) != 0) {
        if (index == kWidth) return kMaxWidth;
        if (index == kHeight) return kMaxHeight;
        if (index == kDepth) return kDeepest;
    }
    return registers_[index];
}

u32 Vbe::write(unsigned index, u16 value) {
    ++generation_;
    switch (index) {
        case kId:
            if (value >= kOldestId && value <= kNewestId) registers_[kId] = value;
            return 0;
        case kWidth:
        case kHeight:
        case kDepth:
        case kVirtualWidth:
        case kXOffset:
        case kYOffset:
            registers_[index] = value;
            correct();
            return 0;
        case kEnable: return write_enable(value);
        case kBank: registers_[kBank] = static_cast<u16>(value % (memory_ / kBankSize)); return 0;
        default: return 0;
    }
}

u32 Vbe::write_enable(u16 value) {
    const bool rises = (value & kEnabled) != 0 && !enabled();
    registers_[kEnable] = value;
    if (!rises) {
        registers_[kBank] = 0;
        return 0;
    }
    registers_[kVirtualWidth] = registers_[kXOffset] = registers_[kYOffset] = 0;
    correct();
    return (value & kKeepMemory) != 0 ? 0 : height() * line_bytes();
}

// Makes everything that the registers say lie in video memory; they are free while disabled.
void Vbe::correct() {
    if (!enabled()) return;
    if (!known(registers_[kDepth])) registers_[kDepth] = kDefaultDepth;
    const unsigned width = std::clamp(step_down(this->width()), kWidthStep, kMaxWidth);
    registers_[kWidth] = static_cast<u16>(width);
    registers_[kVirtualWidth] =
        static_cast<u16>(std::clamp(step_down(virtual_width()), width, kWidestVirtual));

    const unsigned rows = memory_ / line_bytes();
    const unsigned height = std::clamp(this->height(), 1u, std::min(kMaxHeight, rows));
    registers_[kHeight] = static_cast<u16>(height);
    registers_[kVirtualHeight] = static_cast<u16>(std::min(rows, 0xffffu));
    // Moved to the right, the picture's rows run on into one another.
    const auto fits = [&] {
        const unsigned end = (y_offset() + height - 1) * virtual_width() + x_offset() + width;
        return end <= rows * virtual_width();
    };
    if (!fits()) registers_[kYOffset] = 0;
    if (!fits()) registers_[kXOffset] = 0;
}

void Vbe::save(Writer& writer) const {
    writer.put(index_);
    for (const u16 value : registers_) writer.put(value);
}

void Vbe::restore(Reader& reader) {
    ++generation_;
    reader.get(index_);
    for (u16& value : registers_) reader.get(value);
    const std::array<u16, kRegisters> saved = registers_;
    correct();
    registers_[kMemoryBanks] = static_cast<u16>(memory_ / kBankSize);
    registers_[kBank] = static_cast<u16>(registers_[kBank] % (memory_ / kBankSize));
    if (saved != registers_) reader.damaged("the picture does not lie in video memory");
}

}  // namespace seventeen::devices
