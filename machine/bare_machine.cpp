// What the bare machine has, and how programs get into it.
#include "machine/bare_machine.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "machine/firmware.h"
#include "machine/memory_map.h"

namespace seventeen::machine {

namespace {

constexpr u8 kSpuriousVector = 0xff;  // a floating data bus during the acknowledge cycle

}  // namespace

BareMachine::BareMachine(const BareMachineOptions& options)
    : platform_({.memory = options.memory,
                 .model = privilege::cpu_model(options.cpu).without(Feature::kApic),
                 .rate = options.rate,
                 .engine = options.engine,
                 .console = options.console},
                *this) {
    platform_.memory().map_ram({0}, platform_.memory().ram_size(), 0);
}

void BareMachine::load_firmware(std::vector<u8> image) {
    check_firmware(image);
    firmware_ = std::move(image);
    const std::span<const u8> rom(firmware_);
    mmu::PhysicalMemory& memory = platform_.memory();
    memory.map_rom({kFirmwareHighEnd - rom.size()}, rom);
    const u64 low = std::min<u64>(rom.size(), kFirmwareLowLargest);
    memory.map_mmio(kVideoMemory, kVideoMemorySize);
    memory.map_rom({kFirmwareLowEnd - low}, rom.last(low));
}

void BareMachine::start_at(PhysicalAddress address) {
    constexpr unsigned kParagraphShift = 4;
    constexpr u64 kParagraphMask = 15;
    if (address.value >= kFirmwareLowEnd)
        throw Error("cannot start at " + hex(address.value) +
                    ": real mode reaches addresses below 0x100000 only");
    platform_.privilege().load_real_segment(SegmentName::kCs,
                                            static_cast<u16>(address.value >> kParagraphShift));
    platform_.cpu().rip = address.value & kParagraphMask;
}

// No interrupt controller is wired to this board.
u8 BareMachine::acknowledge() {
    return kSpuriousVector;
}

}  // namespace seventeen::machine
