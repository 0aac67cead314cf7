// RawMedium: a raw image or block device as a medium that is written in place.
#pragma once

#include "core/block_medium.h"
#include "storage/host_file.h"

namespace seventeen::storage {

enum class FormatSource : u8 { kNamed, kGuessed };

class RawMedium final : public BlockMedium {
  public:
    RawMedium(std::unique_ptr<HostFile> file, FormatSource source);

    u64 sectors() const override { return sectors_; }
    void read(u64 sector, std::span<u8> into) override;
    // A last sector that the file holds only in part is completed when it is written.
    void write(u64 sector, std::span<const u8> from) override;
    void flush() override { file_->sync(); }
    bool writable() const override { return true; }

    HostFile& file() { return *file_; }
    // Throws Error where the format was guessed and, after such a write, the guess would be
    // another. Else a guest could write, say, a qcow2 header that names a secret file of the host
    // as its backing, and would find that file on its disk at the next boot.
    void refuse_disguise(u64 sector, std::span<const u8> from) const;

  private:
    std::unique_ptr<HostFile> file_;
    FormatSource source_;
    u64 sectors_;
};

}  // namespace seventeen::storage
