// BlockCache: decoded code by physical address, dropped when its bytes change.
//
// A block is a straight run of instructions within one physical page. Pages with blocks bear
// Guard::kCode, so every write to them, by CPU or DMA, is announced; blocks whose bytes it touches
// are unlinked at once and CpuState::attention makes the running block end after the current
// instruction. An unlinked block stays alive until collect(), for it may be the running one.
#pragma once

#include <bitset>
#include <memory>
#include <unordered_map>
#include <vector>

#include "interpreter/operation.h"
#include "mmu/physical_memory.h"

namespace seventeen::interpreter {

// Physical address and code size; the CPU model never changes.
struct BlockKey {
    PhysicalAddress address;
    bool big = false;  // CS.D

    u64 packed() const { return address.value << 1 | (big ? 1 : 0); }
};

struct Block {
    u64 key = 0;
    u32 bytes = 0;                      // from the first instruction to the end of the last
    u32 covered = 0;                    // bytes whose change must drop the block; at least `bytes`
    std::vector<Operation> operations;  // empty: the first instruction leaves the page
};

class BlockCache final : public mmu::GuardObserver {
  public:
    BlockCache(CpuState& state, mmu::PhysicalMemory& memory);
    ~BlockCache() override;
    BlockCache(const BlockCache&) = delete;
    BlockCache& operator=(const BlockCache&) = delete;

    // The cached block, or nullptr.
    const Block* find(BlockKey key) {
        const Slot& slot = slots_[slot_of(key.packed())];
        if (slot.key == key.packed()) [[likely]]
            return slot.block;
        return find_slow(key);
    }
    const Block* insert(BlockKey key, Block block);
    void clear();
    // Frees unlinked blocks; called while none is running.
    void collect() {
        if (!unlinked_.empty()) [[unlikely]]
            unlinked_.clear();
    }

    void guarded_write(PhysicalAddress address, std::size_t size) override;

  private:
    static constexpr std::size_t kSlots = 1 << 15;
    static constexpr std::size_t kMaximumBlocks = 1 << 18;  // then everything is decoded anew
    static constexpr u64 kNoKey = ~u64{0};

    struct Slot {
        u64 key = kNoKey;
        const Block* block = nullptr;
    };
    struct Page {
        std::vector<u64> keys;
        std::bitset<kPageSize> code;  // bytes that blocks cover; loops may write beside them
        unsigned misses = 0;          // how often they did
    };

    static std::size_t slot_of(u64 key) { return (key ^ key >> 15) & (kSlots - 1); }
    const Block* find_slow(BlockKey key);
    void unlink(u64 key);
    void mark_code(Page& page, const Block& block) const;

    CpuState& state_;
    mmu::PhysicalMemory& memory_;
    std::vector<Slot> slots_;
    std::unordered_map<u64, std::unique_ptr<Block>> blocks_;
    std::unordered_map<u64, Page> pages_;
    std::vector<std::unique_ptr<Block>> unlinked_;
};

}  // namespace seventeen::interpreter
