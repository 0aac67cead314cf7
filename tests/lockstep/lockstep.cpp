// The comparison, the plan of stops, and the hunt for the guilty instruction.
#include "tests/lockstep/lockstep.h"

#include <algorithm>
#include <random>
#include <sstream>

#include "interpreter/interpreter.h"
#include "translator/translator.h"

namespace seventeen::lockstep {

namespace {

std::unique_ptr<Engine> make_interpreter(CpuState& state, mmu::Mmu& mmu,
                                         privilege::PrivilegeEngine& privilege) {
    return std::make_unique<interpreter::Interpreter>(state, mmu, privilege);
}

Guest::MakeEngine make_translator(const translator::TranslatorOptions& options) {
    return [options](CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege) {
        return std::make_unique<translator::Translator>(state, mmu, privilege, options);
    };
}

// Collects "name expected found" for what differs.
class Report {
  public:
    Report() { out_ << std::hex; }
    template <typename T>
    void compare(const char* name, const T& expected, const T& found) {
        if (expected != found) out_ << name << ' ' << +expected << " not " << +found << "; ";
    }
    void note(const std::string& text) { out_ << text << "; "; }
    std::string text() const { return out_.str(); }

  private:
    std::ostringstream out_;
};

void compare_integer_state(Report& report, const CpuState& a, const CpuState& b) {
    constexpr const char* kNames[] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
    for (unsigned i = 0; i < std::size(kNames); ++i) report.compare(kNames[i], a.gpr[i], b.gpr[i]);
    report.compare("RIP", a.rip, b.rip);
    report.compare("EFLAGS", a.eflags(), b.eflags());
    report.compare("retired", a.retired, b.retired);
    report.compare("CPL", a.cpl, b.cpl);
    report.compare("CR0", a.cr0, b.cr0);
    report.compare("CR2", a.cr2, b.cr2);
    report.compare("CR3", a.cr3, b.cr3);
    report.compare("CR4", a.cr4, b.cr4);
    report.compare("DR6", a.dr[6], b.dr[6]);
    constexpr const char* kSegments[] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    for (unsigned i = 0; i < kSegmentCount; ++i) {
        if (!(a.segments[i] == b.segments[i])) report.note(std::string("segment ") + kSegments[i]);
    }
}

void compare_fpu_state(Report& report, const FpuState& a, const FpuState& b) {
    report.compare("FCW", a.control, b.control);
    report.compare("FSW", a.status, b.status);
    report.compare("valid", a.valid, b.valid);
    report.compare("FOP", a.opcode, b.opcode);
    report.compare("FIP", a.instruction_pointer, b.instruction_pointer);
    report.compare("FCS", a.instruction_selector, b.instruction_selector);
    report.compare("FDP", a.data_pointer, b.data_pointer);
    report.compare("FDS", a.data_selector, b.data_selector);
    report.compare("MXCSR", a.mxcsr, b.mxcsr);
    for (unsigned i = 0; i < a.registers.size(); ++i) {
        const std::string name = "R" + std::to_string(i);
        report.compare(name.c_str(), a.registers[i].sign_exponent, b.registers[i].sign_exponent);
        report.compare(name.c_str(), a.registers[i].significand, b.registers[i].significand);
    }
    for (unsigned i = 0; i < a.xmm.size(); ++i) {
        const std::string name = "XMM" + std::to_string(i);
        report.compare(name.c_str(), a.xmm[i].lanes[1], b.xmm[i].lanes[1]);
        report.compare(name.c_str(), a.xmm[i].lanes[0], b.xmm[i].lanes[0]);
    }
}

std::string state_as_test(const Guest& guest) {
    const CpuState& state = guest.state();
    std::ostringstream out;
    out << std::hex << "code at CS " << state.segment(SegmentName::kCs).selector << " EIP "
        << state.eip() << " CPL " << +state.cpl << " big " << state.segment(SegmentName::kCs).big()
        << ":\n    {";
    const u64 linear = state.segment(SegmentName::kCs).base + state.eip();
    for (u64 i = 0; i < 16; ++i) {
        PhysicalAddress physical;
        u8 byte = 0;
        auto& memory = const_cast<Guest&>(guest);
        if (memory.mmu().peek({linear + i}, physical)) memory.memory().read(physical, &byte, 1);
        out << "0x" << +byte << ", ";
    }
    out << "}\nregisters {";
    for (unsigned i = 0; i < 8; ++i) out << "0x" << state.gpr[i] << ", ";
    out << "} EFLAGS 0x" << state.eflags() << "\n";
    return out.str();
}

// Both machines from the same start as far as one likes, again and again.
class Probe {
  public:
    Probe(const Start& start, const translator::TranslatorOptions& options, const Guest& equal)
        : equal_(equal),
          expected_(start, &make_interpreter),
          found_(start, make_translator(options)) {}

