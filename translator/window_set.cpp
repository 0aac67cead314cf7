// Filling and emptying windows.
#include "translator/window_set.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/occupation.h"
#include "translator/spare_mappings.h"

namespace seventeen::translator {

namespace {

constexpr u64 kLinearPages = u64{1} << 20;
// How far a fill looks around: pages of one aligned group.
constexpr u64 kGroupPlain = 512;  // without paging, and of kernels
constexpr u64 kGroupPaged = 16;
// Mappings that one may become when a part of it changes.
constexpr u64 kSplit = 2;
constexpr u64 kLeastBudget = 16;

}  // namespace

WindowSet::WindowSet(mmu::Mmu& mmu, const TranslatorOptions& options, Statistics& statistics)
    : mmu_(mmu),
      budget_(options.window_mappings),
      extents_(!options.disabled.has(Trick::kExtents)),
      statistics_(statistics) {
    SpareMappings::keep();
}

u64 WindowSet::window_of(const SpaceKey& key) {
    ++clock_;
    if (!current_ || !(current_->key == key)) {
        const auto found = std::find_if(spaces_.begin(), spaces_.end(),
                                        [&](const auto& space) { return space->key == key; });
        if (found != spaces_.end()) {
            current_ = found->get();
        } else if (add_space()) {
            current_ = spaces_.back().get();
        } else {
            const auto oldest = std::min_element(
                spaces_.begin(), spaces_.end(),
                [](const auto& a, const auto& b) { return a->last_used < b->last_used; });
            current_ = oldest->get();
            ++statistics_.evictions;
            empty(*current_);
        }
        current_->key = key;
    }
    current_->last_used = clock_;
    return current_->window.base();
}

// False where there are enough, or the host has no room for another.
bool WindowSet::add_space() {
    if (spaces_.size() == kMostSpaces) return false;
    try {
        spaces_.push_back(std::make_unique<Space>());
    } catch (const Error&) {
        if (spaces_.empty()) throw;
        return false;
    }
    return true;
}

u32& WindowSet::entry(Space& space, u64 linear_page) {
    auto& chunk = space.chunks[linear_page / kChunkPages];
    if (!chunk) chunk = std::make_unique<Chunk>();
    return chunk->pages[linear_page % kChunkPages];
}

bool WindowSet::is_shown(const Space& space, u64 linear_page) const {
    const auto& chunk = space.chunks[linear_page / kChunkPages];
    return chunk && chunk->pages[linear_page % kChunkPages] & kShown;
}

bool WindowSet::fill(u64 linear_page, bool for_write) {
    const Occupied occupied(Occupation::kWindows);
    if (!current_) return false;
    Space& space = *current_;
    mmu::Mmu::ShadowPage page;
    if (!shows(space, linear_page, for_write, page) || (for_write && !page.writable)) return false;
    if (!SpareMappings::kept()) give_in();
    if (mappings_ >= budget_) drop_all();
    const u32 before = entry(space, linear_page);
    u64 first = linear_page;
    u64 count = 1;
    if (before & kShown) {
        if (!page.writable || before & kWritable) return false;
        forget(space, linear_page);
    } else if (extents_ && !(for_write && is_shared(space))) {
        count = extent(linear_page, page, first);
    }
    const u64 ram_page = page.ram_page - (linear_page - first);
    if (!space.window.fill(first, count, mmu_.memory().ram_fd(), ram_page, page.writable)) {
        give_in();
        return false;
    }
    mappings_ += kSplit;
    ++statistics_.fills;
    statistics_.filled_pages += count;
    for (u64 i = 0; i < count; ++i) {
        u32& shown = entry(space, first + i);
        shown = kShown | (page.writable ? kWritable : 0) | static_cast<u32>(ram_page + i);
        ++space.chunks[(first + i) / kChunkPages]->shown;
        if (is_used(space, shown)) uses_[ram_page + i].push_back({&space, first + i});
    }
    return true;
}

// What the space may show of a page now. Most of supervisors' pages are only read there, so guards,
// which come and go on theirs all the time, don't concern them; and what is the user's differs from
// one load of CR3 to the next.
bool WindowSet::shows(const Space& space, u64 linear_page, bool for_write,
                      mmu::Mmu::ShadowPage& page) {
    const mmu::Privilege privilege =
        space.key.user ? mmu::Privilege::kUser : mmu::Privilege::kSupervisor;
    if (!mmu_.shadow(linear_page, privilege, page)) return false;
    if (!is_shared(space)) return true;
    page.writable = page.writable && for_write;
    return !page.user;
}

// The run of pages around one that one mapping can show: contiguous, with the same rights.
u64 WindowSet::extent(u64 linear_page, const mmu::Mmu::ShadowPage& page, u64& first) {
    const bool plain = is_shared(*current_) || !current_->key.paging;
    const u64 group = plain ? kGroupPlain : kGroupPaged;
    const u64 group_first = linear_page & ~(group - 1);
    u64 end = linear_page + 1;
    while (first > group_first &&
           fits(first - 1, {page.ram_page - (linear_page - first + 1), page.writable}))
        --first;
    while (end < group_first + group &&
           fits(end, {page.ram_page + (end - linear_page), page.writable}))
        ++end;
    return end - first;
}

bool WindowSet::fits(u64 linear_page, const mmu::Mmu::ShadowPage& wanted) {
    if (is_shown(*current_, linear_page)) return false;
    mmu::Mmu::ShadowPage page;
    return shows(*current_, linear_page, false, page) && page.ram_page == wanted.ram_page &&
           page.writable == wanted.writable;
}

void WindowSet::forget(Space& space, u64 linear_page) {
    const u32 shown = std::exchange(entry(space, linear_page), 0);
    auto& chunk = space.chunks[linear_page / kChunkPages];
    if (--chunk->shown == 0) chunk.reset();
    if (!is_used(space, shown)) return;
    const auto uses = uses_.find(shown & kRamPageMask);
    std::erase_if(uses->second, [&](const Use& use) {
        return use.space == &space && use.linear_page == linear_page;
    });
    if (uses->second.empty()) uses_.erase(uses);
}

void WindowSet::empty(Space& space) {
    const Occupied occupied(Occupation::kWindows);
    for (u64 page = 0; page < kLinearPages; ++page) {
        if (!space.chunks[page / kChunkPages])
            page |= kChunkPages - 1;
        else if (is_shown(space, page))
            forget(space, page);
    }
    for (auto& chunk : space.chunks) chunk.reset();
    space.window.empty_all();
}

void WindowSet::drop_pages(const Spaces& spaces, u64 first_page, u64 pages) {
    const Occupied occupied(Occupation::kWindows);
    const u64 end = std::min(first_page + pages, kLinearPages);
    for (const auto& space : spaces_) {
        if (!spaces.have(space->key)) continue;
        u64 first = end;
        u64 last = first_page;
        for (u64 page = first_page; page < end; ++page) {
            if (!space->chunks[page / kChunkPages]) {
                page |= kChunkPages - 1;
            } else if (is_shown(*space, page)) {
                forget(*space, page);
                first = std::min(first, page);
                last = page;
            }
        }
        if (first == end) continue;
        ++statistics_.drops;
        mappings_ += kSplit;
        if (!space->window.empty(first, last - first + 1)) return give_in();
    }
}

// The host has no mappings left: others of the process have more than we thought.
void WindowSet::give_in() {
    budget_ = std::max(std::min(budget_, mappings_ / 2), kLeastBudget);
    drop_all();
}

void WindowSet::drop_all() {
    const Occupied occupied(Occupation::kWindows);
    ++statistics_.window_flushes;
    mappings_ = 0;
    uses_.clear();
    for (const auto& space : spaces_) {
        bool any = false;
        for (auto& chunk : space->chunks) {
            any = any || chunk;
            chunk.reset();
        }
        if (any) space->window.empty_all();
    }
    SpareMappings::keep();
}

void WindowSet::count(Census& census) const {
    census.spaces = spaces_.size();
    census.mappings = mappings_;
    census.mapping_budget = budget_;
    for (const auto& [ram_page, uses] : uses_) census.shown_pages += uses.size();
}

void WindowSet::protect(u64 ram_page) {
    const Occupied occupied(Occupation::kWindows);
    const auto uses = uses_.find(ram_page);
    if (uses == uses_.end()) return;
    for (const Use& use : uses->second) {
        u32& shown = entry(*use.space, use.linear_page);
        if (!(shown & kWritable)) continue;
        shown &= ~kWritable;
        ++statistics_.protections;
        mappings_ += kSplit;
        if (!use.space->window.protect(use.linear_page)) return give_in();
    }
    std::erase_if(uses->second, [&](const Use& use) { return is_shared(*use.space); });
    if (uses->second.empty()) uses_.erase(uses);
}

}  // namespace seventeen::translator
