// Two views of one memory: written at one address, executed at the other, never both.
#include "translator/code_cache.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "tests/translator/host_mappings.h"

namespace seventeen::translator {

namespace {

constexpr u64 kSize = 64 << 10;

// The rights of the mapping that holds an address ("rw-s").
std::string rights_of(const void* address) {
    // SAFETY: compared with other numbers only.
    const u64 wanted = reinterpret_cast<u64>(address);
    const std::vector<Mapping> found = mappings_within(wanted, wanted + 1);
    return found.empty() ? std::string() : found.front().rights;
}

}  // namespace

TEST_CASE("Code is written at one address and executed at another") {
    CodeCache cache(kSize);
    const u8* code = cache.allocate(6);
    REQUIRE(code);
    constexpr u8 kReturn42[] = {0xb8, 42, 0, 0, 0, 0xc3};
    std::memcpy(cache.writable(code), kReturn42, sizeof kReturn42);
    // SAFETY: the six bytes above are a function.
    CHECK(reinterpret_cast<int (*)()>(reinterpret_cast<u64>(code))() == 42);
    CHECK(rights_of(code) == "r-xs");
    CHECK(rights_of(cache.writable(code)) == "rw-s");
    CHECK(cache.contains(code));
    CHECK_FALSE(cache.contains(cache.writable(code)));
}

TEST_CASE("A full cache says so, and keeps what is to stay when it is reset") {
    CodeCache cache(kSize);
    const u8* stub = cache.allocate(100);
    cache.keep();
    const u8* first = cache.allocate(kSize / 2);
    CHECK(first > stub);
    CHECK(cache.allocate(kSize / 2) == nullptr);
    CHECK(cache.allocate(100) != nullptr);
    cache.reset();
    CHECK(cache.allocate(kSize / 2) == first);
}

TEST_CASE("Data lies right before the code, and is never executable") {
    constexpr u64 kData = kPageSize + 64;
    CodeCache cache(kSize, kData);
    CHECK(cache.data() + kData == cache.code());
    CHECK(cache.allocate(1) == cache.code());
    CHECK(rights_of(cache.data()) == "rw-p");
    CHECK(rights_of(cache.code() - 1) == "rw-p");
    CHECK_FALSE(cache.contains(cache.code() - 1));
}

}  // namespace seventeen::translator
