// Opens disk images in their modes, commits and saves them.
#include "storage/disk_image.h"

#include <cstdlib>

#include "core/error.h"
#include "storage/commit_journal.h"
#include "storage/image_chain.h"
#include "storage/image_medium.h"

namespace seventeen::storage {

namespace {

namespace fs = std::filesystem;

bool writes_to_image(OpenMode mode) {
    return mode == OpenMode::kCommit || mode == OpenMode::kWritable;
}

// Not /tmp, which is often memory.
fs::path temporary_folder(const fs::path& wanted) {
    if (!wanted.empty()) return wanted;
    const char* folder = std::getenv("TMPDIR");
    return folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
}

}  // namespace

DiskImage::DiskImage(const fs::path& path, const OpenOptions& options) : path_(path) {
    info_.mode = options.mode;
    medium_ = open_base(options);
    if (info_.size == 0)
        throw Error("disk image " + printable(path.string()) +
                    " is empty: it holds no sector; give it a size with truncate -s");
    if (options.mode != OpenMode::kOverlay && options.mode != OpenMode::kCommit) return;
    auto overlay =
        std::make_unique<Overlay>(std::move(medium_), temporary_folder(options.temporary_folder));
    overlay_ = overlay.get();
    medium_ = std::move(overlay);
}

std::unique_ptr<BlockMedium> DiskImage::open_base(const OpenOptions& options) {
    if (writes_to_image(options.mode)) return open_raw_for_writing(options);
    std::unique_ptr<Image> image =
        open_chain(path_, std::make_unique<HostFile>(path_, Access::kRead), options.format, info_);
    info_.size = image->size();
    return std::make_unique<ImageMedium>(std::move(image));
}

std::unique_ptr<BlockMedium> DiskImage::open_raw_for_writing(const OpenOptions& options) {
    auto file = std::make_unique<HostFile>(path_, Access::kReadWrite);
    // An interrupted commit may have torn the very bytes by which the format is recognised.
    complete_interrupted_commit(path_, *file);
    const Format format = options.format ? *options.format : recognise(*file);
    if (format != Format::kRaw)
        file->unsupported("it is a " + std::string(format_name(format)) +
                              " image, and only raw images are written",
                          "leave it as it is (changes then go to a temporary overlay), or convert "
                          "it first: qemu-img convert -O raw IMAGE disk.img");
    // Whether a journal can be written had better be known before there are changes to lose.
    if (options.mode == OpenMode::kCommit && !file->is_block_device()) CommitJournal(path_, *file);
    info_.format = format;
    info_.size = file->size();
    info_.files.push_back({path_, FileRole::kImage, format, !options.format, file->size()});
    auto medium = std::make_unique<RawMedium>(
        std::move(file), options.format ? FormatSource::kNamed : FormatSource::kGuessed);
    raw_ = medium.get();
    return medium;
}

u64 DiskImage::uncommitted_sectors() const {
    return overlay_ != nullptr ? overlay_->changed_sectors() : 0;
}

void DiskImage::commit() {
    if (overlay_ == nullptr || raw_ == nullptr)
        throw Error("nothing can be committed to " + printable(path_.string()) +
                    ": it was not opened for that; start with --commit");
    if (overlay_->changed_sectors() == 0) return;
    complete_interrupted_commit(path_, raw_->file());  // one of this run, perhaps
    overlay_->each_change([&](u64 sector, std::span<const u8> bytes) {
        raw_->refuse_disguise(sector, bytes);  // before anything is written
    });
    std::optional<CommitJournal> journal;
    if (!raw_->file().is_block_device()) {
        journal.emplace(path_, raw_->file());
        overlay_->each_change(
            [&](u64 sector, std::span<const u8> bytes) { journal->add(sector, bytes); });
        journal->finish();
    }
    overlay_->each_change(
        [&](u64 sector, std::span<const u8> bytes) { raw_->write(sector, bytes); });
    raw_->flush();
    if (journal) journal->remove();
    overlay_->clear();
}

void DiskImage::save(Writer& writer, std::string_view section) const {
    if (overlay_ != nullptr) return overlay_->save(writer, section);
    if (medium_->writable())
        throw Error("the machine cannot be saved while it writes to " + printable(path_.string()) +
                    " itself, which will have changed by then; start without --writable");
    Overlay::save_unchanged(writer, section, *medium_);
}

void DiskImage::restore(Reader& reader, std::string_view section) {
    if (overlay_ != nullptr) return overlay_->restore(reader, section);
    if (medium_->writable())
        throw Error("the machine cannot be restored while it writes to " +
                    printable(path_.string()) + " itself; start without --writable");
    Overlay::restore_unchanged(reader, section, *medium_);
}

}  // namespace seventeen::storage
