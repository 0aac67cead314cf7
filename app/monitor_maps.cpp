// `info` about address spaces: what answers where, and what is mapped to what.
#include <array>
#include <cinttypes>

#include "app/formatted.h"
#include "app/monitor_command.h"
#include "mmu/page_walk.h"

namespace seventeen::app {

namespace {

using mmu::Access;
using mmu::PhysicalMemory;
using mmu::Privilege;

constexpr u64 kFourGigabytes = u64{1} << 32;
constexpr u64 kPages = kFourGigabytes >> kPageShift;

// --- physical memory ---

enum class Kind : u8 { kBus, kRam, kRom };

// What a page is made of; runs of pages that continue one another are shown as one.
struct Content {
    Kind kind = Kind::kBus;
    u64 offset = 0;  // into RAM
    bool operator==(const Content&) const = default;
};

Content content_of(const PhysicalMemory& memory, PhysicalAddress page) {
    if (memory.is_mmio(page)) return {Kind::kBus, 0};
    const u64 offset = memory.ram_offset(page);
    return offset == PhysicalMemory::kNotRam ? Content{Kind::kRom, 0} : Content{Kind::kRam, offset};
}

struct Range {
    u64 first = 0;
    u64 end = 0;
    Content content;
};

bool continues(const Range& range, const Content& next) {
    Content expected = range.content;
    if (expected.kind == Kind::kRam) expected.offset += range.end - range.first;
    return next == expected;
}

std::vector<Range> memory_ranges(const PhysicalMemory& memory) {
    const u64 end = kFourGigabytes + memory.ram_size();
    std::vector<Range> ranges;
    for (u64 page = 0; page < end; page += kPageSize) {
        const Content content = content_of(memory, {page});
        if (ranges.empty() || !continues(ranges.back(), content))
            ranges.push_back({page, page, content});
        ranges.back().end += kPageSize;
    }
    std::erase_if(ranges, [](const Range& range) { return range.content.kind == Kind::kBus; });
    return ranges;
}

std::string memory_lines(const PhysicalMemory& memory, bool ram) {
    std::string text;
    for (const Range& range : memory_ranges(memory)) {
        if (!ram && range.content.kind == Kind::kRam) continue;
        text += formatted("  %09" PRIx64 "-%09" PRIx64 ": ", range.first, range.end - 1);
        text += range.content.kind == Kind::kRom
                    ? "ROM\n"
                    : formatted("RAM from %" PRIx64 "\n", range.content.offset);
    }
    return text;
}

std::string claim_lines(const Bus& bus, unsigned digits) {
    std::string text;
    for (const Bus::Claim& claim : bus.claims()) {
        const std::string_view name = claim.device->name();
        text += formatted("  %0*" PRIx64 "-%0*" PRIx64 ": %.*s", static_cast<int>(digits),
                          claim.first, static_cast<int>(digits), claim.first + claim.size - 1,
                          static_cast<int>(name.size()), name.data());
        text += formatted(" (region %u, widest %u)\n", claim.region, claim.widest);
    }
    return text;
}

std::string show_map(MonitorState& state, Arguments& arguments) {
    arguments.end();
    const machine::Platform& platform = state.pc.platform();
    constexpr unsigned kAddressDigits = 9;
    constexpr unsigned kPortDigits = 4;
    return "memory\n" + memory_lines(platform.memory(), true) +
           "devices, where no memory is in front of them\n" +
           claim_lines(platform.mmio(), kAddressDigits) + "ports\n" +
           claim_lines(platform.ports(), kPortDigits);
}

std::string show_roms(MonitorState& state, Arguments& arguments) {
    arguments.end();
    return memory_lines(state.pc.platform().memory(), false);
}

// --- linear memory ---

struct Mapping {
    u64 first = 0;  // pages
    u64 count = 0;
    u64 physical = 0;
    std::string rights;
};

// "urw": for the user too, reading, writing; a dash where not.
std::string rights_of(const mmu::PageWalker& walker, LinearAddress address) {
    const auto may = [&](Privilege privilege, Access access) {
        return !walker.check(address, privilege, access);
    };
    const bool user = may(Privilege::kUser, Access::kRead);
    const Privilege privilege = user ? Privilege::kUser : Privilege::kSupervisor;
    std::string rights = user ? "u" : "-";
    rights += "r";
    rights += may(privilege, Access::kWrite) ? "w" : "-";
    return rights;
}

// With `merge` runs of equal rights are one mapping, wherever they lead.
std::vector<Mapping> mappings(machine::Platform& platform, bool merge) {
    const mmu::PageWalker walker(platform.cpu(), platform.memory());
    std::vector<Mapping> found;
    for (u64 page = 0; page < kPages; ++page) {
        const LinearAddress address{page << kPageShift};
        PhysicalAddress physical;
        if (!platform.mmu().peek(address, physical)) continue;
        const std::string rights = rights_of(walker, address);
        const bool continues =
            !found.empty() && found.back().first + found.back().count == page &&
            found.back().rights == rights &&
            (merge || found.back().physical + found.back().count == physical.page());
        if (!continues) found.push_back({page, 0, physical.page(), rights});
        ++found.back().count;
    }
    return found;
}

std::string show_translations(MonitorState& state, Arguments& arguments) {
    arguments.end();
    machine::Platform& platform = state.pc.platform();
    if (!platform.cpu().paging()) return "paging is off: linear addresses are physical ones\n";
    std::string text;
    for (const Mapping& mapping : mappings(platform, false))
        text += formatted("%08" PRIx64 "-%08" PRIx64 ": %09" PRIx64 " %s\n",
                          mapping.first << kPageShift,
                          ((mapping.first + mapping.count) << kPageShift) - 1,
                          mapping.physical << kPageShift, mapping.rights.c_str());
    return text;
}

std::string show_linear_memory(MonitorState& state, Arguments& arguments) {
    arguments.end();
    machine::Platform& platform = state.pc.platform();
    if (!platform.cpu().paging()) return "paging is off\n";
    std::string text;
    for (const Mapping& mapping : mappings(platform, true))
        text +=
            formatted("%08" PRIx64 "-%08" PRIx64 " %08" PRIx64 " %s\n", mapping.first << kPageShift,
                      (mapping.first + mapping.count) << kPageShift, mapping.count << kPageShift,
                      mapping.rights.c_str());
    return text;
}

constexpr std::array kSubjects = {
    Command{"mem", "", "which linear addresses are mapped, and their rights", show_linear_memory},
    Command{"mtree", "", "what answers at which physical address and port", show_map},
    Command{"roms", "", "where ROM answers", show_roms},
    Command{"tlb", "", "which physical addresses the page tables lead to", show_translations},
};

}  // namespace

std::span<const Command> maps_commands() {
    return kSubjects;
}

}  // namespace seventeen::app
