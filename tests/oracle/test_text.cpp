// Prints a case as a Catch2 test: what differs from the default start state, then what changed.
#include <algorithm>

#include "core/text.h"
#include "tests/oracle/replay.h"

namespace seventeen::oracle {

namespace {

template <typename Values>
std::string list_of(const Values& values) {
    std::string list;
    for (const auto value : values) list += (list.empty() ? "" : ", ") + hex(value);
    return list;
}

// Writes assignments, each only where the value is not what it was.
class StateWriter {
  public:
    explicit StateWriter(std::string target) : target_(std::move(target)) {}

    template <typename T>
    void value(const std::string& name, const T& before, const T& after) {
        if (before != after) line(name + " = " + hex(after));
    }
    void registers(const Registers& before, const Registers& after);
    void memory(const std::string& object, const MemoryImage& before, const MemoryImage& after);
    std::string text() && { return std::move(text_); }

  private:
    void line(const std::string& assignment) { raw(target_ + "." + assignment + ";"); }
    void raw(const std::string& statement) { text_ += "    " + statement + "\n"; }
    void fpu(const FxImage& before, const FxImage& after);

    std::string target_;
    std::string text_;
};

void StateWriter::registers(const Registers& before, const Registers& after) {
    if (before.gpr != after.gpr) {
        line("gpr = {" + list_of(after.gpr) + "}");
    }
    value("eflags", before.eflags, after.eflags);
    if (before.selectors != after.selectors) line("selectors = {" + list_of(after.selectors) + "}");
    fpu(before.fx, after.fx);
}

void StateWriter::fpu(const FxImage& before, const FxImage& after) {
    value("fx.control", before.control, after.control);
    value("fx.status", before.status, after.status);
    value("fx.valid", before.valid, after.valid);
    value("fx.opcode", before.opcode, after.opcode);
    value("fx.instruction_pointer", before.instruction_pointer, after.instruction_pointer);
    value("fx.instruction_selector", before.instruction_selector, after.instruction_selector);
    value("fx.data_pointer", before.data_pointer, after.data_pointer);
    value("fx.data_selector", before.data_selector, after.data_selector);
    value("fx.mxcsr", before.mxcsr, after.mxcsr);
    for (std::size_t i = 0; i < after.st.size(); ++i) {
        const FxImage::X87& st = after.st[i];
        if (st.significand != before.st[i].significand ||
            st.sign_exponent != before.st[i].sign_exponent)
            line("fx.st[" + std::to_string(i) + "] = {" + hex(st.significand) + ", " +
                 hex(st.sign_exponent) + ", {}}");
    }
    for (std::size_t i = 0; i < after.xmm.size(); ++i) {
        if (before.xmm[i] != after.xmm[i])
            line("fx.xmm[" + std::to_string(i) + "] = {" + hex(after.xmm[i][0]) + ", " +
                 hex(after.xmm[i][1]) + "}");
    }
}

// One poke for each stretch of changed bytes; gaps of a few unchanged bytes are bridged.
void StateWriter::memory(const std::string& object, const MemoryImage& before,
                         const MemoryImage& after) {
    constexpr u32 kGap = 8;
    for (u32 first = 0; first < kMemorySize; ++first) {
        if (before[first] == after[first]) continue;
        u32 end = first + 1;
        for (u32 at = end; at < kMemorySize && at < end + kGap; ++at)
            if (before[at] != after[at]) end = at + 1;
        const std::span<const u8> bytes(after.data() + first, end - first);
        raw(object + ".poke(" + hex(image_address(first)) + ", {" + list_of(bytes) + "});");
        first = end;
    }
}

std::string bytes_of(const Case& test) {
    std::string list;
    for (const Bytes& instruction : test.instructions) {
        list += (list.empty() ? "{" : ", {") + list_of(instruction) + "}";
    }
    return list;
}

}  // namespace

std::string as_test(const std::string& title, const Case& test, const Expectation& expected) {
    const Case blank;
    StateWriter start("test.registers");
    start.registers(blank.registers, test.registers);
    start.memory("test", blank.memory, test.memory);
    const Outcome& outcome = expected.outcome;
    Expectation undisturbed(test);
    if (outcome.kind == Outcome::Kind::kException) undisturbed.exception(0, 0);
    StateWriter end("host.outcome.registers");
    end.registers(undisturbed.outcome.registers, outcome.registers);
    end.memory("host", test.memory, expected.memory);

    std::string text = "TEST_CASE(\"" + title + "\", \"[oracle]\") {\n    Case test;\n";
    if (test.origin != blank.origin) text += "    test.origin = " + hex(test.origin) + ";\n";
    text += "    test.instructions = {" + bytes_of(test) + "};\n" + std::move(start).text();
    text += "    Expectation host(test);\n";
    if (outcome.kind == Outcome::Kind::kException) {
        text += "    host.exception(" + std::to_string(outcome.vector) + ", " +
                hex(outcome.registers.eip) + ", " + hex(outcome.error_code) + ");\n";
        if (outcome.fault_address != 0)
            text += "    host.outcome.fault_address = " + hex(outcome.fault_address) + ";\n";
        if (outcome.pointers == Outcome::Pointers::kNone)
            text += "    host.outcome.pointers = Outcome::Pointers::kNone;\n";
        if (outcome.pointers == Outcome::Pointers::kNoSelectors)
            text += "    host.outcome.pointers = Outcome::Pointers::kNoSelectors;\n";
    }
    return text + std::move(end).text() + "    CHECK(replay(test, host) == \"\");\n}\n";
}

}  // namespace seventeen::oracle
