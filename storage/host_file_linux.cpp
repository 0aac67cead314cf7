// Host files by Linux system calls: positioned reads and writes, locks, files without a name.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "storage/host_file.h"

namespace seventeen::storage {

namespace {

namespace fs = std::filesystem;

bool usable(mode_t mode) {
    return S_ISREG(mode) || S_ISBLK(mode);
}

[[noreturn]] void cannot_open(const std::string& name, const std::string& why) {
    throw Error(printable("cannot open disk image " + name + ": " + why));
}

// Looks before it opens: opening a device or a pipe may already do something.
int open_file(const fs::path& path, Access access) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) cannot_open(path.string(), std::strerror(errno));
    if (!usable(status.st_mode))
        cannot_open(path.string(), "it is neither a regular file nor a block device");
    const int mode = access == Access::kReadWrite ? O_RDWR : O_RDONLY;
    const int descriptor = open(path.c_str(), mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor >= 0) return descriptor;
    const bool refused = errno == EACCES || errno == EPERM || errno == EROFS;
    cannot_open(path.string(),
                std::string(std::strerror(errno)) + (access == Access::kReadWrite && refused
                                                         ? "; start without writing to the image"
                                                         : ""));
}

}  // namespace

HostFile::HostFile(std::string name, int descriptor)
    : Image(std::move(name)), descriptor_(descriptor) {}

// The delegated constructor has finished, so that the file is closed whatever throws here.
HostFile::HostFile(const fs::path& path, Access access)
    : HostFile(printable(path.string()), open_file(path, access)) {
    examine();
    lock(access);
}

std::unique_ptr<HostFile> HostFile::temporary(const fs::path& directory) {
    int descriptor = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {  // the file system's limits
        std::string path = (directory / "seventeen-XXXXXX").string();
        descriptor = mkostemp(path.data(), O_CLOEXEC);
        if (descriptor >= 0) unlink(path.c_str());
    }
    if (descriptor < 0)
        throw Error("cannot create a temporary file in " + directory.string() + ": " +
                    std::strerror(errno) + "; name a writable folder in TMPDIR");
    return std::unique_ptr<HostFile>(
        new HostFile("(temporary file in " + directory.string() + ")", descriptor));
}

std::unique_ptr<HostFile> HostFile::create(const fs::path& path) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        throw Error(printable("cannot create " + path.string() + ": " + std::strerror(errno)) +
                    (errno == EEXIST ? "; move that file away" : ""));
    return std::unique_ptr<HostFile>(new HostFile(path.string(), descriptor));
}

HostFile::~HostFile() {
    close(descriptor_);
}

void HostFile::examine() {
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) fail("examine", errno);
    if (!usable(status.st_mode)) fail("use", EINVAL);  // it was swapped after the first look
    identity_ = {status.st_dev, status.st_ino};
    is_block_device_ = S_ISBLK(status.st_mode);
    size_ = static_cast<u64>(status.st_size);
    if (!is_block_device_) return;
    identity_ = {0, status.st_rdev};  // two nodes may stand for one device
    std::uint64_t bytes = 0;
    if (ioctl(descriptor_, BLKGETSIZE64, &bytes) != 0) fail("examine", errno);
    size_ = bytes;
}

void HostFile::lock(Access access) {
    const int kind = access == Access::kReadWrite ? LOCK_EX : LOCK_SH;
    // A file system without locks is no reason to refuse an image.
    if (flock(descriptor_, kind | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    cannot_open(name(), access == Access::kReadWrite
                            ? "it is in use; end what uses it, or start without writing to it"
                            : "another program is writing to it; end that one first");
}

void HostFile::fail(const char* verb, int error) const {
    const char* remedy = "";
    if (error == ENOSPC || error == EDQUOT)
        remedy = "; free some space there, or name another folder in TMPDIR for temporary files";
    throw Error(std::string("cannot ") + verb + " " + name() + ": " + std::strerror(error) +
                remedy);
}

void HostFile::read_inside(u64 offset, std::span<u8> into) {
    while (!into.empty()) {
        const ssize_t got =
            pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("read", errno);
        if (got == 0)
            throw Error("cannot read " + name() +
                        ": it became shorter while in use; leave images alone until the end");
        offset += static_cast<u64>(got);
        into = into.subspan(static_cast<std::size_t>(got));
    }
}

void HostFile::write(u64 offset, std::span<const u8> from) {
    while (!from.empty()) {
        const ssize_t put =
            pwrite(descriptor_, from.data(), from.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail("write", errno);
        if (put == 0) fail("write", ENOSPC);
        offset += static_cast<u64>(put);
        from = from.subspan(static_cast<std::size_t>(put));
        size_ = std::max(size_, offset);
    }
}

void HostFile::resize(u64 size) {
    if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) fail("resize", errno);
    size_ = size;
}

void HostFile::sync() {
    if (fsync(descriptor_) != 0) fail("flush", errno);
}

void remove_file(const fs::path& path) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT)
        throw Error("cannot remove " + path.string() + ": " + std::strerror(errno));
    sync_folder(path);
}

void sync_folder(const fs::path& path) {
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) throw Error("cannot open " + folder.string() + ": " + std::strerror(errno));
    const bool done = fsync(descriptor) == 0 || errno == EINVAL;  // a file system without it
    const int error = errno;
    close(descriptor);
    if (!done) throw Error("cannot flush " + folder.string() + ": " + std::strerror(error));
}

}  // namespace seventeen::storage
