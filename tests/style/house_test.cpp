// The project itself, held to every rule.
#include <catch2/catch.hpp>
#include <iostream>

#include "tests/style/rules.h"

namespace seventeen::style {

namespace {

namespace fs = std::filesystem;

// Printed unwrapped, one a line, as compilers do.
void expect_none(const Complaints& complaints) {
    for (const Complaint& complaint : complaints)
        std::cerr << complaint.path << ":" << complaint.line << ": " << complaint.what << "\n";
    CHECK(complaints.empty());
}

void hold_to(Rule rule) {
    const std::vector<SourceFile> files = project_files(SEVENTEEN_SOURCE_DIR);
    REQUIRE(files.size() > 50);  // or nothing would be checked
    Complaints complaints;
    for (const SourceFile& file : files) rule(file, complaints);
    expect_none(complaints);
}

}  // namespace

TEST_CASE("folders include only folders on lower floors") {
    hold_to(includes_only_lower_floors);
}
TEST_CASE("only decoder includes Zydis") {
    hold_to(only_decoder_includes_zydis);
}
TEST_CASE("files keep their budget of lines") {
    hold_to(file_is_short);
}
TEST_CASE("functions keep their budget of lines") {
    hold_to(functions_are_short);
}
TEST_CASE("functions keep their budget of parameters") {
    hold_to(parameters_are_few);
}
TEST_CASE("every file says its purpose first") {
    hold_to(first_line_says_purpose);
}
TEST_CASE("namespaces are folders") {
    hold_to(namespaces_match_folders);
}
TEST_CASE("file names are snake_case") {
    hold_to(file_name_is_snake_case);
}
TEST_CASE("headers are guarded and declare something") {
    hold_to(headers_are_guarded);
}
TEST_CASE("macros are not functions") {
    hold_to(macros_are_not_functions);
}
TEST_CASE("conditional code is in host files") {
    hold_to(conditional_code_is_in_host_files);
}
TEST_CASE("every reinterpret_cast says why it is safe") {
    hold_to(casts_say_why_they_are_safe);
}
TEST_CASE("nothing is left for later") {
    hold_to(nothing_is_left_for_later);
}

TEST_CASE("every folder has a README") {
    Complaints complaints;
    for (const fs::directory_entry& entry : fs::directory_iterator(SEVENTEEN_SOURCE_DIR)) {
        const std::string name = entry.path().filename().string();
        if (!entry.is_directory() || name == "build" || name == "cmake" || name.starts_with('.'))
            continue;
        if (!fs::exists(entry.path() / "README.md"))
            complaints.push_back({name + "/README.md", 1, "the folder has no README"});
    }
    expect_none(complaints);
}

}  // namespace seventeen::style
