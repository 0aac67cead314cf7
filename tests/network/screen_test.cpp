// Which frames of a guest are let through.
#include "network/screen.h"

#include <catch2/catch.hpp>

#include "tests/network/fake_guest.h"

namespace seventeen::network {

namespace {

Bytes with(Bytes frame, std::size_t at, u8 value) {
    frame.at(at) = value;
    return frame;
}

Bytes ip_frame(const Bytes& packet) {
    return ethernet(kRouterStation, 0x0800, packet);
}

}  // namespace

TEST_CASE("ARP needs all of its fields") {
    const Bytes request = ethernet(kEverybody, 0x0806, arp(1, Bytes(6, 0), kRouterAddress));
    CHECK(well_formed(request));
    CHECK_FALSE(well_formed(part(request, 0, request.size() - 1)));
    CHECK_FALSE(may_open_socket(request));
}

TEST_CASE("other protocols than ARP and IPv4 have nobody to talk to") {
    CHECK_FALSE(well_formed({}));
    CHECK_FALSE(well_formed(Bytes(13)));
    for (const u32 type : {0x0000u, 0x05dcu, 0x0805u, 0x8100u, 0x86ddu, 0xffffu})
        CHECK_FALSE(well_formed(ethernet(kRouterStation, type, Bytes(60))));
}

TEST_CASE("an IPv4 header must be plain and its length true") {
    const Bytes frame = ip_frame(udp(kGuestAddress, 1, kRouterAddress, 2, text("data")));
    REQUIRE(frame.size() == 46);
    CHECK(well_formed(frame));
    CHECK(well_formed(frame + Bytes(14, 0)));         // padded
    CHECK_FALSE(well_formed(part(frame, 0, 45)));     // cut
    CHECK_FALSE(well_formed(part(frame, 0, 33)));     // within the header
    CHECK_FALSE(well_formed(with(frame, 14, 0x65)));  // version 6
    CHECK_FALSE(well_formed(with(frame, 14, 0x44)));  // too short a header
    CHECK_FALSE(well_formed(with(frame, 14, 0x46)));  // an option
    CHECK_FALSE(well_formed(with(frame, 17, 19)));    // no room for the header
    CHECK_FALSE(well_formed(with(frame, 16, 0x01)));  // longer than the frame
    CHECK_FALSE(well_formed(with(frame, 20, 0x60)));  // more fragments
    CHECK_FALSE(well_formed(with(frame, 21, 0x01)));  // not the first
    CHECK(well_formed(with(frame, 20, 0x00)));        // may be fragmented, but is not
    CHECK_FALSE(well_formed(with(frame, 23, 2)));     // IGMP
}

TEST_CASE("headers of UDP, TCP and ICMP must fit") {
    const Bytes datagram = ip_frame(udp(kGuestAddress, 1, kRouterAddress, 2, text("data")));
    CHECK(may_open_socket(datagram));
    CHECK(well_formed(with(datagram, 39, 8)));  // what follows is not the datagram's
    CHECK_FALSE(well_formed(with(datagram, 39, 7)));
    CHECK_FALSE(well_formed(with(datagram, 39, 13)));
    CHECK_FALSE(well_formed(with(part(datagram, 0, 41), 17, 27)));

    const Bytes syn = ip_frame(tcp(kGuestAddress, kRouterAddress, {1, 2, 3, 4, kSyn, {}}));
    CHECK(well_formed(syn));
    CHECK(may_open_socket(syn));
    CHECK_FALSE(well_formed(with(syn, 46, 0x40)));
    CHECK_FALSE(well_formed(with(syn, 46, 0x60)));
    CHECK_FALSE(well_formed(with(part(syn, 0, 53), 17, 39)));
    const Bytes push = ip_frame(tcp(kGuestAddress, kRouterAddress, {1, 2, 3, 4, kAck, Bytes(4)}));
    CHECK(well_formed(with(push, 46, 0x60)));
    CHECK_FALSE(may_open_socket(push));

    CHECK(well_formed(ip_frame(ipv4(kIcmp, kGuestAddress, kRouterAddress, Bytes(8)))));
    CHECK_FALSE(well_formed(ip_frame(ipv4(kIcmp, kGuestAddress, kRouterAddress, Bytes(7)))));
}

}  // namespace seventeen::network
