// Where firmware is looked for, and what is said when it is not there.
#include "machine/firmware.h"

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "machine/memory_map.h"

namespace seventeen::machine {

namespace {

constexpr const char* kDirectories[] = {"/usr/share/seabios", "/usr/share/qemu"};

}  // namespace

void check_firmware(std::span<const u8> image) {
    if (image.empty() || image.size() % kPageSize != 0 || image.size() > kFirmwareLargest)
        throw Error("the firmware image is " + std::to_string(image.size()) +
                    " bytes long; it must be a multiple of 4096 and at most 16 MiB");
}

std::vector<u8> find_firmware(const std::filesystem::path& file) {
    std::vector<std::filesystem::path> places;
    if (const char* chosen = std::getenv("SEVENTEEN_FIRMWARE")) places.emplace_back(chosen);
    places.insert(places.end(), std::begin(kDirectories), std::end(kDirectories));
    for (const std::filesystem::path& place : places)
        if (exists(place / file)) return read_file(place / file, kFirmwareLargest);
    throw Error("the firmware " + file.string() +
                " is not installed: install the package seabios (apt-get install seabios), or name "
                "the directory it is in with SEVENTEEN_FIRMWARE");
}

}  // namespace seventeen::machine
