// The formats of floppy disks, and the head's movement between their tracks.
#include "devices/floppy_drive.h"

#include <algorithm>
#include <array>

#include "core/check.h"
#include "core/error.h"

namespace seventeen::devices {

namespace {

using Rate = FloppyRate;
using Type = FloppyDriveType;

constexpr std::array<FloppyGeometry, 13> kFormats{{
    {40, 1, 8, Rate::k250, Type::k360K},
    {40, 1, 9, Rate::k250, Type::k360K},
    {40, 2, 8, Rate::k250, Type::k360K},
    {40, 2, 9, Rate::k250, Type::k360K},
    {80, 2, 9, Rate::k250, Type::k720K},
    {80, 2, 15, Rate::k500, Type::k1200K},
    {80, 2, 18, Rate::k500, Type::k1440K},
    {80, 2, 20, Rate::k500, Type::k1440K},
    {80, 2, 21, Rate::k500, Type::k1440K},  // DMF
    {82, 2, 21, Rate::k500, Type::k1440K},
    {83, 2, 21, Rate::k500, Type::k1440K},
    {80, 2, 24, Rate::k1000, Type::k2880K},
    {80, 2, 36, Rate::k1000, Type::k2880K},
}};

}  // namespace

std::optional<FloppyGeometry> floppy_geometry(u64 sectors) {
    for (const FloppyGeometry& format : kFormats)
        if (format.total() == sectors) return format;
    return std::nullopt;
}

void FloppyDrive::insert(std::unique_ptr<BlockMedium> medium) {
    check(medium != nullptr, "a disk is inserted that is none");
    const std::optional<FloppyGeometry> geometry = floppy_geometry(medium->sectors());
    if (!geometry)
        throw Error("a floppy image of " + std::to_string(medium->sectors()) +
                    " sectors fits no drive: use one of 160K, 180K, 320K, 360K, 720K, 1.2M, "
                    "1.44M or 2.88M");
    medium_ = std::move(medium);
    geometry_ = *geometry;
    changed_ = true;
}

std::unique_ptr<BlockMedium> FloppyDrive::eject() {
    changed_ = true;
    return std::move(medium_);
}

void FloppyDrive::step(int steps) {
    const int most = static_cast<int>(kMostCylinder);
    cylinder_ = static_cast<unsigned>(std::clamp(static_cast<int>(cylinder_) + steps, 0, most));
    if (steps != 0) acknowledge_change();
}

void FloppyDrive::acknowledge_change() {
    if (loaded()) changed_ = false;
}

bool FloppyDrive::has_sector(unsigned head, unsigned sector) const {
    return loaded() && cylinder_ < geometry_.cylinders && head < geometry_.heads && sector >= 1 &&
           sector <= geometry_.sectors;
}

u64 FloppyDrive::position(unsigned head, unsigned sector) const {
    check(has_sector(head, sector), "a sector is not on the floppy disk");
    return (u64{cylinder_} * geometry_.heads + head) * geometry_.sectors + sector - 1;
}

void FloppyDrive::read(unsigned head, unsigned sector, std::span<u8> into) {
    medium_->read(position(head, sector), into);
}

void FloppyDrive::write(unsigned head, unsigned sector, std::span<const u8> from) {
    medium_->write(position(head, sector), from);
}

void FloppyDrive::save(Writer& writer) const {
    writer.put(static_cast<u8>(cylinder_));
    writer.put(changed_);
}

void FloppyDrive::restore(Reader& reader) {
    cylinder_ = reader.get<u8>();
    if (cylinder_ > kMostCylinder) reader.damaged("a head is beyond its rail");
    reader.get(changed_);
}

}  // namespace seventeen::devices
