// DmaController: registers and transfers of the PC's two 8237A, as drivers program them.
#include "devices/dma_controller.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr unsigned kFirst = DmaController::kFirst;
constexpr unsigned kSecond = DmaController::kSecond;
constexpr unsigned kPages = DmaController::kPages;

struct Memory final : DmaPort {
    std::vector<u8> bytes = std::vector<u8>(1u << 24);

    void dma_read(PhysicalAddress address, void* into, std::size_t size) override {
        REQUIRE(address.value + size <= bytes.size());
        std::memcpy(into, bytes.data() + address.value, size);
    }
    void dma_write(PhysicalAddress address, const void* from, std::size_t size) override {
        REQUIRE(address.value + size <= bytes.size());
        std::memcpy(bytes.data() + address.value, from, size);
    }
};

struct Board {
    Memory memory;
    DmaController chip{memory};

    u8 in(unsigned region, u64 port) { return static_cast<u8>(chip.read(region, port, 1)); }
    void out(unsigned region, u64 port, unsigned value) { chip.write(region, port, value, 1); }
    // Channel 0 to 3 of a chip, whose registers lie `1 << region` ports apart.
    void program(unsigned region, unsigned channel, u8 mode, u16 address, u16 count) {
        const auto reg = [&](unsigned number) { return u64{number} << region; };
        out(region, reg(0xa), 4 | channel);
        out(region, reg(0xc), 0);
        out(region, reg(0xb), mode | channel);
        out(region, reg(2 * channel), address & 0xffu);
        out(region, reg(2 * channel), address >> 8u);
        out(region, reg(2 * channel + 1), count & 0xffu);
        out(region, reg(2 * channel + 1), count >> 8u);
        out(region, reg(0xa), channel);
    }
    unsigned word(unsigned region, unsigned number) {
        out(region, 0xcull << region, 0);
        const unsigned low = in(region, u64{number} << region);
        return static_cast<unsigned>(in(region, u64{number} << region)) << 8 | low;
    }
};

std::vector<u8> pattern(std::size_t size) {
    std::vector<u8> bytes(size);
    std::iota(bytes.begin(), bytes.end(), u8{1});
    return bytes;
}

}  // namespace

TEST_CASE("8237A: a device writes a sector to memory, up to terminal count") {
    Board board;
    board.out(kPages, 0x0, 0x12);  // port 81h: channel 2
    board.program(kFirst, 2, 0x44, 0x3456, 511);
    DmaChannel& channel = board.chip.channel(2);
    const std::vector<u8> data = pattern(600);
    CHECK(channel.write(std::span(data).first(200)) == 200);
    CHECK_FALSE(channel.terminal_count());
    CHECK(board.word(kFirst, 4) == 0x3456 + 200);
    CHECK(board.word(kFirst, 5) == 311);
    CHECK(board.in(kFirst, 8) == 0);
    CHECK(channel.write(std::span(data).subspan(200)) == 312);
    CHECK(channel.terminal_count());
    CHECK(std::memcmp(board.memory.bytes.data() + 0x123456, data.data(), 512) == 0);
    CHECK(board.memory.bytes[0x123456 + 512] == 0);
    CHECK(board.word(kFirst, 5) == 0xffff);
    CHECK(board.in(kFirst, 8) == 0x04);
    CHECK(board.in(kFirst, 8) == 0);
    CHECK(channel.write(data) == 0);  // the channel has closed
    CHECK(board.in(kFirst, 0xf) == 0xff);
}

TEST_CASE("8237A: a device reads from memory, in the direction programmed only") {
    Board board;
    board.out(kPages, 0x2, 0x01);  // port 83h: channel 1
    board.memory.bytes[0x10002] = 0x77;
    board.program(kFirst, 1, 0x48, 0x0000, 7);
    std::vector<u8> data(4);
    CHECK(board.chip.channel(1).write(data) == 0);
    CHECK(board.chip.channel(1).read(data) == 4);
    CHECK(data == std::vector<u8>{0, 0, 0x77, 0});
    CHECK(board.chip.channel(3).read(data) == 0);  // masked
    board.out(kFirst, 8, 0x04);                    // controller disabled
    CHECK(board.chip.channel(1).read(data) == 0);
    board.out(kFirst, 8, 0x00);
    CHECK(board.chip.channel(1).read(data) == 4);
    board.program(kFirst, 1, 0xc8, 0x0000, 7);  // cascade
    CHECK(board.chip.channel(1).read(data) == 0);
}

TEST_CASE("8237A: a verify transfer counts and touches nothing") {
    Board board;
    board.program(kFirst, 2, 0x40, 0x0000, 3);
    const std::vector<u8> data = pattern(8);
    CHECK(board.chip.channel(2).write(data) == 4);
    CHECK(board.chip.channel(2).terminal_count());
    CHECK(board.memory.bytes[0] == 0);
}

