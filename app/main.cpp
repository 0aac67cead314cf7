// The program: parses the command line, runs what it asks for, turns an Error into one line.
#include <cstdio>
#include <exception>

#include "app/options.h"
#include "app/run.h"

int main(int argc, char** argv) {
    constexpr int kUserTrouble = 2;
    try {
        const auto options = seventeen::app::parse_command_line(argc, argv);
        return options ? seventeen::app::run_guest(*options) : 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "seventeen: %s\n", error.what());
        return kUserTrouble;
    }
}
