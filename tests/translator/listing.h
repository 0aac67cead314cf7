// Listing: what a piece of guest code becomes, as text that is the same in every run and build.
//
// Where things lie in host memory is left out: addresses are labels, sites have numbers, fields of
// Context and CpuState have names. Nor does it depend on the host's CPU, as long as a snippet has
// nothing newer than SSE2 in it (newer instructions are copied where the host has them).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "translator/emitter.h"

namespace seventeen::translator {

struct Snippet {
    std::string name;   // in snake_case
    std::string about;  // a sentence: what it shows
    Mode mode;
    std::string code;  // bytes in hexadecimal, with spaces between
    u32 eip = 0x40'1000;
    TrickSet disabled{};
    bool loose = false;          // it compares itself with its source
    std::vector<u32> patched{};  // offsets of instructions whose immediates are read where they lie
    std::vector<u32> soft{};     // offsets of instructions that have given the window up
    std::optional<u32> thunk{};  // where there is one, whose result is in EBX
};

// Translates the snippet, without running it.
std::string listing(const Snippet& snippet);

// Where two texts begin to differ, with some lines of both; empty where they don't.
std::string first_difference(const std::string& expected, const std::string& actual);

}  // namespace seventeen::translator
