// FakeGuest: a small network stack on the guest's side of the cable, and packets to build and read.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "network/user_network.h"

namespace seventeen::network {

using Bytes = std::vector<u8>;

inline const Bytes kGuestStation = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
inline const Bytes kEverybody(6, 0xff);
inline const Bytes kRouterStation = {0x52, 0x55, 10, 0, 2, 2};
inline const Bytes kGuestAddress = {10, 0, 2, 15};
inline const Bytes kRouterAddress = {10, 0, 2, 2};

inline Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}
inline Bytes big16(std::size_t value) {
    return {static_cast<u8>(value >> 8), static_cast<u8>(value)};
}
inline Bytes big32(u32 value) {
    return big16(value >> 16) + big16(value & 0xffff);
}
inline Bytes text(const char* words) {
    const std::string copy = words;
    return {copy.begin(), copy.end()};
}
inline u32 get16(const Bytes& bytes, std::size_t at) {
    return bytes.at(at) << 8 | bytes.at(at + 1);
}
inline u32 get32(const Bytes& bytes, std::size_t at) {
    return get16(bytes, at) << 16 | get16(bytes, at + 2);
}
inline Bytes part(const Bytes& bytes, std::size_t at, std::size_t size) {
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at, bytes.size()));
    const std::size_t left = static_cast<std::size_t>(bytes.end() - first);
    return {first, first + static_cast<std::ptrdiff_t>(std::min(size, left))};
}

// The internet's checksum (RFC 1071).
inline Bytes checksum(Bytes bytes) {
    if (bytes.size() % 2 != 0) bytes.push_back(0);
    u32 sum = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 2) sum += get16(bytes, at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return big16(~sum & 0xffff);
}

inline Bytes ethernet(const Bytes& to, u32 type, const Bytes& payload) {
    return to + kGuestStation + big16(type) + payload;
}

enum : u8 { kIcmp = 1, kTcp = 6, kUdp = 17 };

inline Bytes ipv4(u8 protocol, const Bytes& from, const Bytes& to, const Bytes& payload) {
    const Bytes head =
        Bytes{0x45, 0} + big16(20 + payload.size()) + Bytes{0, 1, 0x40, 0, 64, protocol};
    return head + checksum(head + Bytes{0, 0} + from + to) + from + to + payload;
}

inline Bytes pseudo_header(u8 protocol, const Bytes& from, const Bytes& to, std::size_t size) {
    return from + to + Bytes{0, protocol} + big16(size);
}

inline Bytes udp(const Bytes& from, u32 from_port, const Bytes& to, u32 to_port,
                 const Bytes& payload) {
    const Bytes head = big16(from_port) + big16(to_port) + big16(8 + payload.size());
    return ipv4(kUdp, from, to, head + Bytes{0, 0} + payload);  // no checksum is allowed
}

struct Segment {
    u32 from_port = 0;
    u32 to_port = 0;
    u32 sequence = 0;
    u32 acknowledge = 0;
    u8 flags = 0;
    Bytes data;
};
enum : u8 { kFin = 1, kSyn = 2, kReset = 4, kPush = 8, kAck = 16 };

inline Bytes tcp(const Bytes& from, const Bytes& to, const Segment& segment) {
    const Bytes head = big16(segment.from_port) + big16(segment.to_port) + big32(segment.sequence) +
                       big32(segment.acknowledge) + Bytes{0x50, segment.flags} + big16(0x4000);
    const std::size_t size = 20 + segment.data.size();
    const Bytes sum =
        checksum(pseudo_header(kTcp, from, to, size) + head + Bytes{0, 0, 0, 0} + segment.data);
    return ipv4(kTcp, from, to, head + sum + Bytes{0, 0} + segment.data);
}

inline Bytes arp(u8 operation, const Bytes& target_station, const Bytes& target) {
    return Bytes{0, 1, 8, 0, 6, 4, 0, operation} + kGuestStation + kGuestAddress + target_station +
           target;
}

// What came in an Ethernet frame with IPv4 of the protocol, or nothing.
inline std::optional<Bytes> ip_payload(const Bytes& frame, u8 protocol) {
    if (frame.size() < 34 || get16(frame, 12) != 0x0800 || frame[23] != protocol) return {};
    const std::size_t header = (frame[14] & 15u) * 4;
    return part(frame, 14 + header, get16(frame, 16) - header);
}

inline std::optional<Segment> segment_of(const Bytes& frame) {
    const std::optional<Bytes> payload = ip_payload(frame, kTcp);
    if (!payload || payload->size() < 20) return {};
    Segment segment{get16(*payload, 0), get16(*payload, 2), get32(*payload, 4),
                    get32(*payload, 8), (*payload)[13],     {}};
    segment.data = part(*payload, ((*payload)[12] >> 4) * 4u, payload->size());
    return segment;
}

// Time passes as it waits; it answers for its own address and keeps all else.
class FakeGuest {
  public:
    explicit FakeGuest(const UserNetworkOptions& options = {})
        : network(options, [this] { return now_; }) {}

    void send_ip(const Bytes& packet) { network.receive(ethernet(kRouterStation, 0x0800, packet)); }

    // Runs until `wanted` finds what it wants in a frame; false where it never comes.
    bool wait_for(const std::function<bool(const Bytes&)>& wanted, int rounds = 200) {
        for (int round = 0; round < rounds; ++round) {
            while (std::optional<Bytes> frame = network.next_frame()) {
                if (get16(*frame, 12) == 0x0806) answer_arp(*frame);
                if (wanted(*frame)) return true;
            }
            step();
        }
        return false;
    }
    std::optional<Segment> wait_for_segment(u8 flags) {
        std::optional<Segment> found;
        wait_for([&found, flags](const Bytes& frame) {
            const std::optional<Segment> segment = segment_of(frame);
            if (!segment || (segment->flags & flags) != flags) return false;
            found = segment;
            return true;
        });
        return found;
    }
    void step() {
        network.poll(5);
        now_ += 5'000'000;
    }

  private:
    void answer_arp(const Bytes& frame) {
        if (get16(frame, 20) != 1 || part(frame, 38, 4) != kGuestAddress) return;
        network.receive(
            ethernet(kRouterStation, 0x0806, arp(2, part(frame, 22, 6), part(frame, 28, 4))));
    }

    u64 now_ = 1'000'000'000;

  public:
    UserNetwork network;
};

}  // namespace seventeen::network
