// The cards that a PC has by choice: network cards and virtio disks.
#include <string>
#include <utility>

#include "core/error.h"
#include "machine/memory_map.h"
#include "machine/pc.h"

namespace seventeen::machine {

namespace {

using devices::Ne2000;
using devices::Rtl8029;
using devices::VirtioBlock;
using devices::VirtioPci;

// Locally administered, and the same in every run.
constexpr devices::StationAddress kStationAddress = {0x52, 0x54, 0x00, 0x17, 0x17, 0x17};

}  // namespace

void Pc::attach_network() {
    switch (options_.network) {
        case NetworkCard::kNone: return;
        case NetworkCard::kNe2000:
            ne2000_.emplace(kStationAddress);
            claim(kNe2000, devices::Ne2000Card::kPorts, *ne2000_, Ne2000::kRegisters, 4);
            ne2000_->interrupt().connect(
                [this](bool level) { isa_bridge_.set_isa_irq(kNe2000Irq, level); });
            return;
        case NetworkCard::kRtl8029:
            rtl8029_.emplace(kStationAddress);
            pci_.attach(kNetworkDevice, 0, *rtl8029_);
            windows_.follow(*rtl8029_, {{Rtl8029::kBar, &*rtl8029_, Rtl8029::kRegisters, 4}});
            return;
        case NetworkCard::kVirtio:
            virtio_net_.emplace("virtio net", platform_.memory(), kStationAddress);
            attach_virtio(kNetworkDevice, *virtio_net_);
            return;
    }
}

void Pc::connect_network(NetworkPort& port) {
    if (ne2000_) ne2000_->connect(&port);
    if (rtl8029_) rtl8029_->connect(&port);
    if (virtio_net_) virtio_net_->connect(&port);
}

bool Pc::has_room_for_frame() const {
    return (!ne2000_ || ne2000_->has_room()) && (!rtl8029_ || rtl8029_->has_room());
}

void Pc::receive_frame(std::span<const u8> frame) {
    if (ne2000_) ne2000_->receive(frame);
    if (rtl8029_) rtl8029_->receive(frame);
    if (virtio_net_) virtio_net_->receive(frame);
}

void Pc::change_floppy(unsigned drive, std::unique_ptr<BlockMedium> medium) {
    if (floppy_.drive(drive).loaded()) floppy_.drive(drive).eject();
    if (medium) floppy_.drive(drive).insert(std::move(medium));
}

// The drive hears of the new disc while the old one is still there.
void Pc::change_disc(std::unique_ptr<BlockMedium> medium) {
    if (cdrom_ == nullptr) throw Error("this machine has no CD-ROM drive");
    cdrom_->change_disc(medium.get());
    options_.ide[cdrom_unit_].medium = std::move(medium);
}

void Pc::attach_virtio_disks() {
    constexpr unsigned kMost = devices::PciBus::kDevices - kFirstVirtioDevice;
    if (options_.virtio_disks.size() > kMost)
        throw Error("a machine has room for " + std::to_string(kMost) + " virtio disks");
    for (std::unique_ptr<BlockMedium>& medium : options_.virtio_disks) {
        const unsigned number = static_cast<unsigned>(virtio_disks_.size());
        const std::string name = "virtio disk " + std::to_string(number);
        VirtioBlock& disk =
            virtio_disks_.emplace_back(name, platform_.memory(), std::move(medium), name);
        attach_virtio(kFirstVirtioDevice + number, disk);
    }
}

void Pc::attach_virtio(unsigned device, VirtioPci& chip) {
    pci_.attach(device, 0, chip);
    windows_.follow(chip, {{VirtioPci::kLegacyBar, &chip, VirtioPci::kLegacy, 4},
                           {VirtioPci::kModernBar, &chip, VirtioPci::kModern, 4}});
}

}  // namespace seventeen::machine
