// Shares of CPU time by occupation, and the guest code that takes most of it.
#include "app/profile_report.h"

#include <array>
#include <cinttypes>

#include "app/formatted.h"

namespace seventeen::app {

namespace {

using translator::Profile;

constexpr std::size_t kHottest = 30;

// In the order of Occupation.
constexpr std::array<const char*, static_cast<std::size_t>(Occupation::kCount)> kOccupations{
    "session, screen",
    "machine's run loop",
    "devices",
    "interpreter, outside of blocks",
    "translated code",
    "finding the next block",
    "translation",
    "writes to pages of code",
    "callouts: privileged, sensitive",
    "callouts: ports",
    "callouts: strings",
    "callouts: x87, MMX, SSE",
    "callouts: slow accesses, others",
    "delivery of exceptions, interrupts",
    "page walks, page-table writes",
    "windows filled and emptied",
    "host faults of translated code",
    "in and out of translated code",
};

double percent(u64 part, u64 whole) {
    return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string share_line(const char* name, const Profile::Share& share, u64 total) {
    return formatted("  %-36s %9" PRIu64 " %7.1f%% %9" PRIu64 "\n", name, share.samples,
                     percent(share.samples, total), share.kernel);
}

std::string spot_lines(const char* title, const Profile::Spots& spots, u64 total) {
    const auto hottest = spots.hottest(kHottest);
    std::string text = hottest.empty() ? "" : title;
    for (const Profile::Spot& spot : hottest) {
        const std::string_view name = decoder::row(spot.place.mnemonic).name;
        const bool named = spot.place.mnemonic != decoder::Mnemonic::kInvalid;
        text += formatted("  %08x %-10s %-14.*s %9" PRIu64 " %7.1f%%\n", spot.place.eip,
                          spot.place.user ? "user" : "supervisor",
                          static_cast<int>(named ? name.size() : 0), name.data(), spot.samples,
                          percent(spot.samples, total));
    }
    if (spots.lost() != 0)
        text += formatted("  %" PRIu64 " ms elsewhere: the table is full\n", spots.lost());
    return text;
}

}  // namespace

std::string describe_profile(const Profile& profile) {
    const Profile::Share total = profile.total();
    std::string text =
        formatted("%-38s %9s %8s %9s\n", "where CPU time went", "ms", "", "in kernel");
    for (std::size_t i = 0; i < kOccupations.size(); ++i)
        text +=
            share_line(kOccupations[i], profile.share(static_cast<Occupation>(i)), total.samples);
    text += share_line("all", total, total.samples);
    text += spot_lines("hottest blocks\n", profile.blocks(), total.samples);
    return text + spot_lines("hottest callouts, with all they lead to\n", profile.callouts(),
                             total.samples);
}

}  // namespace seventeen::app
