// Listings tell what differs, and nothing that differs from run to run.
#include "tests/translator/listing.h"
#include "core/text.h"

#include <catch2/catch.hpp>
#include <memory>

#include "tests/translator/golden_snippets.h"
#include "tests/translator/listing_names.h"

namespace seventeen::translator {

namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Snippet addition() {
    return {"addition", "In a window.", golden_snippets().front().mode, "01 03"};
}

}  // namespace

TEST_CASE("A listing does not depend on where things lie") {
    for (const Snippet& snippet : golden_snippets()) {
        const std::string first = listing(snippet);
        const std::vector<std::unique_ptr<u8[]>> others = [] {
            std::vector<std::unique_ptr<u8[]>> taken;
            for (std::size_t size = 16; size < 65536; size *= 2)
                taken.push_back(std::make_unique<u8[]>(size));
            return taken;
        }();
        CHECK(first_difference(first, listing(snippet)) == "");
        CHECK_FALSE(has(first, "db 0x"));
    }
}

TEST_CASE("A listing has guest code, host code, faults and sites") {
    const std::string text = listing(addition());
    CHECK(has(text, "    0x401000  01 03                 add dword ptr [ebx], eax\n"));
    CHECK(has(text, "    add dword ptr gs:[ebx], eax  ; a fault: site 0\n"));
    CHECK(has(text, "call_1:\n    mov r10, site 1 (direct)\n"));
    CHECK(has(text, "    jmp qword ptr [context.callout_host]\n"));
    CHECK(has(text, "    0 instruction 0x401000\n"));
}

TEST_CASE("What a listing is about shows") {
    const Snippet base = addition();
    const std::string text = listing(base);
    Snippet other = base;
    other.code = "01 0b";
    CHECK(listing(other) != text);
    other = base;
    other.soft = {0};
    CHECK(listing(other) != text);
    other = base;
    other.disabled.set(Trick::kDenseCount);
    CHECK(listing(other) != text);
    other = base;
    other.loose = true;
    CHECK(has(listing(other), "    mov r8, source+0x0\n"));
}

TEST_CASE("A difference is shown from its first line on") {
    CHECK(first_difference("a\nb\n", "a\nb\n") == "");
    CHECK(first_difference("a\nb\nc\n", "a\nx\nc\n") == "line 2:\n  a\n- b\n- c\n+ x\n+ c\n");
    CHECK(first_difference("a\nb\n", "a\n") == "line 2:\n  a\n- b\n");
    CHECK(first_difference("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n6\n7\n") ==
          "line 7:\n  3\n  4\n  5\n  6\n+ 7\n");
}

TEST_CASE("Fields have names, and what has none an offset") {
    const auto operand = [](const char* base, std::size_t offset, s32 bias) {
        const s64 at = static_cast<s64>(offset) - bias;
        return std::string("mov eax, [") + base + (at < 0 ? "-" : "+") +
               hex(static_cast<u64>(at < 0 ? -at : at)) + "]";
    };
    const auto context = [&](std::size_t offset) { return operand("r15", offset, kContextBias); };
    CHECK(with_fields(context(offsetof(Context, tlb))) == "mov eax, [context.tlb.supervisor]");
    CHECK(with_fields(context(offsetof(Context, callout_host))) ==
          "mov eax, [context.callout_host]");
    CHECK(with_fields(context(0)) == "mov eax, [context+0x0]");
    CHECK(with_fields("jmp [r15]") == "jmp [context+" + hex(kContextBias) + "]");
    CHECK(with_fields("lea r9, [r9+r15*1+" + hex(kCodeFromR15) + "]") == "lea r9, [r9+code]");
    CHECK(with_fields("lea r9, [r9+r15*1+0x8]") == "lea r9, [r9+r15*1+0x8]");
    const std::size_t segments = offsetof(CpuState, segments);
    CHECK(with_fields(operand("r14", offsetof(CpuState, cr4), 0)) == "mov eax, [state.cr4]");
    CHECK(with_fields(operand(
              "r14", segments + 3 * sizeof(SegmentRegister) + offsetof(SegmentRegister, base),
              0)) == "mov eax, [state.ds.base]");
    CHECK(with_fields("mov eax, [r13+0x8]") == "mov eax, [r13+0x8]");
}

}  // namespace seventeen::translator
