// CommitJournal: makes writing an overlay into its raw image all or nothing, whenever a crash
// comes.
//
// The journal is a file beside the image, IMAGE.commit. A commit
//   1. writes all changes into the journal, ends it with a digest and flushes it;
//   2. writes the changes into the image and flushes that;
//   3. removes the journal.
// A crash in 1 leaves the image as it was and a journal without a valid end, which counts for
// nothing. A crash in 2 leaves a torn image and a complete journal: the image is not opened to be
// read, and the next time it is opened to be written 2 and 3 are done again. A block device has no
// folder of its own, so there is no journal for one: a crash in 2 leaves it torn.
#pragma once

#include <filesystem>

#include "storage/host_file.h"

namespace seventeen::storage {

class CommitJournal {
  public:
    // Begins the journal of `image`, the file at `path`.
    CommitJournal(const std::filesystem::path& path, const HostFile& image);
    // Removes the journal unless it was finished.
    ~CommitJournal();
    CommitJournal(const CommitJournal&) = delete;
    CommitJournal& operator=(const CommitJournal&) = delete;

    void add(u64 sector, std::span<const u8> bytes);
    // From here on a crash completes the commit.
    void finish();
    // The image holds all changes, for good.
    void remove();

    static std::filesystem::path path_for(const std::filesystem::path& image);

  private:
    explicit CommitJournal(std::filesystem::path journal);

    void append(std::span<const u8> bytes);

    std::filesystem::path path_;
    std::unique_ptr<HostFile> file_;
    u64 digest_ = 0;
    bool finished_ = false;
};

// `path` is about to be read: throws Error where a commit to it was interrupted.
void refuse_interrupted_commit(const std::filesystem::path& path, const HostFile& image);
// `path` is about to be written: completes a commit that was interrupted.
void complete_interrupted_commit(const std::filesystem::path& path, HostFile& image);

}  // namespace seventeen::storage
