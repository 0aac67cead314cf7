// Fuzz target: the decoder's invariants for any bytes, in every mode.
#include "core/check.h"
#include "decoder/quick_decoder.h"
#include "tests/decoder/invariants.h"

// The first byte chooses the mode; the others are code.
extern "C" int LLVMFuzzerTestOneInput(const seventeen::u8* data, std::size_t size) {
    using seventeen::decoder::CodeSize;
    using seventeen::decoder::Instruction;
    static const seventeen::decoder::Decoder decoder;
    static seventeen::decoder::QuickDecoder quick;
    if (size == 0) return 0;
    const auto code_size = static_cast<CodeSize>(data[0] % 3);
    const std::string broken =
        seventeen::decoder::broken_invariant(decoder, {data + 1, size - 1}, code_size);
    seventeen::check(broken.empty(), broken.c_str());
    Instruction expected;
    Instruction found;
    for (int i = 0; i < 3; ++i) {  // to learn about ModRM, to keep the shape, to use it
        const auto status = decoder.decode({data + 1, size - 1}, code_size, expected);
        seventeen::check(
            quick.decode({data + 1, size - 1}, code_size, found) == status && found == expected,
            "the quick decoder decodes alike");
    }
    return 0;
}
