// Overlay: a medium that keeps what is written to it in a temporary file, over a base it only
// reads.
//
// The file has no name: it is gone when the overlay is, and after a crash as well. A map in memory
// says which sectors of which cluster of 64 KiB have been written and where the cluster lies in the
// file; it grows with what is written, not with the size of the disk.
#pragma once

#include <bitset>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "core/block_medium.h"
#include "core/snapshot.h"
#include "storage/host_file.h"

namespace seventeen::storage {

class Overlay final : public BlockMedium {
  public:
    static constexpr u64 kClusterSectors = 128;

    Overlay(std::unique_ptr<BlockMedium> base, const std::filesystem::path& folder);

    u64 sectors() const override { return base_->sectors(); }
    void read(u64 sector, std::span<u8> into) override;
    void write(u64 sector, std::span<const u8> from) override;
    // Nothing of it outlives the process, so nothing has to reach stable storage.
    void flush() override {}
    bool writable() const override { return true; }

    u64 changed_sectors() const;
    // In ascending order, in pieces of at most a cluster.
    void each_change(const std::function<void(u64 sector, std::span<const u8>)>& visit) const;
    // The disk is its base again.
    void clear();

    // All changes, and a fingerprint of the base.
    void save(Writer& writer, std::string_view section) const;
    // Throws Error where the base is not the one it was when the snapshot was saved.
    void restore(Reader& reader, std::string_view section);
    // The same for a medium that has no overlay because it is not written.
    static void save_unchanged(Writer& writer, std::string_view section, BlockMedium& medium);
    static void restore_unchanged(Reader& reader, std::string_view section, BlockMedium& medium);

  private:
    using Written = std::bitset<kClusterSectors>;
    struct Cluster {
        u64 offset = 0;  // in the file
        Written written;
    };
    struct Run {  // of sectors in one cluster that are alike
        u64 length = 0;
        bool written = false;
    };

    static Run run_at(const Written& written, u64 first, u64 most);
    Cluster& cluster_at(u64 number);
    void read_in_cluster(u64 sector, std::span<u8> into);
    void restore_cluster(Reader& reader);
    void restore_sectors(Reader& reader, const Cluster& cluster);

    std::unique_ptr<BlockMedium> base_;
    std::unique_ptr<HostFile> file_;
    std::map<u64, Cluster> clusters_;  // in ascending order, so that snapshots are reproducible
};

}  // namespace seventeen::storage
