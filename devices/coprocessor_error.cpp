// When the coprocessor's error interrupts and when it is ignored.
#include "devices/coprocessor_error.h"

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

}  // namespace

// The latch keeps IRQ 13 when the error goes; IGNNE# goes with the error.
void CoprocessorError::set_error(bool asserted) {
    if (asserted == error_) return;
    error_ = asserted;
    if (error_)
        interrupt_.raise();
    else
        ignore_error_.lower();
}

// Nothing drives the bus.
u64 CoprocessorError::read(unsigned, u64, Width width) {
    return width >= sizeof(u64) ? ~u64{0} : (u64{1} << 8 * width) - 1;
}

// Any value; IGNNE# is not asserted unless FERR# is.
void CoprocessorError::write(unsigned, u64, u64, Width) {
    interrupt_.lower();
    if (error_) ignore_error_.raise();
}

// FERR# is the CPU's to negate.
void CoprocessorError::reset() {
    interrupt_.lower();
    ignore_error_.lower();
}

void CoprocessorError::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    for (const bool value : {error_, interrupt_.level(), ignore_error_.level()}) writer.put(value);
    writer.end();
}

void CoprocessorError::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    reader.get(error_);
    interrupt_.restore(reader.get<bool>());
    ignore_error_.restore(reader.get<bool>());
    if (ignore_error_.level() && !error_) reader.damaged("an error is ignored that there is not");
    reader.end();
}

}  // namespace seventeen::devices
