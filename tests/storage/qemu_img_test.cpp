// Every format against images that qemu-img made of the same disk.
#include <catch2/catch.hpp>
#include <random>

#include "core/error.h"
#include "core/file.h"
#include "storage/disk_image.h"
#include "tests/core/temporary_directory.h"
#include "tests/storage/qemu_img.h"

namespace seventeen::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDisk = 8355840;  // 240 cylinders, 4 heads, 17 sectors: exact in a VHD

// Runs of data that compress and data that do not, and gaps of zeros.
std::vector<u8> sample() {
    std::vector<u8> bytes(kDisk);
    std::mt19937 random(17);
    for (std::size_t at = 0; at < bytes.size(); at += 20'000 + random() % 300'000) {
        const std::size_t end = std::min<std::size_t>(at + 1 + random() % 100'000, bytes.size());
        const bool noise = random() % 2 == 0;
        for (std::size_t i = at; i < end; ++i)
            bytes[i] = static_cast<u8>(noise ? random() : i / 700);
    }
    bytes.back() = 0x17;
    return bytes;
}

std::vector<u8> disk_of(const fs::path& path, std::size_t chunk = 1 << 20) {
    DiskImage disk(path, {OpenMode::kReadOnly, {}, {}});
    REQUIRE(disk.sectors() == kDisk / 512);
    std::vector<u8> bytes(kDisk);
    for (std::size_t at = 0; at < kDisk; at += chunk)
        disk.read(at / 512, std::span(bytes).subspan(at, std::min(chunk, kDisk - at)));
    return bytes;
}

struct Target {
    const char* arguments;
    Format format;
    std::size_t files;  // that are read
};

}  // namespace

TEST_CASE("images that qemu-img converted hold the same disk") {
    if (!have_qemu_img()) return;
    const auto target = GENERATE(
        Target{"-O qcow2", Format::kQcow2, 1}, Target{"-c -O qcow2", Format::kQcow2, 1},
        Target{"-O qcow2 -o compat=0.10", Format::kQcow2, 1},
        Target{"-c -O qcow2 -o compat=0.10,cluster_size=4k", Format::kQcow2, 1},
        Target{"-c -O qcow2 -o compression_type=zstd", Format::kQcow2, 1},
        Target{"-c -O qcow2 -o compression_type=zstd,cluster_size=2M", Format::kQcow2, 1},
        Target{"-O qcow2 -o cluster_size=512", Format::kQcow2, 1},
        Target{"-O qcow2 -o cluster_size=2M,preallocation=metadata", Format::kQcow2, 1},
        Target{"-S 0 -O qcow2 -o lazy_refcounts=on,refcount_bits=64", Format::kQcow2, 1},
        Target{"-O vpc", Format::kVhd, 1}, Target{"-O vpc -o force_size=on", Format::kVhd, 1},
        Target{"-O vpc -o subformat=fixed,force_size=on", Format::kVhd, 1},
        Target{"-O vmdk", Format::kVmdk, 1},
        Target{"-O vmdk -o zeroed_grain=on -S 0", Format::kVmdk, 1},
        Target{"-O vmdk -o subformat=monolithicFlat", Format::kVmdk, 2},
        Target{"-O vmdk -o subformat=twoGbMaxExtentSparse", Format::kVmdk, 2},
        Target{"-O vmdk -o subformat=twoGbMaxExtentFlat", Format::kVmdk, 2},
        Target{"-O vmdk -o subformat=streamOptimized", Format::kVmdk, 1},
        Target{"-O raw", Format::kRaw, 1});
    const TemporaryDirectory directory;
    const auto expected = sample();
    write_file(directory.path() / "raw", expected);
    INFO(target.arguments);
    REQUIRE(run_in(directory.path(),
                   std::string("qemu-img convert -f raw ") + target.arguments + " raw image"));
    const fs::path image = directory.path() / "image";
    CHECK(disk_of(image) == expected);
    CHECK(disk_of(image, 3584) == expected);  // 7 sectors a time
    const DiskImage disk(image, {OpenMode::kOverlay, {}, directory.path()});
    CHECK(disk.info().format == target.format);
    CHECK(disk.info().files.size() == target.files);
}

