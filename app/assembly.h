// Assembly: the chips, drives and images of a PC as a plan and the command line ask for them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/options.h"
#include "app/plan.h"
#include "machine/pc.h"
#include "storage/disk_image.h"

namespace seventeen::app {

// A disk image in a drive, which owns it as long as the machine lives.
struct DriveImage {
    std::string drive;  // "fda", "hdc", "cdrom", "virtio0"
    storage::DiskImage* image = nullptr;
};

struct Assembly {
    machine::PcOptions pc;
    std::vector<DriveImage> images;
};

// Throws Error for files that cannot be used.
Assembly assemble(const MachinePlan& plan, const RunOptions& options);

}  // namespace seventeen::app
