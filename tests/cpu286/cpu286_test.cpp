// Runs every captured 80286 test and counts differences; skips plainly where there are none.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "tests/cpu286/captured_cpu.h"
#include "tests/cpu286/differences.h"

namespace seventeen::cpu286 {

namespace {

constexpr unsigned kShownPerFile = 3;

std::filesystem::path test_folder() {
    if (const char* named = std::getenv("SEVENTEEN_CPU_TESTS")) return named;
    return std::filesystem::path(SEVENTEEN_SOURCE_DIR) / "../shared/cpu-tests/80286";
}

// Lines of hexadecimal hashes; comments start with '#'.
std::set<std::string> read_revoked(const std::filesystem::path& path) {
    std::set<std::string> hashes;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (!line.empty() && line.front() != '#') hashes.insert(line.substr(0, line.find(' ')));
    return hashes;
}

}  // namespace

TEST_CASE("Hardware-captured 80286 tests") {
    const auto folder = test_folder();
    if (!std::filesystem::is_directory(folder)) {
        std::printf("skipped: no captured tests at %s (SEVENTEEN_CPU_TESTS names another folder)\n",
                    folder.c_str());
        return;
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".gz") files.push_back(entry.path());
    std::ranges::sort(files);
    const auto revoked = read_revoked(folder / "revocation_list.txt");
    CapturedCpu cpu;
    unsigned cases = 0;
    unsigned differing = 0;
    std::map<std::string, unsigned> deliberate;
    for (const auto& file : files) {
        unsigned here = 0;
        for (const MooTest& test : read_moo(file)) {
            if (revoked.contains(test.hash)) continue;
            ++cases;
            const std::string differences = cpu.run(test);
            if (differences.empty()) continue;
            if (const std::string reason = deliberate_difference(test); !reason.empty()) {
                ++deliberate[reason];
                continue;
            }
            ++differing;
            if (++here <= kShownPerFile)
                std::printf("%s %u %s:%s\n", file.stem().stem().c_str(), test.index,
                            test.name.c_str(), differences.c_str());
        }
        if (here > kShownPerFile) std::printf("%s: %u in all\n", file.c_str(), here);
    }
    for (const auto& [reason, count] : deliberate)
        std::printf("deliberate: %u cases: %s\n", count, reason.c_str());
    std::printf("%u cases, %u differences\n", cases, differing);
    CHECK(cases > 0);
    CHECK(differing == 0);
}

}  // namespace seventeen::cpu286
