// Keeps decoded blocks and drops those whose bytes are written.
#include "interpreter/block_cache.h"

#include <algorithm>

namespace seventeen::interpreter {

namespace {

PhysicalAddress address_of(u64 packed_key) {
    return {packed_key >> 1};
}

}  // namespace

BlockCache::BlockCache(CpuState& state, mmu::PhysicalMemory& memory)
    : state_(state), memory_(memory), slots_(kSlots) {
    memory_.add_observer(mmu::Guard::kCode, *this);
    // A page that now shows other bytes, or none: rare enough to decode everything anew.
    memory_.add_change_listener([this](const mmu::PhysicalMemory::Change& change) {
        if (change.everything) clear();
    });
}

BlockCache::~BlockCache() {
    clear();
    memory_.remove_observer(mmu::Guard::kCode, *this);
}

const Block* BlockCache::find_slow(BlockKey key) {
    const auto found = blocks_.find(key.packed());
    if (found == blocks_.end()) return nullptr;
    slots_[slot_of(key.packed())] = {key.packed(), found->second.get()};
    return found->second.get();
}

const Block* BlockCache::insert(BlockKey key, Block block) {
    if (blocks_.size() >= kMaximumBlocks) clear();
    const u64 packed = key.packed();
    block.key = packed;
    Page& page = pages_[key.address.page()];
    page.keys.push_back(packed);
    mark_code(page, block);
    memory_.set_guard(mmu::Guard::kCode, key.address);
    auto& place = blocks_[packed];
    place = std::make_unique<Block>(std::move(block));
    slots_[slot_of(packed)] = {packed, place.get()};
    return place.get();
}

void BlockCache::mark_code(Page& page, const Block& block) const {
    const u64 first = address_of(block.key).offset();
    const u64 end = std::min(first + std::max<u64>(block.covered, 1), kPageSize);
    for (u64 byte = first; byte < end; ++byte) page.code.set(byte);
}

void BlockCache::unlink(u64 key) {
    Slot& slot = slots_[slot_of(key)];
    if (slot.key == key) slot = {};
    const auto found = blocks_.find(key);
    unlinked_.push_back(std::move(found->second));
    blocks_.erase(found);
    state_.attention = true;
}

void BlockCache::clear() {
    while (!blocks_.empty()) unlink(blocks_.begin()->first);
    for (const auto& [page, code] : pages_)
        memory_.clear_guard(mmu::Guard::kCode, {page << kPageShift});
    pages_.clear();
}

void BlockCache::guarded_write(PhysicalAddress address, std::size_t size) {
    const auto found = pages_.find(address.page());
    if (found == pages_.end() || size == 0) return;
    Page& page = found->second;
    const u64 first = address.offset();
    const u64 end = first + size;
    bool touched = false;
    for (u64 byte = first; byte < end && !touched; ++byte) touched = page.code.test(byte);
    // Data beside code: if it is written often, the guard costs more than decoding anew.
    constexpr unsigned kPatience = 256;
    const bool weary = !touched && ++page.misses >= kPatience;
    if (!touched && !weary) return;
    std::erase_if(page.keys, [&](u64 key) {
        const u64 begin = address_of(key).offset();
        const bool hit =
            weary || (begin < end && first < begin + std::max<u64>(blocks_[key]->covered, 1));
        if (hit) unlink(key);
        return hit;
    });
    page.code.reset();
    for (u64 key : page.keys) mark_code(page, *blocks_[key]);
    if (!page.keys.empty()) return;
    pages_.erase(found);
    // Elsewhere there may be others, which need the guard.
    if (!memory_.answers_elsewhere(address)) memory_.clear_guard(mmu::Guard::kCode, address);
}

}  // namespace seventeen::interpreter
