// MemoryImage: bytes in memory as an image, and companions that are memory as well, for tests.
#pragma once

#include <algorithm>
#include <map>
#include <vector>

#include "core/error.h"
#include "storage/companions.h"

namespace seventeen::storage {

class MemoryImage final : public Image {
  public:
    explicit MemoryImage(std::vector<u8> bytes, std::string name = "memory",
                         std::string identity = "")
        : Image(std::move(name)), bytes_(std::move(bytes)), identity_(std::move(identity)) {}

    u64 size() const override { return bytes_.size(); }
    std::string identity() const override { return identity_; }

  private:
    void read_inside(u64 offset, std::span<u8> into) override {
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(),
                    into.begin());
    }

    std::vector<u8> bytes_;
    std::string identity_;
};

// Gives each file that was put in, by its name, and remembers what was asked for.
struct MemoryCompanions final : Companions {
    struct File {
        std::vector<u8> bytes;
        std::string identity;
    };

    std::unique_ptr<Image> backing(const std::string& name, std::optional<Format> format) override {
        asked_format = format;
        return extent(name);
    }
    std::unique_ptr<Image> extent(const std::string& name) override {
        asked_name = name;
        const auto file = files.find(name);
        if (file == files.end()) throw Error("there is no " + name);
        return std::make_unique<MemoryImage>(file->second.bytes, name, file->second.identity);
    }
    void note(const std::string& text) override { notes.push_back(text); }

    std::map<std::string, File> files;
    std::vector<std::string> notes;
    std::string asked_name;
    std::optional<Format> asked_format;
};

}  // namespace seventeen::storage
