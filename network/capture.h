// Capture: writes the frames that pass into a pcap file, which Wireshark and tcpdump read.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>

#include "core/network_port.h"

namespace seventeen::network {

// The file may be a pipe to a program that shows them, and that program may end.
class Capture {
  public:
    // Replaces the file; throws Error where it cannot be written.
    explicit Capture(const std::filesystem::path& path);
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    // Whole frames, each in the file before the next. Never throws: what calls it may be a guest's
    // instruction.
    void write(u64 nanoseconds, std::span<const u8> frame);
    // Throws Error where some of it could not be written.
    void close();

  private:
    std::filesystem::path path_;
    std::ofstream file_;
    bool failed_ = false;
};

// Passes every frame on and writes it down: put one in front of each end of the cable.
class CapturedPort final : public NetworkPort {
  public:
    // Virtual time, so that the same run has the same file.
    using Clock = std::function<u64()>;  // nanoseconds

    CapturedPort(Capture& capture, Clock now, NetworkPort& next)
        : capture_(capture), now_(std::move(now)), next_(next) {}

    void receive(std::span<const u8> frame) override {
        capture_.write(now_(), frame);
        next_.receive(frame);
    }

  private:
    Capture& capture_;
    Clock now_;
    NetworkPort& next_;
};

}  // namespace seventeen::network
