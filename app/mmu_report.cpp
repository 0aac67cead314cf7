// The Mmu's counters in words, and those of the windows behind it.
#include "app/mmu_report.h"

#include "app/counter_table.h"
#include "core/fault.h"

namespace seventeen::app {

namespace {

std::string describe_fault(u32 code) {
    std::string text = code & kPageFaultReserved  ? "reserved bit"
                       : code & kPageFaultPresent ? "no right"
                                                  : "not present";
    text += code & kPageFaultFetch ? ", fetch" : code & kPageFaultWrite ? ", write" : ", read";
    return text + (code & kPageFaultUser ? ", user" : ", supervisor");
}

std::string describe_watch(const mmu::TableWatchCounts& counts) {
    using Counts = mmu::TableWatchCounts;
    const u64 now = counts.watched - counts.released - counts.given_up;
    std::string text = "page tables\n" + counter_line("watched now", now);
    return text + counter_lines<Counts>(
                      counts, {{"became watched", &Counts::watched},
                               {"released: no slot used", &Counts::released},
                               {"released: written too often", &Counts::given_up},
                               {"writes to them", &Counts::writes},
                               {"writes to slots in use", &Counts::changed_slots},
                               {"shadows dropped: pages, by tables", &Counts::table_pages},
                               {"shadows dropped: pages, by directories", &Counts::directory_pages},
                               {"shadows dropped: everything", &Counts::all_pages}});
}

}  // namespace

std::string describe_tlb(const mmu::TlbCounts& tlb) {
    constexpr std::array<const char*, mmu::kTlbLanes> kFills{
        "fills: supervisor data", "fills: user data", "fills: supervisor code", "fills: user code"};
    using Counts = mmu::TlbCounts;
    std::string text = "software TLB\n";
    for (std::size_t lane = 0; lane < kFills.size(); ++lane)
        text += counter_line(kFills[lane], tlb.fills[lane]);
    return text +
           counter_lines<Counts>(tlb, {{"replaced", &Counts::replaced},
                                       {"dropped", &Counts::dropped},
                                       {"lines given host pointers", &Counts::pointers}}) +
           counter_line("translations held now", tlb.held());
}

std::string describe_walks(const mmu::Statistics& statistics) {
    using mmu::Statistics;
    std::string text = "walks and flushes\n";
    text += counter_lines<Statistics>(
        statistics, {{"walks for accesses", &Statistics::walks},
                     {"walks for a fault alone", &Statistics::checks},
                     {"walks for shadows", &Statistics::shadow_walks},
                     {"flushes: CR3 loaded", &Statistics::space_flushes},
                     {"flushes: paging mode, or state replaced", &Statistics::mode_flushes},
                     {"flushes: memory map", &Statistics::map_flushes},
                     {"flushes: breakpoints", &Statistics::breakpoint_flushes},
                     {"INVLPG", &Statistics::invalidations}});
    for (u32 code = 0; code < statistics.faults.size(); ++code)
        if (statistics.faults[code] != 0)
            text += counter_line(("#PF: " + describe_fault(code)).c_str(), statistics.faults[code]);
    return text;
}

std::string describe_windows(const translator::Statistics& statistics,
                             const translator::Census& census) {
    using translator::Statistics;
    const u64 other_faults = statistics.host_faults - statistics.faults_filled -
                             statistics.faults_vain - statistics.faults_guest;
    return "windows\n" + counter_line("address spaces", census.spaces) +
           counter_line("pages shown", census.shown_pages) +
           counter_line("mappings, at most", census.mappings) +
           counter_line("mappings allowed", census.mapping_budget) +
           counter_lines<Statistics>(
               statistics, {{"fills", &Statistics::fills},
                            {"pages filled", &Statistics::filled_pages},
                            {"ranges dropped for a page table", &Statistics::drops},
                            {"pages protected for a guard", &Statistics::protections},
                            {"all windows emptied", &Statistics::window_flushes},
                            {"windows taken from a space", &Statistics::evictions},
                            {"instructions that went soft", &Statistics::soft_sites},
                            {"host faults", &Statistics::host_faults},
                            {"host faults: page filled", &Statistics::faults_filled},
                            {"host faults: guest exception", &Statistics::faults_guest},
                            {"host faults: device or guarded page", &Statistics::faults_vain}}) +
           counter_line("host faults: x87 error or misaligned", other_faults);
}

std::string describe_mmu(machine::Platform& platform) {
    mmu::Mmu& mmu = platform.mmu();
    std::string text = describe_tlb(mmu.tlb_counts()) + describe_walks(mmu.statistics()) +
                       describe_watch(mmu.watch_counts());
    const auto* translator = dynamic_cast<const translator::Translator*>(&platform.engine());
    return translator ? text + describe_windows(translator->statistics(), translator->census())
                      : text;
}

}  // namespace seventeen::app
