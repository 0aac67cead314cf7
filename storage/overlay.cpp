// Keeps what is written to a disk apart from its image.
#include "storage/overlay.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "storage/fingerprint.h"
#include "storage/image_medium.h"

namespace seventeen::storage {

namespace {

constexpr u32 kVersion = 1;
constexpr std::size_t kSector = BlockMedium::kSectorSize;

void begin_section(Writer& writer, std::string_view section, BlockMedium& base) {
    writer.begin(section, kVersion);
    writer.put(base.sectors());
    writer.put(fingerprint(base));
}

void begin_section(Reader& reader, std::string_view section, BlockMedium& base) {
    reader.begin(section, kVersion, kVersion);
    const u64 sectors = reader.get<u64>();
    if (reader.get<u64>() != fingerprint(base) || sectors != base.sectors())
        throw Error("the disk '" + std::string(section) +
                    "' is not the one in the snapshot; use the image it was saved with, unchanged");
}

}  // namespace

Overlay::Overlay(std::unique_ptr<BlockMedium> base, const std::filesystem::path& folder)
    : base_(std::move(base)), file_(HostFile::temporary(folder)) {}

// The longest run of sectors that are all written or all not, at most `most`, which is not zero.
Overlay::Run Overlay::run_at(const Written& written, u64 first, u64 most) {
    Run run{1, written[first]};
    while (run.length < most && written[first + run.length] == run.written) ++run.length;
    return run;
}

void Overlay::read(u64 sector, std::span<u8> into) {
    checked_offset(*this, sector, into.size());
    while (!into.empty()) {
        const u64 left = kClusterSectors - sector % kClusterSectors;
        const u64 count = std::min<u64>(left, into.size() / kSector);
        read_in_cluster(sector, into.first(count * kSector));
        sector += count;
        into = into.subspan(count * kSector);
    }
}

void Overlay::read_in_cluster(u64 sector, std::span<u8> into) {
    const auto found = clusters_.find(sector / kClusterSectors);
    if (found == clusters_.end()) return base_->read(sector, into);
    const Cluster& cluster = found->second;
    while (!into.empty()) {
        const u64 first = sector % kClusterSectors;
        const Run run = run_at(cluster.written, first, into.size() / kSector);
        const std::span<u8> part = into.first(run.length * kSector);
        if (run.written) {
            file_->read(cluster.offset + first * kSector, part);
        } else {
            base_->read(sector, part);
        }
        sector += run.length;
        into = into.subspan(part.size());
    }
}

Overlay::Cluster& Overlay::cluster_at(u64 number) {
    const auto [found, added] = clusters_.try_emplace(number);
    if (added) found->second.offset = (clusters_.size() - 1) * kClusterSectors * kSector;
    return found->second;
}

void Overlay::write(u64 sector, std::span<const u8> from) {
    checked_offset(*this, sector, from.size());
    while (!from.empty()) {
        const u64 first = sector % kClusterSectors;
        const u64 count = std::min<u64>(kClusterSectors - first, from.size() / kSector);
        Cluster& cluster = cluster_at(sector / kClusterSectors);
        file_->write(cluster.offset + first * kSector, from.first(count * kSector));
        for (u64 i = 0; i < count; ++i) cluster.written.set(first + i);
        sector += count;
        from = from.subspan(count * kSector);
    }
}

u64 Overlay::changed_sectors() const {
    u64 sum = 0;
    for (const auto& [number, cluster] : clusters_) sum += cluster.written.count();
    return sum;
}

void Overlay::each_change(const std::function<void(u64 sector, std::span<const u8>)>& visit) const {
    std::vector<u8> bytes;
    for (const auto& [number, cluster] : clusters_) {
        u64 first = 0;
        while (first < kClusterSectors) {
            const Run run = run_at(cluster.written, first, kClusterSectors - first);
            if (run.written) {
                bytes.resize(run.length * kSector);
                file_->read(cluster.offset + first * kSector, bytes);
                visit(number * kClusterSectors + first, bytes);
            }
            first += run.length;
        }
    }
}

void Overlay::clear() {
    clusters_.clear();
    file_->resize(0);
}

void Overlay::save(Writer& writer, std::string_view section) const {
    begin_section(writer, section, *base_);
    writer.put(u64{clusters_.size()});
    for (const auto& [number, cluster] : clusters_) {
        writer.put(number);
        for (u64 i = 0; i < kClusterSectors; ++i) writer.put(bool{cluster.written[i]});
    }
    each_change([&](u64, std::span<const u8> bytes) { writer.bytes(bytes.data(), bytes.size()); });
    writer.end();
}

void Overlay::save_unchanged(Writer& writer, std::string_view section, BlockMedium& medium) {
    begin_section(writer, section, medium);
    writer.put(u64{0});
    writer.end();
}

void Overlay::restore_unchanged(Reader& reader, std::string_view section, BlockMedium& medium) {
    begin_section(reader, section, medium);
    if (reader.get<u64>() != 0)
        throw Error("the disk '" + std::string(section) +
                    "' was written before the snapshot; open it to be written now as well");
    reader.end();
}

void Overlay::restore(Reader& reader, std::string_view section) {
    begin_section(reader, section, *base_);
    clear();
    const u64 count = reader.get<u64>();
    for (u64 i = 0; i < count; ++i) restore_cluster(reader);
    for (const auto& [number, cluster] : clusters_) restore_sectors(reader, cluster);
    reader.end();
}

void Overlay::restore_sectors(Reader& reader, const Cluster& cluster) {
    std::vector<u8> bytes;
    for (u64 first = 0; first < kClusterSectors;) {
        const Run run = run_at(cluster.written, first, kClusterSectors - first);
        if (run.written) {
            bytes.resize(run.length * kSector);
            reader.bytes(bytes.data(), bytes.size());
            file_->write(cluster.offset + first * kSector, bytes);
        }
        first += run.length;
    }
}

// Every cluster takes bytes of the snapshot, so that a wrong count soon ends in an Error.
void Overlay::restore_cluster(Reader& reader) {
    const u64 number = reader.get<u64>();
    if (!clusters_.empty() && number <= clusters_.rbegin()->first)
        reader.damaged("its clusters are out of order");
    if (number > sectors() / kClusterSectors) reader.damaged("a cluster lies outside the disk");
    Cluster& cluster = cluster_at(number);
    for (u64 i = 0; i < kClusterSectors; ++i) cluster.written.set(i, reader.get<bool>());
    for (u64 i = 0; i < kClusterSectors; ++i)
        if (cluster.written[i] && number * kClusterSectors + i >= sectors())
            reader.damaged("a sector lies outside the disk");
}

}  // namespace seventeen::storage
