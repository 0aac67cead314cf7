// Overlay: a disk that remembers what was written to it apart from its base.
#include "storage/overlay.h"

#include <catch2/catch.hpp>
#include <random>

#include "core/error.h"
#include "tests/core/temporary_directory.h"
#include "tests/storage/memory_medium.h"

namespace seventeen::storage {

namespace {

constexpr u64 kSectors = 1000;  // the last cluster is not whole

std::vector<u8> all(BlockMedium& medium) {
    std::vector<u8> bytes(medium.sectors() * BlockMedium::kSectorSize);
    medium.read(0, bytes);
    return bytes;
}

struct Bench {
    TemporaryDirectory directory;
    MemoryMedium model{kSectors};  // what the overlay should hold
    Overlay overlay{std::make_unique<MemoryMedium>(kSectors), directory.path()};
    std::mt19937 random{17};

    void write_at_random(unsigned times) {
        for (unsigned i = 0; i < times; ++i) {
            const u64 sector = random() % kSectors;
            const u64 count = 1 + random() % std::min<u64>(kSectors - sector, 300);
            std::vector<u8> bytes(count * BlockMedium::kSectorSize);
            for (u8& byte : bytes) byte = static_cast<u8>(random());
            overlay.write(sector, bytes);
            model.write(sector, bytes);
        }
    }
};

std::vector<u8> saved(const Overlay& overlay) {
    Writer writer;
    overlay.save(writer, "disk0");
    return std::move(writer).finish();
}

void restore(Overlay& overlay, const std::vector<u8>& file) {
    Reader reader(file, "snapshot");
    overlay.restore(reader, "disk0");
    reader.finish();
}

}  // namespace

TEST_CASE("reads see what was written last, else the base") {
    Bench bench;
    CHECK(all(bench.overlay) == bench.model.bytes);
    CHECK(bench.overlay.changed_sectors() == 0);
    for (int round = 0; round < 10; ++round) {
        bench.write_at_random(3);
        CHECK(all(bench.overlay) == bench.model.bytes);
        std::vector<u8> part(300 * 512);
        std::vector<u8> expected(part.size());
        const u64 sector = bench.random() % 700;
        bench.overlay.read(sector, part);
        bench.model.read(sector, expected);
        CHECK(part == expected);
    }
    CHECK(std::filesystem::is_empty(bench.directory.path()));
}

TEST_CASE("changes are visited once, in order, and applying them yields the disk") {
    Bench bench;
    bench.write_at_random(5);
    MemoryMedium target(kSectors);
    u64 next = 0;
    u64 count = 0;
    bench.overlay.each_change([&](u64 sector, std::span<const u8> bytes) {
        CHECK(sector >= next);
        next = sector + bytes.size() / 512;
        count += bytes.size() / 512;
        target.write(sector, bytes);
    });
    CHECK(count == bench.overlay.changed_sectors());
    CHECK(target.bytes == bench.model.bytes);
    bench.overlay.clear();
    CHECK(all(bench.overlay) == MemoryMedium(kSectors).bytes);
    bench.overlay.write(3, std::vector<u8>(512, 1));  // old bytes do not come back
    CHECK(bench.overlay.changed_sectors() == 1);
}

TEST_CASE("a snapshot restores the disk bit for bit, over whatever was written since") {
    Bench bench;
    bench.write_at_random(4);
    const auto before = bench.model.bytes;
    const auto file = saved(bench.overlay);
    bench.write_at_random(4);
    restore(bench.overlay, file);
    CHECK(all(bench.overlay) == before);
    CHECK(saved(bench.overlay) == file);
    Bench other;
    restore(other.overlay, file);
    CHECK(all(other.overlay) == before);
    CHECK(saved(other.overlay) == file);
}

TEST_CASE("a snapshot of another base is refused") {
    Bench bench;
    const auto file = saved(bench.overlay);
    auto changed = std::make_unique<MemoryMedium>(kSectors);
    changed->bytes[5] ^= 1;
    Overlay other(std::move(changed), bench.directory.path());
    CHECK_THROWS_WITH(restore(other, file), Catch::Contains("'disk0' is not the one"));
    Overlay longer(std::make_unique<MemoryMedium>(kSectors + 1), bench.directory.path());
    CHECK_THROWS_WITH(restore(longer, file), Catch::Contains("'disk0' is not the one"));
}

TEST_CASE("a medium that is not written has the snapshot of an empty overlay") {
    Bench bench;
    MemoryMedium medium(kSectors);
    Writer writer;
    Overlay::save_unchanged(writer, "disk0", medium);
    const auto file = std::move(writer).finish();
    CHECK(file == saved(bench.overlay));
    Reader reader(file, "snapshot");
    CHECK_NOTHROW(Overlay::restore_unchanged(reader, "disk0", medium));
    bench.write_at_random(1);
    const auto written = saved(bench.overlay);
    Reader second(written, "snapshot");
    CHECK_THROWS_WITH(Overlay::restore_unchanged(second, "disk0", medium),
                      Catch::Contains("was written before the snapshot"));
}

TEST_CASE("damaged snapshots of overlays are errors") {
    Bench bench;
    const auto attempt = [&](u64 count, std::vector<u64> numbers) {
        const auto head = saved(bench.overlay);  // no clusters: sectors, fingerprint, 0
        u64 fingerprint_now = 0;
        Reader peek(head, "head");
        peek.begin("disk0", 1, 1);
        peek.get<u64>();
        peek.get(fingerprint_now);
        Writer writer;
        writer.begin("disk0", 1);
        writer.put(kSectors);
        writer.put(fingerprint_now);
        writer.put(count);
        for (const u64 number : numbers) {
            writer.put(number);
            for (u64 i = 0; i < Overlay::kClusterSectors; ++i) writer.put(i == 127);
        }
        const std::vector<u8> sector(512 * numbers.size());
        writer.bytes(sector.data(), sector.size());
        writer.end();
        restore(bench.overlay, std::move(writer).finish());
    };
    CHECK_NOTHROW(attempt(2, {0, 6}));
    CHECK_THROWS_WITH(attempt(2, {6, 6}), Catch::Contains("out of order"));
    CHECK_THROWS_WITH(attempt(1, {7}), Catch::Contains("a sector lies outside the disk"));
    CHECK_THROWS_WITH(attempt(1, {8}), Catch::Contains("a cluster lies outside the disk"));
    CHECK_THROWS_AS(attempt(~u64{0}, {0}), Error);
}

}  // namespace seventeen::storage
