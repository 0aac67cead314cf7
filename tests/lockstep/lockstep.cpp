// The comparison, the plan of stops, and the hunt for the guilty instruction.
#include "tests/lockstep/lockstep.h"

#include <algorithm>
#include <random>
#include <sstream>

#include "debugger/excerpt.h"
#include "interpreter/interpreter.h"
#include "tests/lockstep/tested_engine.h"
#include "translator/translator.h"

namespace seventeen::lockstep {

namespace {

std::unique_ptr<Engine> make_interpreter(CpuState& state, mmu::Mmu& mmu,
                                         privilege::PrivilegeEngine& privilege) {
    return std::make_unique<interpreter::Interpreter>(state, mmu, privilege);
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

// Both machines from the same start as far as one likes, again and again.
class Probe {
  public:
    Probe(const Start& start, const translator::TranslatorOptions& options)
        : expected_(start, &make_interpreter), found_(start, tested_engine(options)) {}

    // After the run from `equal` to `retired`.
    std::string difference(const Guest& equal, u64 retired) {
        expected_.copy_from(equal);
        found_.copy_from(equal);
        expected_.run(retired);
        found_.run(retired);
        return describe_difference(expected_, found_, true);
    }

  private:
    Guest expected_;
    Guest found_;
};

std::vector<std::string> settings_of(const translator::TranslatorOptions& options) {
    const translator::TranslatorOptions usual;
    std::vector<std::string> settings;
    const auto set = [&](const char* name, u64 value, u64 usual_value) {
        if (value == usual_value) return;
        settings.push_back(std::string("plan.options.") + name + " = " + std::to_string(value) +
                           ";");
    };
    set("longest_block", options.longest_block, usual.longest_block);
    set("young_instructions", options.young_instructions, usual.young_instructions);
    set("code_cache_bytes", options.code_cache_bytes, usual.code_cache_bytes);
    set("window_mappings", options.window_mappings, usual.window_mappings);
    for (unsigned i = 0; i < static_cast<unsigned>(translator::Trick::kCount); ++i) {
        if (!options.disabled.has(static_cast<translator::Trick>(i))) continue;
        settings.push_back("plan.options.disabled.set(static_cast<translator::Trick>(" +
                           std::to_string(i) + "));");
    }
    return settings;
}

// The latest state from which the difference shows is where a test starts: so few instructions
// before it, or where the two were last known to be equal.
std::string make_test(const Start& start, const translator::TranslatorOptions& options,
                      const Guest& equal, Difference& difference) {
    Probe probe(start, options);
    Guest from(start, &make_interpreter);
    const u64 run = difference.retired - equal.state().retired;
    for (u64 back = std::min<u64>(2, run);; back = std::min(back * 2, run)) {
        from.copy_from(equal);
        from.run(difference.retired - back);
        if (from.ended() || probe.difference(from, difference.retired).empty()) {
            if (back == run) return {};
            continue;
        }
        difference.last_equal = from.state().retired;
        return debugger::test_source(
            debugger::make_excerpt({start.model, from.state(), from.memory(), back, from.vector()}),
            settings_of(options));
    }
}

// Looks for the shortest run from an equal state that ends in a difference. Where blocks of one
// instruction show it, too, that instruction is to blame: the interpreter ran only the one behind
// it, as it does before every target (Translator::slack).
void hunt(const Start& start, const Plan& plan, const Guest& equal, Difference& difference) {
    for (const unsigned longest_block : {1u, plan.options.longest_block}) {
        translator::TranslatorOptions options = plan.options;
        options.longest_block = longest_block;
        Probe probe(start, options);
        if (probe.difference(equal, difference.retired).empty()) continue;
        u64 good = equal.state().retired;
        u64 bad = difference.retired;
        while (bad - good > 1) {
            const u64 middle = good + (bad - good) / 2;
            (probe.difference(equal, middle).empty() ? good : bad) = middle;
        }
        difference.what = probe.difference(equal, bad);
        difference.retired = bad;
        difference.test = make_test(start, options, equal, difference);
        return;
    }
}

// Where to stop next and what happens there, the same for every run of a plan.
class Stops {
  public:
    explicit Stops(const Plan& plan) : plan_(plan), random_(plan.seed) {}
    u64 next(u64 retired) {
        const u64 choice = plan_.longest_step - plan_.shortest_step + 1;
        return std::min(plan_.limit, retired + plan_.shortest_step + random_() % choice);
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
    Guest found(start, tested_engine(plan.options));
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
    if (const auto* engine = dynamic_cast<translator::Translator*>(&found.engine()))
        result.statistics = engine->statistics();
    return result;
}

}  // namespace seventeen::lockstep