    std::string difference_at(u64 retired) {
        expected_.copy_from(equal_);
        found_.copy_from(equal_);
        expected_.run(retired);
        found_.run(retired);
        return describe_difference(expected_, found_, true);
    }
    const Guest& expected_at(u64 retired) {
        expected_.copy_from(equal_);
        expected_.run(retired);
        return expected_;
    }

  private:
    const Guest& equal_;
    Guest expected_;
    Guest found_;
};

// Looks for the shortest run from an equal state that ends in a difference. Where blocks of one
// instruction show it, too, that instruction is to blame: the interpreter ran only the one behind
// it, as it does before every target (Translator::slack).
void hunt(const Start& start, const Plan& plan, const Guest& equal, Difference& difference) {
    for (const unsigned longest_block : {1u, plan.options.longest_block}) {
        translator::TranslatorOptions options = plan.options;
        options.longest_block = longest_block;
        Probe probe(start, options, equal);
        if (probe.difference_at(difference.retired).empty()) continue;
        u64 good = equal.state().retired;
        u64 bad = difference.retired;
        while (bad - good > 1) {
            const u64 middle = good + (bad - good) / 2;
            (probe.difference_at(middle).empty() ? good : bad) = middle;
        }
        difference.what = probe.difference_at(bad);
        difference.retired = bad;
        difference.last_equal = std::max(equal.state().retired, bad - std::min<u64>(bad, 2));
        difference.test = state_as_test(probe.expected_at(difference.last_equal));
        return;
    }
}

// Where to stop next and what happens there, the same for every run of a plan.
class Stops {
  public:
    explicit Stops(const Plan& plan) : plan_(plan), random_(plan.seed) {}
    u64 next(u64 retired) {
        return std::min(plan_.limit, retired + 1 + random_() % plan_.longest_step);
    }
    // What happens to a machine at this stop.
    std::function<void(Guest&)> happening() {
        std::optional<u8> vector;
        if (random_() % 256 < plan_.interrupts)
            vector = static_cast<u8>(plan_.first_vector + random_() % plan_.vectors);
        const u64 number = plan_.disturb ? random_() : 0;
        return [=, this](Guest& guest) {
            if (vector) guest.raise_interrupt(*vector);
            if (plan_.disturb) plan_.disturb(guest, number);
        };
    }

  private:
    const Plan& plan_;
    std::mt19937_64 random_;
};

}  // namespace

std::string describe_difference(const Guest& expected, const Guest& found, bool compare_memory) {
    CpuState a = expected.state();
    CpuState b = found.state();
    a.attention = b.attention = false;  // an engine's own reasons count, too
    Report report;
    if (!(a == b)) {
        compare_integer_state(report, a, b);
        compare_fpu_state(report, a.fpu, b.fpu);
        if (report.text().empty()) report.note("some other CPU state");
    }
    if (expected.console() != found.console()) report.note("console");
    if (expected.ended() != found.ended()) report.note("end of run");
    if (compare_memory) {
        const auto ram = expected.ram();
        const auto other = found.ram();
        const auto [first, second] = std::mismatch(ram.begin(), ram.end(), other.begin());
        if (first != ram.end()) {
            std::ostringstream out;
            out << std::hex << "RAM at " << first - ram.begin() << ": " << +*first << " not "
                << +*second;
            report.note(out.str());
        }
    }
    return report.text();
}

Result run_in_lockstep(const Start& start, const Plan& plan) {
    Guest expected(start, &make_interpreter);
    Guest found(start, make_translator(plan.options));
    Guest equal(start, &make_interpreter);  // follows one stop behind
    Stops stops(plan);
    Result result;
    u64 stop_number = 0;
    while (expected.state().retired < plan.limit && !expected.ended()) {
        const u64 next = stops.next(expected.state().retired);
        const auto happen = stops.happening();
        for (Guest* guest : {&expected, &found, &equal}) happen(*guest);
        const u64 before = expected.state().retired;
        expected.run(next);
        found.run(next);
        const bool with_memory = ++stop_number % plan.memory_every == 0 || expected.ended();
        const std::string what = describe_difference(expected, found, with_memory);
        if (!what.empty()) {
            result.difference = Difference{before, expected.state().retired, what, {}};
            hunt(start, plan, equal, *result.difference);
            break;
        }
        equal.run(next);
    }
    result.retired = expected.state().retired;
    result.ended = expected.ended();
    result.console = expected.console();
    result.statistics = dynamic_cast<translator::Translator&>(found.engine()).statistics();
    return result;
}

}  // namespace seventeen::lockstep
