// Follows the names in images to other files, and refuses loops, depths and names of no file.
#include "storage/image_chain.h"

#include "core/error.h"
#include "storage/commit_journal.h"
#include "storage/companions.h"
#include "storage/qcow2_image.h"
#include "storage/vhd_image.h"
#include "storage/vmdk_image.h"

namespace seventeen::storage {

namespace {

namespace fs = std::filesystem;

// One image of the chain, which provides it with the files it names.
class Layer final : public Companions {
  public:
    Layer(fs::path path, const Layer* child, ImageInfo& info)
        : path_(std::move(path)), child_(child), info_(info) {}

    std::unique_ptr<Image> open(std::unique_ptr<HostFile> file, std::optional<Format> format);

    std::unique_ptr<Image> backing(const std::string& name, std::optional<Format> format) override;
    std::unique_ptr<Image> extent(const std::string& name) override;
    void note(const std::string& text) override { info_.notes.push_back(text); }

  private:
    void refuse_loops() const;
    std::unique_ptr<HostFile> open_named(const fs::path& path) const;
    fs::path resolve(const std::string& name) const;
    [[noreturn]] void refuse(const std::string& why, const char* remedy) const;

    fs::path path_;
    const Layer* child_;  // what this is the backing of
    ImageInfo& info_;
    FileIdentity identity_;
};

void Layer::refuse(const std::string& why, const char* remedy) const {
    throw Error(
        printable("disk image " + path_.string() + " cannot be used: " + why + "; " + remedy));
}

void Layer::refuse_loops() const {
    unsigned depth = 1;
    for (const Layer* other = child_; other != nullptr; other = other->child_) {
        if (other->identity_ == identity_)
            refuse("it is, by its own backing files, backed by itself",
                   "name the right backing file with qemu-img rebase -u");
        if (++depth > kMostLayers)
            refuse("it is the backing file number " + std::to_string(kMostLayers) + " of one image",
                   "flatten the chain with qemu-img convert");
    }
}

std::unique_ptr<Image> Layer::open(std::unique_ptr<HostFile> file, std::optional<Format> format) {
    identity_ = file->file_identity();
    refuse_loops();
    const Format known = format ? *format : recognise(*file);
    info_.files.push_back({path_, child_ != nullptr ? FileRole::kBacking : FileRole::kImage, known,
                           !format, file->size()});
    if (child_ == nullptr) info_.format = known;
    switch (known) {
        case Format::kRaw: refuse_interrupted_commit(path_, *file); return file;
        case Format::kQcow2: return Qcow2Image::open(std::move(file), *this);
        case Format::kVhd: return VhdImage::open(std::move(file), *this);
        case Format::kVmdk: return VmdkImage::open(std::move(file), *this);
    }
    return file;
}

// A relative name counts from the folder of the image that holds it. QEMU writes names with a
// protocol before a colon, of which only plain files are known here.
fs::path Layer::resolve(const std::string& name) const {
    constexpr std::string_view kFile = "file:";
    constexpr const char* kRemedy =
        "copy what it names to a file here, and name that with "
        "qemu-img rebase -u";
    std::string_view rest = name;
    if (rest.starts_with(kFile)) rest.remove_prefix(kFile.size());
    if (rest.empty() || rest.find('\0') != std::string_view::npos)
        refuse("it names a file '" + name + "', which is no file's name", kRemedy);
    const std::size_t colon = rest.find(':');
    if (colon != std::string_view::npos && colon < rest.find('/'))
        refuse("it names '" + name.substr(0, 200) + "', which is no file of this host", kRemedy);
    return path_.parent_path() / rest;  // an absolute name replaces the folder
}

std::unique_ptr<HostFile> Layer::open_named(const fs::path& path) const {
    try {
        return std::make_unique<HostFile>(path, Access::kRead);
    } catch (const Error& error) {
        throw Error(error.what() + printable("; the image " + path_.string() + " names it"));
    }
}

std::unique_ptr<Image> Layer::backing(const std::string& name, std::optional<Format> format) {
    const fs::path path = resolve(name);
    Layer layer(path, this, info_);
    return layer.open(open_named(path), format);
}

std::unique_ptr<Image> Layer::extent(const std::string& name) {
    const fs::path path = resolve(name);
    auto file = open_named(path);
    info_.files.push_back({path, FileRole::kExtent, Format::kVmdk, false, file->size()});
    return file;
}

}  // namespace

std::unique_ptr<Image> open_chain(const fs::path& path, std::unique_ptr<HostFile> file,
                                  std::optional<Format> format, ImageInfo& info) {
    return Layer(path, nullptr, info).open(std::move(file), format);
}

}  // namespace seventeen::storage
