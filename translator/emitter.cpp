// Flags, fallbacks, sites and the copying of one instruction.
#include "translator/emitter.h"

#include "core/check.h"
#include "interpreter/bind.h"
#include "translator/profile.h"
#include "translator/stack_pointer.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Operand;
using decoder::RegisterClass;

namespace {

// Everything else may run while the FPU registers are elsewhere.
bool uses_fpu(const decoder::Instruction& instruction) {
    return instruction.row().family >= decoder::Family::kSystem;
}

bool loads_segment(const decoder::Instruction& instruction) {
    if (instruction.mnemonic != decoder::Mnemonic::MOV_SEGMENT &&
        instruction.mnemonic != decoder::Mnemonic::POP_SEGMENT)
        return false;
    const Operand& to = instruction.operands[0];
    return to.register_class == RegisterClass::kSegment &&
           to.number != static_cast<u8>(SegmentName::kSs);
}

// Stacks and variables stay on their pages. Where an instruction without a memory operand writes
// memory, it pushes.
bool writes_same_pages(const decoder::Instruction& instruction) {
    if (instruction.row().family == decoder::Family::kString) return false;
    if (!instruction.has_memory()) return true;
    const decoder::MemoryOperand& memory = instruction.memory;
    return memory.segment == SegmentName::kSs || memory.base == kNoGpr;
}

// With its operation as such; a memory operand may be a device as well.
bool reaches_board(const decoder::Instruction& instruction) {
    const decoder::Row& row = instruction.row();
    return row.family == decoder::Family::kInputOutput ||
           instruction.mnemonic == decoder::Mnemonic::WRMSR ||
           instruction.mnemonic == decoder::Mnemonic::HLT ||
           (row.family == decoder::Family::kString && row.kind == decoder::Class::kPrivileged);
}

}  // namespace

Emitter::Emitter(const Surroundings& surroundings, const privilege::CpuModel& model, Block& draft,
                 unsigned longest, asmjit::CodeHolder& code)
    : surroundings_(surroundings), model_(model), block_(draft), code_(code), longest_(longest) {
    code_.reset(asmjit::ResetPolicy::kSoft);  // its memory serves the next block
    code_.init(asmjit::Environment::host());
    code_.attach(&assembler_);
}

void Emitter::begin(const decoder::Instruction& instruction, u32 eip, bool soft) {
    instruction_ = &instruction;
    eip_ = eip;
    soft_ = soft;
    operation_ = Site::kNoOperation;
    slow_ = asmjit::Label();
    slow_leaves_ = false;
    again_ = false;
    runs_on_ = false;
    open_source();
    cover_source();
    keep_x87_address();
    if (needs_stack_pointer(instruction)) settle_stack_pointer();
}

// Behind the instruction its flags are where the fast path left them; a guest that resumes has them
// in both places.
void Emitter::end_instruction() {
    if (sets_stack_pointer(*instruction_)) stack_delta_ = 0;
    if (slow_.isValid()) {
        block_.sites[cold_[slow_site_].site].stack_after = stack_delta_;
        cold_[slow_site_].resume = assembler_.newLabel();
        if (!closed_ && !slow_leaves_) assembler_.bind(cold_[slow_site_].resume);
    }
    ++completed_;
}

void Emitter::fall_back(bool ends) {
    ColdSite cold;
    cold.label = assembler_.newLabel();
    cold.site = new_site(Site::Kind::kInstruction, eip_, completed_);
    block_.sites[cold.site].fallback = true;
    block_.sites[cold.site].stack_after = stack_delta_;
    cold.saved = saved_;
    assembler_.jmp(cold.label);
    cold.resume = assembler_.newLabel();
    if (!ends) assembler_.bind(cold.resume);
    closed_ = ends;
    cold_.push_back(cold);
    x87_ = {};
    ++completed_;
}

void Emitter::leave_for_fpu() {
    leave_at(new_site(Site::Kind::kFpu, eip_, completed_));
    closed_ = true;
}

void Emitter::leave_at(u16 site) {
    ColdSite cold;
    cold.label = assembler_.newLabel();
    cold.site = site;
    cold.saved = saved_;
    assembler_.jmp(cold.label);
    cold_.push_back(cold);
}

unsigned Emitter::memory_size() const {
    for (const Operand& operand : instruction_->operands) {
        if (operand.kind == decoder::OperandKind::kMemory) return operand.size;
    }
    return 0;
}

void Emitter::finish_open(u32 next, bool cut) {
    if (!closed_) emit_exit(next, completed_, cut);
}

// The number of the current instruction's Operation.
u16 Emitter::operation() {
    if (operation_ == Site::kNoOperation) {
        operation_ = static_cast<u16>(block_.operations.size());
        block_.operations.push_back(interpreter::bind_operation(*instruction_, model_));
    }
    return operation_;
}

// Its number.
u16 Emitter::new_site(Site::Kind kind, u32 eip, u16 count) {
    const std::size_t number = block_.sites.size();
    Site& site = block_.sites.emplace_back();
    site.kind = kind;
    site.count = count;
    site.eip = eip;
    if (kind == Site::Kind::kInstruction) {
        site.operation = operation();
        site.fpu = uses_fpu(*instruction_);
        site.same_pages = writes_same_pages(*instruction_);
        site.segment = loads_segment(*instruction_);
        site.crossing = crossing_of(instruction_->mnemonic).has_value();
        site.board = reaches_board(*instruction_);
        site.occupation = callout_occupation(instruction_->row());
        site.clock = instruction_->mnemonic == decoder::Mnemonic::RDTSC ||
                     instruction_->mnemonic == decoder::Mnemonic::WRMSR;
    }
    site.x87 = x87_.note;
    site.x87_operand = x87_.operation;
    site.x87_moved = x87_.moved;
    site.stack_before = stack_delta_;
    return static_cast<u16>(number);
}

