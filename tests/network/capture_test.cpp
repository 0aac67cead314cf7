// The pcap file, byte by byte (pcap-savefile(5)).
#include "network/capture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_directory.h"

namespace seventeen::network {

namespace {

using Frame = std::vector<u8>;

class Recorder final : public NetworkPort {
  public:
    void receive(std::span<const u8> frame) override {
        frames.emplace_back(frame.begin(), frame.end());
    }
    std::vector<Frame> frames;
};

const Frame kFileHeader = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
                           0,    0,    0,    0,    0, 0, 4, 0, 1, 0, 0, 0};

}  // namespace

TEST_CASE("a capture holds both directions with virtual time") {
    const TemporaryDirectory directory;
    const std::filesystem::path path = directory.path() / "net.pcap";
    Recorder card;
    Recorder cable;
    u64 now = 0;
    Capture capture(path);
    CapturedPort outward(
        capture, [&now] { return now; }, cable);
    CapturedPort inward(
        capture, [&now] { return now; }, card);
    CHECK(read_file(path, 1000) == kFileHeader);

    now = 3'000'001'999;  // a microsecond and a bit
    outward.receive(Frame{1, 2, 3});
    now = 0x1'0000'0001 * 1'000'000'000 + 999'999'999;  // seconds are 32 bits
    inward.receive(Frame{});
    CHECK(cable.frames == std::vector<Frame>{{1, 2, 3}});
    CHECK(card.frames == std::vector<Frame>{{}});
    Frame expected = kFileHeader;
    const Frame records = {3, 0, 0, 0, 1, 0,    0,    0,    3, 0, 0, 0, 3, 0, 0, 0, 1, 2,
                           3, 1, 0, 0, 0, 0x3f, 0x42, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    expected.insert(expected.end(), records.begin(), records.end());
    CHECK(read_file(path, 1000) == expected);  // before it is closed
    capture.close();
    CHECK(read_file(path, 1000) == expected);
}

TEST_CASE("a frame beyond all measure is cut, and its length kept") {
    const TemporaryDirectory directory;
    const std::filesystem::path path = directory.path() / "net.pcap";
    Capture capture(path);
    capture.write(0, Frame(0x50000, 7));
    capture.close();
    const Frame file = read_file(path, 1 << 20);
    REQUIRE(file.size() == 24 + 16 + 0x40000);
    CHECK(Frame(file.begin() + 32, file.begin() + 40) == Frame{0, 0, 4, 0, 0, 0, 5, 0});
}

TEST_CASE("a capture that cannot be written says so") {
    const TemporaryDirectory directory;
    CHECK_THROWS_WITH(
        Capture(directory.path() / "none" / "net.pcap"),
        Catch::Contains("cannot write the network capture") && Catch::Contains("none/net.pcap"));
    if (std::filesystem::exists("/dev/full")) CHECK_THROWS_AS(Capture("/dev/full"), Error);
}

TEST_CASE("a capture that fails while the guest runs says so at the end") {
    const TemporaryDirectory directory;
    const std::filesystem::path path = directory.path() / "pipe";
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
    REQUIRE(reader >= 0);
    Capture capture(path);
    capture.write(0, Frame{1, 2, 3});
    close(reader);  // whoever watched has had enough
    capture.write(0, Frame{4, 5, 6});
    capture.write(0, Frame{7, 8, 9});
    CHECK_THROWS_WITH(capture.close(), Catch::Contains("is incomplete"));
}

}  // namespace seventeen::network
