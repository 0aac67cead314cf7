// UserNetwork: a network without privileges, at the far end of a card's cable (libslirp).
//
// A router (10.0.2.2, which stands for the host's loopback too), a name server (10.0.2.3) and DHCP
// (from 10.0.2.15) on 10.0.2.0/24. The guest's connections become sockets of this process.
//
// Nothing here has a thread. The guest's frames are handed to libslirp as they come, and what it
// answers waits in a queue; the event loop of whoever owns this tells it, between `collect` and
// `dispatch`, what happened on the host's sockets. Frames in the queue are inputs of the machine:
// it takes them with `next_frame` at an event point and logs them. Replaying, it uses none of this.
#pragma once

#include <poll.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/network_port.h"
#include "network/forward.h"

struct Slirp;
struct SlirpCb;

namespace seventeen::network {

struct UserNetworkOptions {
    std::vector<Forward> forwards;
    // No way out: the guest reaches the router's own services and answers forwarded connections.
    bool restricted = false;
};

class UserNetwork final : public NetworkPort {
  public:
    // For the timers of connections. It never goes back; virtual time is right, for then a guest
    // that runs slowly is not thought to have died.
    using Clock = std::function<u64()>;  // nanoseconds
    static constexpr u32 kForever = ~u32{0};
    static constexpr std::size_t kMostFrames = 1024;
    // Where a guest opens more, what would open another is dropped: the process has other uses for
    // its descriptors (1024, unless somebody raised it).
    static constexpr std::size_t kMostSockets = 400;

    // Throws Error where a port cannot be forwarded.
    UserNetwork(const UserNetworkOptions& options, Clock now);
    ~UserNetwork() override;
    UserNetwork(const UserNetwork&) = delete;
    UserNetwork& operator=(const UserNetwork&) = delete;

    // From the guest: any bytes. Its answer, if the router itself has one, is in the queue at once.
    void receive(std::span<const u8> frame) override;

    // What is to be watched is added to `watched`; returns how many milliseconds of `Clock` may
    // pass until `dispatch` is due all the same.
    u32 collect(std::vector<pollfd>& watched);
    // The same vector after poll(2), or without one, where only time has passed.
    void dispatch(const std::vector<pollfd>& watched);
    // All three, for loops that have nothing else to watch: waits at most so long, by the host.
    void poll(int milliseconds);
    // Was a socket of the host open when last collected, other than the forwarded ports: may the
    // host have an answer for a guest that idles?
    bool in_conversation() const { return in_conversation_; }

    // The oldest frame for the guest.
    std::optional<std::vector<u8>> next_frame();
    bool has_frame() const { return !frames_.empty(); }
    u64 dropped() const { return dropped_; }  // frames for the guest that found the queue full

  private:
    struct Callbacks;  // libslirp's; static functions that are told the object
    struct Cleanup {
        void operator()(Slirp* slirp) const;
    };

    void forward(const Forward& forward);
    bool room_for_socket();

    Clock now_;
    std::deque<std::vector<u8>> frames_;
    u64 dropped_ = 0;
    std::size_t forwards_ = 0;
    std::size_t first_ = 0;  // where our part of `watched` begins
    std::size_t count_ = 0;
    std::size_t sockets_ = 0;  // at most so many are open
    bool in_conversation_ = false;
    std::unique_ptr<const SlirpCb> callbacks_;
    std::unique_ptr<Slirp, Cleanup> slirp_;
};

}  // namespace seventeen::network
