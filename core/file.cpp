// Reads and replaces whole host files.
#include "core/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/error.h"

namespace seventeen {

namespace {

namespace fs = std::filesystem;

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

[[noreturn]] void fail(const char* verb, const fs::path& path, const std::string& why) {
    throw Error(std::string("cannot ") + verb + " " + path.string() + ": " + why);
}

bool write_all(const fs::path& path, std::span<const u8> bytes) {
    File file(std::fopen(path.c_str(), "wb"));
    if (!file) return false;
    // Neither fwrite nor fread may be handed the null pointer of an empty container.
    if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size())
        return false;
    return std::fclose(file.release()) == 0;
}

}  // namespace

std::vector<u8> read_file(const fs::path& path, u64 limit) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error) fail("read", path, error.message());
    if (!fs::is_regular_file(status)) fail("read", path, "it is not a regular file");
    const u64 size = fs::file_size(path, error);
    if (error) fail("read", path, error.message());
    if (size > limit)
        fail(
            "read", path,
            "it is " + std::to_string(size) + " bytes long, the limit is " + std::to_string(limit));
    File file(std::fopen(path.c_str(), "rb"));
    if (!file) fail("read", path, std::strerror(errno));
    std::vector<u8> bytes(size);
    if (size != 0 && std::fread(bytes.data(), 1, size, file.get()) != size)
        fail("read", path, std::ferror(file.get()) ? std::strerror(errno) : "it became shorter");
    return bytes;
}

void write_file(const fs::path& path, std::span<const u8> bytes) {
    fs::path part = path;
    part += ".part";
    std::error_code error;
    if (!write_all(part, bytes)) {
        const std::string why = std::strerror(errno);
        fs::remove(part, error);
        fail("write", path, why);
    }
    fs::rename(part, path, error);
    if (!error) return;
    std::error_code ignored;
    fs::remove(part, ignored);
    fail("write", path, error.message());
}

}  // namespace seventeen
