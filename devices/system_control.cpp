// Ports 61h and 92h, bit by bit.
#include "devices/system_control.h"

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// Port B.
constexpr u8 kTimerGate = 0x01;
constexpr u8 kSpeakerData = 0x02;
constexpr u8 kWritable = 0x0f;  // with the enables of two error checks
constexpr u8 kRefresh = 0x10;   // toggles with each refresh of memory
constexpr u8 kTimerOutput = 0x20;
// Counter 1 asks for a refresh every 18 pulses of 1.193182 MHz.
constexpr Scheduler::Nanoseconds kRefreshPeriod = 15'085;

// Port A.
constexpr u8 kFastReset = 0x01;
constexpr u8 kA20 = 0x02;

}  // namespace

SystemControl::SystemControl(Scheduler& scheduler, std::function<bool()> timer_output)
    : scheduler_(scheduler), timer_output_(std::move(timer_output)) {}

u64 SystemControl::read(unsigned region, u64, Width) {
    if (region == kPortA) return port_a_;
    u8 value = port_b_;
    if (scheduler_.now() / kRefreshPeriod % 2 != 0) value |= kRefresh;
    if (timer_output_()) value |= kTimerOutput;
    return value;
}

void SystemControl::write(unsigned region, u64, u64 value, Width) {
    if (region == kPortA)
        write_port_a(static_cast<u8>(value));
    else
        write_port_b(static_cast<u8>(value));
}

void SystemControl::write_port_b(u8 value) {
    port_b_ = value & kWritable;
    timer_gate_.set((value & kTimerGate) != 0);
    speaker_enable_.set((value & kSpeakerData) != 0);
}

// The rise of the reset bit resets; it stays set until software or a reset clears it.
void SystemControl::write_port_a(u8 value) {
    const bool resets = (value & kFastReset) != 0 && (port_a_ & kFastReset) == 0;
    port_a_ = value & (kFastReset | kA20);
    a20_.set((value & kA20) != 0);
    if (resets) reset_request_.pulse();
}

void SystemControl::reset() {
    write_port_b(0);
    write_port_a(0);
}

void SystemControl::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    writer.put(port_b_);
    writer.put(port_a_);
    writer.end();
}

void SystemControl::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    port_b_ = reader.get<u8>() & kWritable;
    port_a_ = reader.get<u8>() & (kFastReset | kA20);
    reader.end();
    timer_gate_.restore((port_b_ & kTimerGate) != 0);
    speaker_enable_.restore((port_b_ & kSpeakerData) != 0);
    a20_.restore((port_a_ & kA20) != 0);
}

}  // namespace seventeen::devices
