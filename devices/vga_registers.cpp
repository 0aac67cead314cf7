// The VGA's ports: indexed register files, the attribute flip-flop, write masks and status.
#include "devices/vga_registers.h"

#include "core/snapshot.h"
#include "devices/vga_timing.h"

namespace seventeen::devices {

namespace {

// Ports, from 3C0h.
constexpr unsigned kAttributeIndex = 0x00;
constexpr unsigned kAttributeData = 0x01;
constexpr unsigned kMiscellaneousWrite = 0x02;  // reads as input status 0
constexpr unsigned kEnable = 0x03;
constexpr unsigned kSequencerIndex = 0x04;
constexpr unsigned kSequencerData = 0x05;
constexpr unsigned kDacMask = 0x06;
constexpr unsigned kDacReadAddress = 0x07;  // reads as its state
constexpr unsigned kDacWriteAddress = 0x08;
constexpr unsigned kDacData = 0x09;
constexpr unsigned kFeatureRead = 0x0a;
constexpr unsigned kMiscellaneousRead = 0x0c;
constexpr unsigned kGraphicsIndex = 0x0e;
constexpr unsigned kGraphicsData = 0x0f;
constexpr unsigned kCrtcIndex = 0x14;
constexpr unsigned kCrtcData = 0x15;
constexpr unsigned kFeatureWrite = 0x1a;  // reads as input status 1
constexpr u8 kFloating = 0xff;

constexpr u8 kColourPorts = 0x01;  // of the miscellaneous output register
constexpr unsigned kClockShift = 2;
constexpr u8 kClockMask = 3;

// Input status.
constexpr u8 kSwitchSense = 0x10;
constexpr u8 kInterrupt = 0x80;
constexpr u8 kNotDisplaying = 0x01;
constexpr u8 kVerticalRetrace = 0x08;
// The four sense switches that the clock select bits choose from: an enhanced colour display.
constexpr unsigned kSwitches = 0x06;

constexpr u8 kAttributeIndexMask = 0x1f;
constexpr u8 kPaletteEntries = 0x10;
constexpr u8 kLineCompare8 = 0x10;  // in the overflow register, never protected

// What each register keeps of a write.
constexpr std::array<u8, 8> kSequencerBits = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
constexpr std::array<u8, 16> kGraphicsBits = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};
constexpr std::array<u8, 32> kAttributeBits = {0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
                                               0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
                                               0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f};

template <std::size_t size>
void save_array(Writer& writer, const std::array<u8, size>& array) {
    writer.bytes(array.data(), size);
}

template <std::size_t size>
void restore_array(Reader& reader, std::array<u8, size>& array) {
    reader.bytes(array.data(), size);
}

}  // namespace

void VgaRegisters::reset() {
    const u64 generation = generation_ + 1;
    *this = VgaRegisters(*scheduler_);
    generation_ = generation;
}

bool VgaRegisters::colour_ports() const {
    return (miscellaneous_ & kColourPorts) != 0;
}

bool VgaRegisters::half_dot_clock() const {
    return (sequencer_[sequencer::kClockingMode] & sequencer::kHalfDotClock) != 0;
}

unsigned VgaRegisters::dots_per_character() const {
    return (sequencer_[sequencer::kClockingMode] & sequencer::kEightDots) != 0 ? 8 : 9;
}

bool VgaRegisters::text() const {
    return (graphics_[graphics::kMiscellaneous] & graphics::kGraphicsMode) == 0;
}

unsigned VgaRegisters::vertical_total() const {
    const unsigned overflow = crtc_[crtc::kOverflow];
    return crtc_[crtc::kVerticalTotal] | (overflow & 0x01) << 8 | (overflow & 0x20) << 4;
}

unsigned VgaRegisters::vertical_display_end() const {
    const unsigned overflow = crtc_[crtc::kOverflow];
    return crtc_[crtc::kVerticalDisplayEnd] | (overflow & 0x02) << 7 | (overflow & 0x40) << 3;
}

unsigned VgaRegisters::vertical_retrace_start() const {
    const unsigned overflow = crtc_[crtc::kOverflow];
    return crtc_[crtc::kVerticalRetraceStart] | (overflow & 0x04) << 6 | (overflow & 0x80) << 2;
}

unsigned VgaRegisters::line_compare() const {
    const unsigned bit8 = crtc_[crtc::kOverflow] & kLineCompare8;
    const unsigned bit9 = crtc_[crtc::kMaximumScanLine] & 0x40u;
    return crtc_[crtc::kLineCompare] | bit8 << 4 | bit9 << 3;
}

u8 VgaRegisters::read(unsigned port) {
    switch (port) {
        case kAttributeIndex: return attribute_index_;
        case kAttributeData: return attribute_[attribute_index_ & kAttributeIndexMask];
        case kMiscellaneousWrite: return read_status_0();
        case kEnable: return enable_;
        case kSequencerIndex: return sequencer_index_;
        case kSequencerData: return sequencer_[sequencer_index_];
        case kDacMask: return dac_.mask();
        case kDacReadAddress: return dac_.state();
        case kDacWriteAddress: return dac_.address();
        case kDacData: return dac_.read();
        case kFeatureRead: return feature_control_;
        case kMiscellaneousRead: return miscellaneous_;
        case kGraphicsIndex: return graphics_index_;
        case kGraphicsData: return graphics_[graphics_index_];
        case kCrtcIndex: return crtc_index_;
        case kCrtcData: return read_crtc();
        case kFeatureWrite: attribute_data_next_ = false; return read_status_1();
        default: return kFloating;
    }
}

