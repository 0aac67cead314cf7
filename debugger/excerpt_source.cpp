// An excerpt as C++: each statement sets what differs from the state after RESET.
#include <iterator>
#include <sstream>
#include <type_traits>

#include "core/cpu_snapshot.h"
#include "core/text.h"
#include "debugger/excerpt.h"
#include "privilege/cpu_model.h"

namespace seventeen::debugger {

namespace {

constexpr std::size_t kColumns = 100;

class Statements {
  public:
    explicit Statements(std::string indent) : indent_(std::move(indent)) {}

    void add(const std::string& statement) { text_ += indent_ + statement + "\n"; }
    template <typename T>
    void set(const std::string& name, const T& value, const T& usual) {
        if (value != usual) add(name + " = " + spell(value) + ";");
    }
    // Elements of an array, where any is unusual.
    template <typename Array>
    void set_array(const std::string& name, const Array& values, const Array& usual) {
        if (values == usual) return;
        std::vector<std::string> words;
        for (const auto& value : values) words.push_back(spell(value));
        add_list(name + " = {", words, "};");
    }
    void add_list(const std::string& start, const std::vector<std::string>& words,
                  const std::string& end) {
        std::string line = indent_ + start;
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::string word = words[i] + (i + 1 < words.size() ? "," : end);
            if (line.size() + word.size() + 1 > kColumns) {
                text_ += line + "\n";
                line = indent_ + "    " + word;
            } else {
                line += (i == 0 ? "" : " ") + word;
            }
        }
        text_ += line + "\n";
    }
    const std::string& text() const { return text_; }

    template <typename T>
    static std::string spell(const T& value) {
        if constexpr (std::is_same_v<T, bool>)
            return value ? "true" : "false";
        else
            return hex(static_cast<u64>(value));
    }

  private:
    std::string indent_;
    std::string text_;
};

void set_segment(Statements& out, const std::string& name, const SegmentRegister& segment,
                 const SegmentRegister& usual) {
    if (segment == usual) return;
    out.add("state." + name + " = segment(" + hex(segment.selector) + ", " + hex(segment.base) +
            ", " + hex(segment.limit) + ", " + hex(segment.attributes) + ");");
}

void set_table(Statements& out, const std::string& name, const DescriptorTable& table,
               const DescriptorTable& usual) {
    if (table == usual) return;
    out.add("state." + name + " = {" + hex(table.base) + ", " + hex(table.limit) + "};");
}

void set_registers(Statements& out, const CpuState& state, const CpuState& usual) {
    std::vector<std::string> values;
    for (unsigned i = 0; i < 8; ++i) values.push_back(hex(state.gpr[i]));
    out.add_list("state.gpr = {", values, "};");
    out.add("state.rip = " + hex(state.rip) + ";");
    out.add("state.set_eflags(" + hex(state.eflags()) + ");");
    out.set("state.retired", state.retired, usual.retired);
    out.set("state.cpl", state.cpl, usual.cpl);
    out.set("state.interrupt_line", state.interrupt_line, false);
    out.set("state.nmi_pending", state.nmi_pending, false);
    out.set("state.nmi_blocked", state.nmi_blocked, false);
    out.set("state.interrupt_shadow", state.interrupt_shadow, false);
    out.set("state.debug_shadow", state.debug_shadow, false);
    if (state.activity == Activity::kHalted) out.add("state.activity = Activity::kHalted;");
    if (state.activity == Activity::kShutdown) out.add("state.activity = Activity::kShutdown;");
    out.set("state.pending_debug", state.pending_debug, usual.pending_debug);
}

void set_system(Statements& out, const CpuState& state, const CpuState& usual) {
    constexpr const char* kNames[] = {"kEs", "kCs", "kSs", "kDs", "kFs", "kGs"};
    for (unsigned i = 0; i < kSegmentCount; ++i)
        set_segment(out, std::string("segment(SegmentName::") + kNames[i] + ")", state.segments[i],
                    usual.segments[i]);
    set_segment(out, "ldtr", state.ldtr, usual.ldtr);
    set_segment(out, "tr", state.tr, usual.tr);
    set_table(out, "gdtr", state.gdtr, usual.gdtr);
    set_table(out, "idtr", state.idtr, usual.idtr);
    out.set("state.cr0", state.cr0, usual.cr0);
    out.set("state.cr2", state.cr2, usual.cr2);
    out.set("state.cr3", state.cr3, usual.cr3);
    out.set("state.cr4", state.cr4, usual.cr4);
    out.set_array("state.pdpte", state.pdpte, usual.pdpte);
    out.set_array("state.dr", state.dr, usual.dr);
    const MsrState& msr = state.msr;
    out.set("state.msr.efer", msr.efer, usual.msr.efer);
    out.set("state.msr.apic_base", msr.apic_base, usual.msr.apic_base);
    out.set("state.msr.sysenter_cs", msr.sysenter_cs, usual.msr.sysenter_cs);
    out.set("state.msr.sysenter_esp", msr.sysenter_esp, usual.msr.sysenter_esp);
    out.set("state.msr.sysenter_eip", msr.sysenter_eip, usual.msr.sysenter_eip);
    out.set("state.msr.pat", msr.pat, usual.msr.pat);
    out.set("state.msr.tsc_offset", msr.tsc_offset, usual.msr.tsc_offset);
    out.set("state.msr.misc_enable", msr.misc_enable, usual.msr.misc_enable);
    out.set("state.msr.mtrr_default_type", msr.mtrr_default_type, usual.msr.mtrr_default_type);
    out.set_array("state.msr.mtrr_variable", msr.mtrr_variable, usual.msr.mtrr_variable);
    out.set_array("state.msr.mtrr_fixed", msr.mtrr_fixed, usual.msr.mtrr_fixed);
}

void set_fpu(Statements& out, const FpuState& fpu, const FpuState& usual) {
    out.set("state.fpu.control", fpu.control, usual.control);
    out.set("state.fpu.status", fpu.status, usual.status);
    out.set("state.fpu.valid", fpu.valid, usual.valid);
    out.set("state.fpu.opcode", fpu.opcode, usual.opcode);
    out.set("state.fpu.instruction_pointer", fpu.instruction_pointer, usual.instruction_pointer);
    out.set("state.fpu.instruction_selector", fpu.instruction_selector, usual.instruction_selector);
    out.set("state.fpu.data_selector", fpu.data_selector, usual.data_selector);
    out.set("state.fpu.data_pointer", fpu.data_pointer, usual.data_pointer);
    out.set("state.fpu.mxcsr", fpu.mxcsr, usual.mxcsr);
    for (std::size_t i = 0; i < fpu.registers.size(); ++i) {
        const X87Register& value = fpu.registers[i];
        if (value == usual.registers[i]) continue;
        out.add("state.fpu.registers[" + std::to_string(i) + "] = {" + hex(value.significand) +
                ", " + hex(value.sign_exponent) + "};");
    }
    for (std::size_t i = 0; i < fpu.xmm.size(); ++i) {
        const XmmRegister& value = fpu.xmm[i];
        if (value == usual.xmm[i]) continue;
        out.add("state.fpu.xmm[" + std::to_string(i) + "].lanes = {" + hex(value.lanes[0]) + ", " +
                hex(value.lanes[1]) + "};");
    }
}

void set_memory(Statements& out, const Excerpt& excerpt) {
    if (!excerpt.a20) out.add("memory.set_a20(false);");
    for (const MemoryPiece& piece : excerpt.memory) {
        std::vector<std::string> bytes;
        for (const u8 byte : piece.bytes) bytes.push_back(hex(byte));
        out.add_list("put(memory, " + hex(piece.address) + ", {", bytes, "});");
    }
}

}  // namespace

