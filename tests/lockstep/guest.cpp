// The board: RAM, firmware, two ports.
#include "tests/lockstep/guest.h"

#include <algorithm>

#include "privilege/cpu_model.h"

namespace seventeen::lockstep {

namespace {

constexpr unsigned kConsoleRegion = 0;
constexpr unsigned kExitRegion = 1;
constexpr unsigned kBusMasterRegion = 2;
constexpr u8 kWakeVector = 0x20;
constexpr u8 kFerrVector = 0x75;  // IRQ 13 of a PC
constexpr u64 kFirmwareEnd = u64{1} << 32;
constexpr u64 kLowFirmwareEnd = 0x100000;
constexpr u64 kLowFirmwareLargest = 0x20000;

}  // namespace

Guest::Guest(const Start& start, const MakeEngine& make_engine)
    : model_(privilege::cpu_model(start.model).without(Feature::kApic)),
      state_(privilege::reset_state(model_)),
      memory_(start.ram, mmio_),
      mmu_(state_, memory_),
      privilege_(state_, mmu_, model_, {ports_, scheduler_, *this}),
      firmware_(start.firmware),
      wakes_(start.wakes),
      vector_(start.vector) {
    ports_.claim({kConsolePort, 1, this, kConsoleRegion, 1});
    ports_.claim({kExitPort, 4, this, kExitRegion, 4});
    if (start.bus_master) {
        ports_.claim({kBusMasterPort, 4, this, kBusMasterRegion, 4});
        mmio_.claim({kBusMasterAddress, start.ram << 8, this, kBusMasterRegion, 4});
    }
    memory_.map_ram({0}, start.ram, 0);
    if (!firmware_.empty()) {
        const std::span<const u8> rom(firmware_);
        memory_.map_rom({kFirmwareEnd - rom.size()}, rom);
        const u64 low = std::min<u64>(rom.size(), kLowFirmwareLargest);
        memory_.map_rom({kLowFirmwareEnd - low}, rom.last(low));
    } else {
        std::copy(start.image.begin(), start.image.end(),
                  memory_.ram().begin() + static_cast<std::ptrdiff_t>(start.load_at));
        privilege_.load_real_segment(SegmentName::kCs, static_cast<u16>(start.entry >> 4));
        state_.rip = start.entry & 15;
    }
    privilege_.ferr().connect([this](bool level) {
        if (level) raise_interrupt(kFerrVector);
    });
    if (start.prepare) start.prepare(state_, memory_);
    mmu_.flush_all();
    engine_ = make_engine(state_, mmu_, privilege_);
    engine_->reset();
}

void Guest::run(u64 target) {
    while (!ended_ && state_.retired < target) {
        const Exit exit = engine_->run(target);
        if (exit == Exit::kShutdown || (exit == Exit::kHalted && stays_halted())) ended_ = true;
    }
}

bool Guest::stays_halted() {
    if (!state_.flag(kFlagIf)) return true;
    if (!state_.interrupt_line && wakes_) raise_interrupt(kWakeVector);
    return !state_.interrupt_line;
}

void Guest::raise_interrupt(u8 vector) {
    vector_ = vector;
    state_.interrupt_line = true;
    state_.attention = true;
}

void Guest::copy_from(const Guest& other) {
    state_ = other.state_;
    std::ranges::copy(other.ram(), memory_.ram().begin());
    vector_ = other.vector_;
    console_ = other.console_;
    ended_ = other.ended_;
    mmu_.flush_all();
    engine_->reset();
}

u8 Guest::acknowledge() {
    state_.interrupt_line = false;
    return vector_;
}

void Guest::command_bus_master(u64 command) {
    const u8 byte = static_cast<u8>(command);
    memory_.dma_write({command >> 8}, &byte, 1);
}

u64 Guest::read(unsigned region, u64 offset, Width) {
    if (region == kBusMasterRegion) command_bus_master(offset);
    return ~u64{0};
}

void Guest::write(unsigned region, u64, u64 value, Width) {
    if (region == kConsoleRegion) {
        console_ += static_cast<char>(value);
        return;
    }
    if (region == kBusMasterRegion) return command_bus_master(value);
    exit_value_ = static_cast<u32>(value);
    ended_ = true;
    state_.attention = true;
}

}  // namespace seventeen::lockstep
