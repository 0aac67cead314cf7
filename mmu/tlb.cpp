// Filling and dropping lines.
#include "mmu/tlb.h"

#include "core/check.h"

namespace seventeen::mmu {

void Tlb::insert(Lane lane, const Translation& translation, Stay stay) {
    const std::size_t line = index(translation.linear_page);
    Line& to = lines(lane)[line];
    if (to.translation.linear_page != Translation::kNoPage) {
        ++counts_.replaced;
        clear_line(lane, line);
    }
    ++counts_.fills[static_cast<unsigned>(lane)];
    to.translation = translation;
    bool& listed = to.listed[static_cast<unsigned>(stay)];
    if (listed) return;
    listed = true;
    filled(lane, stay).push_back(static_cast<u16>(line));
}

void Tlb::set_entry(Lane lane, u64 linear_page, const TlbEntry& entry) {
    check(is_data(lane) && find(lane, linear_page), "a TLB entry has no translation behind it");
    entries_[static_cast<unsigned>(lane)][index(linear_page)] = entry;
    ++counts_.pointers;
}

void Tlb::drop_line(Lane lane, std::size_t line) {
    if (lines(lane)[line].translation.linear_page == Translation::kNoPage) return;
    ++counts_.dropped;
    clear_line(lane, line);
}

void Tlb::clear_line(Lane lane, std::size_t line) {
    lines(lane)[line].translation.linear_page = Translation::kNoPage;
    if (is_data(lane)) entries_[static_cast<unsigned>(lane)][line] = {};
}

void Tlb::drop_all() {
    drop_if([](const Translation&) { return true; });
}

void Tlb::drop_page(Lane lane, u64 linear_page) {
    if (find(lane, linear_page)) drop_line(lane, index(linear_page));
}

void Tlb::drop_page(u64 linear_page) {
    for (const Lane lane : kLanes) drop_page(lane, linear_page);
}

void Tlb::drop_entries() {
    for (auto& lane : entries_) lane.fill({});
}

void Tlb::drop_write_pointers(const u8* host_page) {
    // SAFETY: the address is compared, never followed.
    const u64 target = reinterpret_cast<u64>(host_page);
    const auto visit = [&](TlbEntry& entry) {
        if ((entry.read_page << kPageShift) + entry.delta == target)
            entry.write_page = entry.table_page = TlbEntry::kNone;
    };
    for (const Lane lane : {Lane::kSupervisorData, Lane::kUserData}) {
        for (const Stay stay : {Stay::kLasting, Stay::kFleeting}) {
            for (const u16 line : filled(lane, stay))
                visit(entries_[static_cast<unsigned>(lane)][line]);
        }
    }
}

}  // namespace seventeen::mmu
