// The pcap file format: a header, then each frame behind a header of its own, little-endian.
#include "network/capture.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "network/pipe_signal.h"

namespace seventeen::network {

namespace {

// libpcap's savefile format, version 2.4 (pcap-savefile(5)).
constexpr u32 kMagic = 0xa1b2'c3d4;  // timestamps count microseconds
constexpr u16 kMajor = 2;
constexpr u16 kMinor = 4;
constexpr u32 kSnapshotLength = 0x4'0000;  // the most that readers take
constexpr u32 kEthernet = 1;

constexpr u64 kNanosecondsPerSecond = 1'000'000'000;

class Bytes {
  public:
    Bytes& u16_value(u16 value) { return append(value, 2); }
    Bytes& u32_value(u64 value) { return append(value, 4); }
    std::vector<u8> bytes;

  private:
    Bytes& append(u64 value, unsigned size) {
        for (unsigned i = 0; i < size; ++i) bytes.push_back(static_cast<u8>(value >> 8 * i));
        return *this;
    }
};

void put(std::ofstream& file, std::span<const u8> bytes) {
    // SAFETY: any object may be read as chars.
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

Capture::Capture(const std::filesystem::path& path)
    : path_(path), file_(path, std::ios::binary | std::ios::trunc) {
    Bytes header;
    header.u32_value(kMagic).u16_value(kMajor).u16_value(kMinor);
    header.u32_value(0).u32_value(0);  // UTC; accuracy, which nobody sets
    header.u32_value(kSnapshotLength).u32_value(kEthernet);
    put(file_, header.bytes);
    file_.flush();
    if (!file_)
        throw Error("cannot write the network capture " + path.string() +
                    "; choose a file in a directory that exists and can be written");
}

void Capture::write(u64 nanoseconds, std::span<const u8> frame) {
    const PipeSignalGuard guard;
    const u64 kept = std::min<u64>(frame.size(), kSnapshotLength);
    Bytes record;
    record.u32_value(nanoseconds / kNanosecondsPerSecond);
    record.u32_value(nanoseconds % kNanosecondsPerSecond / 1000);
    record.u32_value(kept).u32_value(frame.size());
    put(file_, record.bytes);
    put(file_, frame.first(kept));
    file_.flush();  // so that the file can be followed, and survives what ends us
    failed_ |= !file_;
}

Capture::~Capture() {
    const PipeSignalGuard guard;
    file_.close();
}

void Capture::close() {
    const PipeSignalGuard guard;
    file_.close();
    if (failed_ || !file_)
        throw Error("the network capture " + path_.string() +
                    " is incomplete: not all of it could be written; is the disk full?");
}

}  // namespace seventeen::network
