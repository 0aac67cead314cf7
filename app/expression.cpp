// A recursive-descent parser that evaluates as it reads.
#include "app/expression.h"

#include <array>
#include <charconv>
#include <string>

#include "core/error.h"

namespace seventeen::app {

namespace {

using RegisterReader = u64 (*)(const CpuState&);

template <Gpr gpr>
u64 general(const CpuState& cpu) {
    return cpu.reg32(gpr);
}

template <SegmentName name>
u64 selector(const CpuState& cpu) {
    return cpu.segment(name).selector;
}

template <unsigned number>
u64 debug(const CpuState& cpu) {
    return cpu.dr[number];
}

struct NamedRegister {
    std::string_view name;
    RegisterReader read;
};
constexpr std::array kRegisters = {
    NamedRegister{"eax", general<Gpr::kAx>},
    NamedRegister{"ecx", general<Gpr::kCx>},
    NamedRegister{"edx", general<Gpr::kDx>},
    NamedRegister{"ebx", general<Gpr::kBx>},
    NamedRegister{"esp", general<Gpr::kSp>},
    NamedRegister{"ebp", general<Gpr::kBp>},
    NamedRegister{"esi", general<Gpr::kSi>},
    NamedRegister{"edi", general<Gpr::kDi>},
    NamedRegister{"es", selector<SegmentName::kEs>},
    NamedRegister{"cs", selector<SegmentName::kCs>},
    NamedRegister{"ss", selector<SegmentName::kSs>},
    NamedRegister{"ds", selector<SegmentName::kDs>},
    NamedRegister{"fs", selector<SegmentName::kFs>},
    NamedRegister{"gs", selector<SegmentName::kGs>},
    NamedRegister{"dr0", debug<0>},
    NamedRegister{"dr1", debug<1>},
    NamedRegister{"dr2", debug<2>},
    NamedRegister{"dr3", debug<3>},
    NamedRegister{"dr6", debug<6>},
    NamedRegister{"dr7", debug<7>},
    NamedRegister{"eip", [](const CpuState& cpu) { return u64{cpu.eip()}; }},
    NamedRegister{"pc",
                  [](const CpuState& cpu) -> u64 {
                      return static_cast<u32>(cpu.segment(SegmentName::kCs).base + cpu.rip);
                  }},
    NamedRegister{"eflags", [](const CpuState& cpu) { return u64{cpu.eflags()}; }},
    NamedRegister{"cr0", [](const CpuState& cpu) { return cpu.cr0; }},
    NamedRegister{"cr2", [](const CpuState& cpu) { return cpu.cr2; }},
    NamedRegister{"cr3", [](const CpuState& cpu) { return cpu.cr3; }},
    NamedRegister{"cr4", [](const CpuState& cpu) { return cpu.cr4; }},
};

// Binary operators; a higher level binds tighter.
struct Operator {
    std::string_view sign;
    unsigned level;
    u64 (*apply)(u64, u64);
};
constexpr unsigned kLooser = 1;
constexpr unsigned kTighter = 3;
constexpr unsigned kDeepest = 100;  // parentheses and signs within one another
constexpr std::array kOperators = {
    Operator{"|", kLooser, [](u64 a, u64 b) { return a | b; }},
    Operator{"^", kLooser, [](u64 a, u64 b) { return a ^ b; }},
    Operator{"&", kLooser, [](u64 a, u64 b) { return a & b; }},
    Operator{"<<", kLooser, [](u64 a, u64 b) { return b < 64 ? a << b : 0; }},
    Operator{">>", kLooser, [](u64 a, u64 b) { return b < 64 ? a >> b : 0; }},
    Operator{"+", 2, [](u64 a, u64 b) { return a + b; }},
    Operator{"-", 2, [](u64 a, u64 b) { return a - b; }},
    Operator{"*", kTighter, [](u64 a, u64 b) { return a * b; }},
    Operator{"/", kTighter,
             [](u64 a, u64 b) {
                 if (b == 0) throw Error("an expression divides by zero");
                 return a / b;
             }},
    Operator{"%", kTighter,
             [](u64 a, u64 b) {
                 if (b == 0) throw Error("an expression divides by zero");
                 return a % b;
             }},
};

bool is_word(char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') || character == '_';
}

class Parser {
  public:
    Parser(std::string_view text, const CpuState& cpu) : text_(text), rest_(text), cpu_(cpu) {}

    u64 whole() {
        const u64 value = binary(kLooser);
        skip_blanks();
        if (!rest_.empty()) refuse("'" + std::string(rest_) + "' is not understood");
        return value;
    }

  private:
    u64 binary(unsigned level) {
        if (level > kTighter) return unary();
        u64 value = binary(level + 1);
        while (const Operator* found = operator_of(level)) {
            rest_.remove_prefix(found->sign.size());
            value = found->apply(value, binary(level + 1));
        }
        return value;
    }

    u64 unary() {
        if (++depth_ > kDeepest) refuse("it is nested too deeply");
        skip_blanks();
        u64 value = 0;
        if (take('-'))
            value = -unary();
        else if (take('~'))
            value = ~unary();
        else if (take('+'))
            value = unary();
        else if (take('('))
            value = parenthesized();
        else if (take('$'))
            value = register_value();
        else
            value = number();
        --depth_;
        return value;
    }

    u64 parenthesized() {
        const u64 value = binary(kLooser);
        skip_blanks();
        if (!take(')')) refuse("a ')' is missing");
        return value;
    }

    u64 register_value() {
        const std::string_view name = word();
        if (const auto value = register_named(name, cpu_)) return *value;
        refuse("there is no register '$" + std::string(name) + "'");
    }

    u64 number() {
        std::string_view digits = word();
        if (digits.empty()) refuse("a number is missing");
        const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
        if (hexadecimal) digits.remove_prefix(2);
        u64 value = 0;
        const char* end = digits.data() + digits.size();
        const auto result = std::from_chars(digits.data(), end, value, hexadecimal ? 16 : 10);
        if (result.ec != std::errc() || result.ptr != end)
            refuse("'" + std::string(digits) +
                   "' is no number (hexadecimal ones begin with 0x, registers with $)");
        return value;
    }

    const Operator* operator_of(unsigned level) {
        skip_blanks();
        for (const Operator& row : kOperators)
            if (row.level == level && rest_.starts_with(row.sign)) return &row;
        return nullptr;
    }

    std::string_view word() {
        std::size_t length = 0;
        while (length < rest_.size() && is_word(rest_[length])) ++length;
        const std::string_view found = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return found;
    }

    bool take(char character) {
        if (rest_.empty() || rest_.front() != character) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void skip_blanks() {
        while (take(' ')) {
        }
    }

    [[noreturn]] void refuse(const std::string& why) const {
        throw Error("in '" + std::string(text_) + "': " + why);
    }

    std::string_view text_;
    std::string_view rest_;
    const CpuState& cpu_;
    unsigned depth_ = 0;
};

}  // namespace

std::optional<u64> register_named(std::string_view name, const CpuState& cpu) {
    for (const NamedRegister& row : kRegisters)
        if (row.name == name) return row.read(cpu);
    return std::nullopt;
}

u64 evaluate(std::string_view text, const CpuState& cpu) {
    return Parser(text, cpu).whole();
}

}  // namespace seventeen::app