void VgaRegisters::write(unsigned port, u8 value) {
    ++generation_;
    switch (port) {
        case kAttributeIndex: write_attribute(value); return;
        case kMiscellaneousWrite: miscellaneous_ = value; return;
        case kEnable: enable_ = value & 1; return;
        case kSequencerIndex: sequencer_index_ = value % sequencer_.size(); return;
        case kSequencerData: write_sequencer(value); return;
        case kDacMask: dac_.set_mask(value); return;
        case kDacReadAddress: dac_.set_read_address(value); return;
        case kDacWriteAddress: dac_.set_write_address(value); return;
        case kDacData: dac_.write(value); return;
        case kGraphicsIndex: graphics_index_ = value % graphics_.size(); return;
        case kGraphicsData: write_graphics(value); return;
        case kCrtcIndex: crtc_index_ = value; return;
        case kCrtcData: write_crtc(value); return;
        case kFeatureWrite: feature_control_ = value; return;
        default: return;
    }
}

void VgaRegisters::write_sequencer(u8 value) {
    sequencer_[sequencer_index_] = value & kSequencerBits[sequencer_index_];
}

void VgaRegisters::write_graphics(u8 value) {
    graphics_[graphics_index_] = value & kGraphicsBits[graphics_index_];
}

// One port takes index and data in turn; reading input status 1 makes the next one an index.
void VgaRegisters::write_attribute(u8 value) {
    const bool data = attribute_data_next_;
    attribute_data_next_ = !data;
    if (!data) {
        attribute_index_ = value & (kAttributeIndexMask | kPaletteSource);
        return;
    }
    const u8 index = attribute_index_ & kAttributeIndexMask;
    // The palette cannot be loaded while pixels are looked up in it.
    if (index < kPaletteEntries && displays()) return;
    attribute_[index] = value & kAttributeBits[index];
}

u8 VgaRegisters::read_crtc() const {
    return crtc_index_ < crtc_.size() ? crtc_[crtc_index_] : u8{0};
}

void VgaRegisters::write_crtc(u8 value) {
    if (crtc_index_ >= crtc_.size()) return;
    const bool locked = (crtc_[crtc::kVerticalRetraceEnd] & crtc::kProtect) != 0;
    if (locked && crtc_index_ <= crtc::kOverflow) {
        if (crtc_index_ != crtc::kOverflow) return;
        value =
            static_cast<u8>((crtc_[crtc::kOverflow] & ~kLineCompare8) | (value & kLineCompare8));
    }
    const u8 risen = value & static_cast<u8>(~crtc_[crtc_index_]);
    if (crtc_index_ == crtc::kVerticalRetraceEnd && (risen & crtc::kNotClearInterrupt) != 0)
        interrupt_armed_ = scheduler_->now();
    crtc_[crtc_index_] = value;
}

// A retrace has begun since the interrupt was cleared last.
bool VgaRegisters::interrupt_pending() const {
    if ((crtc_[crtc::kVerticalRetraceEnd] & crtc::kNotClearInterrupt) == 0) return false;
    const VgaTiming timing(*this);
    return timing.retraces(scheduler_->now()) != timing.retraces(interrupt_armed_);
}

u8 VgaRegisters::read_status_0() const {
    const unsigned selected = miscellaneous_ >> kClockShift & kClockMask;
    u8 value = 0;
    if ((kSwitches >> selected & 1) != 0) value |= kSwitchSense;
    if (interrupt_pending()) value |= kInterrupt;
    return value;
}

u8 VgaRegisters::read_status_1() const {
    const VgaTiming timing(*this);
    u8 value = 0;
    if (!timing.displaying(scheduler_->now())) value |= kNotDisplaying;
    if (timing.retracing(scheduler_->now())) value |= kVerticalRetrace;
    return value;
}

void VgaRegisters::save(Writer& writer) const {
    save_array(writer, sequencer_);
    save_array(writer, graphics_);
    save_array(writer, attribute_);
    save_array(writer, crtc_);
    dac_.save(writer);
    for (const u8 value : {sequencer_index_, graphics_index_, attribute_index_, crtc_index_,
                           miscellaneous_, feature_control_, enable_})
        writer.put(value);
    writer.put(attribute_data_next_);
    writer.put(interrupt_armed_);
}

void VgaRegisters::restore(Reader& reader) {
    ++generation_;
    restore_array(reader, sequencer_);
    restore_array(reader, graphics_);
    restore_array(reader, attribute_);
    restore_array(reader, crtc_);
    dac_.restore(reader);
    for (u8* value : {&sequencer_index_, &graphics_index_, &attribute_index_, &crtc_index_,
                      &miscellaneous_, &feature_control_, &enable_})
        reader.get(*value);
    reader.get(attribute_data_next_);
    reader.get(interrupt_armed_);
    if (sequencer_index_ >= sequencer_.size() || graphics_index_ >= graphics_.size())
        reader.damaged("no such register");
}

}  // namespace seventeen::devices
