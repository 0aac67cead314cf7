// HostFile: what may be opened, how it is shared, what is written.
#include "storage/host_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_directory.h"
#include "tests/storage/image_bytes.h"

namespace seventeen::storage {

TEST_CASE("a file is read and written at offsets") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "file";
    write_file(path, std::vector<u8>{1, 2, 3});
    {
        HostFile file(path, Access::kReadWrite);
        CHECK(file.size() == 3);
        file.write(5, std::vector<u8>{6});
        CHECK(file.size() == 6);
        CHECK(contents(file, 1, 6) == std::vector<u8>{2, 3, 0, 0, 6, 0});
        file.sync();
    }
    CHECK(read_file(path, 10) == std::vector<u8>{1, 2, 3, 0, 0, 6});
}

TEST_CASE("only regular files and block devices are opened") {
    const TemporaryDirectory directory;
    const auto pipe = directory.path() / "pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const auto refused = Catch::Contains("neither a regular file nor a block device");
    CHECK_THROWS_WITH(HostFile(pipe, Access::kRead), refused);  // and does not wait for a writer
    CHECK_THROWS_WITH(HostFile("/dev/zero", Access::kRead), refused);
    CHECK_THROWS_WITH(HostFile(directory.path(), Access::kRead), refused);
    CHECK_THROWS_WITH(
        HostFile(directory.path() / "none", Access::kRead),
        Catch::Contains("cannot open disk image") && Catch::Contains("No such file or directory"));
}

TEST_CASE("a file has many readers or one writer") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "file";
    write_file(path, std::vector<u8>{1});
    {
        const HostFile reader(path, Access::kRead);
        CHECK_NOTHROW(HostFile(path, Access::kRead));
        CHECK_THROWS_WITH(HostFile(path, Access::kReadWrite), Catch::Contains("it is in use"));
    }
    const HostFile writer(path, Access::kReadWrite);
    CHECK_THROWS_WITH(HostFile(path, Access::kRead), Catch::Contains("is writing to it"));
}

TEST_CASE("a file that shrinks while in use is an error, not zeros") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "file";
    write_file(path, std::vector<u8>(100));
    HostFile file(path, Access::kRead);
    std::filesystem::resize_file(path, 10);
    CHECK_THROWS_WITH(contents(file, 0, 100), Catch::Contains("became shorter while in use"));
}

TEST_CASE("a temporary file leaves nothing in its folder") {
    const TemporaryDirectory directory;
    const auto file = HostFile::temporary(directory.path());
    file->write(0, std::vector<u8>{1, 2});
    CHECK(contents(*file, 0, 2) == std::vector<u8>{1, 2});
    file->resize(0);
    CHECK(file->size() == 0);
    CHECK(std::filesystem::is_empty(directory.path()));
    CHECK_THROWS_WITH(HostFile::temporary(directory.path() / "none"),
                      Catch::Contains("name a writable folder in TMPDIR"));
}

TEST_CASE("a new file replaces none, and is one with what paths lead to") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "file";
    const auto file = HostFile::create(path);
    CHECK_THROWS_WITH(HostFile::create(path), Catch::Contains("cannot create"));
    std::filesystem::create_symlink(path, directory.path() / "link");
    const HostFile link(directory.path() / "link", Access::kRead);
    const HostFile same(path, Access::kRead);
    CHECK(link.file_identity() == same.file_identity());
    remove_file(path);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK_NOTHROW(remove_file(path));
}

}  // namespace seventeen::storage
