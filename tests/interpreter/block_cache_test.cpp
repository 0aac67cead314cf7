// Decoded blocks go when their bytes are written, at whatever address.
#include "interpreter/block_cache.h"

#include <catch2/catch.hpp>

#include "core/bus.h"

namespace seventeen::interpreter {

TEST_CASE("Decoded code of a page that answers elsewhere, too, goes by writes at either address") {
    CpuState state;
    Bus mmio{"memory", u64{1} << 36};
    mmu::PhysicalMemory memory{64 << 10, mmio};
    BlockCache cache(state, memory);
    memory.map_ram({0}, 64 << 10, 0);
    memory.map_ram({0x80000}, kPageSize, 0x1000);
    const BlockKey here{{0x1000}, true};
    const BlockKey there{{0x80100}, true};
    for (const BlockKey& key : {here, there}) {
        Block block;
        block.bytes = block.covered = 10;
        block.operations.emplace_back();
        cache.insert(key, std::move(block));
    }
    memory.write<u8>({0x80004}, 1);
    CHECK(cache.find(here) == nullptr);
    CHECK(cache.find(there) != nullptr);
    memory.write<u8>({0x1104}, 1);
    CHECK(cache.find(there) == nullptr);
}

}  // namespace seventeen::interpreter
