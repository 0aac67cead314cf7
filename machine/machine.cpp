// The board: what is wired to what, and the loop that runs it.
#include "machine/machine.h"

#include <algorithm>
#include <utility>

#include "core/cpu_snapshot.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/text.h"
#include "machine/memory_map.h"

namespace seventeen::machine {

namespace {

constexpr u64 kPortSpace = 0x10000;
constexpr u64 kPhysicalSpace = u64{1} << 36;
constexpr u8 kSpuriousVector = 0xff;  // a floating data bus during the acknowledge cycle

}  // namespace

Machine::Machine(MachineOptions options)
    : options_(std::move(options)),
      model_(privilege::cpu_model(options_.cpu).without(Feature::kApic)),
      state_(privilege::reset_state(model_)),
      scheduler_(state_.retired, state_.attention, options_.rate),
      ports_("port", kPortSpace),
      mmio_("memory", kPhysicalSpace),
      memory_(options_.memory, mmio_),
      mmu_(state_, memory_),
      privilege_(state_, mmu_, model_,
                 {.ports = ports_, .scheduler = scheduler_, .interrupts = *this}),
      interpreter_(state_, mmu_, privilege_),
      debug_console_([this](char text) { options_.console(text); }),
      debug_exit_([this](u32 value) {
          exit_requested_ = true;
          exit_value_ = value;
          state_.attention = true;
      }) {
    ports_.claim({.first = kDebugConsole.value, .size = 1, .device = &debug_console_, .widest = 1});
    ports_.claim({.first = kDebugExit.value, .size = kDebugExitSize, .device = &debug_exit_});
    memory_.map_ram({0}, memory_.ram_size(), 0);
}

void Machine::load_firmware(std::vector<u8> image) {
    if (image.empty() || image.size() % kPageSize != 0 || image.size() > kFirmwareLargest)
        throw Error("the firmware image is " + std::to_string(image.size()) +
                    " bytes long; it must be a multiple of 4096 and at most 16 MiB");
    firmware_ = std::move(image);
    const std::span<const u8> rom(firmware_);
    memory_.map_rom({kFirmwareHighEnd - rom.size()}, rom);
    const u64 low = std::min<u64>(rom.size(), kFirmwareLowLargest);
    memory_.map_mmio(kVideoMemory, kVideoMemorySize);
    memory_.map_rom({kFirmwareLowEnd - low}, rom.last(low));
}

void Machine::load_raw(PhysicalAddress address, std::span<const u8> bytes) {
    const u64 room = memory_.ram_size();
    if (address.value > room || bytes.size() > room - address.value)
        throw Error(std::to_string(bytes.size()) + " bytes do not fit at " + hex(address.value) +
                    ": memory ends at " + hex(room) + "; try a larger --memory");
    std::ranges::copy(bytes, memory_.ram().begin() + static_cast<std::ptrdiff_t>(address.value));
}

void Machine::start_at(PhysicalAddress address) {
    constexpr unsigned kParagraphShift = 4;
    constexpr u64 kParagraphMask = 15;
    if (address.value >= kFirmwareLowEnd)
        throw Error("cannot start at " + hex(address.value) +
                    ": real mode reaches addresses below 0x100000 only");
    privilege_.load_real_segment(SegmentName::kCs,
                                 static_cast<u16>(address.value >> kParagraphShift));
    state_.rip = address.value & kParagraphMask;
}

Stop Machine::run(u64 limit) {
    while (state_.retired < limit) {
        scheduler_.run_due();
        const Exit exit = interpreter_.run(std::min(limit, scheduler_.retired_limit()));
        if (exit_requested_) return Stop::kExit;
        if (exit == Exit::kShutdown) return Stop::kTripleFault;
        if (exit == Exit::kHalted && !skip_idle_time()) return Stop::kHalted;
    }
    return Stop::kLimit;
}

// HLT: the clock jumps to the next event. False: there is none, and nothing else can wake the CPU.
bool Machine::skip_idle_time() {
    if (scheduler_.next_tick() == Scheduler::kNever) return false;
    scheduler_.skip_to(scheduler_.next_tick());
    return true;
}

// No interrupt controller is wired to this board.
u8 Machine::acknowledge() {
    return kSpuriousVector;
}

u64 Machine::digest() const {
    return digest_word(seventeen::digest(memory_.ram()), cpu_digest(state_));
}

}  // namespace seventeen::machine
