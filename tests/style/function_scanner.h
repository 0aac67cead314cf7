// Function scanner: finds the functions of a C++ file by its braces, well enough to count lines.
//
// It is no parser: it follows braces through namespaces and types, takes whatever has a parameter
// list in front of a brace for a function, and skips that function's body whole.
#pragma once

#include <string>
#include <vector>

#include "tests/style/source_file.h"

namespace seventeen::style {

struct Function {
    std::string name;
    std::size_t line = 0;  // where its body opens, or where its declaration ends
    std::size_t parameters = 0;
    std::size_t body_lines = 0;  // from brace to brace; 0 for a declaration
    std::size_t case_lines = 0;  // lines of the body that hold a case label
};

// A namespace or type opened in the file; `name` is "seventeen::core", or empty.
struct NamespaceBlock {
    std::string name;
    std::size_t line = 0;
    bool outermost = false;
};

struct Outline {
    std::vector<Function> functions;
    std::vector<NamespaceBlock> namespaces;
};

Outline outline(const SourceFile& file);

}  // namespace seventeen::style
