// NetworkPort: one end of an Ethernet cable; whoever holds the other end hands it frames.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen {

class NetworkPort {
  public:
    // Without the frame check sequence; 14 bytes of header and up to this much payload.
    static constexpr std::size_t kLargestFrame = 14 + 65536;

    virtual ~NetworkPort() = default;
    // A frame arrives. A port that has no room for it drops it, as an Ethernet does.
    virtual void receive(std::span<const u8> frame) = 0;
};

}  // namespace seventeen
