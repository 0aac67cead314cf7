// The code that is emitted for the snippets, as golden/ has it: a change of it shows as a
// difference.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/translator/golden_snippets.h"
#include "tests/translator/listing.h"

namespace seventeen::translator {

namespace {

namespace fs = std::filesystem;

constexpr const char* kAccept = "SEVENTEEN_ACCEPT_GOLDEN";

fs::path file_of(const Snippet& snippet) {
    return fs::path(SEVENTEEN_SOURCE_DIR) / "tests/translator/golden" / (snippet.name + ".txt");
}

// Empty where there is none.
std::string read(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Accepting is a failure, too, or nobody would notice that it is switched on.
void complain(const Snippet& snippet, const std::string& actual, const std::string& difference) {
    const fs::path file = file_of(snippet);
    if (const char* accept = std::getenv(kAccept); accept && *accept == '1') {
        std::ofstream(file) << actual;
        FAIL_CHECK("rewrote " << file.string() << "; read the difference before you commit it, and "
                              << "run this without " << kAccept);
        return;
    }
    FAIL_CHECK("the code for " << snippet.name << " differs from " << file.string() << ", "
                               << difference << "If that is meant, run test_translator '[golden]' "
                               << "with " << kAccept << "=1, which rewrites the files, and commit "
                               << "them");
}

}  // namespace

TEST_CASE("Emitted code is as it was accepted", "[golden]") {
    for (const Snippet& snippet : golden_snippets()) {
        const std::string expected = read(file_of(snippet));
        const std::string actual = listing(snippet);
        if (expected.empty())
            complain(snippet, actual, "which is not there.\n");
        else if (expected != actual)
            complain(snippet, actual, first_difference(expected, actual));
    }
}

TEST_CASE("Every accepted listing has its snippet", "[golden]") {
    std::set<std::string> names;
    for (const Snippet& snippet : golden_snippets()) {
        CHECK(names.insert(snippet.name + ".txt").second);
    }
    for (const fs::directory_entry& entry :
         fs::directory_iterator(file_of(golden_snippets().front()).parent_path())) {
        const std::string name = entry.path().filename().string();
        INFO(name << " is no snippet's: delete it");
        CHECK((name == "README.md" || names.count(name) == 1));
    }
}

}  // namespace seventeen::translator
