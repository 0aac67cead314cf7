// Ne2000Guest: a card on a cable, driven as the drivers of Linux and iPXE drive it.
#pragma once

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "devices/ne2000.h"

namespace seventeen::devices {

using Frame = std::vector<u8>;

inline constexpr StationAddress kStation = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

// Whatever leaves the card.
class RecordingPort final : public NetworkPort {
  public:
    void receive(std::span<const u8> frame) override {
        frames.emplace_back(frame.begin(), frame.end());
    }
    std::vector<Frame> frames;
};

// A frame to `to` whose every payload byte tells its place.
inline Frame frame_to(const std::vector<u8>& to, std::size_t size, u8 seed = 0) {
    Frame frame(size);
    for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<u8>(i * 7 + i / 256 + seed);
    std::copy(to.begin(), to.end(), frame.begin());
    return frame;
}
inline Frame frame_to_card(std::size_t size, u8 seed = 0) {
    return frame_to({kStation.begin(), kStation.end()}, size, seed);
}
inline const std::vector<u8> kEverybody(6, 0xff);

struct Received {
    u8 status = 0;
    u8 next = 0;
    Frame frame;
};

// Offsets and bits by the names of the datasheet, where a test needs them by name.
struct Ne2000Guest {
    static constexpr u8 kTransmitStart = 0x40;
    static constexpr u8 kRingStart = 0x4c;  // Linux's, after twelve pages for two frames to send
    static constexpr u8 kRingStop = 0x80;
    static constexpr unsigned kDataPort = 0x10;
    static constexpr unsigned kResetPort = 0x1f;

    Device& card;
    u8 word = 1;  // DCR.WTS
    u8 ring_start = kRingStart;
    u8 ring_stop = kRingStop;

    explicit Ne2000Guest(Device& device) : card(device) {}

    void out(unsigned port, u64 value, Width width = 1) { card.write(0, port, value, width); }
    u64 in(unsigned port, Width width = 1) { return card.read(0, port, width); }

    // __NS8390_init of Linux.
    void start(u8 receive_config = 0x04) {
        out(0x00, 0x21);
        out(0x0e, 0x48 | word);
        out(0x0a, 0);
        out(0x0b, 0);
        out(0x0c, 0x20);
        out(0x0d, 0x02);
        out(0x04, kTransmitStart);
        out(0x01, ring_start);
        out(0x03, ring_stop - 1);
        out(0x02, ring_stop);
        out(0x07, 0xff);
        out(0x0f, 0x00);
        out(0x00, 0x61);
        for (unsigned i = 0; i < 6; ++i) out(0x01 + i, kStation[i]);
        out(0x07, ring_start);
        out(0x00, 0x21);
        out(0x07, 0xff);
        out(0x0f, 0x3f);
        out(0x00, 0x22);
        out(0x0d, 0x00);
        out(0x0c, receive_config);
    }

    void remote(u8 command, u16 address, u16 count) {
        out(0x00, 0x22);
        out(0x0a, count & 0xff);
        out(0x0b, count >> 8);
        out(0x08, address & 0xff);
        out(0x09, address >> 8);
        out(0x00, command);
    }
    Frame read_memory(u16 address, u16 count, Width width) {
        remote(0x0a, address, count);
        Frame bytes;
        while (bytes.size() < count) {
            const u64 value = in(kDataPort, width);
            for (Width i = 0; i < width; ++i) bytes.push_back(static_cast<u8>(value >> 8 * i));
        }
        bytes.resize(count);
        return bytes;
    }
    void write_memory(u16 address, const Frame& bytes, Width width) {
        remote(0x12, address, static_cast<u16>(bytes.size()));
        for (std::size_t at = 0; at < bytes.size(); at += width) {
            u64 value = 0;
            for (Width i = 0; i < width && at + i < bytes.size(); ++i)
                value |= u64{bytes[at + i]} << 8 * i;
            out(kDataPort, value, width);
        }
    }
    Width natural() const { return word != 0 ? 2 : 1; }

    void send(const Frame& frame) {
        write_memory(kTransmitStart << 8, frame, natural());
        trigger(frame.size());
    }
    void trigger(std::size_t size) {
        out(0x04, kTransmitStart);
        out(0x05, size & 0xff);
        out(0x06, size >> 8);
        out(0x00, 0x26);
    }

    u8 current() {
        out(0x00, 0x60);
        const u8 page = static_cast<u8>(in(0x07));
        out(0x00, 0x20);
        return page;
    }
    void set_current(u8 page) {
        out(0x00, 0x60);
        out(0x07, page);
        out(0x00, 0x20);
    }
    u8 boundary() { return static_cast<u8>(in(0x03)); }

    // ei_receive of Linux, for one packet.
    std::optional<Received> receive() {
        u8 page = static_cast<u8>(boundary() + 1);
        if (page >= ring_stop) page = ring_start;
        if (page == current()) return {};
        const Frame header = read_memory(static_cast<u16>(page << 8), 4, natural());
        const u16 count = static_cast<u16>(header[2] | header[3] << 8);
        Received received{header[0], header[1], {}};
        received.frame =
            read_memory(static_cast<u16>((page << 8) + 4), static_cast<u16>(count - 4), natural());
        out(0x03, received.next - 1);
        return received;
    }
};

// The card for the ISA bus on its cable.
struct IsaBench {
    Ne2000 card{kStation};
    RecordingPort cable;
    Ne2000Guest guest{card};

    IsaBench() { card.connect(&cable); }
};

}  // namespace seventeen::devices
