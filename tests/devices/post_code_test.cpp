// PostCode: the latch, its history and its bounds.
#include "devices/post_code.h"

#include <catch2/catch.hpp>

#include "core/snapshot.h"

namespace seventeen::devices {

TEST_CASE("POST code: reads back the last one and keeps the order, repeats once") {
    PostCode port("POST code");
    CHECK(port.read(0, 0, 1) == 0);
    CHECK(port.history().empty());
    for (const u64 code : {0x00, 0x10, 0x10, 0x20, 0x10, 0x1ff}) port.write(0, 0, code, 1);
    CHECK(port.read(0, 0, 1) == 0xff);
    CHECK(port.last() == 0xff);
    CHECK(port.history() == std::vector<u8>{0x00, 0x10, 0x20, 0x10, 0xff});
    port.reset();
    CHECK(port.history().empty());
}

TEST_CASE("POST code: keeps the latest only, and is restored") {
    PostCode port("POST code");
    for (unsigned i = 0; i < 1000; ++i) port.write(0, 0, i, 1);
    Writer writer;
    port.save(writer);
    const std::vector<u8> image = std::move(writer).finish();
    PostCode other("POST code");
    Reader reader(image, "test");
    other.restore(reader);
    reader.finish();
    const std::vector<u8> codes = other.history();
    REQUIRE(codes.size() == PostCode::kKept);
    CHECK(codes.front() == static_cast<u8>(1000 - PostCode::kKept));
    CHECK(codes.back() == static_cast<u8>(999));
    CHECK(other.last() == static_cast<u8>(999));
}

}  // namespace seventeen::devices
