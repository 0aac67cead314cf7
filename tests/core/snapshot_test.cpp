// Snapshot Writer and Reader: what is written is read, and no damage goes unnoticed.
#include "core/snapshot.h"

#include <catch2/catch.hpp>
#include <random>

#include "core/error.h"

namespace seventeen {

namespace {

enum class Colour : u16 { kRed = 3, kBlue = 0x1234 };

std::vector<u8> sample() {
    Writer writer;
    writer.begin("first", 2);
    writer.put(u8{0x12});
    writer.put(u64{0x1122'3344'5566'7788});
    writer.put(s16{-5});
    writer.put(true);
    writer.put(Colour::kBlue);
    writer.put(2.5);
    writer.string("text");
    writer.end();
    writer.begin("second", 1);
    writer.end();
    return std::move(writer).finish();
}

void read_sample(const std::vector<u8>& image) {
    Reader reader(image, "file");
    CHECK(reader.begin("first", 1, 2) == 2);
    CHECK(reader.get<u8>() == 0x12);
    CHECK(reader.get<u64>() == 0x1122'3344'5566'7788);
    CHECK(reader.get<s16>() == -5);
    CHECK(reader.get<bool>());
    Colour colour = Colour::kRed;
    reader.get(colour);
    CHECK(colour == Colour::kBlue);
    CHECK(reader.get<double>() == 2.5);
    CHECK(reader.string() == "text");
    reader.end();
    reader.begin("second", 1, 1);
    reader.end();
    reader.finish();
}

std::vector<u8> one_section(const std::vector<u8>& payload) {
    Writer writer;
    writer.begin("part", 1);
    writer.bytes(payload.data(), payload.size());
    writer.end();
    return std::move(writer).finish();
}

}  // namespace

TEST_CASE("values come back as they were written, in any order of sections") {
    const std::vector<u8> image = sample();
    read_sample(image);
    Reader reader(image, "file");
    CHECK(reader.has("second"));
    CHECK_FALSE(reader.has("third"));
    reader.begin("second", 1, 3);
    reader.end();
    reader.begin("first", 2, 2);
    CHECK(reader.get<u8>() == 0x12);
}

TEST_CASE("values are little-endian whatever the host's padding") {
    Writer writer;
    writer.begin("s", 1);
    writer.put(u32{0x0102'0304});
    writer.end();
    const std::vector<u8> image = std::move(writer).finish();
    const std::vector<u8> value{4, 3, 2, 1};
    CHECK(std::search(image.begin(), image.end(), value.begin(), value.end()) != image.end());
}

TEST_CASE("missing and unknown sections and versions are named") {
    const std::vector<u8> image = sample();
    Reader reader(image, "file.17");
    CHECK_THROWS_WITH(reader.begin("third", 1, 1), "file.17: section 'third' is missing");
    CHECK_THROWS_WITH(reader.begin("first", 3, 4),
                      "file.17: section 'first' has version 2, this program reads 3 to 4: use the "
                      "program that saved it");
    CHECK_THROWS_WITH(reader.begin("first", 1, 1), Catch::Contains("this program reads 1 to 1"));
    reader.begin("first", 1, 2);
    std::array<u8, 30> rest{};
    reader.bytes(rest.data(), rest.size());
    reader.end();
    CHECK_THROWS_WITH(reader.finish(), Catch::Contains("section 'second' is unknown here"));
}

TEST_CASE("reading past a section or leaving bytes behind is an error") {
    const std::vector<u8> image = one_section({1, 2, 3, 4});
    Reader reader(image, "file");
    reader.begin("part", 1, 1);
    CHECK(reader.get<u16>() == 0x0201);
    CHECK_THROWS_WITH(reader.end(), "file: section 'part' is damaged: 2 bytes are left over");
    CHECK_THROWS_WITH(reader.get<u32>(), "file: section 'part' is damaged: it ends too early");
    CHECK(reader.get<u16>() == 0x0403);
    reader.end();
}

TEST_CASE("lying lengths and truth values are errors, not allocations") {
    const std::vector<u8> image = one_section({0xff, 0xff, 0xff, 0xff, 'x'});
    Reader reader(image, "file");
    reader.begin("part", 1, 1);
    CHECK_THROWS_WITH(reader.string(), Catch::Contains("ends too early"));
    CHECK(reader.get<u8>() == 'x');
    const std::vector<u8> truth = one_section({2});
    Reader second(truth, "file");
    second.begin("part", 1, 1);
    CHECK_THROWS_WITH(second.get<bool>(), Catch::Contains("neither 0 nor 1"));
    CHECK_THROWS_WITH(second.damaged("because"), "file: section 'part' is damaged: because");
}

TEST_CASE("a file of another kind or of another format is recognised") {
    const std::vector<u8> text{'h', 'e', 'l', 'l', 'o', ' ', 'y', 'o', 'u', '\n'};
    CHECK_THROWS_WITH(Reader(text, "a.txt"), "a.txt: this is not a file that Seventeen saved");
    CHECK_THROWS_AS(Reader({}, "empty"), Error);
    std::vector<u8> newer = sample();
    newer[8] = 99;
    CHECK_THROWS_WITH(Reader(newer, "f"), Catch::Contains("it has format 99"));
}

TEST_CASE("every truncation is noticed") {
    const std::vector<u8> image = sample();
    for (std::size_t size = 0; size < image.size(); ++size) {
        INFO(size);
        const std::vector<u8> cut(image.begin(), image.begin() + static_cast<long>(size));
        CHECK_THROWS_AS(Reader(cut, "cut"), Error);
    }
    std::vector<u8> longer = image;
    longer.push_back(0);
    CHECK_THROWS_WITH(Reader(longer, "long"), Catch::Contains("bytes follow the last section"));
}

TEST_CASE("every changed bit is noticed") {
    const std::vector<u8> image = sample();
    for (std::size_t bit = 0; bit < image.size() * 8; ++bit) {
        INFO(bit);
        std::vector<u8> changed = image;
        changed[bit / 8] ^= static_cast<u8>(1 << bit % 8);
        CHECK_THROWS_AS(Reader(changed, "changed"), Error);
    }
}

TEST_CASE("sections of the same name are refused") {
    std::vector<u8> image = one_section({1});
    const std::size_t header = 16;  // magic, format, count
    image.insert(image.end(), image.begin() + header, image.end());
    image[12] = 2;
    CHECK_THROWS_WITH(Reader(image, "twice"), Catch::Contains("appears twice"));
}

TEST_CASE("random bytes after the magic are refused and never allocate what they claim") {
    std::mt19937 random(17);
    const std::vector<u8> image = sample();
    for (int i = 0; i < 20'000; ++i) {
        std::vector<u8> noise(12 + random() % 200);
        std::copy_n(image.begin(), 12, noise.begin());
        for (std::size_t at = 12; at < noise.size(); ++at)
            noise[at] = random() % 4 ? static_cast<u8>(random()) : 0xff;
        CHECK_THROWS_AS(Reader(noise, "noise"), Error);
    }
}

}  // namespace seventeen
