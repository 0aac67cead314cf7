// `info` about the interrupt controllers: the 8259s, the I/O APIC and the local APIC.
#include <array>
#include <cinttypes>

#include "app/formatted.h"
#include "app/monitor_command.h"
#include "machine/memory_map.h"

namespace seventeen::app {

namespace {

using devices::InterruptController;
using devices::IoApic;
using devices::LocalApic;
using devices::VectorSet;

// --- the 8259s ---

std::string controller_line(const char* name, const InterruptController& chip) {
    return formatted("%s: irr=%02x imr=%02x isr=%02x irq_base=%02x\n", name,
                     unsigned{chip.requests()}, unsigned{chip.mask()}, unsigned{chip.in_service()},
                     unsigned{chip.vector_base()});
}

std::string show_requests(MonitorState& state, Arguments& arguments) {
    arguments.end();
    std::string text = "IRQ  vector  state\n";
    for (unsigned irq = 0; irq < 2 * InterruptController::kInputs; ++irq) {
        constexpr unsigned kInputs = InterruptController::kInputs;
        const InterruptController& chip =
            irq < kInputs ? state.pc.master_pic() : state.pc.slave_pic();
        const unsigned bit = irq % kInputs;
        text += formatted("%3u  0x%02x   %s%s%s\n", irq, chip.vector_base() + bit,
                          (chip.mask() >> bit & 1) != 0 ? " masked" : "",
                          (chip.requests() >> bit & 1) != 0 ? " requested" : "",
                          (chip.in_service() >> bit & 1) != 0 ? " in-service" : "");
    }
    return text;
}

// --- the APICs ---

bool answers(MonitorState& state, PhysicalAddress address) {
    return state.pc.platform().mmio().find(address.value) != nullptr;
}

// Fields of a redirection entry (82093AA datasheet 3.2.4).
std::string pin_line(const IoApic& chip, unsigned pin) {
    constexpr std::array<const char*, 8> kModes = {"fixed", "lowest", "smi",    "mode 3",
                                                   "nmi",   "init",   "mode 6", "extint"};
    const u64 entry = chip.entry(pin);
    const auto bit = [entry](unsigned number) { return (entry >> number & 1) != 0; };
    return formatted("  pin %2u 0x%016" PRIx64 " vec=%02x dest=%02x %s %s %s %s%s%s\n", pin, entry,
                     static_cast<unsigned>(entry & 0xff), static_cast<unsigned>(entry >> 56),
                     bit(11) ? "logical" : "physical", kModes[entry >> 8 & 7],
                     bit(13) ? "active-lo" : "active-hi", bit(15) ? "level" : "edge",
                     bit(16) ? " masked" : "", chip.input(pin) ? " high" : "");
}

std::string show_controllers(MonitorState& state, Arguments& arguments) {
    arguments.end();
    std::string text = controller_line("pic0", state.pc.master_pic()) +
                       controller_line("pic1", state.pc.slave_pic());
    if (!answers(state, machine::kIoApic)) return text;
    text += "ioapic0:\n";
    for (unsigned pin = 0; pin < IoApic::kPins; ++pin) text += pin_line(state.pc.io_apic(), pin);
    return text;
}

std::string vectors(const VectorSet& set) {
    std::string text;
    for (unsigned vector = 0; vector < VectorSet::kWords * VectorSet::kWordBits; ++vector)
        if (set.contains(static_cast<u8>(vector))) text += formatted(" %02x", vector);
    return text.empty() ? " none" : text;
}

std::string show_local_apic(MonitorState& state, Arguments& arguments) {
    arguments.end();
    const LocalApic& chip = state.pc.local_apic();
    return formatted("lapic %u: %s, tpr=%02x\n", unsigned{chip.id()},
                     chip.enabled() ? "enabled" : "disabled", unsigned{chip.task_priority()}) +
           "requested:" + vectors(chip.requests()) + "\nin service:" + vectors(chip.in_service()) +
           "\n";
}

constexpr std::array kSubjects = {
    Command{"irq", "", "the sixteen interrupt requests of the 8259s", show_requests},
    Command{"lapic", "", "the local APIC", show_local_apic},
    Command{"pic", "", "the 8259s and the I/O APIC", show_controllers},
};

}  // namespace

std::span<const Command> interrupts_commands() {
    return kSubjects;
}

}  // namespace seventeen::app
