// Reads, writes and flushes for virtio's block device, and what it says of itself.
#include "devices/virtio_block.h"

#include <algorithm>

#include "core/snapshot.h"
#include "devices/virtio_registers.h"

namespace seventeen::devices {

namespace {

// Features (VIRTIO 1.2, 5.2.3).
constexpr u64 kSizeMax = 1u << 1;
constexpr u64 kSegMax = 1u << 2;
constexpr u64 kGeometry = 1u << 4;
constexpr u64 kReadOnly = 1u << 5;
constexpr u64 kBlockSize = 1u << 6;
constexpr u64 kFlush = 1u << 9;
constexpr u64 kTopology = 1u << 10;
constexpr u64 kConfigWce = 1u << 11;  // the driver may choose the cache's mode
constexpr u64 kFeatures =
    kSizeMax | kSegMax | kGeometry | kBlockSize | kFlush | kTopology | kConfigWce;

// Device configuration (5.2.4).
constexpr unsigned kCapacityField = 0;
constexpr unsigned kSizeMaxField = 8;
constexpr unsigned kSegMaxField = 12;
constexpr unsigned kCylindersField = 16;
constexpr unsigned kHeadsField = 18;
constexpr unsigned kSectorsField = 19;
constexpr unsigned kBlockSizeField = 20;
constexpr unsigned kMinimumIoField = 26;
constexpr unsigned kWriteBackField = 32;

// Requests (5.2.6): a header, data, a status.
constexpr u32 kIn = 0;
constexpr u32 kOut = 1;
constexpr u32 kFlushRequest = 4;
constexpr u32 kLegacyFlushRequest = 5;  // 5.2.6.3
constexpr u32 kGetId = 8;
constexpr u8 kOk = 0;
constexpr u8 kIoError = 1;
constexpr u8 kUnsupported = 2;
constexpr unsigned kSectorField = 8;
constexpr std::size_t kHeaderSize = 16;

constexpr std::size_t kBufferSize = 64 << 10;
static_assert(kBufferSize % BlockMedium::kSectorSize == 0);

// The translation that an ATA disk of this size has.
constexpr u8 kHeads = 16;
constexpr u8 kTrackSectors = 63;
constexpr u64 kMostCylinders = 16383;

VirtioKind kind(const BlockMedium& medium) {
    VirtioKind kind;
    kind.device = 2;
    kind.transitional = 0x1001;
    kind.class_code = 0x010000;
    kind.features = kFeatures | (medium.writable() ? 0 : kReadOnly);
    kind.queues = 1;
    kind.queue_size = VirtioBlock::kQueueSize;
    return kind;
}

}  // namespace

VirtioBlock::VirtioBlock(std::string name, DmaPort& memory, std::unique_ptr<BlockMedium> medium,
                         std::string serial)
    : VirtioPci(memory, kind(*medium)),
      name_(std::move(name)),
      medium_(std::move(medium)),
      serial_(std::move(serial)),
      buffer_(kBufferSize) {
    serial_.resize(kSerialSize);
    const u64 cylinders = medium_->sectors() / (kHeads * kTrackSectors);
    put_config(kCapacityField, 8, medium_->sectors());
    put_config(kSizeMaxField, 4, kLargestSegment);
    put_config(kSegMaxField, 4, kMostSegments);
    put_config(kCylindersField, 2, std::clamp<u64>(cylinders, 1, kMostCylinders));
    put_config(kHeadsField, 1, kHeads);
    put_config(kSectorsField, 1, kTrackSectors);
    put_config(kBlockSizeField, 4, BlockMedium::kSectorSize);
    put_config(kMinimumIoField, 2, 1);
}

void VirtioBlock::put_config(unsigned offset, Width width, u64 value) {
    for (unsigned i = 0; i < width; ++i) config_[offset + i] = static_cast<u8>(value >> 8 * i);
}

u8 VirtioBlock::read_device_config(unsigned offset) const {
    if (offset == kWriteBackField) return write_back_;
    return offset < kConfigSize ? config_[offset] : u8{0};
}

// A legacy driver may choose the mode without negotiating that it can (5.2.5.3).
void VirtioBlock::write_device_config(unsigned offset, u8 value) {
    const bool allowed = negotiated(kConfigWce) || !negotiated(virtio::kVersion1);
    if (offset == kWriteBackField && allowed) write_back_ = (value & 1) != 0;
}

// A driver that cannot flush gets no cache: at once where features are settled, with DRIVER_OK
// through the old interface, unless the driver chose the mode itself (5.2.5.2, 5.2.5.3).
void VirtioBlock::status_raised(u8 bits) {
    const bool settled = (bits & virtio::kFeaturesOk) != 0;
    const bool legacy_ready = (bits & virtio::kDriverOk) != 0 && !negotiated(virtio::kVersion1);
    if (settled || (legacy_ready && !negotiated(kConfigWce))) write_back_ = negotiated(kFlush);
}

bool VirtioBlock::caches_writes() const {
    return write_back_ && negotiated(kFlush | kConfigWce);
}

std::optional<u64> VirtioBlock::serve(unsigned, VirtioChain& chain) {
    const std::optional<u64> status_at = chain.writable.take_last();
    std::array<u8, kHeaderSize> bytes{};
    if (!status_at || chain.readable.read(memory(), bytes) < bytes.size()) return {};
    const u32 type = virtio::little_endian<u32>(bytes.data());
    const u64 sector = virtio::little_endian<u64>(bytes.data() + kSectorField);
    const u64 room = chain.writable.left();
    const u8 status = carry_out(type, sector, chain);
    memory().dma_write({*status_at}, &status, 1);
    // The status counts only where nothing before it was left as it was (2.7.8.2).
    return room - chain.writable.left() + (chain.writable.left() == 0);
}

u8 VirtioBlock::carry_out(u32 type, u64 sector, VirtioChain& chain) {
    switch (type) {
        case kIn: return read_medium(sector, chain.writable);
        case kOut: return write_medium(sector, chain.readable);
        case kGetId: return identify(chain.writable);
        case kFlushRequest:
        case kLegacyFlushRequest: medium_->flush(); return kOk;
        default: return kUnsupported;
    }
}

bool VirtioBlock::on_medium(u64 sector, u64 size) const {
    const u64 sectors = medium_->sectors();
    return size % BlockMedium::kSectorSize == 0 && size <= kLargestRequest && sector <= sectors &&
           size / BlockMedium::kSectorSize <= sectors - sector;
}

u8 VirtioBlock::read_medium(u64 sector, VirtioBytes& into) {
    if (!on_medium(sector, into.left())) return kIoError;
    while (into.left() != 0) {
        const std::size_t size = std::min<u64>(into.left(), buffer_.size());
        const std::span<u8> part = std::span(buffer_).first(size);
        medium_->read(sector, part);
        into.write(memory(), part);
        sector += size / BlockMedium::kSectorSize;
    }
    return kOk;
}

u8 VirtioBlock::write_medium(u64 sector, VirtioBytes& from) {
    if (!medium_->writable() || !on_medium(sector, from.left())) return kIoError;
    while (from.left() != 0) {
        const std::size_t size = std::min<u64>(from.left(), buffer_.size());
        const std::span<u8> part = std::span(buffer_).first(size);
        from.read(memory(), part);
        medium_->write(sector, part);
        sector += size / BlockMedium::kSectorSize;
    }
    if (!caches_writes()) medium_->flush();
    return kOk;
}

u8 VirtioBlock::identify(VirtioBytes& into) {
    std::array<u8, kSerialSize> serial{};
    std::copy(serial_.begin(), serial_.end(), serial.begin());
    into.write(memory(), serial);
    return kOk;
}

void VirtioBlock::save_device(Writer& writer) const {
    writer.put(medium_->sectors());
    writer.put(write_back_);
}

void VirtioBlock::restore_device(Reader& reader) {
    if (reader.get<u64>() != medium_->sectors()) reader.damaged("a disk of another size");
    reader.get(write_back_);
}

}  // namespace seventeen::devices
