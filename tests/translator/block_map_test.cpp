// Blocks: found by key, linked by patching, dead as soon as their bytes are written.
#include "translator/block_map.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "core/bus.h"

namespace seventeen::translator {

namespace {

constexpr u64 kRam = 64 << 10;
constexpr u32 kJump = 1;   // where each block's patchable displacement is
constexpr u32 kCold = 32;  // where it leads unpatched

struct Fixture {
    CpuState state;
    Bus mmio{"memory", u64{1} << 36};
    mmu::PhysicalMemory memory{kRam, mmio};
    CodeCache cache{64 << 10};
    BlockMap blocks{state, memory, cache};

    Fixture() { memory.map_ram({0}, kRam, 0); }

    Block& add(u64 physical, u32 bytes) {
        auto block = std::make_unique<Block>();
        block->key.physical = physical;
        block->key.eip = static_cast<u32>(physical);
        block->bytes = bytes;
        block->code_size = 64;
        block->entry = cache.allocate(block->code_size);
        Site& site = block->sites.emplace_back();
        site.kind = Site::Kind::kDirect;
        site.block = block.get();
        site.jump = kJump;
        site.cold = kCold;
        return blocks.insert(std::move(block));
    }
    // Where the block's jump leads.
    const u8* target(const Block& block) const {
        s32 displacement;
        std::memcpy(&displacement, block.entry + kJump, sizeof displacement);
        return block.entry + kJump + 4 + displacement;
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A block in two pages dies by a write to either") {
    const u64 written = GENERATE(0x1ffe, 0x3001);
    auto block = std::make_unique<Block>();
    block->key.physical = 0x1ffd;
    block->bytes = 3;
    block->second_page = 0x3000;
    block->second_bytes = 2;
    block->code_size = 64;
    block->entry = cache.allocate(block->code_size);
    const BlockKey key = block->key;
    blocks.insert(std::move(block));
    memory.write<u8>({0x3002}, 1);
    memory.write<u8>({0x1ffc}, 1);
    CHECK(blocks.find(key));
    memory.write<u8>({written}, 1);
    CHECK_FALSE(blocks.find(key));
    memory.write<u8>({0x1ffe}, 1);  // the other page's list has no use for it
    memory.write<u8>({0x3001}, 1);
}

TEST_CASE_METHOD(Fixture, "A block is found by all of its key") {
    Block& block = add(0x1000, 10);
    BlockKey key = block.key;
    CHECK(blocks.find(key).entry == block.entry);
    key.mode = 1;
    CHECK(blocks.find(key).entry == nullptr);
    CHECK(blocks.containing(block.entry + 63) == &block);
    CHECK(blocks.containing(block.entry + 64) == nullptr);
}

TEST_CASE_METHOD(Fixture, "A page says where blocks start, but not those that go on into it") {
    CHECK(blocks.starts_in({0x1234}) == nullptr);
    add(0x1010, 10);
    add(0x10ff, 1);
    const BlockMap::Starts* starts = blocks.starts_in({0x1234});
    REQUIRE(starts);
    CHECK(starts->count() == 2);
    CHECK(starts->test(0x010));
    CHECK(starts->test(0x0ff));
    auto spanning = std::make_unique<Block>();
    spanning->key.physical = 0x1fff;
    spanning->bytes = 1;
    spanning->second_page = 0x3000;
    spanning->second_bytes = 2;
    spanning->entry = cache.allocate(64);
    blocks.insert(std::move(spanning));
    CHECK(starts->test(0xfff));
    CHECK(blocks.starts_in({0x3000})->none());
}

TEST_CASE_METHOD(Fixture,
                 "Blocks of a page that answers elsewhere, too, die by writes at either address") {
    memory.map_ram({0x80000}, kPageSize, 0x1000);
    const BlockKey here = add(0x1000, 10).key;
    const BlockKey there = add(0x80100, 10).key;
    memory.write<u8>({0x80004}, 1);
    CHECK(blocks.find(here).entry == nullptr);
    CHECK(blocks.find(there));
    memory.write<u8>({0x1104}, 1);
    CHECK(blocks.find(there).entry == nullptr);
}

TEST_CASE_METHOD(Fixture, "A write kills the blocks whose bytes it touches, and no others") {
    Block& first = add(0x1000, 10);
    Block& second = add(0x100a, 10);
    const BlockKey keys[] = {first.key, second.key};
    CHECK(memory.guarded(mmu::Guard::kTranslation, {0x1000}));
    memory.write<u8>({0x1014}, 1);
    CHECK_FALSE(state.attention);
    memory.write<u8>({0x1013}, 1);
    CHECK(state.attention);
    CHECK(second.dead);
    CHECK(blocks.find(keys[0]).entry == first.entry);
    CHECK(blocks.find(keys[1]).entry == nullptr);
    memory.write<u32>({0x0ffd}, 0x01020304);  // its last byte is the block's first
    CHECK(blocks.find(keys[0]).entry == nullptr);
    CHECK_FALSE(memory.guarded(mmu::Guard::kTranslation, {0x1000}));
}

TEST_CASE_METHOD(Fixture, "A link is a patched jump, and goes when either end dies") {
    Block& from = add(0x1000, 4);
    Block& to = add(0x2000, 4);
    blocks.link(from.sites[0], to);
    CHECK(target(from) == to.entry);
    memory.write<u8>({0x2000}, 1);
    CHECK(target(from) == from.entry + kCold);

    Block& again = add(0x2000, 4);
    blocks.link(from.sites[0], again);
    memory.write<u8>({0x1000}, 1);
    CHECK(again.incoming.empty());
}

TEST_CASE_METHOD(Fixture, "Jumps from other pages can be unlinked, those from its own stay") {
    Block& near = add(0x2100, 4);
    Block& far = add(0x1000, 4);
    Block& to = add(0x2000, 4);
    far.sites[0].far = true;
    blocks.link(near.sites[0], to);
    blocks.link(far.sites[0], to);
    blocks.unlink_far(to);
    CHECK(target(near) == to.entry);
    CHECK(target(far) == far.entry + kCold);
    to.second_bytes = 1;  // in a page that may become another
    blocks.unlink_far(to);
    CHECK(target(near) == near.entry + kCold);
    to.second_bytes = 0;
}

TEST_CASE_METHOD(Fixture, "Memory that shows something else kills all blocks") {
    const BlockKey key = add(0x1000, 4).key;
    unsigned deaths = 0;
    blocks.on_death([&](const Block&) { ++deaths; });
    memory.map_mmio({0x8000}, 0x1000);
    CHECK(blocks.find(key).entry == nullptr);
    CHECK(deaths == 1);
}

}  // namespace seventeen::translator
