// Checks Ethernet, ARP and IPv4 headers (RFC 826, 791, 792, 768, 9293).
#include "network/screen.h"

#include <cstddef>

namespace seventeen::network {

namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kTypeAt = 12;
constexpr u32 kIpv4 = 0x0800;
constexpr u32 kArp = 0x0806;
constexpr std::size_t kArpSize = 28;

constexpr std::size_t kIpHeader = 20;
constexpr u8 kVersion4WithoutOptions = 0x45;
constexpr std::size_t kTotalLengthAt = 2;
constexpr std::size_t kFragmentAt = 6;
constexpr u32 kFragmentBits = 0x3fff;  // "more fragments" and the offset
constexpr std::size_t kProtocolAt = 9;

constexpr u8 kIcmp = 1;
constexpr std::size_t kIcmpHeader = 8;
constexpr u8 kTcp = 6;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kDataOffsetAt = 12;
constexpr std::size_t kFlagsAt = 13;
constexpr u8 kSyn = 0x02;
constexpr u8 kUdp = 17;
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kUdpLengthAt = 4;

u32 get16(std::span<const u8> bytes, std::size_t at) {
    return static_cast<u32>(bytes[at] << 8 | bytes[at + 1]);
}

bool well_formed_payload(u8 protocol, std::span<const u8> payload) {
    switch (protocol) {
        case kIcmp: return payload.size() >= kIcmpHeader;
        case kUdp: {
            if (payload.size() < kUdpHeader) return false;
            const u32 length = get16(payload, kUdpLengthAt);
            return length >= kUdpHeader && length <= payload.size();
        }
        case kTcp: {
            if (payload.size() < kTcpHeader) return false;
            const std::size_t header = (payload[kDataOffsetAt] >> 4) * std::size_t{4};
            return header >= kTcpHeader && header <= payload.size();
        }
        default: return false;
    }
}

bool well_formed_ipv4(std::span<const u8> packet) {
    if (packet.size() < kIpHeader || packet[0] != kVersion4WithoutOptions) return false;
    const u32 length = get16(packet, kTotalLengthAt);
    if (length < kIpHeader || length > packet.size()) return false;
    if ((get16(packet, kFragmentAt) & kFragmentBits) != 0) return false;
    return well_formed_payload(packet[kProtocolAt], packet.subspan(kIpHeader, length - kIpHeader));
}

}  // namespace

bool well_formed(std::span<const u8> frame) {
    if (frame.size() < kEthernetHeader) return false;
    const std::span<const u8> packet = frame.subspan(kEthernetHeader);
    switch (get16(frame, kTypeAt)) {
        case kArp: return packet.size() >= kArpSize;
        case kIpv4: return well_formed_ipv4(packet);
        default: return false;
    }
}

bool may_open_socket(std::span<const u8> frame) {
    if (get16(frame, kTypeAt) != kIpv4) return false;
    const std::span<const u8> packet = frame.subspan(kEthernetHeader);
    return packet[kProtocolAt] != kTcp || (packet[kIpHeader + kFlagsAt] & kSyn) != 0;
}

}  // namespace seventeen::network
