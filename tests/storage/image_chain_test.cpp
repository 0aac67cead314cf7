// ImageChain: which files an image may name, and how they are found.
#include "storage/image_chain.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_directory.h"
#include "tests/storage/image_bytes.h"

namespace seventeen::storage {

namespace {

namespace fs = std::filesystem;

struct Bench {
    TemporaryDirectory directory;
    ImageInfo info;

    fs::path put(const std::string& name, const std::vector<u8>& bytes) {
        const fs::path path = directory.path() / name;
        fs::create_directories(path.parent_path());
        write_file(path, bytes);
        return path;
    }
    std::unique_ptr<Image> open(const fs::path& path, std::optional<Format> format = {}) {
        info = {};
        return open_chain(path, std::make_unique<HostFile>(path, Access::kRead), format, info);
    }
};

// A qcow2 image with all its clusters in the backing file of this name.
std::vector<u8> backed_by(std::string_view name, std::string_view format = "") {
    auto image = small_qcow2().big64(512, 0);
    if (!format.empty())
        image.big32(104, 0xe279'2aca).big32(108, static_cast<u32>(format.size())).text(112, format);
    return image.big64(8, 128).big32(16, static_cast<u32>(name.size())).text(128, name).bytes;
}

}  // namespace

TEST_CASE("relative names count from the folder of the image that holds them") {
    Bench bench;
    bench.put("base.img", std::vector<u8>(4096, 0x5a));
    bench.put("a/middle", backed_by("../base.img", "raw"));
    const fs::path top = bench.put("b/top", backed_by("../a/middle"));
    const auto disk = bench.open(top);
    CHECK(contents(*disk, 0, 4096) == std::vector<u8>(4096, 0x5a));
    REQUIRE(bench.info.files.size() == 3);
    CHECK(bench.info.format == Format::kQcow2);
    CHECK(bench.info.files[0].path == top);
    CHECK(bench.info.files[0].guessed);
    CHECK(bench.info.files[1].role == FileRole::kBacking);
    CHECK(bench.info.files[1].guessed);
    CHECK(bench.info.files[1].format == Format::kQcow2);
    CHECK(fs::equivalent(bench.info.files[2].path, bench.directory.path() / "base.img"));
    CHECK_FALSE(bench.info.files[2].guessed);
    CHECK(bench.info.files[2].bytes == 4096);
}

TEST_CASE("absolute names and the file protocol are understood") {
    Bench bench;
    const fs::path base = bench.put("base", std::vector<u8>(4096, 0x5a));
    const auto absolute = bench.open(bench.put("top", backed_by(base.string())));
    CHECK(contents(*absolute, 0, 1) == std::vector<u8>{0x5a});
    const auto file = bench.open(bench.put("top2", backed_by("file:base")));
    CHECK(contents(*file, 0, 1) == std::vector<u8>{0x5a});
}

TEST_CASE("a format that the image names is not guessed") {
    Bench bench;
    auto header = small_qcow2().bytes;
    header.resize(4096);
    bench.put("base", header);  // a raw disk whose guest wrote a qcow2 header
    const auto disk = bench.open(bench.put("top", backed_by("base", "raw")));
    CHECK(contents(*disk, 0, 4096) == header);
    const auto forced = bench.open(bench.directory.path() / "base", Format::kRaw);
    CHECK(contents(*forced, 0, 4096) == header);
    CHECK_THROWS_WITH(bench.open(bench.put("top", backed_by("zero", "vhd"))),
                      Catch::Contains("No such file"));
    bench.put("zero", std::vector<u8>(4096));
    CHECK_THROWS_WITH(bench.open(bench.directory.path() / "top"), Catch::Contains("no VHD footer"));
}

TEST_CASE("names that lead to no file are refused") {
    Bench bench;
    const auto refused = [&](std::string_view name, const char* why) {
        const fs::path top = bench.put("top", backed_by(name));
        CHECK_THROWS_WITH(bench.open(top), Catch::Contains(why));
    };
    using namespace std::string_view_literals;
    refused("nbd://host/disk", "names 'nbd://host/disk', which is no file of this host");
    refused("json:{}", "no file of this host");
    refused("a\0b"sv, "no file's name");
    refused("file:", "no file's name");
    refused("none", "No such file or directory; the image");
    refused(".", "neither a regular file nor a block device");
    refused("/dev/zero", "neither a regular file nor a block device");
    REQUIRE(mkfifo((bench.directory.path() / "pipe").c_str(), 0600) == 0);
    refused("pipe", "neither a regular file nor a block device");
}

TEST_CASE("loops and endless chains are refused") {
    Bench bench;
    CHECK_THROWS_WITH(bench.open(bench.put("self", backed_by("self"))),
                      Catch::Contains("backed by itself"));
    bench.put("a", backed_by("b"));
    fs::create_symlink("a", bench.directory.path() / "link");
    CHECK_THROWS_WITH(bench.open(bench.put("b", backed_by("link"))),
                      Catch::Contains("backed by itself"));
    bench.put("0", std::vector<u8>(512));
    for (unsigned i = 1; i <= kMostLayers; ++i)
        bench.put(std::to_string(i), backed_by(std::to_string(i - 1)));
    CHECK_NOTHROW(bench.open(bench.directory.path() / std::to_string(kMostLayers - 1)));
    CHECK_THROWS_WITH(bench.open(bench.directory.path() / std::to_string(kMostLayers)),
                      Catch::Contains("the backing file number 32"));
}

TEST_CASE("extents are listed") {
    Bench bench;
    bench.put("part", std::vector<u8>(1024, 3));
    const std::string_view text = "# Disk DescriptorFile\nRW 2 FLAT \"part\" 0\n";
    const auto disk = bench.open(bench.put("x", ImageBytes(text.size()).text(0, text).bytes));
    CHECK(contents(*disk, 1023, 1) == std::vector<u8>{3});
    REQUIRE(bench.info.files.size() == 2);
    CHECK(bench.info.files[1].role == FileRole::kExtent);
}

}  // namespace seventeen::storage
