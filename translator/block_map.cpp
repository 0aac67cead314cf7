// Keeps blocks, links them, and drops those whose bytes are written.
#include "translator/block_map.h"

#include <algorithm>
#include <cstring>

#include "core/occupation.h"

namespace seventeen::translator {

BlockMap::BlockMap(CpuState& state, mmu::PhysicalMemory& memory, CodeCache& cache)
    : state_(state), memory_(memory), cache_(cache), recent_(cache.code()) {
    memory_.add_observer(mmu::Guard::kTranslation, *this);
    // A page that now shows other bytes, or none: rare enough to translate everything anew.
    listener_ = memory_.add_change_listener([this](const mmu::PhysicalMemory::Change& change) {
        if (change.everything) clear();
    });
}

BlockMap::~BlockMap() {
    memory_.remove_change_listener(listener_);
    memory_.remove_observer(mmu::Guard::kTranslation, *this);
    release_pages();
}

BlockMap::Found BlockMap::find(const BlockKey& key) {
    if (const u8* code = recent_.find(key)) return {code, false};
    const auto found = blocks_.find(key);
    if (found == blocks_.end()) return {};
    const Block& block = *found->second;
    if (!block.spans()) recent_.keep(key, block.entry);
    return Found::of(block);
}

Block& BlockMap::insert(std::unique_ptr<Block> block) {
    enlist(*block, block->key.physical >> kPageShift);
    if (block->spans()) enlist(*block, block->second_page >> kPageShift);
    by_code_.push_back({block->entry, block.get()});
    pages_[block->key.physical >> kPageShift].starts.set(block->key.physical & kPageMask);
    auto& place = blocks_[block->key];
    place = std::move(block);
    return *place;
}

const BlockMap::Starts* BlockMap::starts_in(PhysicalAddress page) const {
    const auto found = pages_.find(page.page());
    return found == pages_.end() ? nullptr : &found->second.starts;
}

// How many start at or before it.
std::size_t BlockMap::code_before(const u8* code) const {
    const auto after =
        std::upper_bound(by_code_.begin(), by_code_.end(), code,
                         [](const u8* address, const Code& each) { return address < each.entry; });
    return static_cast<std::size_t>(after - by_code_.begin());
}

Block* BlockMap::containing(const u8* code) const {
    const std::size_t before = code_before(code);
    if (before == 0) return nullptr;
    Block* block = by_code_[before - 1].block;
    return block && code < block->entry + block->code_size ? block : nullptr;
}

void BlockMap::enlist(Block& block, u64 page_number) {
    Page& page = pages_[page_number];
    page.blocks.push_back(&block);
    mark_lines(page, bytes_in(block, page_number));
    const PhysicalAddress address{page_number << kPageShift};
    if (!is_loose(address)) memory_.set_guard(mmu::Guard::kTranslation, address);
}

void BlockMap::strike_off(Block& block, u64 page_number) {
    const auto page = pages_.find(page_number);
    if (page != pages_.end()) std::erase(page->second.blocks, &block);
}

BlockMap::Bytes BlockMap::bytes_in(const Block& block, u64 page_number) {
    if (block.spans() && page_number == block.second_page >> kPageShift)
        return {0, block.second_bytes};
    const u64 first = block.key.physical & kPageMask;
    return {first, std::min(first + block.bytes, kPageSize)};
}

void BlockMap::mark_lines(Page& page, Bytes bytes) {
    for (u64 line = bytes.first >> kLineShift; line <= (bytes.end - 1) >> kLineShift; ++line)
        page.lines.set(line);
}

// --- links ---

void BlockMap::patch(const Site& site, const u8* target) {
    const u8* displacement = site.block->entry + site.jump;
    const s64 distance = target - (displacement + 4);
    const s32 value = static_cast<s32>(distance);
    // SAFETY: the four bytes belong to the jump that the emitter put at Site::jump.
    std::memcpy(cache_.writable(displacement), &value, sizeof value);
}

void BlockMap::link(Site& site, Block& to) {
    unlink(site);
    patch(site, to.entry);
    site.linked = &to;
    to.incoming.push_back(&site);
}

void BlockMap::unlink(Site& site) {
    if (!site.linked) return;
    std::erase(site.linked->incoming, &site);
    site.linked = nullptr;
    patch(site, site.block->entry + site.cold);
}

void BlockMap::unlink_far(const Block& to) {
    for (std::size_t i = to.incoming.size(); i-- != 0;) {
        if (to.incoming[i]->far || to.spans()) unlink(*to.incoming[i]);
    }
}

// --- death ---

void BlockMap::kill(Block& block) {
    strike_off(block, block.key.physical >> kPageShift);
    if (block.spans()) strike_off(block, block.second_page >> kPageShift);
    block.dead = true;
    for (Site& site : block.sites) unlink(site);
    while (!block.incoming.empty()) unlink(*block.incoming.back());
    on_death_(block);
    recent_.drop(block.key);
    by_code_[code_before(block.entry) - 1].block = nullptr;
    const auto found = blocks_.find(block.key);
    graveyard_.push_back(std::move(found->second));
    blocks_.erase(found);
    state_.attention = true;
}

void BlockMap::clear() {
    for (auto& [key, block] : blocks_) {
        block->dead = true;
        on_death_(*block);
        graveyard_.push_back(std::move(block));
    }
    if (!blocks_.empty()) state_.attention = true;
    blocks_.clear();
    recent_.clear();
    by_code_.clear();
    release_pages();
}

void BlockMap::release_pages() {
    for (const auto& [number, page] : pages_)
        memory_.clear_guard(mmu::Guard::kTranslation, {number << kPageShift});
    pages_.clear();
}

// --- loose pages ---

bool BlockMap::is_loose(PhysicalAddress page) const {
    if (loose_.count() == 0) return false;
    const u64 offset = memory_.ram_offset(page);
    return offset != mmu::PhysicalMemory::kNotRam && loose_.contains(offset >> kPageShift);
}

void BlockMap::review_loose_pages() {
    if (loose_.count() == 0) return;
    const bool attention = state_.attention;
    for (const u64 ram_page : loose_.take_due(state_.retired)) kill_page(ram_page);
    state_.attention = attention;
}

void BlockMap::kill_page(u64 ram_page) {
    std::vector<Block*> hit;
    for (auto& [number, page] : pages_) {
        if (memory_.ram_offset({number << kPageShift}) >> kPageShift != ram_page) continue;
        hit.insert(hit.end(), page.blocks.begin(), page.blocks.end());
        page.lines.reset();
    }
    for (Block* block : hit) {
        if (!block->dead) kill(*block);
    }
}

void BlockMap::guarded_write(PhysicalAddress address, std::size_t size) {
    const Occupied occupied(Occupation::kWrittenCode);
    const auto found = pages_.find(address.page());
    if (found == pages_.end() || size == 0) return;
    Page& page = found->second;
    const u64 first = address.offset();
    const u64 end = first + size;
    bool touched = false;
    for (u64 line = first >> kLineShift; line <= (end - 1) >> kLineShift; ++line)
        touched = touched || page.lines.test(line);
    std::vector<Block*> hit;
    for (Block* block : page.blocks) {
        if (!touched) break;
        const Bytes bytes = bytes_in(*block, address.page());
        if (bytes.first < end && first < bytes.end) hit.push_back(block);
    }
    const u64 ram_page = memory_.ram_offset(address) >> kPageShift;
    if (loose_allowed_ && loose_.note_write(ram_page, !hit.empty(), state_.retired)) {
        ++loosened_;
        kill_page(ram_page);
        memory_.clear_ram_guard(mmu::Guard::kTranslation, ram_page);
        return;
    }
    if (hit.empty()) return;
    for (Block* block : hit) kill(*block);
    page.lines.reset();
    for (const Block* block : page.blocks) mark_lines(page, bytes_in(*block, address.page()));
    if (!page.blocks.empty()) return;
    pages_.erase(found);
    // Elsewhere there may be others, which need the guard.
    if (!memory_.answers_elsewhere(address)) memory_.clear_guard(mmu::Guard::kTranslation, address);
}

}  // namespace seventeen::translator
