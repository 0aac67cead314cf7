// Plans: where images go, what fits them, what does not go together, and the command in full.
#include "app/plan.h"

#include <catch2/catch.hpp>
#include <map>

#include "core/error.h"

namespace seventeen::app {

namespace {

using machine::GuestImage;
using machine::GuestKind;

constexpr u64 kMegabyte = 1u << 20;

GuestImage image(GuestKind kind, std::string description, u64 memory, bool bootable) {
    GuestImage image;
    image.kind = kind;
    image.description = std::move(description);
    image.memory = memory * kMegabyte;
    image.bootable = bootable;
    return image;
}

// What the names in this test stand for.
GuestImage look(const std::filesystem::path& file) {
    static const std::map<std::string, GuestImage> kFiles{
        {"dos.img", image(GuestKind::kFloppy, "a floppy", 64, true)},
        {"data.img", image(GuestKind::kFloppy, "an empty floppy", 64, false)},
        {"disk", image(GuestKind::kDisk, "a disk", 256, true)},
        {"blank", image(GuestKind::kDisk, "a blank disk", 256, false)},
        {"cd", image(GuestKind::kCdrom, "a CD-ROM", 512, true)},
        {"vmlinuz", image(GuestKind::kLinuxKernel, "a kernel", 512, true)},
        {"xen", image(GuestKind::kMultibootKernel, "a Multiboot kernel", 128, true)},
        {"initrd.gz", image(GuestKind::kInitrd, "an initrd", 512, false)},
        {"text", image(GuestKind::kUnknown, "nothing that is known", 256, false)},
        {"my file", image(GuestKind::kDisk, "it's a disk", 256, true)},
    };
    const auto found = kFiles.find(file.string());
    if (found == kFiles.end()) throw Error(file.string() + " is not there");
    return found->second;
}

PlanRequest images(std::vector<std::filesystem::path> files) {
    PlanRequest request;
    request.images = std::move(files);
    return request;
}

std::string refusal(const PlanRequest& request) {
    try {
        make_plan(request, look);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

using Kind = PlannedDrive::Kind;

}  // namespace

TEST_CASE("Each image has its place") {
    const MachinePlan plan =
        make_plan(images({"disk", "dos.img", "cd", "data.img", "blank"}), look);
    CHECK(plan.machine == "pc");
    CHECK(plan.cpu == "max");
    CHECK(plan.memory == 512 * kMegabyte);
    CHECK(plan.floppies[0].file == "dos.img");
    CHECK(plan.floppies[1].file == "data.img");
    CHECK(plan.ide[0].file == "disk");
    CHECK(plan.ide[1].file == "blank");
    CHECK(plan.ide[2].file == "cd");
    CHECK(plan.ide[2].kind == Kind::kCdrom);
    CHECK(plan.ide[3].kind == Kind::kNone);
    CHECK(plan.kernel.kind == PlannedKernel::Kind::kNone);
}

TEST_CASE("What can boot comes first, in the order it is named in") {
    CHECK(make_plan(images({"dos.img"}), look).boot_order == "acd");
    CHECK(make_plan(images({"disk", "dos.img"}), look).boot_order == "cad");
    CHECK(make_plan(images({"cd", "disk"}), look).boot_order == "dca");
    CHECK(make_plan(images({"blank", "cd"}), look).boot_order == "dca");
    CHECK(make_plan({}, look).boot_order == "acd");
    PlanRequest request = images({"disk"});
    request.boot = "d";
    CHECK(make_plan(request, look).boot_order == "d");
}

TEST_CASE("Explicit places are taken first") {
    PlanRequest request = images({"cd", "disk"});
    request.disks[0] = "blank";
    request.disks[2] = "cd";
    request.disks[3] = "text";
    request.floppies[1] = "dos.img";
    request.virtio = {"disk"};
    request.memory = 99 * kMegabyte;
    request.cpu = "486";
    SECTION("and the rest follows") {
        request.images = {"disk"};
        const MachinePlan plan = make_plan(request, look);
        CHECK(plan.ide[0].file == "blank");
        CHECK(plan.ide[1].file == "disk");
        CHECK(plan.ide[2].kind == Kind::kCdrom);
        CHECK(plan.ide[3].kind == Kind::kDisk);
        CHECK(plan.ide[3].description == "raw data");
        CHECK(plan.floppies[0].kind == Kind::kNone);
        CHECK(plan.floppies[1].file == "dos.img");
        CHECK(plan.virtio.at(0).file == "disk");
        CHECK(plan.memory == 99 * kMegabyte);
        CHECK(plan.cpu == "486");
    }
    SECTION("until none is left") {
        CHECK(refusal(request).find("no IDE drive is left for disk") == 0);
    }
}

TEST_CASE("A kernel and its initrd") {
    PlanRequest request = images({"vmlinuz", "initrd.gz"});
    request.append = "console=ttyS0";
    const MachinePlan plan = make_plan(request, look);
    CHECK(plan.kernel.kind == PlannedKernel::Kind::kLinux);
    CHECK(plan.kernel.file == "vmlinuz");
    REQUIRE(plan.kernel.modules.size() == 1);
    CHECK(plan.kernel.modules[0].file == "initrd.gz");
    CHECK(plan.kernel.append == "console=ttyS0");
    CHECK(plan.memory == 512 * kMegabyte);
}

TEST_CASE("A Multiboot kernel takes other files as modules") {
    PlanRequest request = images({"xen", "initrd.gz", "text"});
    request.initrd = "vmlinuz root=/dev/hda,,other";
    const MachinePlan plan = make_plan(request, look);
    CHECK(plan.kernel.kind == PlannedKernel::Kind::kMultiboot);
    REQUIRE(plan.kernel.modules.size() == 4);
    CHECK(plan.kernel.modules[0].file == "vmlinuz");
    CHECK(plan.kernel.modules[0].command_line == "vmlinuz root=/dev/hda");
    CHECK(plan.kernel.modules[1].file == "other");
    CHECK(plan.kernel.modules[3].file == "text");
    CHECK(plan.kernel.modules[3].command_line == "text");
}

TEST_CASE("A boot sector's floppy keeps its size") {
    GuestImage sector = image(GuestKind::kBootSector, "a boot sector", 64, true);
    sector.padded_size = 1440 * 1024;
    const MachinePlan plan =
        make_plan(images({"boot.bin"}), [&](const std::filesystem::path&) { return sector; });
    CHECK(plan.floppies[0].kind == Kind::kFloppy);
    CHECK(plan.floppies[0].padded_size == 1440 * 1024);
}

TEST_CASE("What does not go together is refused, saying what to do") {
    PlanRequest request;
    std::string part;
    SECTION("an unknown file") {
        request = images({"text"});
        part = "text: nothing that is known";
    }
    SECTION("an initrd alone") {
        request = images({"initrd.gz"});
        part = "needs a kernel beside it";
    }
    SECTION("the option alone") {
        request.initrd = "initrd.gz";
        part = "--initrd: there is no kernel";
    }
    SECTION("a command line alone") {
        request.append = "quiet";
        part = "--append: there is no kernel";
    }
    SECTION("two kernels") {
        request = images({"vmlinuz", "xen"});
        part = "vmlinuz and xen are both kernels";
    }
    SECTION("two initrds") {
        request = images({"vmlinuz", "initrd.gz"});
        request.initrd = "another";
        part = "another and initrd.gz are both initrds";
    }
    SECTION("a kernel that is none") {
        request.kernel = "disk";
        part = "--kernel: disk is neither a Linux nor a Multiboot kernel but a disk";
    }
    SECTION("three floppies") {
        request = images({"dos.img", "dos.img", "data.img"});
        part = "no floppy drive is left for data.img: there are two";
    }
    SECTION("an order of no letters") {
        request.boot = "cdx";
        part = "--boot: 'cdx'";
    }
    SECTION("an unknown machine") {
        request.machine = "amiga";
        part = "--machine: there is no 'amiga'";
    }
    SECTION("drives on the bare machine") {
        request = images({"disk"});
        request.machine = "bare";
        part = "the bare machine has no drives";
    }
    const std::string message = refusal(request);
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
}

TEST_CASE("The bare machine needs no plan") {
    PlanRequest request;
    request.machine = "bare";
    CHECK(explain(make_plan(request, look)) ==
          "seventeen run --machine bare --memory 128M --cpu max\n");
}

TEST_CASE("The command in full") {
    PlanRequest request = images({"my file", "cd", "dos.img"});
    CHECK(explain(make_plan(request, look)) ==
          "# dos.img: a floppy\n"
          "# my file: it's a disk\n"
          "# cd: a CD-ROM\n"
          "seventeen run --machine pc --memory 512M --cpu max --boot cda --fda dos.img "
          "--hda 'my file' --cdrom cd\n");
    request = images({"vmlinuz", "initrd.gz"});
    request.append = "it's quiet";
    request.memory = 12345 * 1024;
    CHECK(explain(make_plan(request, look)) ==
          "# vmlinuz: a kernel\n"
          "seventeen run --machine pc --memory 12345K --cpu max --boot acd --kernel vmlinuz "
          "--initrd initrd.gz --append 'it'\\''s quiet'\n");
    request = images({"xen", "text"});
    request.initrd = "a b,c";
    CHECK(explain(make_plan(request, look)) ==
          "# xen: a Multiboot kernel\n"
          "seventeen run --machine pc --memory 256M --cpu max --boot acd --kernel xen "
          "--initrd 'a b,c' text\n");
}

}  // namespace seventeen::app