std::string test_source(const Excerpt& excerpt, const std::vector<std::string>& settings) {
    const CpuState& state = excerpt.state;
    const CpuState usual =
        privilege::reset_state(privilege::cpu_model(excerpt.model).without(Feature::kApic));
    const std::string place = hex(state.segment(SegmentName::kCs).selector) + ":" +
                              hex(state.eip()) + " after " + std::to_string(state.retired);
    Statements prepare("        ");
    set_registers(prepare, state, usual);
    set_system(prepare, state, usual);
    set_fpu(prepare, state.fpu, usual.fpu);
    set_memory(prepare, excerpt);
    std::ostringstream out;
    out << "// The instruction at " << place << " is run alike by interpreter and translator.\n"
        << "#include \"tests/lockstep/found_difference.h\"\n\n"
        << "namespace seventeen::lockstep {\n\n"
        << "TEST_CASE(\"The instruction at " << place << " is run alike\") {\n";
    if (excerpt.incomplete)
        out << "    // It reached a chip, or memory above 2 GiB, which this guest has not.\n";
    out << "    Start start;\n"
        << "    start.model = \"" << excerpt.model << "\";\n"
        << "    start.ram = " << hex(excerpt.ram) << ";\n"
        << "    start.vector = " << hex(excerpt.vector) << ";\n"
        << "    start.prepare = [](CpuState& state, mmu::PhysicalMemory& memory) {\n"
        << prepare.text() << "        // All of it is as it was found.\n"
        << "        REQUIRE(cpu_digest(state) == " << hex(cpu_digest(state)) << ");\n"
        << "    };\n"
        << "    Plan plan = plan_of(" << hex(state.retired) << ", " << excerpt.instructions
        << ");\n";
    for (const std::string& setting : settings) out << "    " << setting << "\n";
    out << "    CHECK(what_differs(run_in_lockstep(start, plan)) == \"\");\n"
        << "}\n\n}  // namespace seventeen::lockstep\n";
    return out.str();
}

}  // namespace seventeen::debugger
