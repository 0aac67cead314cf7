// Frames from the guest go to the host's network at once; those for it wait for an event point.
#include "app/network.h"

#include <algorithm>

namespace seventeen::app {

Network::Network(machine::Pc& pc, const NetworkOptions& options)
    : pc_(pc),
      options_(options),
      user_({.forwards = options.forwards, .restricted = options.restricted},
            [&pc] { return pc.platform().scheduler().now(); }) {
    if (options.capture.empty()) {
        pc.connect_network(user_);
        return;
    }
    capture_.emplace(options.capture);
    tap_.emplace(
        *capture_, [&pc] { return pc.platform().scheduler().now(); }, user_);
    pc.connect_network(*tap_);
}

Waiter::Collector Network::collector() {
    return {[this](std::vector<pollfd>& descriptors, Waiter::Nanoseconds& timeout) {
                const u32 due = user_.collect(descriptors);
                if (due != network::UserNetwork::kForever)
                    timeout =
                        std::min<Waiter::Nanoseconds>(timeout, std::chrono::milliseconds(due));
            },
            [this](const std::vector<pollfd>& descriptors) { user_.dispatch(descriptors); }};
}

void Network::feed() {
    while (user_.has_frame() && pc_.has_room_for_frame()) {
        machine::FrameInput frame{*user_.next_frame()};
        if (capture_) capture_->write(pc_.platform().scheduler().now(), frame.bytes);
        pc_.give(std::move(frame));
    }
}

std::string Network::describe() const {
    std::string text = options_.restricted ? "user, restricted\n" : "user\n";
    for (const network::Forward& forward : options_.forwards)
        text += "forward " + to_string(forward) + "\n";
    return text + "frames dropped: " + std::to_string(user_.dropped()) + "\n";
}

}  // namespace seventeen::app
