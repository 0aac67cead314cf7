// DiskImage: a disk image of any format as a drive's medium; opening one is what this folder is
// for.
//
// A raw image has no mark of its own. A guest could therefore turn a raw disk into, say, a qcow2
// image that names a secret file of the host as its backing, and read that after the next boot.
// Three things are in the way: nothing is written to images by default; where something is, and
// the format was guessed, such a header is refused (RawMedium); and a format that is named in
// OpenOptions is never guessed. `info().files` lists all files that are read.
#pragma once

#include "core/snapshot.h"
#include "storage/image_info.h"
#include "storage/overlay.h"
#include "storage/raw_medium.h"

namespace seventeen::storage {

struct OpenOptions {
    OpenMode mode = OpenMode::kOverlay;
    std::optional<Format> format;            // none: recognised by content
    std::filesystem::path temporary_folder;  // empty: TMPDIR, else /var/tmp
};

class DiskImage final : public BlockMedium {
  public:
    // Throws Error where the image cannot be used, or not in this mode: only raw images are
    // written.
    DiskImage(const std::filesystem::path& path, const OpenOptions& options = {});

    u64 sectors() const override { return medium_->sectors(); }
    void read(u64 sector, std::span<u8> into) override { medium_->read(sector, into); }
    void write(u64 sector, std::span<const u8> from) override { medium_->write(sector, from); }
    void flush() override { medium_->flush(); }
    bool writable() const override { return medium_->writable(); }

    const ImageInfo& info() const { return info_; }
    // Zero where writes are not kept apart.
    u64 uncommitted_sectors() const;
    // Mode kCommit: the image has all changes, on stable storage, when this returns. What a crash
    // leaves is said in commit_journal.h. Other modes: an Error.
    void commit();

    // What is needed to continue from the image as it is. Mode kWritable: an Error, since the image
    // does not stay as it is.
    void save(Writer& writer, std::string_view section) const;
    // Throws Error where the image is not the one of the snapshot.
    void restore(Reader& reader, std::string_view section);

  private:
    std::unique_ptr<BlockMedium> open_base(const OpenOptions& options);
    std::unique_ptr<BlockMedium> open_raw_for_writing(const OpenOptions& options);

    std::filesystem::path path_;
    ImageInfo info_;
    std::unique_ptr<BlockMedium> medium_;
    Overlay* overlay_ = nullptr;  // is *medium_ in modes kOverlay and kCommit
    RawMedium* raw_ = nullptr;    // the image, where it is written
};

}  // namespace seventeen::storage
