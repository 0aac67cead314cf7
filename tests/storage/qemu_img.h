// QemuImg: runs qemu-img and qemu-io, where they are installed, as the reference for image formats.
#pragma once

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

namespace seventeen::storage {

// Runs a shell command in `folder`; is the exit status zero?
inline bool run_in(const std::filesystem::path& folder, const std::string& command) {
    // An absolute path of a temporary directory: nothing in it needs quoting but spaces.
    return system(
               ("cd '" + folder.string() + "' && { " + command + "; } >/dev/null 2>&1").c_str()) ==
           0;
}

// Says so and returns false where the reference is missing: the test is then skipped.
inline bool have_qemu_img() {
    const bool there = run_in("/", "qemu-img --version && qemu-io --version");
    if (!there) WARN("skipped: qemu-img and qemu-io are not installed (package qemu-utils)");
    return there;
}

}  // namespace seventeen::storage
