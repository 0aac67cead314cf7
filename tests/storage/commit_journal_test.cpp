// CommitJournal: what each moment of a crash leaves.
#include "storage/commit_journal.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_directory.h"

namespace seventeen::storage {

namespace {

namespace fs = std::filesystem;

struct Bench {
    TemporaryDirectory directory;
    fs::path path = directory.path() / "disk";
    fs::path journal = directory.path() / "disk.commit";

    Bench() { write_file(path, std::vector<u8>(2048, 1)); }

    // As a commit that ends right before it writes to the image.
    void interrupted() {
        HostFile image(path, Access::kReadWrite);
        CommitJournal written(path, image);
        written.add(0, std::vector<u8>(512, 2));
        written.add(2, std::vector<u8>(1024, 3));
        written.finish();
    }
    void open_to_read() { refuse_interrupted_commit(path, HostFile(path, Access::kRead)); }
    void open_to_write() {
        HostFile image(path, Access::kReadWrite);
        complete_interrupted_commit(path, image);
    }
    std::vector<u8> image() { return read_file(path, 1 << 20); }
};

}  // namespace

TEST_CASE("a complete journal is applied the next time the image is written") {
    Bench bench;
    bench.interrupted();
    CHECK_THROWS_WITH(bench.open_to_read(), Catch::Contains("a commit to it was interrupted") &&
                                                Catch::Contains("disk.commit"));
    bench.open_to_write();
    auto expected = std::vector<u8>(512, 2);
    expected.resize(1024, 1);
    expected.resize(2048, 3);
    CHECK(bench.image() == expected);
    CHECK_FALSE(fs::exists(bench.journal));
    CHECK_NOTHROW(bench.open_to_read());
}

TEST_CASE("a journal that was not finished counts for nothing") {
    Bench bench;
    bench.interrupted();
    const auto whole = read_file(bench.journal, 1 << 20);
    for (std::size_t size = 16; size < whole.size(); size += size < 64 ? 1 : 97) {
        write_file(bench.journal, std::span(whole).first(size));
        CHECK_NOTHROW(bench.open_to_read());
        bench.open_to_write();
        CHECK(bench.image() == std::vector<u8>(2048, 1));
        CHECK_FALSE(fs::exists(bench.journal));
    }
}

TEST_CASE("a damaged journal counts for nothing") {
    Bench bench;
    bench.interrupted();
    const auto whole = read_file(bench.journal, 1 << 20);
    for (std::size_t at = 16; at < whole.size(); at += 41) {
        auto damaged = whole;
        damaged[at] ^= 0x80;
        write_file(bench.journal, damaged);
        bench.open_to_write();
        CHECK(bench.image() == std::vector<u8>(2048, 1));
    }
}

TEST_CASE("an unfinished journal is removed with its object") {
    Bench bench;
    HostFile image(bench.path, Access::kReadWrite);
    {
        CommitJournal journal(bench.path, image);
        CHECK(fs::exists(bench.journal));
    }
    CHECK_FALSE(fs::exists(bench.journal));
}

TEST_CASE("files that are no journals of this image are left alone") {
    Bench bench;
    bench.interrupted();
    const auto foreign = bench.directory.path() / "copy";
    fs::copy_file(bench.path, foreign);
    fs::rename(bench.journal, bench.directory.path() / "copy.commit");
    HostFile copy(foreign, Access::kReadWrite);
    CHECK_NOTHROW(complete_interrupted_commit(foreign, copy));
    CHECK(fs::exists(bench.directory.path() / "copy.commit"));
    CHECK_THROWS_WITH(CommitJournal(foreign, copy), Catch::Contains("move that file away"));
    CHECK(fs::exists(bench.directory.path() / "copy.commit"));
    write_file(bench.journal, std::vector<u8>{1, 2, 3});
    CHECK_NOTHROW(bench.open_to_read());
    CHECK_NOTHROW(bench.open_to_write());
    CHECK(read_file(bench.journal, 10) == std::vector<u8>{1, 2, 3});
}

}  // namespace seventeen::storage
