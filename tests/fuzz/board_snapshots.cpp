// Twins, and snapshots that lie.
#include "tests/fuzz/board_snapshots.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "core/check.h"
#include "core/digest.h"
#include "core/error.h"
#include "tests/fuzz/board_operations.h"

namespace seventeen::fuzz {

namespace {

constexpr unsigned kTwinOperations = 300;
constexpr unsigned kDamagedOperations = 60;
constexpr unsigned kDamages = 6;

// Where a section lies in an image (core/snapshot.h): its frame is what the checksum covers.
struct Section {
    std::string name;
    std::size_t start = 0;
    std::size_t payload = 0;
    std::size_t end = 0;  // the checksum follows
};

template <typename T>
T value_at(const std::vector<u8>& image, std::size_t at) {
    T value;
    std::memcpy(&value, image.data() + at, sizeof value);
    return value;
}

std::vector<Section> sections_of(const std::vector<u8>& image) {
    constexpr std::size_t kHeader = 16;
    std::vector<Section> sections;
    for (std::size_t at = kHeader; at < image.size();) {
        Section section;
        section.start = at;
        const u32 length = value_at<u32>(image, at);
        section.name.assign(image.begin() + static_cast<std::ptrdiff_t>(at + 4),
                            image.begin() + static_cast<std::ptrdiff_t>(at + 4 + length));
        section.payload = at + 4 + length + sizeof(u32) + sizeof(u64);
        section.end = section.payload + value_at<u64>(image, section.payload - sizeof(u64));
        at = section.end + sizeof(u64);
        sections.push_back(section);
    }
    return sections;
}

// Says which sections two images differ in.
void report_difference(const std::vector<u8>& first, const std::vector<u8>& second) {
    const std::vector<Section> ours = sections_of(first);
    const std::vector<Section> theirs = sections_of(second);
    for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
        const std::span a(first.data() + ours[i].payload, ours[i].end - ours[i].payload);
        const std::span b(second.data() + theirs[i].payload, theirs[i].end - theirs[i].payload);
        if (a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin())) continue;
        const auto where = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
        std::fprintf(stderr, "section '%s' differs from byte %td on (sizes %zu, %zu)\n",
                     ours[i].name.c_str(), where.first - a.begin(), a.size(), b.size());
    }
}

void check_equal(Board& board, Board& twin, const char* what) {
    const std::vector<u8> ours = board.save();
    const std::vector<u8> theirs = twin.save();
    if (ours != theirs) report_difference(ours, theirs);
    check(ours == theirs, what);
    check(board.pc().platform().digest() == twin.pc().platform().digest(),
          "a restored machine's digest differs");
}

void change_bytes(std::vector<u8>& image, const Section& section, Choices& choices) {
    const std::size_t size = section.end - section.payload;
    for (u32 left = 1 + choices.below(4); left != 0; --left) {
        // Small sections hold registers; of a large one, the front tells its sizes.
        const std::size_t range = choices.one_in(2) ? size : std::min<std::size_t>(size, 64);
        u8& byte = image[section.payload + choices.dword() % range];
        byte = choices.one_in(2) ? static_cast<u8>(choices.value(1))
                                 : static_cast<u8>(byte ^ 1u << choices.below(8));
    }
}

void seal(std::vector<u8>& image, const Section& section) {
    const u64 sum = digest(std::span(image).subspan(section.start, section.end - section.start));
    std::memcpy(image.data() + section.end, &sum, sizeof sum);
}

// A machine that has run before is restored as well as a new one.
void use_up(Board& board, Choices& choices) {
    for (unsigned i = 0; i < kTwinOperations; ++i) operate(board, choices);
    board.run(0, 0);
}

}  // namespace

void check_snapshot(Board& board, Choices& choices) {
    board.run(0, 0);  // what chips have asked for, a reset perhaps, is done between two runs
    const std::unique_ptr<Board> twin = board.sibling();
    if (choices.one_in(2)) use_up(*twin, choices);
    twin->take_over(board);
    check_equal(board, *twin, "a restored machine saves other bytes than its original");
    const u64 seed = choices.bytes(8);
    SeededChoices ours(seed);
    SeededChoices theirs(seed);
    for (unsigned i = 0; i < kTwinOperations; ++i) {
        const char* const name = operate(board, ours);
        operate(*twin, theirs);
        if (board.trace() == twin->trace()) continue;
        std::fprintf(stderr, "after operation %u: %s\n", i, name);
        check_equal(board, *twin, "a restored machine goes on in another way than its original");
        check(false, "a guest sees that its machine was restored");
    }
    check_equal(board, *twin, "a restored machine goes on in another way than its original");
}

void damage_snapshot(Board& board, Choices& choices) {
    const std::vector<u8> image = board.save();
    const std::vector<Section> sections = sections_of(image);
    for (unsigned i = 0; i < kDamages; ++i) {
        const Section section = choices.among(sections);
        if (section.end == section.payload) continue;
        std::vector<u8> damaged = image;
        change_bytes(damaged, section, choices);
        const bool sealed = !choices.one_in(8);
        if (sealed) seal(damaged, section);
        const std::unique_ptr<Board> victim = board.sibling();
        try {
            victim->restore(damaged);
        } catch (const Error&) {
            continue;
        }
        check(sealed || damaged == image, "a snapshot with a wrong checksum is accepted");
        SeededChoices after(choices.bytes(8));
        for (unsigned n = 0; n < kDamagedOperations; ++n) operate(*victim, after);
    }
}

}  // namespace seventeen::fuzz
