// ClusteredImage: a disk stored in clusters, each of which may be missing and so lie in a backing.
#pragma once

#include <memory>

#include "storage/image.h"

namespace seventeen::storage {

// What shows through where a disk stores nothing itself; zeros where `image` is null.
struct Backing {
    std::shared_ptr<Image> image;
    u64 offset = 0;  // of the disk's first byte in it
};

class ClusteredImage : public Image {
  public:
    u64 size() const final { return size_; }

  protected:
    ClusteredImage(std::string name, u64 size, u64 cluster_size, Backing backing);

    // The bytes lie in one cluster.
    virtual void read_cluster(u64 offset, std::span<u8> into) = 0;
    void read_backing(u64 offset, std::span<u8> into);
    u64 cluster_size() const { return cluster_size_; }

  private:
    void read_inside(u64 offset, std::span<u8> into) final;

    u64 size_;
    u64 cluster_size_;
    Backing backing_;
};

// Part of another image as a disk of its own.
class SliceImage final : public Image {
  public:
    SliceImage(std::shared_ptr<Image> image, u64 offset, u64 size)
        : Image(image->name()), image_(std::move(image)), offset_(offset), size_(size) {}

    u64 size() const override { return size_; }

  private:
    void read_inside(u64 offset, std::span<u8> into) override {
        image_->read(offset_ + offset, into);
    }

    std::shared_ptr<Image> image_;
    u64 offset_;
    u64 size_;
};

}  // namespace seventeen::storage
