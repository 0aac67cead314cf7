// VmdkImage: the disk in a VMDK image, which is one file or a descriptor and its extents; read
// only.
#pragma once

#include <vector>

#include "storage/companions.h"
#include "storage/vmdk_descriptor.h"

namespace seventeen::storage {

class VmdkImage final : public Image {
  public:
    // `file` is a sparse extent with a descriptor in it, or a descriptor. Throws Error where these
    // are damaged, an extent or the parent is missing or the parent has changed since.
    static std::unique_ptr<Image> open(std::unique_ptr<Image> file, Companions& companions);

    u64 size() const override { return size_; }
    std::string identity() const override { return content_id_; }

  private:
    struct Extent {
        u64 end;                       // in the disk
        std::unique_ptr<Image> image;  // null: zeros
    };

    VmdkImage(std::string name, std::string content_id);

    void add(u64 size, std::unique_ptr<Image> image);
    void read_inside(u64 offset, std::span<u8> into) override;

    u64 size_ = 0;
    std::string content_id_;
    std::vector<Extent> extents_;
};

}  // namespace seventeen::storage