Emitter::ColdSite& Emitter::slow_site() {
    if (slow_.isValid()) return cold_[slow_site_];
    slow_ = assembler_.newLabel();
    ColdSite cold;
    cold.label = slow_;
    cold.site = new_site(Site::Kind::kInstruction, eip_, completed_);
    cold.needed = false;
    cold.saved = saved_;
    slow_site_ = cold_.size();
    return cold_.emplace_back(cold);
}

asmjit::Label Emitter::slow_path() {
    ColdSite& site = slow_site();
    if (!site.needed) site.saved = saved_;
    site.needed = true;
    return slow_;
}

void Emitter::may_fault() {
    block_.fault_points.push_back(
        {static_cast<u32>(assembler_.offset()), slow_site().site, saved_});
}

void Emitter::may_fault(std::function<void()> landing) {
    may_fault();
    landings_.push_back(
        {block_.fault_points.size() - 1, assembler_.newLabel(), std::move(landing)});
}

void Emitter::touch() {
    if (windowed(Access::kRead)) may_fault();
}

void Emitter::finish() {
    // An exit's own site joins the list while it is walked.
    for (std::size_t i = 0; i < later_.size(); ++i) {
        const LaterExit later = later_[i];
        assembler_.bind(later.label);
        saved_ = false;
        stack_delta_ = later.stack_delta;
        x87_ = later.x87;
        emit_exit(later.target, later.count);
    }
    for (const Landing& landing : landings_) {
        assembler_.bind(landing.label);
        landing.emit();
    }
    for (const TableWrite& write : table_writes_) emit_table_write(write);
    for (const Check& check : checks_) emit_check(check);
}

void Emitter::finish_callouts(const Block& block) {
    for (const ColdSite& cold : cold_) {
        if (!cold.needed) continue;
        assembler_.bind(cold.label);
        // SAFETY: the site lives as long as the code that names it.
        assembler_.mov(x86::r10, reinterpret_cast<u64>(&block.sites[cold.site]));
        assembler_.jmp(context(
            cold.saved ? offsetof(Context, callout_saved) : offsetof(Context, callout_host), 8));
    }
}

void Emitter::resolve(Block& block) const {
    for (const Landing& landing : landings_)
        block.fault_points[landing.point].landing =
            static_cast<u32>(code_.labelOffset(landing.label));
    for (const ColdSite& cold : cold_) {
        Site& site = block.sites[cold.site];
        if (cold.needed) site.cold = static_cast<u32>(code_.labelOffset(cold.label));
        if (site.kind == Site::Kind::kInstruction && code_.isLabelBound(cold.resume))
            site.resume = static_cast<u32>(code_.labelOffset(cold.resume));
        if (cold.jump_end.isValid())
            site.jump = static_cast<u32>(code_.labelOffset(cold.jump_end)) - 4;
    }
}

// --- registers ---

x86::Gp Emitter::guest32(unsigned number) {
    return number == static_cast<unsigned>(Gpr::kSp) ? x86::r12d : x86::gpd(number);
}
x86::Gp Emitter::guest64(unsigned number) {
    return number == static_cast<unsigned>(Gpr::kSp) ? x86::r12 : x86::gpq(number);
}
x86::Gp Emitter::guest16(unsigned number) {
    return number == static_cast<unsigned>(Gpr::kSp) ? x86::r12w : x86::gpw(number);
}

bool Emitter::has_low_name(const Operand& operand) {
    return operand.register_class != RegisterClass::kGpr8 || operand.number < 4;
}

x86::Gp Emitter::guest(const Operand& operand) {
    switch (operand.register_class) {
        case RegisterClass::kGpr8: return x86::gpb_lo(operand.number);
        case RegisterClass::kGpr16: return guest16(operand.number);
        default: return guest32(operand.number);
    }
}

x86::Mem Emitter::state(std::size_t offset, u32 size) const {
    return x86::ptr(x86::r14, static_cast<s32>(offset), size);
}
x86::Mem Emitter::context(std::size_t offset, u32 size) const {
    return x86::ptr(x86::r15, static_cast<s32>(offset) - kContextBias, size);
}

// --- flags ---

void Emitter::flags_to_saved() {
    if (saved_) return;
    assembler_.mov(x86::r11, x86::rax);
    assembler_.lahf();
    assembler_.seto(x86::al);
    assembler_.xchg(x86::rax, x86::r11);
    saved_ = true;
}

void Emitter::flags_to_host() {
    if (!saved_) return;
    assembler_.mov(x86::r10, x86::rax);
    assembler_.mov(x86::eax, x86::r11d);
    assembler_.add(x86::al, 0x7f);
    assembler_.sahf();
    assembler_.mov(x86::rax, x86::r10);
    saved_ = false;
}

void Emitter::copy(MemoryForm form) {
    const CopiedInstruction copied = copy_instruction(*instruction_, form, stack_delta_);
    check(copied.size != 0, "an instruction that cannot be copied is copied");
    assembler_.embed(copied.bytes.data(), copied.size);
}

}  // namespace seventeen::translator
