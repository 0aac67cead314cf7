// The memfd behind guest RAM: zeroed, mappable again, and refused where the host has too little.
#include <sys/mman.h>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "mmu/shared_memory.h"

namespace seventeen::mmu {
namespace {

TEST_CASE("Shared memory is zeroed and a second mapping of its descriptor shows the same bytes") {
    SharedMemory memory(2 * kPageSize);
    REQUIRE(memory.size() == 2 * kPageSize);
    for (const u8 byte : memory.bytes()) REQUIRE(byte == 0);
    void* again = mmap(nullptr, kPageSize, PROT_READ, MAP_SHARED, memory.fd(), kPageSize);
    REQUIRE(again != MAP_FAILED);
    memory.bytes()[kPageSize + 5] = 42;
    CHECK(static_cast<const u8*>(again)[5] == 42);
    munmap(again, kPageSize);
}

TEST_CASE("Shared memory refuses sizes that make no sense or that the host does not have") {
    using Catch::Contains;
    CHECK_THROWS_WITH(SharedMemory(0), Contains("multiple of 4096"));
    CHECK_THROWS_WITH(SharedMemory(kPageSize + 1), Contains("4097 bytes"));
    CHECK_THROWS_WITH(SharedMemory(u64{1} << 50),
                      Contains("1073741824 MiB") && Contains("ask for less memory"));
    CHECK_THROWS_AS(SharedMemory(~u64{0} << kPageShift), Error);
}

}  // namespace
}  // namespace seventeen::mmu
