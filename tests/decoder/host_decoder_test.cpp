// The processor this runs on agrees: on every length, and on what is an instruction at all.
#include <catch2/catch.hpp>
#include <random>

#include "tests/decoder/describe.h"
#include "tests/decoder/host_decoder_linux.h"

namespace seventeen::decoder {

namespace {

using Bytes = std::array<u8, kMaxInstructionLength>;

// Prefixes, an opcode, and a ModRM and SIB where it takes them; the rest zero, so that no address
// reaches memory of this process.
Bytes random_encoding(std::mt19937& random) {
    constexpr std::array<u8, 11> kPrefixes{0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x26,
                                           0x2e, 0x36, 0x3e, 0x64, 0x65};
    Bytes bytes{};
    std::size_t n = 0;
    const unsigned prefixes = random() % 3 == 0 ? random() % 12 : random() % 3;
    for (unsigned i = 0; i < prefixes; ++i) bytes[n++] = kPrefixes[random() % kPrefixes.size()];
    const unsigned map = random() % 8;
    if (map < 5) bytes[n++] = 0x0f;
    if (map < 1) bytes[n++] = random() % 2 == 0 ? 0x38 : 0x3a;
    for (unsigned i = 0; i < 3 && n < bytes.size(); ++i) bytes[n++] = static_cast<u8>(random());
    return bytes;
}

// Instructions that would ask the host's kernel for something: INT n, SYSCALL, SYSENTER; and those
// that it emulates where UMIP makes them trap: SGDT, SIDT, SLDT, SMSW, STR.
bool concerns_the_kernel(std::span<const u8> opcode, const Instruction& instruction) {
    switch (instruction.mnemonic) {
        case Mnemonic::INT:
        case Mnemonic::SYSENTER:
        case Mnemonic::SYSEXIT:
        case Mnemonic::SGDT:
        case Mnemonic::SIDT:
        case Mnemonic::SLDT:
        case Mnemonic::SMSW:
        case Mnemonic::STR: return true;
        default: return opcode.size() > 1 && opcode[0] == 0x0f && (opcode[1] & 0xfd) == 0x05;
    }
}

// #UD to a user program though the decoder knows them.
bool undefined_for_a_user(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::UD0:
        case Mnemonic::UD1:
        case Mnemonic::UD2:
        case Mnemonic::RSM:
        case Mnemonic::MONITOR:
        case Mnemonic::MWAIT: return true;
        default: return false;
    }
}

void compare_valid(HostDecoder& host, const Instruction& instruction, CodeSize size) {
    const std::span<const u8> bytes{instruction.bytes.data(), instruction.length};
    const HostAnswer answer = host.ask(bytes, size);
    const bool undefined = undefined_for_a_user(instruction.mnemonic);
    if (undefined != (answer == HostAnswer::kUndefined)) FAIL_CHECK("#UD");
    if (undefined) return;
    if (answer == HostAnswer::kLonger) FAIL_CHECK("longer on the host");
    if (bytes.size() > 1 && host.ask(bytes.first(bytes.size() - 1), size) != HostAnswer::kLonger)
        FAIL_CHECK("shorter on the host");
}

void compare_undefined(HostDecoder& host, const Instruction& instruction, CodeSize size) {
    const std::span<const u8> bytes{instruction.bytes.data(), instruction.length};
    if (host.ask(bytes, size) != HostAnswer::kUndefined) FAIL_CHECK("not undefined on the host");
    if (bytes.size() > 1 && host.ask(bytes.first(bytes.size() - 1), size) != HostAnswer::kLonger)
        FAIL_CHECK("undefined on the host with fewer bytes");
}

// What the host accepts and no model of ours has, or fetches otherwise.
bool host_may_know(std::span<const u8> opcode, const Instruction& instruction) {
    if (opcode.size() < 2) return false;
    if (instruction.mnemonic == Mnemonic::MOV_CONTROL) return true;  // AMD: LOCK makes CR0 CR8
    switch (opcode[0]) {
        case 0xc4:
        case 0xc5:
        case 0x62:
        case 0x8f: return true;  // AVX, XOP
        case 0xc6:
        case 0xc7: return opcode[1] == 0xf8;  // XABORT, XBEGIN
        default: break;
    }
    if (opcode[0] != 0x0f) return false;
    switch (opcode[1]) {
        case 0xb9:
        case 0xff:  // UD1 and UD0: AMD fetches no ModRM
        case 0x38:  // SHA, AES, GFNI, ADX, INVPCID, MOVDIRI …
        case 0x3a:
        case 0x01:  // XGETBV, SVM, RDTSCP …
        case 0x0d:  // Intel: a NOP with a register operand too
        case 0x2b:  // MOVNTSS, MOVNTSD
        case 0x78:  // EXTRQ, INSERTQ
        case 0x79:
        case 0xae:               // XSAVE, CLWB, RDFSBASE …
        case 0xc7: return true;  // RDRAND, RDSEED, RDPID, XSAVEC …
        default: return false;
    }
}

void compare(HostDecoder& host, const Decoder& decoder, const Bytes& bytes, CodeSize size) {
    Instruction instruction;
    const DecodeStatus status = decoder.decode(bytes, size, instruction);
    const auto opcode = std::span<const u8>(bytes).subspan(instruction.layout.prefixes);
    if (opcode.empty() || concerns_the_kernel(opcode, instruction)) return;
    switch (status) {
        case DecodeStatus::kOk: return compare_valid(host, instruction, size);
        case DecodeStatus::kTruncated: FAIL_CHECK("15 bytes are enough"); return;
        case DecodeStatus::kTooLong: {
            const HostAnswer answer = host.ask(bytes, size);
            if (answer == HostAnswer::kLonger || answer == HostAnswer::kAccepted)
                FAIL_CHECK("too long, yet accepted");
            return;
        }
        case DecodeStatus::kInvalid:
            if (!host_may_know(opcode, instruction)) compare_undefined(host, instruction, size);
            return;
    }
}

}  // namespace

TEST_CASE("the host decodes random encodings alike") {
    HostDecoder host;
    if (!host.available()) {
        WARN("the host cannot run 16- and 32-bit code: not compared");
        return;
    }
    const Decoder decoder;
    std::mt19937 random(20001);
    for (unsigned i = 0; i < 40'000; ++i) {
        const CodeSize size = random() % 2 == 0 ? CodeSize::k16 : CodeSize::k32;
        const Bytes bytes = random_encoding(random);
        std::ostringstream hex;
        for (const u8 byte : bytes) hex << std::hex << (byte >> 4) << (byte & 15);
        INFO((size == CodeSize::k16 ? "16-bit " : "32-bit ")
             << hex.str() << ": " << decode_text(hex.str(), size));
        compare(host, decoder, bytes, size);
    }
}

}  // namespace seventeen::decoder
