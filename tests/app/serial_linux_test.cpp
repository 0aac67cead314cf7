// The host's ends of a serial line carry bytes, and wrong words are refused.
#include "app/serial_linux.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_directory.h"

namespace seventeen::app {

TEST_CASE("A file gets what the guest sends") {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "serial.txt";
    {
        const auto line = open_serial("file:" + path.string());
        for (const char letter : std::string_view("hello")) line->send(static_cast<u8>(letter));
        CHECK(line->input_fd() == -1);
    }
    const std::vector<u8> bytes = read_file(path, 100);
    CHECK(std::string(bytes.begin(), bytes.end()) == "hello");
}

TEST_CASE("A socket carries bytes both ways, to one peer after another") {
    const TemporaryDirectory directory;
    const std::string path = (directory.path() / "line").string();
    const auto line = open_serial("unix:" + path);
    for (int round = 0; round < 2; ++round) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        const int peer = socket(AF_UNIX, SOCK_STREAM, 0);
        // SAFETY: the sockets interface takes every kind of address as a sockaddr.
        REQUIRE(connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        CHECK(line->receive().empty());  // the connection itself
        REQUIRE(write(peer, "in", 2) == 2);
        CHECK(line->receive() == std::vector<u8>{'i', 'n'});
        line->send('o');
        char got = 0;
        REQUIRE(read(peer, &got, 1) == 1);
        CHECK(got == 'o');
        close(peer);
        CHECK(line->receive().empty());  // the hang-up
        line->send('x');                 // nobody listens: dropped
    }
}

TEST_CASE("Words that name no line are refused") {
    CHECK_THROWS_AS(open_serial("telepathy"), Error);
    CHECK_THROWS_AS(open_serial("tcp:nowhere"), Error);
    CHECK_THROWS_AS(open_serial("file:/nonexistent/serial"), Error);
}

}  // namespace seventeen::app
