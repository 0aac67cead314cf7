// Commands that look at memory, ports and values.
#include <array>
#include <cinttypes>

#include "app/formatted.h"
#include "app/monitor_command.h"
#include "core/error.h"
#include "core/text.h"

namespace seventeen::app {

namespace {

constexpr unsigned kBytesPerLine = 16;
constexpr u64 kPorts = 0x10000;

std::string shown(u64 value, const DataFormat& format) {
    const unsigned unused = 64 - 8 * format.size;
    const auto sign_extended = static_cast<s64>(value << unused) >> unused;
    const auto digits = static_cast<int>(2 * format.size);
    switch (format.radix) {
        case 'd': return formatted("%" PRId64, sign_extended);
        case 'u': return formatted("%" PRIu64, value);
        case 'o': return formatted("0%" PRIo64, value);
        case 'c':
            return value >= ' ' && value < 0x7f ? formatted("'%c'", static_cast<int>(value))
                                                : formatted("'\\x%02" PRIx64 "'", value);
        default: return formatted("0x%0*" PRIx64, digits, value);
    }
}

// A byte of RAM or ROM; never asks a device, which might change by being read.
u8 byte_at(machine::Pc& pc, PhysicalAddress address) {
    machine::Platform& platform = pc.platform();
    const PhysicalAddress page{address.value & ~kPageMask};
    // SAFETY: the pointer leads to a whole page, and the offset is within it.
    if (const u8* bytes = platform.memory().read_pointer(page)) return bytes[address.offset()];
    const PhysicalAddress on_bus = platform.memory().bus_address(address);
    const Bus::Claim* claim = platform.mmio().find(on_bus.value);
    throw Error(claim == nullptr
                    ? "there is no memory at " + hex(address.value)
                    : "at " + hex(address.value) + " is a device (" +
                          std::string(claim->device->name()) + "), which looking at would change");
}

PhysicalAddress physical_of(machine::Pc& pc, LinearAddress address) {
    PhysicalAddress physical;
    if (!pc.platform().mmu().peek(address, physical))
        throw Error(hex(address.value) + " is not mapped");
    return physical;
}

// Lines of values; `locate(address)` tells where each of their bytes lies.
template <typename Locate>
std::string dump(machine::Pc& pc, u64 address, const DataFormat& format, Locate&& locate) {
    const unsigned per_line = format.radix == 'c' ? 8 : kBytesPerLine / format.size;
    std::string text;
    for (unsigned i = 0; i < format.count; ++i, address += format.size) {
        u64 value = 0;
        try {
            for (unsigned byte = 0; byte < format.size; ++byte)
                value |= u64{byte_at(pc, locate(address + byte))} << 8 * byte;
        } catch (const Error& error) {  // what was read is worth showing all the same
            return text + (text.empty() ? "" : "\n") + error.what() + "\n";
        }
        if (i % per_line == 0) text += (i == 0 ? "" : "\n") + formatted("%08" PRIx64 ":", address);
        text += " " + shown(value, format);
    }
    return text + "\n";
}

std::string dump_linear(MonitorState& state, Arguments& arguments) {
    const DataFormat format = arguments.format({});
    const u64 address = arguments.expression("the address");
    return dump(state.pc, static_cast<u32>(address), format,
                [&](u64 byte) { return physical_of(state.pc, {static_cast<u32>(byte)}); });
}

std::string dump_physical(MonitorState& state, Arguments& arguments) {
    const DataFormat format = arguments.format({});
    const u64 address = arguments.expression("the address");
    return dump(state.pc, address, format, [](u64 byte) { return PhysicalAddress{byte}; });
}

std::string print(MonitorState&, Arguments& arguments) {
    const DataFormat format = arguments.format({.count = 1, .radix = 'd', .size = 8});
    const u64 value = arguments.expression("the expression");
    if (format.radix == 'x') return formatted("0x%" PRIx64 "\n", value);
    return shown(value, format) + "\n";
}

std::string translate(MonitorState& state, Arguments& arguments) {
    const LinearAddress address{static_cast<u32>(arguments.expression("the address"))};
    return formatted("gpa: 0x%" PRIx64 "\n", physical_of(state.pc, address).value);
}

u64 port_argument(Arguments& arguments, const DataFormat& format) {
    const u64 port = arguments.value("the port");
    if (port >= kPorts) throw Error("there is no port " + hex(port) + "; the last is 0xffff");
    if (format.size > 4) throw Error("a port is one, two or four bytes wide");
    return port;
}

std::string read_port(MonitorState& state, Arguments& arguments) {
    const DataFormat format = arguments.format({.count = 1, .radix = 'x', .size = 1});
    const u64 port = port_argument(arguments, format);
    arguments.end();
    const u64 value = state.pc.platform().ports().read(port, format.size);
    return formatted("port%c[0x%04" PRIx64 "] = ", " bw l"[format.size], port) +
           shown(value, format) + "\n";
}

std::string write_port(MonitorState& state, Arguments& arguments) {
    const DataFormat format = arguments.format({.count = 1, .radix = 'x', .size = 1});
    const u64 port = port_argument(arguments, format);
    const u64 value = arguments.value("the value");
    arguments.end();
    state.pc.platform().ports().write(port, value, format.size);
    return {};
}

constexpr std::array kCommands = {
    Command{"gva2gpa", "address", "the physical address of a linear one", translate},
    Command{"i", "/fmt port", "read a port (a recorded run will not repeat it)", read_port},
    Command{"o", "/fmt port value", "write a port (a recorded run will not repeat it)", write_port},
    Command{"print|p", "/fmt expression", "compute; registers are $eax, $pc …", print},
    Command{"x", "/fmt address", "show memory by its linear address", dump_linear},
    Command{"xp", "/fmt address", "show memory by its physical address", dump_physical},
};

}  // namespace

std::span<const Command> memory_commands() {
    return kCommands;
}

}  // namespace seventeen::app
