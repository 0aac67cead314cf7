// Network: the cable between a PC's card and the host's network, with a capture on it.
#pragma once

#include <optional>

#include "app/options.h"
#include "app/waiter_linux.h"
#include "machine/pc.h"
#include "network/capture.h"
#include "network/user_network.h"

namespace seventeen::app {

class Network {
  public:
    // Throws Error where a port cannot be forwarded or the capture cannot be written.
    Network(machine::Pc& pc, const NetworkOptions& options);

    Waiter::Collector collector();
    // Gives the card what has come for it, as inputs.
    void feed();
    bool in_conversation() const { return user_.in_conversation(); }
    std::string describe() const;

  private:
    machine::Pc& pc_;
    NetworkOptions options_;
    network::UserNetwork user_;
    std::optional<network::Capture> capture_;
    std::optional<network::CapturedPort> tap_;  // before the host's network
};

}  // namespace seventeen::app
