// Fuzz target: the decoder's invariants for any bytes, in every mode.
#include "core/check.h"
#include "tests/decoder/invariants.h"

// The first byte chooses the mode; the others are code.
extern "C" int LLVMFuzzerTestOneInput(const seventeen::u8* data, std::size_t size) {
    using seventeen::decoder::CodeSize;
    static const seventeen::decoder::Decoder decoder;
    if (size == 0) return 0;
    const auto code_size = static_cast<CodeSize>(data[0] % 3);
    const std::string broken =
        seventeen::decoder::broken_invariant(decoder, {data + 1, size - 1}, code_size);
    seventeen::check(broken.empty(), broken.c_str());
    return 0;
}
