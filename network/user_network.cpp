// Drives libslirp: its configuration, its callbacks, its share of an event loop.
#include "network/user_network.h"

#include <slirp/libslirp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/check.h"
#include "core/error.h"
#include "network/pipe_signal.h"
#include "network/screen.h"

namespace seventeen::network {

namespace {

// Everything that is used is in the oldest version of SlirpConfig.
constexpr u32 kConfigVersion = 1;

// libslirp's default MRU is 1500 bytes; a longer frame is none.
constexpr std::size_t kLongestFrame = 14 + 1500;

in_addr address(const std::array<u8, 4>& parts) {
    in_addr result;
    std::memcpy(&result, parts.data(), parts.size());
    return result;
}

SlirpConfig configuration(const UserNetworkOptions& options) {
    SlirpConfig config{};
    config.version = kConfigVersion;
    config.restricted = options.restricted ? 1 : 0;
    config.in_enabled = true;
    config.vnetwork = address({10, 0, 2, 0});
    config.vnetmask = address({255, 255, 255, 0});
    config.vhost = address({10, 0, 2, 2});
    config.vnameserver = address({10, 0, 2, 3});
    config.vdhcp_start = address({10, 0, 2, 15});
    config.vhostname = "seventeen";
    return config;
}

// poll(2)'s events and libslirp's.
constexpr std::array<std::pair<short, int>, 5> kEvents = {{{POLLIN, SLIRP_POLL_IN},
                                                           {POLLOUT, SLIRP_POLL_OUT},
                                                           {POLLPRI, SLIRP_POLL_PRI},
                                                           {POLLERR, SLIRP_POLL_ERR},
                                                           {POLLHUP, SLIRP_POLL_HUP}}};

// What `fill` and `poll` of libslirp are given to hold on to.
struct Watched {
    std::vector<pollfd>* all = nullptr;
    std::size_t first = 0;
};

int add_poll(int fd, int events, void* opaque) {
    Watched& watched = *static_cast<Watched*>(opaque);
    pollfd entry{fd, 0, 0};
    for (const auto& [host, slirp] : kEvents)
        if ((events & slirp) != 0 && host != POLLERR && host != POLLHUP) entry.events |= host;
    watched.all->push_back(entry);
    return static_cast<int>(watched.all->size() - watched.first - 1);
}

struct Happened {
    const pollfd* first = nullptr;
    std::size_t count = 0;
};

int revents(int index, void* opaque) {
    const Happened& happened = *static_cast<const Happened*>(opaque);
    if (index < 0 || static_cast<std::size_t>(index) >= happened.count) return 0;
    int events = 0;
    for (const auto& [host, slirp] : kEvents)
        if ((happened.first[index].revents & host) != 0) events |= slirp;
    return events;
}

}  // namespace

struct UserNetwork::Callbacks {
    static ssize_t send_packet(const void* bytes, std::size_t size, void* opaque) {
        UserNetwork& self = *static_cast<UserNetwork*>(opaque);
        if (self.frames_.size() < kMostFrames) {
            const u8* first = static_cast<const u8*>(bytes);
            self.frames_.emplace_back(first, first + size);
        } else {
            ++self.dropped_;  // as on an Ethernet: TCP sends it again
        }
        return static_cast<ssize_t>(size);
    }
    // What a guest gets wrong is its own affair.
    static void guest_error(const char*, void*) {}
    static s64 clock(void* opaque) {
        return static_cast<s64>(static_cast<UserNetwork*>(opaque)->now_());
    }
    // Only IPv6's router advertisements have a timer, and IPv6 is off.
    static void* timer_new(SlirpTimerCb, void*, void*) {
        check(false, "libslirp has no timers without IPv6");
        return nullptr;
    }
    static void timer_free(void*, void*) {}
    static void timer_modify(void*, s64, void*) {}
    // Sockets are collected afresh each time, and nobody sleeps elsewhere.
    static void watch(int, void*) {}
    static void notify(void*) {}

