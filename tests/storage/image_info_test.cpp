// ImageInfo: what the user is shown.
#include "storage/image_info.h"

#include <catch2/catch.hpp>

namespace seventeen::storage {

TEST_CASE("an image is described with all its files") {
    ImageInfo info;
    info.size = 1024;
    info.files = {{"/a/disk.qcow2", FileRole::kImage, Format::kQcow2, true, 700},
                  {"/a/base\n.img", FileRole::kBacking, Format::kRaw, false, 512},
                  {"/a/x-s001.vmdk", FileRole::kExtent, Format::kVmdk, false, 9}};
    info.notes = {"odd"};
    CHECK(describe(info) ==
          "/a/disk.qcow2 (qcow2, recognised by content, 700 bytes)\n"
          "    disk:     1024 bytes\n"
          "    writes:   forgotten at the end; the image stays as it is\n"
          "    backing:  /a/base?.img (raw, 512 bytes)\n"
          "    extent:   /a/x-s001.vmdk (vmdk, 9 bytes)\n"
          "    note:     odd\n");
    info.mode = OpenMode::kReadOnly;
    CHECK(describe(info).find("writes:   none, read only") != std::string::npos);
}

}  // namespace seventeen::storage
