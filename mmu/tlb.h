// Tlb: what walks found out, and for plain memory the host pointers that make an access fast.
//
// Direct-mapped, with a lane for each use. A line is two things: a Translation (which serves MMIO,
// guarded and watched pages too, so that a slow access needs no walk) and, in the data lanes, a
// TlbEntry, which is a promise derived from it. An entry names a page only while the translation
// beside it does, so whatever finds and drops translations drops every pointer as well.
#pragma once

#include <array>
#include <vector>

#include "core/types.h"
#include "mmu/access.h"
#include "mmu/page_walk.h"
#include "mmu/statistics.h"

namespace seventeen::mmu {

// One line of the TLB: a linear page and, for each right it grants, the page number as tag.
// (A power of two long, since translated code indexes lines with a shift.)
struct alignas(32) TlbEntry {
    static constexpr u64 kNone = ~u64{0};
    u64 read_page = kNone;
    u64 write_page = kNone;
    u64 delta = 0;  // linear address + delta = host address
    // Of a page that could be written to if it were not a page table: where nothing depends on a
    // slot (TableWatch::tables()) it can.
    u64 table_page = kNone;
};

class Tlb {
  public:
    static constexpr unsigned kLines = 1024;  // in each lane
    enum class Lane : u8 { kSupervisorData, kUserData, kSupervisorCode, kUserCode };
    static constexpr std::array kLanes{Lane::kSupervisorData, Lane::kUserData,
                                       Lane::kSupervisorCode, Lane::kUserCode};
    static_assert(kLanes.size() == kTlbLanes);

    static Lane lane(Privilege privilege, Access access) {
        const unsigned code = access == Access::kExecute ? 2 : 0;
        return static_cast<Lane>(code + static_cast<unsigned>(privilege));
    }

    // The fast path: which lane, which line.
    const TlbEntry& entry(LinearAddress address, Privilege privilege) const {
        return entries_[static_cast<unsigned>(privilege)][index(address.page())];
    }
    // The entries of one privilege, indexed by linear page modulo kLines: translated code reads
    // them.
    const TlbEntry* entries(Privilege privilege) const {
        return entries_[static_cast<unsigned>(privilege)].data();
    }
    // What is known of a page, or nullptr.
    const Translation* find(Lane lane, u64 linear_page) const {
        const Line& line = lines(lane)[index(linear_page)];
        return line.translation.linear_page == linear_page ? &line.translation : nullptr;
    }

    // Fleeting ones are those that a load of CR3 may well drop.
    enum class Stay : u8 { kLasting, kFleeting };
    // Takes the place of whatever was in its line; no entry yet.
    void insert(Lane lane, const Translation& translation, Stay stay = Stay::kLasting);
    // For a translation that is in the (data) lane.
    void set_entry(Lane lane, u64 linear_page, const TlbEntry& entry);

    void drop_all();
    void drop_page(Lane lane, u64 linear_page);
    void drop_page(u64 linear_page);
    // Calls `condemned(const Translation&)` for all of them and drops those it is true for.
    template <typename Condemned>
    void drop_if(const Condemned& condemned);
    // The same where only fleeting ones can be condemned.
    template <typename Condemned>
    void drop_fleeting_if(const Condemned& condemned);
    // The pointers alone: all of them, or the right to write into one page of the host's.
    void drop_entries();
    void drop_write_pointers(const u8* host_page);

    const TlbCounts& counts() const { return counts_; }

  private:
    struct Line {
        Translation translation;
        std::array<bool, 2> listed{};  // in filled_, by Stay
    };
    using Lines = std::array<Line, kLines>;

    static std::size_t index(u64 linear_page) { return linear_page % kLines; }
    static bool is_data(Lane lane) { return lane <= Lane::kUserData; }
    Lines& lines(Lane lane) { return lines_[static_cast<unsigned>(lane)]; }
    const Lines& lines(Lane lane) const { return lines_[static_cast<unsigned>(lane)]; }
    std::vector<u16>& filled(Lane lane, Stay stay) {
        return filled_[static_cast<unsigned>(lane)][static_cast<unsigned>(stay)];
    }
    template <typename Condemned>
    void drop_listed_if(Lane lane, Stay stay, const Condemned& condemned);
    void drop_line(Lane lane, std::size_t line);
    void clear_line(Lane lane, std::size_t line);

    std::array<std::array<TlbEntry, kLines>, 2> entries_;
    std::array<Lines, kLanes.size()> lines_;
    // Which lines of each lane hold anything (or did), so that dropping costs what filling did. A
    // line may be in both lists of its lane.
    std::array<std::array<std::vector<u16>, 2>, kLanes.size()> filled_;
    TlbCounts counts_;
};

template <typename Condemned>
void Tlb::drop_if(const Condemned& condemned) {
    for (const Lane lane : kLanes) drop_listed_if(lane, Stay::kLasting, condemned);
    drop_fleeting_if(condemned);
}

template <typename Condemned>
void Tlb::drop_fleeting_if(const Condemned& condemned) {
    for (const Lane lane : kLanes) drop_listed_if(lane, Stay::kFleeting, condemned);
}

template <typename Condemned>
void Tlb::drop_listed_if(Lane lane, Stay stay, const Condemned& condemned) {
    std::erase_if(filled(lane, stay), [&](u16 number) {
        Line& line = lines(lane)[number];
        const bool empty = line.translation.linear_page == Translation::kNoPage;
        if (!empty && !condemned(line.translation)) return false;
        drop_line(lane, number);
        line.listed[static_cast<unsigned>(stay)] = false;
        return true;
    });
}

}  // namespace seventeen::mmu
