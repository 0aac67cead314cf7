// Forward: a port of the host whose connections lead to a port of the guest.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/types.h"

namespace seventeen::network {

struct Forward {
    enum class Protocol : u8 { kTcp, kUdp };

    Protocol protocol = Protocol::kTcp;
    std::array<u8, 4> host_address = {127, 0, 0, 1};
    u16 host_port = 0;
    u16 guest_port = 0;
    bool operator==(const Forward&) const = default;
};

// "tcp:HOST:PORT-GUESTPORT" or "udp:…"; HOST is an IPv4 address of this host, empty for 127.0.0.1.
// Throws Error for anything else.
Forward parse_forward(std::string_view text);
// As it can be parsed again.
std::string to_string(const Forward& forward);

}  // namespace seventeen::network
