// Screen: which of a guest's frames are well formed enough for the host's network code.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen::network {

// ARP, and IPv4 with TCP, UDP or ICMP, whose lengths agree with each other and with the frame's.
// Neither IP options nor fragments: no guest needs the first, and the reassembly of libslirp 4.7
// follows wild pointers when fragments lie.
bool well_formed(std::span<const u8> frame);

// May a well-formed frame begin a conversation, for which the host opens a socket?
bool may_open_socket(std::span<const u8> frame);

}  // namespace seventeen::network
