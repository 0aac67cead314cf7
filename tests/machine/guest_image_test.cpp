// Guest images: each kind by its contents, what is told apart, and what nothing is known about.
#include "machine/guest_image.h"

#include <catch2/catch.hpp>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_directory.h"
#include "tests/machine/sample_kernel.h"

namespace seventeen::machine {

namespace {

using Bytes = std::vector<u8>;

GuestImage recognised(const Bytes& bytes) {
    const std::span<const u8> all(bytes);
    return recognise(ImageSample{bytes.size(), all.first(std::min(bytes.size(), kImageHead))});
}

Bytes zeros(std::size_t kilobytes) {
    return Bytes(kilobytes * 1024);
}

void put_boot_mark(Bytes& bytes) {
    bytes[0] = 0xeb;
    put_number(bytes, 510, 0xaa55, 2);
}

// What FORMAT writes on a 1.44 MB floppy.
Bytes fat_floppy() {
    Bytes bytes = zeros(1440);
    put_boot_mark(bytes);
    put_text(bytes, 3, "FREEDOS ");
    put_number(bytes, 11, 512, 2);
    put_number(bytes, 13, 1, 1);
    put_number(bytes, 14, 1, 2);
    put_number(bytes, 16, 2, 1);
    put_number(bytes, 17, 224, 2);
    put_number(bytes, 19, 2880, 2);
    put_number(bytes, 21, 0xf0, 1);
    put_number(bytes, 22, 9, 2);
    return bytes;
}

Bytes partitioned_disk() {
    Bytes bytes = zeros(4096);
    put_boot_mark(bytes);
    put_number(bytes, 0x1be, 0x80, 1);
    put_number(bytes, 0x1c2, 0x83, 1);
    put_number(bytes, 0x1c6, 63, 4);
    put_number(bytes, 0x1ca, 8000, 4);
    return bytes;
}

Bytes iso() {
    Bytes bytes = zeros(2048);
    put_text(bytes, 0x8001, "CD001");
    put_text(bytes, 0x8028, "A VOLUME                        ");
    return bytes;
}

}  // namespace

TEST_CASE("Floppies are told by their size") {
    const GuestImage dos = recognised(fat_floppy());
    CHECK(dos.kind == GuestKind::kFloppy);
    CHECK(dos.description == "1.44 MB floppy, FAT12, boot sector 'FREEDOS'");
    CHECK(dos.boot_letter == 'a');
    CHECK(dos.bootable);
    CHECK(dos.memory == 64u << 20);
    CHECK(recognised(zeros(1440)).description == "1.44 MB floppy, no boot sector");
    CHECK_FALSE(recognised(zeros(1440)).bootable);
    CHECK(recognised(zeros(360)).description == "360 KB floppy, no boot sector");
    CHECK(recognised(zeros(720)).kind == GuestKind::kFloppy);
    CHECK(recognised(zeros(1200)).description == "1.20 MB floppy, no boot sector");
    CHECK(recognised(zeros(2880)).kind == GuestKind::kFloppy);
    CHECK(recognised(zeros(1000)).kind == GuestKind::kUnknown);
}

TEST_CASE("A FAT that makes no sense is not mentioned") {
    Bytes bytes = fat_floppy();
    SECTION("sectors of another size") {
        put_number(bytes, 11, 513, 2);
    }
    SECTION("clusters of three sectors") {
        bytes[13] = 3;
    }
    SECTION("no FAT") {
        bytes[16] = 0;
    }
    SECTION("larger than the disk") {
        put_number(bytes, 22, 0xffff, 2);
    }
    CHECK(recognised(bytes).description == "1.44 MB floppy, boot sector 'FREEDOS'");
}

TEST_CASE("Hard disks") {
    const GuestImage disk = recognised(partitioned_disk());
    CHECK(disk.kind == GuestKind::kDisk);
    CHECK(disk.description == "4 MB hard disk, 1 partition");
    CHECK(disk.boot_letter == 'c');
    CHECK(disk.bootable);

    Bytes gpt = partitioned_disk();
    put_text(gpt, 512, "EFI PART");
    CHECK(recognised(gpt).description == "4 MB hard disk, GPT");

    Bytes senseless = partitioned_disk();
    put_number(senseless, 0x1c6, 1u << 30, 4);
    CHECK(recognised(senseless).description == "4 MB hard disk without partitions, boot sector");

    CHECK(recognised(zeros(10240)).description == "10 MB hard disk, blank");
    CHECK_FALSE(recognised(zeros(10240)).bootable);
    Bytes ext = zeros(1536);
    put_number(ext, 1024 + 56, 0xef53, 2);
    CHECK(recognised(ext).description == "1.5 MB hard disk, an ext file system without partitions");
}

TEST_CASE("GRUB's Multiboot header does not make a kernel of a disk") {
    Bytes disk = partitioned_disk();
    put_multiboot_header(disk, 0x400, 0);
    CHECK(recognised(disk).kind == GuestKind::kDisk);
}

TEST_CASE("CD-ROMs") {
    Bytes bytes = iso();
    CHECK(recognised(bytes).kind == GuestKind::kCdrom);
    CHECK(recognised(bytes).description == "2 MB CD-ROM 'A VOLUME', not bootable");
    CHECK(recognised(bytes).boot_letter == 'd');
    CHECK_FALSE(recognised(bytes).bootable);
    put_text(bytes, 0x8807, "EL TORITO SPECIFICATION");
    CHECK(recognised(bytes).description == "2 MB CD-ROM 'A VOLUME', bootable (El Torito)");
    CHECK(recognised(bytes).bootable);
    SECTION("that are disks, too") {
        const Bytes disk = partitioned_disk();
        std::copy_n(disk.begin(), 512, bytes.begin());
        CHECK(recognised(bytes).kind == GuestKind::kCdrom);
        CHECK(recognised(bytes).description ==
              "2 MB CD-ROM 'A VOLUME', hybrid, bootable (El Torito)");
    }
}

TEST_CASE("Kernels") {
    const GuestImage linux_kernel = recognised(sample_bzimage());
    CHECK(linux_kernel.kind == GuestKind::kLinuxKernel);
    CHECK(linux_kernel.description == "Linux kernel 6.1.0-sample, bzImage");
    CHECK(linux_kernel.boot_letter == 0);
    CHECK(recognised(sample_zimage()).description == "Linux kernel, zImage");
    Bytes wide = sample_bzimage();
    put_number(wide, 0x236, 1, 2);
    CHECK(recognised(wide).description == "Linux kernel 6.1.0-sample, bzImage, for x86-64");

    CHECK(recognised(sample_multiboot()).kind == GuestKind::kMultibootKernel);
    CHECK(recognised(sample_multiboot_elf()).description == "Multiboot kernel, ELF");
    Bytes long_as_a_floppy = sample_multiboot_elf();
    long_as_a_floppy.resize(1440 * 1024);
    CHECK(recognised(long_as_a_floppy).kind == GuestKind::kMultibootKernel);
}

TEST_CASE("Archives are initrds") {
    Bytes bytes = zeros(1440);
    put_number(bytes, 0, 0x8b1f, 2);
    CHECK(recognised(bytes).kind == GuestKind::kInitrd);
    CHECK(recognised(bytes).description == "1.4 MB initrd, gzip");
    put_text(bytes, 0, "070701");
    CHECK(recognised(bytes).description == "1.4 MB initrd, cpio");
}

TEST_CASE("A boot sector alone goes on a floppy") {
    Bytes bytes(512);
    put_boot_mark(bytes);
    const GuestImage image = recognised(bytes);
    CHECK(image.kind == GuestKind::kBootSector);
    CHECK(image.padded_size == 1440 * 1024);
    CHECK(image.boot_letter == 'a');
}

TEST_CASE("Nothing is known about other files") {
    CHECK(recognised({'t', 'e', 'x', 't'}).kind == GuestKind::kUnknown);
    CHECK(recognised({'t', 'e', 'x', 't'}).description.find("boot sector") != std::string::npos);
    CHECK(recognised({'M', 'Z'}).description.find("EFI program") != std::string::npos);
    Bytes elf = sample_multiboot_elf();
    put_number(elf, 0x100, 0, 4);
    CHECK(recognised(elf).description.find("ELF file without a Multiboot header") == 3);
}

TEST_CASE("Files of the host") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "image";
    SECTION("by their contents, whatever they are called") {
        write_file(file, fat_floppy());
        CHECK(recognise(file).kind == GuestKind::kFloppy);
    }
    SECTION("images in a format of their own") {
        Bytes qcow2(512);
        put_text(qcow2, 0, "QFI\xfb");
        write_file(file, qcow2);
        CHECK(recognise(file).kind == GuestKind::kDisk);
        CHECK(recognise(file).description == "hard disk in a qcow2 image");
    }
    SECTION("that are empty or not there") {
        CHECK_THROWS_AS(recognise(file), Error);
        write_file(file, {});
        CHECK_THROWS_AS(recognise(file), Error);
    }
}

TEST_CASE("Recognising reads nothing that is not there") {
    u32 random = 1;
    const auto next = [&] { return (random = random * 1664525 + 1013904223) >> 8; };
    const std::vector<Bytes> seeds{fat_floppy(), partitioned_disk(), iso(), sample_bzimage(),
                                   sample_multiboot_elf()};
    for (unsigned round = 0; round < 3000; ++round) {
        Bytes bytes = seeds[round % seeds.size()];
        for (unsigned i = 0; i < 4; ++i) bytes[next() % 1024] = static_cast<u8>(next());
        bytes.resize(next() % 2 == 0 ? next() % 2048 + 1 : next() % 70000 + 1);
        CHECK_FALSE(recognised(bytes).description.empty());
    }
}

}  // namespace seventeen::machine
