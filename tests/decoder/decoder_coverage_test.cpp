// Every encoding of up to three opcode bytes: each row is reached, and the invariants hold.
#include <catch2/catch.hpp>
#include <initializer_list>
#include <random>
#include <set>

#include "decoder/properties.h"
#include "tests/decoder/describe.h"
#include "tests/decoder/invariants.h"

namespace seventeen::decoder {

namespace {

using Bytes = std::array<u8, kMaxInstructionLength>;

// Calls `visit(bytes, size)` for each prefix × opcode map × opcode × ModRM in both modes.
template <typename Visit>
void for_each_encoding(Visit&& visit) {
    const std::vector<std::vector<u8>> prefixes{{}, {0x66}, {0xf2}, {0xf3}, {0x67}, {0x66, 0xf2}};
    const std::vector<std::vector<u8>> maps{{}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}};
    for (const CodeSize size : {CodeSize::k16, CodeSize::k32})
        for (const auto& prefix : prefixes)
            for (const auto& map : maps)
                for (unsigned opcode_and_modrm = 0; opcode_and_modrm < 0x10000;
                     ++opcode_and_modrm) {
                    Bytes bytes{};
                    auto end = std::copy(prefix.begin(), prefix.end(), bytes.begin());
                    end = std::copy(map.begin(), map.end(), end);
                    *end++ = static_cast<u8>(opcode_and_modrm >> 8);
                    *end = static_cast<u8>(opcode_and_modrm);
                    visit(bytes, size);
                }
}

std::set<std::string> names_of(std::initializer_list<const char*> names) {
    return {names.begin(), names.end()};
}

}  // namespace

TEST_CASE("every row is reached, and ends blocks as its kind says") {
    const Decoder decoder;
    std::set<Mnemonic> reached;
    std::set<Mnemonic> ending;
    std::set<Mnemonic> going_on;
    for_each_encoding([&](const Bytes& bytes, CodeSize size) {
        Instruction instruction;
        if (decoder.decode(bytes, size, instruction) != DecodeStatus::kOk) return;
        reached.insert(instruction.mnemonic);
        (ends_block(instruction) ? ending : going_on).insert(instruction.mnemonic);
    });
    for (unsigned i = 1; i < static_cast<unsigned>(Mnemonic::kCount); ++i)
        if (reached.count(static_cast<Mnemonic>(i)) == 0)
            FAIL_CHECK("no encoding decodes to " << row(static_cast<Mnemonic>(i)).name);

    std::set<std::string> always;
    std::set<std::string> sometimes;
    for (const Mnemonic mnemonic : ending) {
        const Row& row = decoder::row(mnemonic);
        if (row.kind == Class::kControl) continue;
        (going_on.count(mnemonic) ? sometimes : always).insert(std::string(row.name));
    }
    for (const Mnemonic mnemonic : going_on) CHECK(row(mnemonic).kind != Class::kControl);
    CHECK(always ==
          names_of({"JMP_FAR", "CALL_FAR", "RET_FAR", "INT",   "INT1",     "INT3",    "INTO",
                    "IRET",    "IRETD",    "POPF",    "POPFD", "SYSENTER", "SYSEXIT", "RSM",
                    "STI",     "HLT",      "MWAIT",   "LMSW",  "CLTS",     "INVLPG",  "INVD",
                    "WBINVD",  "WRMSR",    "IN",      "OUT",   "INSB",     "INSW",    "INSD",
                    "OUTSB",   "OUTSW",    "OUTSD",   "LSS"}));
    CHECK(sometimes == names_of({"MOV_SEGMENT", "POP_SEGMENT", "MOV_CONTROL", "MOV_DEBUG", "MOVSB",
                                 "MOVSW", "MOVSD", "STOSB", "STOSW", "STOSD", "LODSB", "LODSW",
                                 "LODSD", "CMPSB", "CMPSW", "CMPSD", "SCASB", "SCASW", "SCASD"}));
}

TEST_CASE("the invariants hold for every encoding") {
    const Decoder decoder;
    unsigned decoded = 0;
    for_each_encoding([&](const Bytes& bytes, CodeSize size) {
        const std::string broken = broken_invariant(decoder, bytes, size);
        if (!broken.empty()) FAIL_CHECK(broken);
        ++decoded;
    });
    CHECK(decoded == 2 * 6 * 4 * 0x10000);
}

TEST_CASE("the invariants hold for random bytes, however many are there") {
    const Decoder decoder;
    std::mt19937 random(17);
    for (unsigned i = 0; i < 200'000; ++i) {
        Bytes bytes;
        for (u8& byte : bytes) byte = static_cast<u8>(random());
        const std::size_t count = random() % (bytes.size() + 1);
        for (const CodeSize size : {CodeSize::k16, CodeSize::k32, CodeSize::k64}) {
            const std::string broken = broken_invariant(decoder, {bytes.data(), count}, size);
            if (!broken.empty()) FAIL_CHECK(broken);
        }
    }
}

}  // namespace seventeen::decoder
