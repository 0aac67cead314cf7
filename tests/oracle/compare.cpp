// The list of everything that is compared.
#include "tests/oracle/compare.h"

#include <algorithm>
#include <cstring>

#include "core/fault.h"
#include "core/text.h"
#include "tests/oracle/guest.h"

namespace seventeen::oracle {

namespace {

constexpr std::array<const char*, 8> kGprNames = {"EAX", "ECX", "EDX", "EBX",
                                                  "ESP", "EBP", "ESI", "EDI"};

constexpr std::array<const char*, kSegmentCount> kSegmentNames = {"ES", "CS", "SS",
                                                                  "DS", "FS", "GS"};

std::string hex_bytes(std::span<const u8> bytes) {
    std::string text;
    for (const u8 byte : bytes) text += (text.empty() ? "" : ", ") + hex(byte);
    return text;
}

std::string text_of(const Outcome& outcome) {
    switch (outcome.kind) {
        case Outcome::Kind::kCompleted: return "completed";
        case Outcome::Kind::kHung: return "hung";
        case Outcome::Kind::kException: break;
    }
    return "exception " + std::to_string(outcome.vector) + " at " + hex(outcome.registers.eip);
}

// Collects differences; each method compares one kind of value.
class Collector {
  public:
    void outcome(const Outcome& expected, const Outcome& actual) {
        if (expected.kind != actual.kind || expected.vector != actual.vector ||
            expected.registers.eip != actual.registers.eip)
            add("outcome", text_of(expected), text_of(actual));
    }
    void number(const char* what, u64 expected, u64 actual) {
        if (expected != actual) add(what, hex(expected), hex(actual));
    }
    void flags(u32 expected, u32 actual) {
        if (expected == actual) return;
        add("EFLAGS", hex(expected), hex(actual));
        found_.back().flags = expected ^ actual;
    }
    void x87(unsigned i, const FxImage::X87& expected, const FxImage::X87& actual) {
        const auto text = [](const FxImage::X87& value) {
            return hex(value.sign_exponent) + ":" + hex(value.significand);
        };
        if (expected.significand != actual.significand ||
            expected.sign_exponent != actual.sign_exponent)
            add("ST(" + std::to_string(i) + ")", text(expected), text(actual));
    }
    void xmm(unsigned i, const FxImage::Vector& expected, const FxImage::Vector& actual) {
        const auto text = [](const FxImage::Vector& value) {
            return hex(value[1]) + ":" + hex(value[0]);
        };
        if (expected != actual) add("XMM" + std::to_string(i), text(expected), text(actual));
    }
    void memory(std::span<const u8, kMemorySize> expected, std::span<const u8, kMemorySize> actual);
    std::vector<Difference> found() && { return std::move(found_); }

  private:
    void add(const std::string& what, const std::string& expected, const std::string& actual) {
        found_.push_back({what, expected, actual, 0});
    }

    std::vector<Difference> found_;
};

// One difference for each stretch of at most 16 bytes.
void Collector::memory(std::span<const u8, kMemorySize> expected,
                       std::span<const u8, kMemorySize> actual) {
    constexpr std::size_t kStretch = 16;
    for (std::size_t offset = 0; offset < kMemorySize; ++offset) {
        if (expected[offset] == actual[offset]) continue;
        const std::size_t size = std::min(kStretch, kMemorySize - offset);
        add("memory " + hex(image_address(static_cast<u32>(offset))),
            hex_bytes(expected.subspan(offset, size)), hex_bytes(actual.subspan(offset, size)));
        offset += size - 1;
    }
}

u32 comparable_error_code(const Outcome& outcome) {
    const bool page_fault = outcome.kind == Outcome::Kind::kException &&
                            outcome.vector == static_cast<u8>(Vector::kPageFault);
    const bool forgiven = page_fault && GuestCpu::is_private(outcome.fault_address);
    return forgiven ? outcome.error_code & ~kPageFaultPresent : outcome.error_code;
}

// The kernel returns to its signal handler, which clears the RPL of null selectors.
u16 comparable_selector(const Outcome& outcome, unsigned segment) {
    constexpr u16 kRpl = 3;
    const u16 selector = outcome.registers.selectors[segment];
    const bool null = (selector & ~kRpl) == 0;
    return null && outcome.kind == Outcome::Kind::kException ? 0 : selector;
}

void collect_fpu(const Outcome& expected, const Outcome& actual, Collector& collector) {
    const FxImage& a = expected.registers.fx;
    const FxImage& b = actual.registers.fx;
    collector.number("x87 control", a.control, b.control);
    collector.number("x87 status", a.status, b.status);
    collector.number("x87 valid", a.valid, b.valid);
    if (expected.pointers != Outcome::Pointers::kNone) {
        collector.number("FOP", a.opcode, b.opcode);
        collector.number("FIP", a.instruction_pointer, b.instruction_pointer);
        collector.number("FDP", a.data_pointer, b.data_pointer);
    }
    if (expected.pointers == Outcome::Pointers::kAll) {
        collector.number("FCS", a.instruction_selector, b.instruction_selector);
        collector.number("FDS", a.data_selector, b.data_selector);
    }
    for (unsigned i = 0; i < a.st.size(); ++i) collector.x87(i, a.st[i], b.st[i]);
    collector.number("MXCSR", a.mxcsr, b.mxcsr);
    for (unsigned i = 0; i < a.xmm.size(); ++i) collector.xmm(i, a.xmm[i], b.xmm[i]);
}

std::vector<Difference> collect_registers(const Outcome& expected, const Outcome& actual) {
    Collector collector;
    collector.outcome(expected, actual);
    if (expected.kind == Outcome::Kind::kHung || actual.kind == Outcome::Kind::kHung)
        return std::move(collector).found();
    collector.number("error code", comparable_error_code(expected), comparable_error_code(actual));
    collector.number("CR2", expected.fault_address, actual.fault_address);
    for (unsigned i = 0; i < kGprNames.size(); ++i)
        collector.number(kGprNames[i], expected.registers.gpr[i], actual.registers.gpr[i]);
    for (unsigned i = 0; i < kSegmentNames.size(); ++i)
        collector.number(kSegmentNames[i], comparable_selector(expected, i),
                         comparable_selector(actual, i));
    collector.flags(expected.registers.eflags, actual.registers.eflags);
    collect_fpu(expected, actual, collector);
    return std::move(collector).found();
}

}  // namespace

bool same(const Result& expected, const Result& actual) {
    return std::memcmp(expected.memory.data(), actual.memory.data(), kMemorySize) == 0 &&
           collect_registers(expected.outcome, actual.outcome).empty();
}

std::vector<Difference> differences(const Result& expected, const Result& actual) {
    std::vector<Difference> found = collect_registers(expected.outcome, actual.outcome);
    Collector memory;
    memory.memory(expected.memory, actual.memory);
    std::vector<Difference> more = std::move(memory).found();
    found.insert(found.end(), more.begin(), more.end());
    return found;
}

}  // namespace seventeen::oracle
