// Port forwardings as text.
#include "network/forward.h"

#include <catch2/catch.hpp>

#include "core/error.h"

namespace seventeen::network {

TEST_CASE("a forwarding is read and written") {
    const Forward web = parse_forward("tcp:192.168.1.20:8080-80");
    CHECK(web == Forward{Forward::Protocol::kTcp, {192, 168, 1, 20}, 8080, 80});
    CHECK(to_string(web) == "tcp:192.168.1.20:8080-80");
    const Forward shell = parse_forward("tcp::2222-22");
    CHECK(shell == Forward{Forward::Protocol::kTcp, {127, 0, 0, 1}, 2222, 22});
    CHECK(to_string(shell) == "tcp:127.0.0.1:2222-22");
    const Forward names = parse_forward("udp:0.0.0.0:65535-1");
    CHECK(names == Forward{Forward::Protocol::kUdp, {0, 0, 0, 0}, 65535, 1});
    CHECK(parse_forward(to_string(names)) == names);
}

TEST_CASE("what is no forwarding says what is wrong with it") {
    const auto complaint = [](const char* text) {
        try {
            parse_forward(text);
        } catch (const Error& error) {
            CHECK_THAT(error.what(), Catch::Contains("for example tcp::2222-22"));
            CHECK_THAT(error.what(), Catch::Contains("'" + std::string(text) + "'"));
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    using Catch::Contains;
    CHECK_THAT(complaint(""), Contains("does not start with 'tcp:'"));
    CHECK_THAT(complaint("sctp::1-2"), Contains("does not start with 'tcp:'"));
    CHECK_THAT(complaint("TCP::1-2"), Contains("does not start with 'tcp:'"));
    CHECK_THAT(complaint("tcp:8080-80"), Contains("colon between HOST and PORT"));
    CHECK_THAT(complaint("tcp:localhost:1-2"), Contains("'localhost' is not an IPv4 address"));
    CHECK_THAT(complaint("tcp:1.2.3:1-2"), Contains("'1.2.3' is not an IPv4 address"));
    CHECK_THAT(complaint("tcp:1.2.3.4.5:1-2"), Contains("is not an IPv4 address"));
    CHECK_THAT(complaint("tcp:1.2.3.256:1-2"), Contains("is not an IPv4 address"));
    CHECK_THAT(complaint("tcp:1.2..4:1-2"), Contains("is not an IPv4 address"));
    CHECK_THAT(complaint("tcp::8080"), Contains("'-GUESTPORT' is missing"));
    CHECK_THAT(complaint("tcp::0-80"), Contains("host's port '0' is not a number from 1"));
    CHECK_THAT(complaint("tcp::65536-80"), Contains("host's port '65536'"));
    CHECK_THAT(complaint("tcp::+1-80"), Contains("host's port '+1'"));
    CHECK_THAT(complaint("tcp::-80"), Contains("host's port ''"));
    CHECK_THAT(complaint("tcp::1-"), Contains("guest's port ''"));
    CHECK_THAT(complaint("tcp::1--2"), Contains("guest's port '-2'"));
    CHECK_THAT(complaint("tcp::1-2x"), Contains("guest's port '2x'"));
}

}  // namespace seventeen::network
