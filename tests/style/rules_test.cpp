// The rules' self-test: a bad sample for each, so that it is known to be able to fail.
#include "tests/style/rules.h"

#include <catch2/catch.hpp>

namespace seventeen::style {

namespace {

// The lines complained about.
std::vector<std::size_t> lines(Rule rule, const std::string& path, const std::string& text) {
    Complaints complaints;
    rule(SourceFile(path, text), complaints);
    std::vector<std::size_t> found;
    for (const Complaint& complaint : complaints) {
        CHECK(complaint.path == path);
        CHECK_FALSE(complaint.what.empty());
        found.push_back(complaint.line);
    }
    return found;
}

using Lines = std::vector<std::size_t>;

std::string repeated(const std::string& text, std::size_t times) {
    std::string result;
    while (times-- > 0) result += text;
    return result;
}

}  // namespace

TEST_CASE("an include from the same or a higher floor is found") {
    const auto check_path = [](const std::string& path, const std::string& include) {
        return lines(includes_only_lower_floors, path, "// x.\n#include \"" + include + "\"\n");
    };
    CHECK(check_path("mmu/mmu.h", "core/bus.h") == Lines{});
    CHECK(check_path("mmu/mmu.h", "mmu/tlb.h") == Lines{});
    CHECK(check_path("mmu/mmu.h", "devices/pit.h") == Lines{2});  // a sibling
    CHECK(check_path("core/bus.h", "mmu/mmu.h") == Lines{2});
    CHECK(check_path("core/bus.h", "tests/style/rules.h") == Lines{2});
    CHECK(check_path("app/main.cpp", "debugger/monitor.h") == Lines{});
    CHECK(check_path("machine/pc.cpp", "app/options.h") == Lines{2});
    CHECK(check_path("core/bus.cpp", "bus.h") == Lines{2});
    CHECK(check_path("core/bus.cpp", "Core/bus.h") == Lines{2});
}

TEST_CASE("a test keeps to the floors of what it tests") {
    const auto check_path = [](const std::string& path, const std::string& include) {
        return lines(includes_only_lower_floors, path, "#include \"" + include + "\"\n");
    };
    CHECK(check_path("tests/mmu/mmu_test.cpp", "mmu/mmu.h") == Lines{});
    CHECK(check_path("tests/mmu/mmu_test.cpp", "core/bus.h") == Lines{});
    CHECK(check_path("tests/mmu/mmu_test.cpp", "tests/mmu/fixture.h") == Lines{});
    CHECK(check_path("tests/mmu/mmu_test.cpp", "privilege/cpu_model.h") == Lines{1});
    CHECK(check_path("tests/oracle/oracle.cpp", "interpreter/interpreter.h") == Lines{});
}

TEST_CASE("Zydis outside the decoder is found") {
    CHECK(lines(only_decoder_includes_zydis, "mmu/x.cpp", "\n#include <Zydis/Zydis.h>\n") ==
          Lines{2});
    CHECK(lines(only_decoder_includes_zydis, "tests/decoder/x.cpp", "#include <Zydis/Zydis.h>\n") ==
          Lines{1});
    CHECK(lines(only_decoder_includes_zydis, "decoder/x.cpp", "#include <Zydis/Zydis.h>\n") ==
          Lines{});
}

TEST_CASE("a long file is found, a long table is not") {
    CHECK(lines(file_is_short, "core/x.cpp", repeated("\n", 800)) == Lines{});
    CHECK(lines(file_is_short, "core/x.cpp", repeated("\n", 801)) == Lines{801});
    CHECK(lines(file_is_short, "core/x.inc", repeated("\n", 801)) == Lines{});
}

TEST_CASE("a long function is found, a dispatch switch is not") {
    const auto body = [](const std::string& line, std::size_t times) {
        return "\nint f(int x) {\n" + repeated(line, times) + "}\n";
    };
    CHECK(lines(functions_are_short, "core/x.cpp", body("    x += 1;\n", 58)) == Lines{});
    CHECK(lines(functions_are_short, "core/x.cpp", body("    x += 1;\n", 59)) == Lines{2});
    const std::string two_lines = "        case 1:\n            return x;\n";
    CHECK(lines(functions_are_short, "core/x.cpp", body(two_lines, 100)) == Lines{});
    const std::string four_lines = "        case 1:\n" + repeated("            x += 1;\n", 3);
    CHECK(lines(functions_are_short, "core/x.cpp", body(four_lines, 100)) == Lines{2});
}

TEST_CASE("a long list of parameters is found, in declarations too") {
    const std::string six = "int a, int b, int c, int d, int e, std::map<int, int> f";
    CHECK(lines(parameters_are_few, "core/x.h", "void f(" + six + ");\n") == Lines{});
    CHECK(lines(parameters_are_few, "core/x.h", "void f(" + six + ", int g);\n") == Lines{1});
    CHECK(lines(parameters_are_few, "core/x.cpp", "\nvoid f(" + six + ", int g) {}\n") == Lines{2});
    CHECK(lines(parameters_are_few, "core/x.cpp", "TEST_CASE(1, 2, 3, 4, 5, 6, 7) {}\n") ==
          Lines{});
}

TEST_CASE("a file that does not say its purpose is found") {
    const auto first = [](const std::string& text) {
        return lines(first_line_says_purpose, "core/x.cpp", text);
    };
    CHECK(first("// Bus: maps ranges to chips.\n#pragma once\n") == Lines{});
    CHECK(first("// Bus: maps ranges to chips, and the\n// sentence goes on.\n") == Lines{});
    CHECK(first("// Bus: maps ranges to chips. It has more to say:\n// - this\n") == Lines{});
    CHECK(first("// Bus: maps ranges to chips\n") == Lines{1});
    CHECK(first("// Bus.\n") == Lines{1});
    CHECK(first("// Bus: maps ranges\n\n// to chips.\n") == Lines{1});
    CHECK(first("#pragma once\n// Bus: maps ranges to chips.\n") == Lines{1});
    CHECK(first("\n// Bus: maps ranges to chips.\n") == Lines{1});
    CHECK(first("") == Lines{1});
    CHECK(lines(first_line_says_purpose, "run", "#!/bin/bash\n# Builds and runs it.\n") == Lines{});
    CHECK(lines(first_line_says_purpose, "run", "#!/bin/bash\necho\n") == Lines{2});
    CHECK(lines(first_line_says_purpose, "roms/x.asm", "; Tests every gate.\n") == Lines{});
}

TEST_CASE("a namespace of another folder is found") {
    const auto named = [](const std::string& path, const std::string& name) {
        return lines(namespaces_match_folders, path, "\nnamespace " + name + " {\n}\n");
    };
    CHECK(named("mmu/x.h", "seventeen::mmu") == Lines{});
    CHECK(named("mmu/x.h", "seventeen::mmu::detail") == Lines{});
    CHECK(named("mmu/x.h", "seventeen::mmus") == Lines{2});
    CHECK(named("mmu/x.h", "seventeen") == Lines{2});
    CHECK(named("mmu/x.h", "") == Lines{2});
    CHECK(named("app/main.cpp", "") == Lines{});
    CHECK(named("app/main.cpp", "seventeen") == Lines{2});
    CHECK(named("core/x.h", "seventeen") == Lines{});
    CHECK(named("core/x.h", "seventeen::decoder") == Lines{2});
    CHECK(named("tests/mmu/x_test.cpp", "seventeen::mmu") == Lines{});
    CHECK(named("tests/mmu/x_test.cpp", "seventeen") == Lines{});
    CHECK(named("tests/mmu/x_test.cpp", "seventeen::decoder") == Lines{2});
}

TEST_CASE("a file name in another style is found") {
    for (const char* good : {"core/cpu_state.h", "tests/CMakeLists.txt", "run", "roms/a20.asm"})
        CHECK(lines(file_name_is_snake_case, good, "") == Lines{});
    for (const char* bad : {"core/CpuState.h", "core/cpu-state.h", "core/cpu.state.h"})
        CHECK(lines(file_name_is_snake_case, bad, "") == Lines{1});
}

TEST_CASE("an unguarded or an umbrella header is found") {
    const auto header = [](const std::string& text) {
        return lines(headers_are_guarded, "core/x.h", text);
    };
    CHECK(header("#pragma once\nstruct X;\n") == Lines{});
    CHECK(header("struct X;\n") == Lines{1});
    CHECK(header("// #pragma once\nstruct X;\n") == Lines{1});
    CHECK(header("#pragma once\n#include \"core/a.h\"\n#include \"core/b.h\"\n") == Lines{1});
}

TEST_CASE("a function-like macro is found") {
    const auto macro = [](const std::string& text) {
        return lines(macros_are_not_functions, "core/x.h", text);
    };
    CHECK(macro("#define SEVENTEEN_INSTRUCTION(name, ...) name,\n") == Lines{});
    CHECK(macro("#define CATCH_CONFIG_MAIN\n") == Lines{});
    CHECK(macro("\n#define MAX(a, b) a\n") == Lines{2});
    CHECK(macro("#  define MAX(a, b) a\n") == Lines{1});
}

TEST_CASE("conditional compilation outside host files is found") {
    CHECK(lines(conditional_code_is_in_host_files, "core/x.cpp", "\n#ifdef X\n#endif\n") ==
          Lines{2});
    CHECK(lines(conditional_code_is_in_host_files, "core/x_linux.cpp", "#if X\n#endif\n") ==
          Lines{});
}

TEST_CASE("a cast without a promise is found") {
    const auto cast = [](const std::string& text) {
        return lines(casts_say_why_they_are_safe, "core/x.cpp", text);
    };
    const std::string line = "auto p = reinterpret_cast<u8*>(q);\n";
    CHECK(cast(line) == Lines{1});
    CHECK(cast("// SAFETY: q is bytes.\n" + line) == Lines{});
    CHECK(cast("// SAFETY: q is bytes.\n" + repeated("\n", 11) + line) == Lines{});
    CHECK(cast("// SAFETY: q is bytes.\n" + repeated("\n", 12) + line) == Lines{14});
    CHECK(cast("// SAFETY:\n" + line) == Lines{2});  // promises nothing
    CHECK(cast("// no reinterpret_cast<u8*> here\n") == Lines{});
}

TEST_CASE("notes for later and dead code are found") {
    const auto later = [](const std::string& text) {
        return lines(nothing_is_left_for_later, "core/x.cpp", text);
    };
    CHECK(later("// TO"
                "DO: the rest\n") == Lines{1});
    CHECK(later("x;  // FIX"
                "ME\n") == Lines{1});
    CHECK(later("\n    // bus.write(address, 3);\n") == Lines{2});
    CHECK(later("// value = 3;\n") == Lines{1});
    CHECK(later("// Time stands still; the rest is history;\n// now() = ticks × rate\n") ==
          Lines{});
}

TEST_CASE("what stands in comments and quotes is not code") {
    const SourceFile file("core/x.cpp",
                          "a /* b */ c\n"
                          "\"d \\\" e\" f 'g' 1'000 // h\n"
                          "R\"(i\n"
                          "j)\" k\n"
                          "#define L \\\n"
                          "    m\n"
                          "n\n");
    REQUIRE(file.code.size() == 7);
    const std::vector<std::string> expected = {"ac", "\"\"f''1'000", "", "k", "", "", "n"};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        std::string squeezed = file.code[i];
        std::erase(squeezed, ' ');
        CHECK(squeezed == expected[i]);
    }
}

}  // namespace seventeen::style
