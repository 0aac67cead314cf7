// IdlePc: a PC for tests whose firmware halts at once, so that nothing but the test acts on it.
#pragma once

#include <utility>

#include "core/event_log.h"
#include "core/snapshot.h"
#include "machine/pc.h"

namespace seventeen::app {

struct IdlePc {
    static constexpr u64 kFirmwareSize = 0x10000;
    static constexpr u8 kHalt = 0xf4;

    IdlePc() : pc(options()) { pc.record_into(&log); }

    static machine::PcOptions options() {
        machine::PcOptions options;
        options.memory = 16u << 20;
        options.firmware.assign(kFirmwareSize, kHalt);
        options.vga_firmware.assign(512, kHalt);
        return options;
    }

    // What was given to the machine so far.
    std::vector<machine::Input> inputs() const {
        std::vector<machine::Input> inputs;
        for (const LoggedEvent& event : log.events()) inputs.push_back(machine::decode(event));
        return inputs;
    }

    // The PC's screen becomes that of another VGA.
    void show(const devices::Vga& vga) {
        Writer writer;
        vga.save(writer);
        const std::vector<u8> image = std::move(writer).finish();
        Reader reader(image, "the VGA");
        pc.vga().restore(reader);
    }

    EventLog log;
    machine::Pc pc;
};

}  // namespace seventeen::app
