// The user network answers a guest on its own; sockets are those of this host's loopback only.
#include "network/user_network.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/network/fake_guest.h"

namespace seventeen::network {

namespace {

sockaddr_in loopback(u16 port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// A socket of the host, closed at the end.
class Socket {
  public:
    explicit Socket(int type) : fd_(::socket(AF_INET, type, 0)) {}
    explicit Socket(int fd, bool) : fd_(fd) {}
    ~Socket() { close(); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    int fd() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    // SAFETY: sockaddr_in is one of the forms a sockaddr has.
    bool bind(u16 port) {
        const sockaddr_in address = loopback(port);
        return ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    bool connect(u16 port) {
        const sockaddr_in address = loopback(port);
        return ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    u16 port() const {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        // SAFETY: as above.
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin_port);
    }
    Bytes read(std::size_t most) {
        Bytes bytes(most);
        const ssize_t size = ::recv(fd_, bytes.data(), most, MSG_DONTWAIT);
        bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return bytes;
    }
    void write(const Bytes& bytes) {
        REQUIRE(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }

  private:
    int fd_;
};

u16 free_port(int type) {
    Socket socket(type);
    REQUIRE(socket.bind(0));
    return socket.port();
}

struct Server {
    Socket socket{SOCK_STREAM};
    Server() {
        REQUIRE(socket.bind(0));
        REQUIRE(::listen(socket.fd(), 4) == 0);
    }
    int accept() const { return ::accept4(socket.fd(), nullptr, nullptr, SOCK_NONBLOCK); }
};

// The three-way handshake from the guest; the sequence numbers that come next.
Segment connect_to(FakeGuest& guest, u16 port) {
    const Segment syn{1025, port, 100, 0, kSyn, {}};
    guest.send_ip(tcp(kGuestAddress, kRouterAddress, syn));
    const std::optional<Segment> answer = guest.wait_for_segment(kSyn | kAck);
    REQUIRE(answer);
    CHECK(answer->from_port == port);
    CHECK(answer->to_port == 1025);
    CHECK(answer->acknowledge == 101);
    Segment next{1025, port, 101, answer->sequence + 1, kAck, {}};
    guest.send_ip(tcp(kGuestAddress, kRouterAddress, next));
    return next;
}

Bytes dhcp_discover() {
    const Bytes fixed = Bytes{1, 1, 6, 0, 0x11, 0x22, 0x33, 0x44} + Bytes(20, 0) + kGuestStation +
                        Bytes(10 + 64 + 128, 0) + Bytes{0x63, 0x82, 0x53, 0x63};
    return fixed + Bytes{53, 1, 1, 55, 2, 3, 6, 255};
}

// The value of an option in a DHCP message.
Bytes dhcp_option(const Bytes& message, u8 wanted) {
    for (std::size_t at = 240; at + 1 < message.size() && message[at] != 255;
         at += message[at] == 0 ? 1 : 2u + message[at + 1])
        if (message[at] == wanted) return part(message, at + 2, message[at + 1]);
    return {};
}

}  // namespace

TEST_CASE("the router answers ARP at once") {
    FakeGuest guest;
    guest.network.receive(ethernet(kEverybody, 0x0806, arp(1, Bytes(6, 0), kRouterAddress)));
    const std::optional<Bytes> frame = guest.network.next_frame();
    REQUIRE(frame);
    CHECK(part(*frame, 0, 6) == kGuestStation);
    CHECK(get16(*frame, 20) == 2);
    CHECK(part(*frame, 22, 6) == kRouterStation);
    CHECK(part(*frame, 28, 4) == kRouterAddress);
    CHECK_FALSE(guest.network.next_frame());
}

TEST_CASE("DHCP offers 10.0.2.15 with router and name server, restricted or not") {
    for (const bool restricted : {false, true}) {
        UserNetworkOptions options;
        options.restricted = restricted;
        FakeGuest guest(options);
        guest.network.receive(ethernet(
            kEverybody, 0x0800, udp({0, 0, 0, 0}, 68, {255, 255, 255, 255}, 67, dhcp_discover())));
        Bytes offer;
        CHECK(guest.wait_for([&offer](const Bytes& frame) {
            const std::optional<Bytes> payload = ip_payload(frame, kUdp);
            if (payload) offer = part(*payload, 8, payload->size());
            return payload.has_value();
        }));
        REQUIRE(offer.size() > 240);
        CHECK(part(offer, 16, 4) == kGuestAddress);
        CHECK(dhcp_option(offer, 53) == Bytes{2});
        CHECK(dhcp_option(offer, 1) == Bytes{255, 255, 255, 0});
        if (!restricted) {
            CHECK(dhcp_option(offer, 3) == kRouterAddress);
            CHECK(dhcp_option(offer, 6) == Bytes{10, 0, 2, 3});
        }
    }
}

TEST_CASE("the router answers a ping") {
    FakeGuest guest;
    const Bytes rest = Bytes{0x12, 0x34, 0, 1} + text("sixteen plus one");
    const Bytes echo = Bytes{8, 0} + checksum(Bytes{8, 0, 0, 0} + rest) + rest;
    guest.send_ip(ipv4(kIcmp, kGuestAddress, kRouterAddress, echo));
    CHECK(guest.wait_for([&rest](const Bytes& frame) {
        const std::optional<Bytes> reply = ip_payload(frame, kIcmp);
        return reply && (*reply)[0] == 0 && part(*reply, 4, rest.size()) == rest;
    }));
}

TEST_CASE("a connection to 10.0.2.2 reaches this host's loopback, and back") {
    Server server;
    FakeGuest guest;
    std::vector<pollfd> watched;
    guest.network.collect(watched);
    CHECK(watched.empty());
    CHECK_FALSE(guest.network.in_conversation());

    Segment next = connect_to(guest, server.socket.port());
    next.flags = kAck | kPush;
    next.data = text("GET / HTTP/1.0\r\n\r\n");
    guest.send_ip(tcp(kGuestAddress, kRouterAddress, next));
    guest.step();
    CHECK(guest.network.in_conversation());
    const int accepted = server.accept();
    REQUIRE(accepted >= 0);
    Socket peer(accepted, true);
    CHECK(peer.read(100) == next.data);

    peer.write(text("hello"));
    const std::optional<Segment> answer = guest.wait_for_segment(kPush);
    REQUIRE(answer);
    CHECK(answer->data == text("hello"));
    CHECK(answer->sequence == next.acknowledge);
    CHECK(answer->acknowledge == 101 + next.data.size());
    peer.close();
    CHECK(guest.wait_for_segment(kFin));
}

TEST_CASE("writing to a connection that the host has closed kills nobody") {
    Server server;
    FakeGuest guest;
    Segment next = connect_to(guest, server.socket.port());
    Socket(server.accept(), true).close();
    next.flags = kAck | kPush;
    next.data = text("too late");
    for (int i = 0; i < 5; ++i) {
        guest.send_ip(tcp(kGuestAddress, kRouterAddress, next));
        next.sequence += static_cast<u32>(next.data.size());
        guest.step();
    }
    guest.network.receive(ethernet(kEverybody, 0x0806, arp(1, Bytes(6, 0), kRouterAddress)));
    CHECK(guest.wait_for([](const Bytes& frame) { return get16(frame, 12) == 0x0806; }));
}

TEST_CASE("a connection nobody takes is refused") {
    FakeGuest guest;
    const Segment syn{1025, free_port(SOCK_STREAM), 100, 0, kSyn, {}};
    guest.send_ip(tcp(kGuestAddress, kRouterAddress, syn));
    CHECK(guest.wait_for_segment(kReset));
}

TEST_CASE("restricted, the guest does not get out") {
    Server server;
    UserNetworkOptions options;
    options.restricted = true;
    FakeGuest guest(options);
    const Segment syn{1025, server.socket.port(), 100, 0, kSyn, {}};
    guest.send_ip(tcp(kGuestAddress, kRouterAddress, syn));
    CHECK_FALSE(guest.wait_for(
        [](const Bytes& frame) {
            const std::optional<Segment> segment = segment_of(frame);
            return segment && (segment->flags & kSyn) != 0;
        },
        40));
    pollfd listening{server.socket.fd(), POLLIN, 0};
    CHECK(::poll(&listening, 1, 0) == 0);
    CHECK_FALSE(guest.network.in_conversation());
}

TEST_CASE("a forwarded TCP port brings the host's connection to the guest") {
    for (const bool restricted : {false, true}) {
        UserNetworkOptions options;
        options.restricted = restricted;
        options.forwards = {{Forward::Protocol::kTcp, {127, 0, 0, 1}, free_port(SOCK_STREAM), 80}};
        FakeGuest guest(options);
        guest.step();
        CHECK_FALSE(guest.network.in_conversation());
        Socket client(SOCK_STREAM);
        REQUIRE(client.connect(options.forwards[0].host_port));
        const std::optional<Segment> syn = guest.wait_for_segment(kSyn);
        REQUIRE(syn);
        CHECK(syn->to_port == 80);

        Segment next{80, syn->from_port, 5000, syn->sequence + 1, kSyn | kAck, {}};
        guest.send_ip(tcp(kGuestAddress, kRouterAddress, next));
        REQUIRE(guest.wait_for_segment(kAck));
        client.write(text("are you there?"));
        const std::optional<Segment> question = guest.wait_for_segment(kPush);
        REQUIRE(question);
        CHECK(question->data == text("are you there?"));
        next = {80, syn->from_port, 5001, question->sequence + 14, kAck | kPush, text("yes")};
        guest.send_ip(tcp(kGuestAddress, kRouterAddress, next));
        guest.step();
        CHECK(guest.network.in_conversation());
        CHECK(client.read(10) == text("yes"));
    }
}

TEST_CASE("a forwarded UDP port brings the host's datagrams") {
    UserNetworkOptions options;
    options.forwards = {{Forward::Protocol::kUdp, {127, 0, 0, 1}, free_port(SOCK_DGRAM), 69}};
    FakeGuest guest(options);
    Socket client(SOCK_DGRAM);
    REQUIRE(client.connect(options.forwards[0].host_port));
    client.write(text("datagram"));
    CHECK(guest.wait_for([](const Bytes& frame) {
        const std::optional<Bytes> payload = ip_payload(frame, kUdp);
        return payload && get16(*payload, 2) == 69 && part(*payload, 8, 99) == text("datagram");
    }));
}

TEST_CASE("a port that is taken cannot be forwarded") {
    Server server;
    UserNetworkOptions options;
    options.forwards = {{Forward::Protocol::kTcp, {127, 0, 0, 1}, server.socket.port(), 80}};
    CHECK_THROWS_WITH(FakeGuest(options), Catch::Contains("cannot forward 'tcp:127.0.0.1:") &&
                                              Catch::Contains("-80': Address already in use"));
}

TEST_CASE("the queue of frames for the guest is bounded") {
    FakeGuest guest;
    for (std::size_t i = 0; i < UserNetwork::kMostFrames + 10; ++i)
        guest.network.receive(ethernet(kEverybody, 0x0806, arp(1, Bytes(6, 0), kRouterAddress)));
    CHECK(guest.network.dropped() == 10);
    std::size_t waiting = 0;
    while (guest.network.next_frame()) ++waiting;
    CHECK(waiting == UserNetwork::kMostFrames);
    CHECK_FALSE(guest.network.has_frame());
}

// Each datagram comes from another port; the host's end is a socket that nobody reads.
TEST_CASE("a guest cannot use up the host's descriptors") {
    Socket sink(SOCK_DGRAM);
    REQUIRE(sink.bind(0));
    FakeGuest guest;
    for (u32 i = 0; i < 2000; ++i)
        guest.send_ip(udp(kGuestAddress, 2000 + i, kRouterAddress, sink.port(), text("hello")));
    std::vector<pollfd> watched;
    guest.network.collect(watched);
    CHECK(watched.size() == UserNetwork::kMostSockets);
    guest.network.dispatch(watched);
    const Bytes ping = Bytes{8, 0} + checksum({8, 0, 0, 1, 0, 1}) + Bytes{0, 1, 0, 1};
    guest.send_ip(ipv4(kIcmp, kGuestAddress, kRouterAddress, ping));
    guest.network.receive(ethernet(kEverybody, 0x0806, arp(1, Bytes(6, 0), kRouterAddress)));
    CHECK(guest.wait_for([](const Bytes& frame) { return get16(frame, 12) == 0x0806; }));
}

TEST_CASE("many datagrams of one conversation all get through") {
    Socket sink(SOCK_DGRAM);
    REQUIRE(sink.bind(0));
    FakeGuest guest;
    std::size_t arrived = 0;
    for (u32 i = 0; i < 2000; ++i) {
        guest.send_ip(udp(kGuestAddress, 2000, kRouterAddress, sink.port(), text("hello")));
        arrived += sink.read(10).size() / 5;
    }
    CHECK(arrived == 2000);
}

TEST_CASE("frames of absurd length are no frames") {
    FakeGuest guest;
    const Bytes request = ethernet(kEverybody, 0x0806, arp(1, Bytes(6, 0), kRouterAddress));
    guest.network.receive({});
    for (std::size_t size = 0; size < request.size(); ++size)
        guest.network.receive(part(request, 0, size));
    for (const std::size_t size : {1515u, 1518u, 9018u, 65549u, 65550u, 1u << 20}) {
        Bytes frame = request;
        frame.resize(size);
        guest.network.receive(frame);
    }
    CHECK_FALSE(guest.network.has_frame());
    Bytes frame = request;
    frame.resize(1514);
    guest.network.receive(frame);
    CHECK(guest.network.has_frame());
}

// Lengths, offsets, flags and options that lie. Nothing of it leaves the host: restricted, and to
// the router's address only.
TEST_CASE("a guest that sends nonsense is survived") {
    UserNetworkOptions options;
    options.restricted = true;
    FakeGuest guest(options);
    u64 seed = 17;
    const auto random = [&seed] {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        return static_cast<u32>(seed >> 33);
    };
    const std::vector<Bytes> models = {
        ethernet(kEverybody, 0x0806, arp(1, Bytes(6, 0), kRouterAddress)),
        ethernet(kEverybody, 0x0800,
                 udp({0, 0, 0, 0}, 68, {255, 255, 255, 255}, 67, dhcp_discover())),
        ethernet(kRouterStation, 0x0800,
                 udp(kGuestAddress, 1026, kRouterAddress, 69,
                     Bytes{0, 1} + text("file") + Bytes{0} + text("octet") + Bytes{0})),
        ethernet(kRouterStation, 0x0800,
                 tcp(kGuestAddress, kRouterAddress, {1025, 9, 1, 0, kSyn, text("data")})),
        ethernet(kRouterStation, 0x0800,
                 ipv4(kIcmp, kGuestAddress, kRouterAddress, Bytes{8, 0, 0, 0, 0, 1, 0, 1}))};
    for (int i = 0; i < 20000; ++i) {
        Bytes frame = models[random() % models.size()];
        for (u32 changes = random() % 4; changes > 0; --changes)
            frame[12 + random() % (frame.size() - 12)] = static_cast<u8>(random());
        if (get16(frame, 12) == 0x0800 && random() % 2 == 0) {  // the header's checksum is right
            const Bytes sum = checksum(part(frame, 14, 10) + Bytes{0, 0} + part(frame, 26, 8));
            std::copy(sum.begin(), sum.end(), frame.begin() + 24);
        }
        if (random() % 4 == 0) frame.resize(14 + random() % 1501);
        guest.network.receive(frame);
        while (guest.network.next_frame()) {
        }
        if (i % 100 == 0) guest.network.poll(0);
    }
    guest.network.receive(ethernet(kEverybody, 0x0806, arp(1, Bytes(6, 0), kRouterAddress)));
    CHECK(guest.network.has_frame());
}

}  // namespace seventeen::network
