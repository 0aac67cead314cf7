// Runs a fuzz target once for every file of its seed corpus, where there is no libFuzzer.
#include <cstdio>
#include <exception>

#include "core/file.h"

extern "C" int LLVMFuzzerTestOneInput(const seventeen::u8* data, std::size_t size);

int main(int argc, char** argv) {
    namespace fs = std::filesystem;
    constexpr seventeen::u64 kMostBytes = 1 << 20;
    if (argc != 2 || !fs::is_directory(argv[1])) {
        std::fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
        return 2;
    }
    unsigned count = 0;
    try {
        LLVMFuzzerTestOneInput(nullptr, 0);
        for (const fs::directory_entry& entry : fs::directory_iterator(argv[1])) {
            const auto bytes = seventeen::read_file(entry.path(), kMostBytes);
            LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
            ++count;
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    std::printf("%u inputs\n", count);
    return count == 0;
}
