// File: whole files in and out, and what is said where that fails.
#include "core/file.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/core/temporary_directory.h"

namespace seventeen {

TEST_CASE("a file is replaced as a whole and read back") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "file";
    write_file(path, std::vector<u8>{1, 2, 3});
    CHECK(read_file(path, 3) == std::vector<u8>{1, 2, 3});
    write_file(path, {});
    CHECK(read_file(path, 3).empty());
    const auto entries = std::filesystem::directory_iterator(directory.path());
    CHECK(std::distance(begin(entries), end(entries)) == 1);  // no temporary file is left
}

TEST_CASE("what cannot be read is named, with the reason") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "file";
    CHECK_THROWS_WITH(read_file(path, 10),
                      "cannot read " + path.string() + ": No such file or directory");
    CHECK_THROWS_WITH(read_file(directory.path(), 10), Catch::Contains("not a regular file"));
    CHECK_THROWS_WITH(read_file("/dev/zero", 10), Catch::Contains("not a regular file"));
    write_file(path, std::vector<u8>(11));
    CHECK_THROWS_WITH(read_file(path, 10), Catch::Contains("it is 11 bytes long, the limit is 10"));
}

TEST_CASE("what cannot be written is named and the old file stays") {
    const TemporaryDirectory directory;
    CHECK_THROWS_WITH(write_file(directory.path() / "none" / "file", {}),
                      Catch::Contains("cannot write") && Catch::Contains("No such file"));
    const auto taken = directory.path() / "taken";
    std::filesystem::create_directories(taken / "inside");
    CHECK_THROWS_AS(write_file(taken, {}), Error);
    CHECK(std::filesystem::is_directory(taken));
    CHECK_FALSE(std::filesystem::exists(directory.path() / "taken.part"));
}

}  // namespace seventeen
