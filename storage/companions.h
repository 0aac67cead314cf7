// Companions: the other host files that an image names, as whoever opens the image provides them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "storage/format.h"

namespace seventeen::storage {

// Names come from the image, so nothing about them is to be trusted.
class Companions {
  public:
    virtual ~Companions() = default;
    // The disk that shows through; recognised by content where the image does not say its format.
    virtual std::unique_ptr<Image> backing(const std::string& name,
                                           std::optional<Format> format) = 0;
    // A file with part of the disk, as it is.
    virtual std::unique_ptr<Image> extent(const std::string& name) = 0;
    // Something the user should know about the image.
    virtual void note(const std::string& text) = 0;
};

}  // namespace seventeen::storage
