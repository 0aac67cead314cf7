// RawMedium: writing in place, the last sector, and disguises.
#include "storage/raw_medium.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_directory.h"
#include "tests/storage/image_bytes.h"

namespace seventeen::storage {

namespace {

RawMedium open(const std::filesystem::path& path, FormatSource source) {
    return RawMedium(std::make_unique<HostFile>(path, Access::kReadWrite), source);
}

}  // namespace

TEST_CASE("sectors are written in place, a partial last one completely") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "disk";
    write_file(path, std::vector<u8>(1000, 7));
    {
        RawMedium medium = open(path, FormatSource::kGuessed);
        REQUIRE(medium.sectors() == 2);
        std::vector<u8> sector(512);
        medium.read(1, sector);
        CHECK(sector[487] == 7);
        CHECK(sector[488] == 0);
        medium.write(1, std::vector<u8>(512, 9));
        medium.flush();
        CHECK(medium.sectors() == 2);
        medium.read(1, sector);
        CHECK(sector == std::vector<u8>(512, 9));
    }
    auto expected = std::vector<u8>(512, 7);
    expected.resize(1024, 9);
    CHECK(read_file(path, 4096) == expected);
}

TEST_CASE("a guest cannot disguise a disk whose format was guessed") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "disk";
    write_file(path, std::vector<u8>(8192));
    const auto disguises = {small_qcow2().bytes, small_vhd().bytes, small_vmdk().bytes};
    for (std::vector<u8> header : disguises) {
        header.resize(1024);
        {
            RawMedium guessed = open(path, FormatSource::kGuessed);
            CHECK_THROWS_WITH(guessed.write(0, header), Catch::Contains("name the format raw"));
            CHECK_NOTHROW(guessed.write(1, header));
        }
        CHECK(read_file(path, 8192)[0] == 0);
    }
    RawMedium named = open(path, FormatSource::kNamed);
    auto header = small_qcow2().bytes;
    header.resize(512);
    CHECK_NOTHROW(named.write(0, header));
}

}  // namespace seventeen::storage
