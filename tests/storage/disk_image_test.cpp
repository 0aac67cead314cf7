// DiskImage: the modes, commits and snapshots, from the file to the drive.
#include "storage/disk_image.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/file.h"
#include "storage/commit_journal.h"
#include "tests/core/temporary_directory.h"
#include "tests/storage/image_bytes.h"

namespace seventeen::storage {

namespace {

namespace fs = std::filesystem;

const std::vector<u8> kNew(512, 0x99);

struct Bench {
    TemporaryDirectory directory;
    fs::path path = directory.path() / "disk";
    std::vector<u8> original = std::vector<u8>(200 * 512, 0x11);

    Bench() { write_file(path, original); }
    OpenOptions options(OpenMode mode) const { return {mode, {}, directory.path()}; }
    std::vector<u8> file() const { return read_file(path, 1 << 20); }
    std::size_t files() const {
        const auto entries = fs::directory_iterator(directory.path());
        return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
    }
};

std::vector<u8> sector(BlockMedium& medium, u64 number) {
    std::vector<u8> bytes(512);
    medium.read(number, bytes);
    return bytes;
}

std::vector<u8> saved(const DiskImage& disk) {
    Writer writer;
    disk.save(writer, "hd0");
    return std::move(writer).finish();
}

void restore(DiskImage& disk, const std::vector<u8>& file) {
    Reader reader(file, "snapshot");
    disk.restore(reader, "hd0");
}

}  // namespace

TEST_CASE("by default the image stays untouched and nothing is left behind") {
    Bench bench;
    {
        DiskImage disk(bench.path, bench.options(OpenMode::kOverlay));
        REQUIRE(disk.writable());
        CHECK(disk.sectors() == 200);
        disk.write(150, kNew);
        disk.flush();
        CHECK(sector(disk, 150) == kNew);
        CHECK(sector(disk, 151) == std::vector<u8>(512, 0x11));
        CHECK(disk.uncommitted_sectors() == 1);
        CHECK(bench.files() == 1);
        CHECK_THROWS_WITH(disk.commit(), Catch::Contains("start with --commit"));
    }
    CHECK(bench.file() == bench.original);
    CHECK(bench.files() == 1);
}

TEST_CASE("a commit writes all changes to the image and forgets them") {
    Bench bench;
    DiskImage disk(bench.path, bench.options(OpenMode::kCommit));
    disk.write(0, kNew);
    disk.write(199, kNew);
    CHECK(bench.file() == bench.original);
    disk.commit();
    CHECK(disk.uncommitted_sectors() == 0);
    CHECK(sector(disk, 199) == kNew);
    auto expected = bench.original;
    std::copy(kNew.begin(), kNew.end(), expected.begin());
    std::copy(kNew.begin(), kNew.end(), expected.end() - 512);
    CHECK(bench.file() == expected);
    CHECK(bench.files() == 1);  // no journal
    CHECK_NOTHROW(disk.commit());
    disk.write(3, kNew);
    disk.commit();
    CHECK(sector(disk, 3) == kNew);
}

TEST_CASE("a commit never disguises a guessed format, and then changes nothing") {
    Bench bench;
    auto header = small_qcow2().bytes;
    header.resize(512);
    {
        DiskImage disk(bench.path, bench.options(OpenMode::kCommit));
        disk.write(0, header);
        disk.write(5, kNew);
        CHECK_THROWS_WITH(disk.commit(), Catch::Contains("name the format raw"));
        CHECK(disk.uncommitted_sectors() == 2);
    }
    CHECK(bench.file() == bench.original);
    CHECK(bench.files() == 1);
    auto options = bench.options(OpenMode::kCommit);
    options.format = Format::kRaw;
    DiskImage disk(bench.path, options);
    disk.write(0, header);
    disk.commit();
    CHECK(bench.file()[0] == 'Q');
}

TEST_CASE("a writable image is written at once") {
    Bench bench;
    DiskImage disk(bench.path, bench.options(OpenMode::kWritable));
    disk.write(7, kNew);
    disk.flush();
    CHECK(bench.file()[7 * 512] == 0x99);
    CHECK(disk.uncommitted_sectors() == 0);
    CHECK_THROWS_WITH(saved(disk), Catch::Contains("start without --writable"));
    CHECK_THROWS_WITH(DiskImage(bench.path, bench.options(OpenMode::kOverlay)),
                      Catch::Contains("another program is writing to it"));
}

TEST_CASE("a read-only image is not writable") {
    Bench bench;
    fs::resize_file(bench.path, 700);
    DiskImage disk(bench.path, bench.options(OpenMode::kReadOnly));
    CHECK_FALSE(disk.writable());
    CHECK(disk.sectors() == 2);
    CHECK(sector(disk, 1)[187] == 0x11);
    CHECK(sector(disk, 1)[188] == 0);
    const auto file = saved(disk);
    CHECK_NOTHROW(restore(disk, file));
}

TEST_CASE("only raw images are written, and empty ones are not used") {
    Bench bench;
    write_file(bench.path, small_qcow2().bytes);
    for (const OpenMode mode : {OpenMode::kWritable, OpenMode::kCommit})
        CHECK_THROWS_WITH(DiskImage(bench.path, bench.options(mode)),
                          Catch::Contains("qcow2 image, and only raw images are written") &&
                              Catch::Contains("qemu-img convert -O raw"));
    CHECK_NOTHROW(DiskImage(bench.path, bench.options(OpenMode::kOverlay)));
    write_file(bench.path, {});
    for (const OpenMode mode : {OpenMode::kWritable, OpenMode::kOverlay, OpenMode::kReadOnly})
        CHECK_THROWS_WITH(DiskImage(bench.path, bench.options(mode)),
                          Catch::Contains("is empty: it holds no sector"));
}

TEST_CASE("an interrupted commit is noticed by readers and completed by writers") {
    Bench bench;
    {
        HostFile image(bench.path, Access::kReadWrite);
        CommitJournal journal(bench.path, image);
        journal.add(1, kNew);
        journal.finish();
    }
    CHECK_THROWS_WITH(DiskImage(bench.path, bench.options(OpenMode::kOverlay)),
                      Catch::Contains("is half written"));
    { DiskImage disk(bench.path, bench.options(OpenMode::kCommit)); }
    CHECK(bench.file()[512] == 0x99);
    CHECK_NOTHROW(DiskImage(bench.path, bench.options(OpenMode::kOverlay)));
}

TEST_CASE("where a commit would fail, the image is not opened for one") {
    Bench bench;
    write_file(bench.directory.path() / "disk.commit", std::vector<u8>{1, 2, 3});
    CHECK_THROWS_WITH(DiskImage(bench.path, bench.options(OpenMode::kCommit)),
                      Catch::Contains("disk.commit: File exists; move that file away"));
    CHECK(bench.files() == 2);
    CHECK_NOTHROW(DiskImage(bench.path, bench.options(OpenMode::kWritable)));
}

TEST_CASE("a disk as large as can be costs nothing until it is written") {
    Bench bench;
    // 2^57 bytes in clusters of 2 MiB: 2^18 first-level entries, all of them a hole in the file.
    auto header = small_qcow2().big32(20, 21).big64(24, u64{1} << 57).big32(36, 1 << 18);
    header.big64(40, 2 << 20).bytes.resize(512);
    write_file(bench.path, header.bytes);
    fs::resize_file(bench.path, 4 << 20);
    DiskImage disk(bench.path, bench.options(OpenMode::kOverlay));
    const u64 last = (u64{1} << 48) - 1;
    REQUIRE(disk.sectors() == last + 1);
    disk.write(last, kNew);
    CHECK(sector(disk, last) == kNew);
    CHECK(sector(disk, last - 1) == std::vector<u8>(512, 0));
    CHECK(saved(disk).size() < 2000);
}

TEST_CASE("a snapshot restores the disk over the same image, of whatever format") {
    Bench bench;
    write_file(bench.path, small_qcow2().bytes);
    DiskImage disk(bench.path, bench.options(OpenMode::kOverlay));
    disk.write(2, kNew);
    const auto file = saved(disk);
    DiskImage later(bench.path, bench.options(OpenMode::kOverlay));
    later.write(4, kNew);
    restore(later, file);
    CHECK(sector(later, 2) == kNew);
    CHECK(sector(later, 4) == std::vector<u8>(512, 0));
    CHECK(saved(later) == file);
    write_file(bench.path, small_qcow2().fill(1700, 1, 0).bytes);
    DiskImage changed(bench.path, bench.options(OpenMode::kOverlay));
    CHECK_THROWS_WITH(restore(changed, file), Catch::Contains("'hd0' is not the one"));
}

TEST_CASE("what an image consists of is known") {
    Bench bench;
    DiskImage guessed(bench.path, bench.options(OpenMode::kOverlay));
    CHECK(guessed.info().format == Format::kRaw);
    CHECK(guessed.info().size == 200 * 512);
    REQUIRE(guessed.info().files.size() == 1);
    CHECK(guessed.info().files[0].guessed);
}

}  // namespace seventeen::storage