TEST_CASE("8237A: addresses wrap within their page, upwards and downwards") {
    Board board;
    board.out(kPages, 0x0, 0x02);
    const std::vector<u8> data = pattern(4);
    board.program(kFirst, 2, 0x44, 0xfffe, 3);
    CHECK(board.chip.channel(2).write(data) == 4);
    CHECK(board.memory.bytes[0x2ffff] == 2);
    CHECK(board.memory.bytes[0x20000] == 3);
    CHECK(board.memory.bytes[0x30000] == 0);
    board.program(kFirst, 2, 0x64, 0x0001, 3);
    CHECK(board.chip.channel(2).write(data) == 4);
    CHECK(board.memory.bytes[0x20001] == 1);
    CHECK(board.memory.bytes[0x20000] == 2);
    CHECK(board.memory.bytes[0x2ffff] == 3);
}

TEST_CASE("8237A: the second chip moves words, also to the whole of a double page") {
    Board board;
    board.out(kPages, 0xa, 0x05);  // port 8bh: channel 5; its lowest bit is not used
    board.program(kSecond, 1, 0x44, 0x8001, 1);
    const std::vector<u8> data = pattern(7);
    CHECK(board.chip.channel(5).write(std::span(data).first(3)) == 2);
    CHECK(board.chip.channel(5).write(data) == 2);
    CHECK(board.chip.channel(5).terminal_count());
    CHECK(board.memory.bytes[0x50002] == 1);
    CHECK(board.memory.bytes[0x50003] == 2);
    CHECK(board.memory.bytes[0x50004] == 1);
    CHECK(board.in(kSecond, 0x10) == 0x02);
    CHECK(board.in(kFirst, 8) == 0);
}

TEST_CASE("8237A: autoinitialization starts over at terminal count and stays open") {
    Board board;
    board.program(kFirst, 1, 0x58, 0x0100, 3);
    board.memory.bytes[0x100] = 0x5a;
    std::vector<u8> data(6);
    CHECK(board.chip.channel(1).read(data) == 4);
    CHECK(board.chip.channel(1).terminal_count());
    CHECK(board.word(kFirst, 2) == 0x0100);
    CHECK(board.word(kFirst, 3) == 3);
    CHECK(board.chip.channel(1).read(data) == 4);
    CHECK(data[0] == 0x5a);
}

TEST_CASE("8237A: masks, software requests and the clear commands") {
    Board board;
    board.out(kFirst, 0xf, 0x05);
    CHECK(board.in(kFirst, 0xf) == 0xf5);
    board.out(kFirst, 0xa, 0x00);
    board.out(kFirst, 0xa, 0x07);
    CHECK(board.in(kFirst, 0xf) == 0xfc);
    board.out(kFirst, 0xe, 0);
    CHECK(board.in(kFirst, 0xf) == 0xf0);
    board.out(kFirst, 9, 0x06);
    CHECK(board.in(kFirst, 8) == 0x40);
    board.out(kFirst, 9, 0x02);
    CHECK(board.in(kFirst, 8) == 0x00);
    board.out(kFirst, 0, 0x34);  // the flip-flop now points to the high byte
    board.out(kFirst, 0xd, 0);
    CHECK(board.in(kFirst, 0xf) == 0xff);
    board.out(kFirst, 0, 0x78);
    board.out(kFirst, 0, 0x56);
    CHECK(board.word(kFirst, 0) == 0x5678);
}

TEST_CASE("8237A: all page registers can be written and read") {
    Board board;
    for (u64 i = 0; i < DmaController::kPagesSize; ++i)
        board.out(kPages, i, 0xa0 + static_cast<unsigned>(i));
    for (u64 i = 0; i < DmaController::kPagesSize; ++i) CHECK(board.in(kPages, i) == 0xa0 + i);
}

TEST_CASE("8237A: restores what it saved, and refuses damage") {
    Board board;
    board.out(kPages, 0x0, 0x12);
    board.program(kFirst, 2, 0x54, 0x3456, 511);
    const std::vector<u8> data = pattern(100);
    board.chip.channel(2).write(data);
    Writer writer;
    board.chip.save(writer);
    const std::vector<u8> image = std::move(writer).finish();
    Board other;
    Reader reader(image, "test");
    other.chip.restore(reader);
    reader.finish();
    CHECK(other.chip.channel(2).write(data) == 100);
    CHECK(other.memory.bytes[0x123456 + 100] == 1);
    CHECK(other.word(kFirst, 5) == 311);

    Writer bad_writer;
    bad_writer.begin("DMA controller", 1);
    for (int i = 0; i < 8 * 10; ++i) bad_writer.put(u8{1});
    for (int i = 0; i < 10; ++i) bad_writer.put(u8{i % 5 == 4 ? u8{1} : u8{0xff}});
    for (int i = 0; i < 15; ++i) bad_writer.put(u8{0});
    bad_writer.end();
    const std::vector<u8> bad = std::move(bad_writer).finish();
    Reader bad_reader(bad, "test");
    CHECK_THROWS_AS(other.chip.restore(bad_reader), Error);
}

}  // namespace seventeen::devices
