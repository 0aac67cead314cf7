// `info` about registers, PCI functions, the session's own parts and its state.
#include <array>
#include <cinttypes>

#include "app/formatted.h"
#include "app/monitor_command.h"
#include "core/error.h"

namespace seventeen::app {

namespace {

using devices::PciBus;
using devices::PciFunction;
using devices::PciSpace;

// --- the CPU ---

std::string segment_line(const char* name, const SegmentRegister& segment) {
    return formatted("%-3s=%04x %08" PRIx64 " %08x %05x\n", name, segment.selector, segment.base,
                     segment.limit, segment.attributes);
}

std::string table_line(const char* name, const DescriptorTable& table) {
    return formatted("%-3s=     %08" PRIx64 " %08x\n", name, table.base, table.limit);
}

// As QEMU draws them: a letter that stands, or a dash.
std::string flag_letters(u32 flags) {
    struct Letter {
        u32 flag;
        char letter;
    };
    constexpr std::array kLetters = {
        Letter{kFlagDf, 'D'}, Letter{kFlagOf, 'O'}, Letter{kFlagSf, 'S'}, Letter{kFlagZf, 'Z'},
        Letter{kFlagAf, 'A'}, Letter{kFlagPf, 'P'}, Letter{kFlagCf, 'C'}};
    std::string text;
    for (const Letter& row : kLetters) text += (flags & row.flag) != 0 ? row.letter : '-';
    return text;
}

std::string general_registers(const CpuState& cpu, bool a20) {
    std::string text = formatted("EAX=%08x EBX=%08x ECX=%08x EDX=%08x\n", cpu.reg32(Gpr::kAx),
                                 cpu.reg32(Gpr::kBx), cpu.reg32(Gpr::kCx), cpu.reg32(Gpr::kDx));
    text += formatted("ESI=%08x EDI=%08x EBP=%08x ESP=%08x\n", cpu.reg32(Gpr::kSi),
                      cpu.reg32(Gpr::kDi), cpu.reg32(Gpr::kBp), cpu.reg32(Gpr::kSp));
    text +=
        formatted("EIP=%08x EFL=%08x [%s] CPL=%u INHIBIT=%d A20=%d HLT=%d\n", cpu.eip(),
                  cpu.eflags(), flag_letters(cpu.eflags()).c_str(), unsigned{cpu.cpl},
                  cpu.interrupt_shadow || cpu.debug_shadow, a20, cpu.activity == Activity::kHalted);
    return text;
}

std::string system_registers(const CpuState& cpu) {
    constexpr std::array<const char*, kSegmentCount> kSegments = {"ES", "CS", "SS",
                                                                  "DS", "FS", "GS"};
    std::string text;
    for (unsigned i = 0; i < kSegmentCount; ++i)
        text += segment_line(kSegments[i], cpu.segments[i]);
    text += segment_line("LDT", cpu.ldtr) + segment_line("TR", cpu.tr);
    text += table_line("GDT", cpu.gdtr) + table_line("IDT", cpu.idtr);
    text += formatted("CR0=%08" PRIx64 " CR2=%08" PRIx64 " CR3=%08" PRIx64 " CR4=%08" PRIx64 "\n",
                      cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4);
    text += formatted("DR0=%08" PRIx64 " DR1=%08" PRIx64 " DR2=%08" PRIx64 " DR3=%08" PRIx64 "\n",
                      cpu.dr[0], cpu.dr[1], cpu.dr[2], cpu.dr[3]);
    text += formatted("DR6=%08" PRIx64 " DR7=%08" PRIx64 " EFER=%016" PRIx64 "\n", cpu.dr[6],
                      cpu.dr[7], cpu.msr.efer);
    return text;
}

std::string fpu_registers(const FpuState& fpu) {
    std::string text = formatted("FCW=%04x FSW=%04x [ST=%u] FTW=%02x MXCSR=%08x\n", fpu.control,
                                 fpu.status, fpu.top(), unsigned{fpu.valid}, fpu.mxcsr);
    for (unsigned i = 0; i < fpu.registers.size(); ++i)
        text += formatted("FPR%u=%016" PRIx64 " %04x%s", i, fpu.registers[i].significand,
                          fpu.registers[i].sign_exponent, i % 2 == 0 ? " " : "\n");
    constexpr unsigned kXmmRegisters = 8;
    for (unsigned i = 0; i < kXmmRegisters; ++i)
        text += formatted("XMM%02u=%016" PRIx64 "%016" PRIx64 "%s", i, fpu.xmm[i].lanes[1],
                          fpu.xmm[i].lanes[0], i % 2 == 0 ? " " : "\n");
    return text;
}

std::string show_registers(MonitorState& state, Arguments& arguments) {
    arguments.end();
    const CpuState& cpu = state.pc.platform().cpu();
    return general_registers(cpu, state.pc.platform().memory().a20()) + system_registers(cpu) +
           fpu_registers(cpu.fpu);
}

// --- PCI ---

// Offsets of the header's registers (PCI Local Bus Specification 2.1, 6.1).
constexpr unsigned kVendor = 0x00;
constexpr unsigned kDevice = 0x02;
constexpr unsigned kSubclass = 0x0a;
constexpr unsigned kSubsystemVendor = 0x2c;
constexpr unsigned kSubsystem = 0x2e;
constexpr unsigned kInterruptLine = 0x3c;

const char* class_name(u32 code) {
    switch (code) {
        case 0x0100: return "SCSI controller";
        case 0x0101: return "IDE controller";
        case 0x0200: return "Ethernet controller";
        case 0x0300: return "VGA controller";
        case 0x0401: return "Audio controller";
        case 0x0600: return "Host bridge";
        case 0x0601: return "ISA bridge";
        case 0x0604: return "PCI bridge";
        case 0x0680: return "Bridge";
        case 0x0c03: return "USB controller";
        default: return "Class";
    }
}

std::string bar_line(const PciFunction& function, unsigned bar) {
    const u64 size = function.bar_size(bar);
    if (size == 0) return {};
    const PciSpace space = function.bar_space(bar);
    const char* kind = space == PciSpace::kIo             ? "I/O"
                       : space == PciSpace::kPrefetchable ? "32 bit prefetchable memory"
                                                          : "32 bit memory";
    const auto address = function.bar_address(bar);
    const std::string place =
        address ? formatted("at 0x%08" PRIx64 " [0x%08" PRIx64 "]", *address, *address + size - 1)
                : formatted("of 0x%" PRIx64 " bytes, not decoded", size);
    return formatted("      BAR%u: %s %s.\n", bar, kind, place.c_str());
}

std::string function_lines(unsigned device, unsigned number, const PciFunction& function) {
    const u32 class_code = function.read_config(kSubclass, 2);
    std::string text = formatted("  Bus  0, device %3u, function %u: (%.*s)\n", device, number,
                                 static_cast<int>(function.name().size()), function.name().data());
    text += formatted("    %s %04x: PCI device %04x:%04x\n", class_name(class_code), class_code,
                      function.read_config(kVendor, 2), function.read_config(kDevice, 2));
    text += formatted("      PCI subsystem %04x:%04x\n", function.read_config(kSubsystemVendor, 2),
                      function.read_config(kSubsystem, 2));
    if (const unsigned pin = function.interrupt_pin(); pin != 0)
        text += formatted("      IRQ %u, pin %c\n", function.read_config(kInterruptLine, 1),
                          static_cast<char>('A' + pin - 1));
    for (unsigned bar = 0; bar <= PciFunction::kRomBar; ++bar) text += bar_line(function, bar);
    return text;
}

std::string show_pci(MonitorState& state, Arguments& arguments) {
    arguments.end();
    std::string text;
    for (unsigned device = 0; device < PciBus::kDevices; ++device)
        for (unsigned number = 0; number < PciBus::kFunctions; ++number)
            if (const PciFunction* function = state.pc.pci().find(device, number))
                text += function_lines(device, number, *function);
    return text;
}

// --- the session ---

std::string show_status(MonitorState& state, Arguments& arguments) {
    arguments.end();
    const machine::Platform& platform = state.pc.platform();
    constexpr double kSecond = 1e9;
    return formatted("VM status: %s\n", state.paused ? "paused" : "running") +
           formatted("%" PRIu64 " instructions, %.6f s of virtual time, %" PRIu64 " resets\n",
                     platform.cpu().retired,
                     static_cast<double>(platform.scheduler().now()) / kSecond, platform.resets());
}

std::string show_post_code(MonitorState& state, Arguments& arguments) {
    arguments.end();
    return formatted("%02x\n", unsigned{state.pc.post_code().last()});
}

// What another part of the program tells about itself.
template <std::function<std::string()> MonitorLinks::*link>
std::string show_link(MonitorState& state, Arguments& arguments) {
    arguments.end();
    const auto& tell = state.links.*link;
    if (!tell) throw Error("there is none in this session");
    std::string text = tell();
    if (!text.empty() && text.back() != '\n') text += '\n';
    return text;
}

constexpr std::array kSubjects = {
    Command{"block", "", "drives and their images", show_link<&MonitorLinks::block>},
    Command{"jit", "", "the translator", show_link<&MonitorLinks::jit>},
    Command{"mmu", "", "paging: the software TLB, watched tables, windows",
            show_link<&MonitorLinks::mmu>},
    Command{"network", "", "network cards and what they are plugged into",
            show_link<&MonitorLinks::network>},
    Command{"pci", "", "the functions on the PCI bus", show_pci},
    Command{"post", "", "the last POST code", show_post_code},
    Command{"registers", "", "the CPU's registers", show_registers},
    Command{"snapshots", "", "the snapshots that loadvm can go back to",
            show_link<&MonitorLinks::snapshots>},
    Command{"status", "", "whether the machine runs, and how far it is", show_status},
    Command{"version", "", "this program's version", show_link<&MonitorLinks::version>},
};

}  // namespace

std::span<const Command> info_commands() {
    return kSubjects;
}

}  // namespace seventeen::app