TEST_CASE("overlays that qemu-img and qemu-io made show what they should") {
    if (!have_qemu_img()) return;
    const char* format = GENERATE("qcow2", "vmdk");
    const TemporaryDirectory directory;
    auto expected = sample();
    write_file(directory.path() / "raw", expected);
    const std::string name = format;
    const bool vmdk = name == "vmdk";  // its parents are VMDK images as well
    REQUIRE(run_in(directory.path(), "qemu-img convert -f raw -O " + name + " raw base"));
    REQUIRE(
        run_in(directory.path(), "qemu-img create -f " + name + " -b base -F " + name + " top"));
    const std::string zeros = vmdk ? "" : " -c 'write -z 2M 1M'";
    REQUIRE(run_in(directory.path(), "qemu-io -f " + name + " -c 'write -P 0x42 1000k 900k'" +
                                         zeros + " -c 'write -P 0x43 8355328 512' top"));
    std::fill_n(expected.begin() + 1'024'000, 921'600, u8{0x42});
    if (!vmdk) std::fill_n(expected.begin() + (2 << 20), 1 << 20, u8{0});
    std::fill_n(expected.begin() + 8'355'328, 512, u8{0x43});
    CHECK(disk_of(directory.path() / "top") == expected);
    const DiskImage disk(directory.path() / "top", {OpenMode::kOverlay, {}, directory.path()});
    CHECK(disk.info().files.size() == 2);
    // The base changes: a VMDK child notices, by the content id that qemu-img writes anew.
    if (vmdk) {
        REQUIRE(run_in(directory.path(), "sed -i 's/^CID=......../CID=01234567/' base"));
        CHECK_THROWS_WITH(disk_of(directory.path() / "top"), Catch::Contains("has changed since"));
    }
}

TEST_CASE("an internal snapshot does not change what is read") {
    if (!have_qemu_img()) return;
    const TemporaryDirectory directory;
    auto expected = sample();
    write_file(directory.path() / "raw", expected);
    REQUIRE(run_in(directory.path(),
                   "qemu-img convert -f raw -O qcow2 raw image && qemu-img snapshot -c s image && "
                   "qemu-io -f qcow2 -c 'write -P 0x42 100k 900k' image"));
    std::fill_n(expected.begin() + 102'400, 921'600, u8{0x42});
    CHECK(disk_of(directory.path() / "image") == expected);
}

TEST_CASE("features of qemu-img that are not read are refused by name") {
    if (!have_qemu_img()) return;
    const TemporaryDirectory directory;
    const auto refused = [&](const std::string& create, const char* why) {
        REQUIRE(run_in(directory.path(), create));
        CHECK_THROWS_WITH(DiskImage(directory.path() / "image"), Catch::Contains(why));
    };
    refused("qemu-img create -f qcow2 -o extended_l2=on image 1M", "'extended L2 entries'");
    refused("qemu-img create -f qcow2 -o data_file=data image 1M", "'external data file'");
    refused(
        "qemu-img create -f qcow2 --object secret,id=s,data=x -o "
        "encrypt.format=aes,encrypt.key-secret=s image 1M",
        "it is encrypted");
    refused("qemu-img create -f vdi image 1M", "VDI");
    refused("qemu-img create -f vhdx image 1M", "VHDX");
    refused("qemu-img create -f qcow image 1M", "qcow of version 1");
}

TEST_CASE("what a guest wrote and committed is what qemu-img reads") {
    if (!have_qemu_img()) return;
    const TemporaryDirectory directory;
    write_file(directory.path() / "raw", sample());
    auto expected = sample();
    {
        DiskImage disk(directory.path() / "raw", {OpenMode::kCommit, {}, directory.path()});
        const std::vector<u8> bytes(300 * 512, 0x3c);
        disk.write(1000, bytes);
        std::copy(bytes.begin(), bytes.end(), expected.begin() + 512'000);
        disk.commit();
    }
    write_file(directory.path() / "expected", expected);
    CHECK(run_in(directory.path(), "qemu-img compare -f raw -F raw raw expected"));
}

}  // namespace seventeen::storage
