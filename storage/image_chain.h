// ImageChain: opens an image with all the files it names, within limits, and lists them.
#pragma once

#include "storage/host_file.h"
#include "storage/image_info.h"

namespace seventeen::storage {

inline constexpr unsigned kMostLayers = 32;

// The image at `path`, already open, as a disk. A format that is not given is recognised by
// content. Fills in the files, the format and the notes of `info`.
std::unique_ptr<Image> open_chain(const std::filesystem::path& path, std::unique_ptr<HostFile> file,
                                  std::optional<Format> format, ImageInfo& info);

}  // namespace seventeen::storage
