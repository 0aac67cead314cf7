// HostFile: a regular file or block device of the host; all host I/O of this folder is in here.
#pragma once

#include <filesystem>

#include "storage/image.h"

namespace seventeen::storage {

enum class Access : u8 { kRead, kReadWrite };

// Tells two host files apart, whatever paths lead to them.
struct FileIdentity {
    u64 device = 0;
    u64 inode = 0;
    bool operator==(const FileIdentity&) const = default;
};

class HostFile final : public Image {
  public:
    // Throws Error for what is neither a regular file nor a block device, and where another process
    // writes to the file (or, for kReadWrite, reads it): images are locked with flock(2).
    HostFile(const std::filesystem::path& path, Access access);
    // An empty file without a name, which is gone when it is closed, however the process ends.
    static std::unique_ptr<HostFile> temporary(const std::filesystem::path& directory);
    // A new file; throws Error where `path` exists.
    static std::unique_ptr<HostFile> create(const std::filesystem::path& path);
    ~HostFile() override;

    u64 size() const override { return size_; }
    FileIdentity file_identity() const { return identity_; }
    bool is_block_device() const { return is_block_device_; }

    // Bytes past the end make the file longer.
    void write(u64 offset, std::span<const u8> from);
    void resize(u64 size);
    // What was written is on stable storage when this returns.
    void sync();

  private:
    HostFile(std::string name, int descriptor);

    void examine();
    void lock(Access access);
    void read_inside(u64 offset, std::span<u8> into) override;
    [[noreturn]] void fail(const char* verb, int error) const;

    int descriptor_ = -1;
    u64 size_ = 0;
    FileIdentity identity_;
    bool is_block_device_ = false;
};

// Removes a file if it exists and makes that last.
void remove_file(const std::filesystem::path& path);
// A file that was created in the folder of `path` is still found there after a crash.
void sync_folder(const std::filesystem::path& path);

}  // namespace seventeen::storage
