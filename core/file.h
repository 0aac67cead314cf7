// File: whole host files in and out, with messages a user understands.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/types.h"

namespace seventeen {

// Throws Error where `path` is not a readable regular file of at most `limit` bytes.
std::vector<u8> read_file(const std::filesystem::path& path, u64 limit);

// Replaces `path` at once or, where that fails, leaves it as it was and throws Error.
void write_file(const std::filesystem::path& path, std::span<const u8> bytes);

}  // namespace seventeen
