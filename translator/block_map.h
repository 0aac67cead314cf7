// BlockMap: all blocks by key and by page, the links between them, and what writes do to them.
//
// Pages with blocks bear Guard::kTranslation, so every write to them, by CPU or DMA, is announced;
// blocks whose bytes it touches die at once: nothing leads to them any more, and
// CpuState::attention makes a running one end after its current instruction. Dead blocks stay in
// memory until collect(), for one may be running. Pages for which that happens too often are loose
// (loose_pages.h): they bear no guard for their blocks.
#pragma once

#include <bitset>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "mmu/physical_memory.h"
#include "translator/block.h"
#include "translator/code_cache.h"
#include "translator/loose_pages.h"
#include "translator/recent_blocks.h"

namespace seventeen::translator {

class BlockMap final : public mmu::GuardObserver {
  public:
    BlockMap(CpuState& state, mmu::PhysicalMemory& memory, CodeCache& cache);
    ~BlockMap() override;
    BlockMap(const BlockMap&) = delete;
    BlockMap& operator=(const BlockMap&) = delete;

    // Told of each block that dies.
    void on_death(std::function<void(const Block&)> callback) { on_death_ = std::move(callback); }

    // Pages may become loose from now on.
    void allow_loose_pages() { loose_allowed_ = true; }
    bool is_loose(PhysicalAddress page) const;
    // Guards loose pages again whose term is over.
    void review_loose_pages();
    u64 loosened() const { return loosened_; }

    // What is known of a block without asking it.
    struct Found {
        const u8* entry = nullptr;
        bool spans = false;

        explicit operator bool() const { return entry != nullptr; }
        static Found of(const Block& block) { return {block.entry, block.spans()}; }
    };
    Found find(const BlockKey& key);
    // At which offsets in a page blocks of any mode start, or have started; nullptr: at none.
    using Starts = std::bitset<kPageSize>;
    const Starts* starts_in(PhysicalAddress page) const;
    bool has(const BlockKey& key) const { return blocks_.contains(key); }
    Block& insert(std::unique_ptr<Block> block);
    // The site's jump leads to the block from now on.
    void link(Site& site, Block& to);
    // Jumps from other pages don't lead to the block any more; if that spans two, no jumps do.
    void unlink_far(const Block& to);
    // The block whose code holds this host address, or nullptr.
    Block* containing(const u8* code) const;
    void kill(Block& block);
    // All blocks die.
    void clear();
    // Calls `visit(const Block&)` for all that live.
    template <typename Visit>
    void for_each(const Visit& visit) const {
        for (const auto& [key, block] : blocks_) visit(*block);
    }
    bool any_dead() const { return !graveyard_.empty(); }
    // Frees dead blocks; called while none of them runs.
    void collect() { graveyard_.clear(); }

    void guarded_write(PhysicalAddress address, std::size_t size) override;

  private:
    static constexpr u64 kLineShift = 6;

    struct Page {
        std::vector<Block*> blocks;
        std::bitset<(kPageSize >> kLineShift)> lines;  // 64-byte lines that blocks cover
        Starts starts;
    };

    void unlink(Site& site);
    void patch(const Site& site, const u8* target);
    struct Bytes {
        u64 first = 0;  // in the page
        u64 end = 0;
    };
    static Bytes bytes_in(const Block& block, u64 page_number);
    void enlist(Block& block, u64 page_number);
    std::size_t code_before(const u8* code) const;
    void strike_off(Block& block, u64 page_number);
    static void mark_lines(Page& page, Bytes bytes);
    // RAM may answer at several physical pages: all blocks of all of them die.
    void kill_page(u64 ram_page);
    void release_pages();

    CpuState& state_;
    mmu::PhysicalMemory& memory_;
    CodeCache& cache_;
    std::function<void(const Block&)> on_death_ = [](const Block&) {};
    std::unordered_map<BlockKey, std::unique_ptr<Block>, BlockKeyHash> blocks_;
    RecentBlocks recent_;  // none that spans two pages
    // In order, as the cache gives out its memory; nullptr: dead.
    struct Code {
        const u8* entry = nullptr;
        Block* block = nullptr;
    };
    std::vector<Code> by_code_;
    std::unordered_map<u64, Page> pages_;
    std::vector<std::unique_ptr<Block>> graveyard_;
    LoosePages loose_;
    bool loose_allowed_ = false;
    u64 loosened_ = 0;  // how often a page became loose
    unsigned listener_ = 0;
};

}  // namespace seventeen::translator