    static std::unique_ptr<const SlirpCb> table() {
        auto callbacks = std::make_unique<SlirpCb>();
        callbacks->send_packet = send_packet;
        callbacks->guest_error = guest_error;
        callbacks->clock_get_ns = clock;
        callbacks->timer_new = timer_new;
        callbacks->timer_free = timer_free;
        callbacks->timer_mod = timer_modify;
        callbacks->register_poll_fd = watch;
        callbacks->unregister_poll_fd = watch;
        callbacks->notify = notify;
        return callbacks;
    }
};

void UserNetwork::Cleanup::operator()(Slirp* slirp) const {
    const PipeSignalGuard guard;
    slirp_cleanup(slirp);
}

UserNetwork::UserNetwork(const UserNetworkOptions& options, Clock now)
    : now_(std::move(now)), callbacks_(Callbacks::table()) {
    const SlirpConfig config = configuration(options);
    slirp_.reset(slirp_new(&config, callbacks_.get(), this));
    if (!slirp_)
        throw Error("libslirp refuses to make a user network; is libslirp 4.0 or later installed?");
    for (const Forward& it : options.forwards) forward(it);
}

UserNetwork::~UserNetwork() = default;

void UserNetwork::forward(const Forward& forward) {
    const bool udp = forward.protocol == Forward::Protocol::kUdp;
    const in_addr anywhere{};  // the address that DHCP gives first
    if (slirp_add_hostfwd(slirp_.get(), udp ? 1 : 0, address(forward.host_address),
                          forward.host_port, anywhere, forward.guest_port) != 0) {
        const int why = errno;
        throw Error("cannot forward '" + to_string(forward) + "': " + std::strerror(why) +
                    "; is another program using the port? Ports below 1024 may need privileges");
    }
    ++forwards_;
}

void UserNetwork::receive(std::span<const u8> frame) {
    if (frame.size() > kLongestFrame || !well_formed(frame)) return;
    if (may_open_socket(frame) && !room_for_socket()) return;
    const PipeSignalGuard guard;
    slirp_input(slirp_.get(), frame.data(), static_cast<int>(frame.size()));
}

// Every such frame counts as a socket, until counting them says otherwise.
bool UserNetwork::room_for_socket() {
    if (sockets_ >= kMostSockets) {
        std::vector<pollfd> watched;
        collect(watched);
        count_ = 0;  // `dispatch` of what was collected before has nothing to tell this time
    }
    if (sockets_ >= kMostSockets) return false;
    ++sockets_;
    return true;
}

u32 UserNetwork::collect(std::vector<pollfd>& watched) {
    const PipeSignalGuard guard;
    Watched ours{&watched, watched.size()};
    u32 milliseconds = kForever;
    slirp_pollfds_fill(slirp_.get(), &milliseconds, add_poll, &ours);
    first_ = ours.first;
    count_ = sockets_ = watched.size() - first_;
    in_conversation_ = count_ > forwards_;
    return milliseconds;
}

void UserNetwork::dispatch(const std::vector<pollfd>& watched) {
    check(watched.size() >= first_ + count_, "dispatch gets what collect has filled");
    const PipeSignalGuard guard;
    Happened happened{watched.data() + first_, count_};
    slirp_pollfds_poll(slirp_.get(), 0, revents, &happened);
    count_ = 0;  // a socket may be gone, and its number another's
}

void UserNetwork::poll(int milliseconds) {
    std::vector<pollfd> watched;
    const u32 most = collect(watched);
    const int wait =
        most == kForever
            ? milliseconds
            : static_cast<int>(std::min<u64>(most, static_cast<u64>(std::max(milliseconds, 0))));
    // Interrupted by a signal, poll leaves what happened as it was: nothing.
    if (::poll(watched.data(), watched.size(), wait) < 0)
        for (pollfd& entry : watched) entry.revents = 0;
    dispatch(watched);
}

std::optional<std::vector<u8>> UserNetwork::next_frame() {
    if (frames_.empty()) return {};
    std::vector<u8> frame = std::move(frames_.front());
    frames_.pop_front();
    return frame;
}

}  // namespace seventeen::network
