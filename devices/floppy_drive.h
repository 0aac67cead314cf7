// FloppyDrive: one drive on the floppy cable: where its head is and which disk is in it.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "core/block_medium.h"
#include "core/snapshot.h"

namespace seventeen::devices {

// The controller's data rates, as CCR and DSR encode them.
enum class FloppyRate : u8 { k500, k300, k250, k1000 };

// What the PC's CMOS calls drives.
enum class FloppyDriveType : u8 { kNone, k360K, k1200K, k720K, k1440K, k2880K };

struct FloppyGeometry {
    u8 cylinders = 0;
    u8 heads = 0;
    u8 sectors = 0;  // on a track
    FloppyRate rate = FloppyRate::k500;
    FloppyDriveType drive = FloppyDriveType::kNone;  // that was made for such disks

    u64 total() const { return u64{cylinders} * heads * sectors; }
};

// From a disk's size alone, 160K to 2.88M; nothing for another size.
std::optional<FloppyGeometry> floppy_geometry(u64 sectors);

class FloppyDrive {
  public:
    static constexpr unsigned kMostCylinder = 84;  // where the head's rail ends

    // Throws Error where no floppy disk has this size.
    void insert(std::unique_ptr<BlockMedium> medium);
    std::unique_ptr<BlockMedium> eject();
    bool loaded() const { return medium_ != nullptr; }
    bool writable() const { return medium_ && medium_->writable(); }
    const FloppyGeometry& geometry() const { return geometry_; }  // of a loaded disk

    unsigned cylinder() const { return cylinder_; }
    // Outwards where negative. Stepping with a disk inside resets the change line.
    void step(int steps);
    bool changed() const { return changed_; }
    void acknowledge_change();

    // Is there such a sector where the head is?
    bool has_sector(unsigned head, unsigned sector) const;
    void read(unsigned head, unsigned sector, std::span<u8> into);
    void write(unsigned head, unsigned sector, std::span<const u8> from);

    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    u64 position(unsigned head, unsigned sector) const;

    std::unique_ptr<BlockMedium> medium_;
    FloppyGeometry geometry_;
    unsigned cylinder_ = 0;
    bool changed_ = true;
};

}  // namespace seventeen::devices
