// Builds the guest: page tables, GDT, IDT and TSS in RAM, and a CPU state at CPL 3.
#include "tests/oracle/guest.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "core/bus.h"
#include "core/check.h"
#include "core/scheduler.h"
#include "interpreter/interpreter.h"
#include "mmu/mmu.h"
#include "privilege/descriptor.h"
#include "privilege/privilege_engine.h"
#include "translator/host_faults.h"
#include "translator/translator.h"

namespace seventeen::oracle {

namespace {

constexpr u64 kRamSize = 256 * 1024;
constexpr u64 kInstructionLimit = 1'000'000;  // far beyond any case, REP iterations included
constexpr u8 kCodeFiller = 0xcc;              // as on the host side

// The supervisor's pages, one after the other, in linear and in physical space.
constexpr Region kPrivate{0x2f00'0000, 0x3000, Rights::kReadWrite};
constexpr u32 kTables = kPrivate.base;          // GDT, TSS and IDT
constexpr u32 kStubs = kPrivate.base + 0x1000;  // a HLT for each vector
constexpr u32 kKernelStack = kPrivate.end();
constexpr u32 kTssOffset = 0x100;
constexpr u16 kTssLimit = 0x67;
constexpr u32 kLdtOffset = 0x400;
constexpr u32 kIdtOffset = 0x800;
constexpr unsigned kVectors = 32;

// Physical pages behind them.
constexpr u64 kPrivateFrame = 0;
constexpr u64 kPageDirectoryPointers = 0x3000;
constexpr u64 kPageDirectory = 0x4000;
constexpr u64 kPageTables = 0x5000;
constexpr u64 kMemoryFrame = 0x8000;
constexpr u64 kCodeFrame = kMemoryFrame + kMemorySize;
constexpr u64 kExitFrame = kCodeFrame + kCode.size;
static_assert(kExitFrame + kExit.size <= kRamSize);

constexpr u16 kKernelCode = 0x10;
constexpr u16 kKernelData = 0x18;
constexpr u16 kTaskState = 0x40;
constexpr u16 kLocalTable = 0x50;

constexpr u32 kCodeRights = kSegmentPresent | kSegmentNotSystem | kSegmentCode | kSegmentReadable |
                            kSegmentAccessed | kSegmentBig | kSegmentGranular;
constexpr u32 kDataRights = kSegmentPresent | kSegmentNotSystem | kSegmentWritable |
                            kSegmentAccessed | kSegmentBig | kSegmentGranular;
constexpr u32 kUser = 3u << kSegmentDplShift;
constexpr u32 kBusyTss32 = 11;
constexpr u32 kLdtType = 2;

constexpr u64 kEntryPresent = 1, kEntryWritable = 2, kEntryUser = 4, kEntryUsed = 0x60;
constexpr u64 kEntryNoExecute = u64{1} << 63;

SegmentRegister flat(u16 selector, u32 attributes) {
    SegmentRegister segment;
    segment.selector = selector;
    segment.attributes = attributes;
    segment.limit = 0xffff'ffff;
    segment.update();
    return segment;
}

// A descriptor of base zero and limit 4 GiB (SDM 3A 3.4.5).
u64 flat_descriptor(u32 attributes) {
    return u64{0x000f'0000 | attributes << 8} << 32 | 0xffff;
}

u64 interrupt_gate(u32 offset, u32 dpl) {
    const u32 high = (offset & 0xffff'0000) | 0x8e00 | dpl << 13;
    return u64{high} << 32 | u32{kKernelCode} << 16 | (offset & 0xffff);
}

class NoInterrupts : public InterruptAcknowledge {
  public:
    u8 acknowledge() override { return 0xff; }
};

// The host's side has the signals of faults; while this lives the translator has them. The host's
// timer waits meanwhile: its handler loads GS, in whose base translated code has its window.
class BorrowedSignals {
  public:
    BorrowedSignals() {
        for (std::size_t i = 0; i < kSignals.size(); ++i)
            sigaction(kSignals[i], nullptr, &actions_[i]);
        translator::install_host_fault_handlers();
        sigset_t timer;
        sigemptyset(&timer);
        sigaddset(&timer, SIGALRM);
        sigprocmask(SIG_BLOCK, &timer, &mask_);
    }
    ~BorrowedSignals() {
        sigprocmask(SIG_SETMASK, &mask_, nullptr);
        for (std::size_t i = 0; i < kSignals.size(); ++i)
            sigaction(kSignals[i], &actions_[i], nullptr);
    }
    BorrowedSignals(const BorrowedSignals&) = delete;
    BorrowedSignals& operator=(const BorrowedSignals&) = delete;

  private:
    static constexpr std::array kSignals{SIGSEGV, SIGFPE};
    std::array<struct sigaction, kSignals.size()> actions_{};
    sigset_t mask_{};
};

FpuState to_fpu_state(const FxImage& image) {
    FpuState fpu;
    fpu.control = image.control;
    fpu.status = image.status;
    fpu.valid = image.valid;
    fpu.opcode = image.opcode;
    fpu.instruction_pointer = image.instruction_pointer;
    fpu.instruction_selector = image.instruction_selector;
    fpu.data_selector = image.data_selector;
    fpu.data_pointer = image.data_pointer;
    fpu.mxcsr = image.mxcsr;
    for (unsigned i = 0; i < image.st.size(); ++i)
        fpu.st(i) = {image.st[i].significand, image.st[i].sign_exponent};
    for (unsigned i = 0; i < image.xmm.size(); ++i) fpu.xmm[i].lanes = image.xmm[i];
    return fpu;
}

FxImage to_image(const FpuState& fpu) {
    FxImage image;
    image.control = fpu.control;
    image.status = fpu.status;
    image.valid = fpu.valid;
    image.opcode = fpu.opcode;
    image.instruction_pointer = fpu.instruction_pointer;
    image.instruction_selector = fpu.instruction_selector;
    image.data_selector = fpu.data_selector;
    image.data_pointer = fpu.data_pointer;
    image.mxcsr = fpu.mxcsr;
    for (unsigned i = 0; i < image.st.size(); ++i)
        image.st[i] = {fpu.st(i).significand, fpu.st(i).sign_exponent, {}};
    for (unsigned i = 0; i < image.xmm.size(); ++i) image.xmm[i] = fpu.xmm[i].lanes;
    return image;
}

}  // namespace

struct GuestCpu::Machine {
    Bus mmio{"memory", u64{1} << 32};
    Bus ports{"port", 0x10000};
    mmu::PhysicalMemory memory{kRamSize, mmio};
    CpuState state;
    Scheduler scheduler{state.retired, state.attention};
    NoInterrupts interrupts;
    mmu::Mmu mmu{state, memory};
    privilege::PrivilegeEngine privilege{
        state, mmu, privilege::cpu_model("max"), {ports, scheduler, interrupts}};
    std::unique_ptr<Engine> engine;
    std::span<const u8> exit_page;
    CpuState start;  // what every case's CPU state is made from
    u32 loaded_address = kCode.base;
    u32 loaded_size = 0;
    bool translated = false;

    template <typename T>
    void put(u64 physical, T value) {
        memory.write(PhysicalAddress{physical}, value);
    }
    void map(const Region& region, u64 physical, u64 rights);
    void write_page_tables(bool map_low);
    void write_descriptors(const std::array<u64, kDescriptorCount>& visible);
    void write_system_tables();
    void make_start_state(bool local_segments);
    void load_segments(const Registers& registers);
    void refresh_exit_page();
    void make_engine(unsigned translated_block);
    Exit run_to_rest();
    Outcome outcome_of(Exit exit) const;
};

void GuestCpu::Machine::map(const Region& region, u64 physical, u64 rights) {
    for (u32 offset = 0; offset < region.size; offset += kPageSize) {
        const u32 linear = region.base + offset;
        const u64 directory_entry = kPageDirectory + (linear >> 21) * sizeof(u64);
        // One table each for the three 2 MiB areas in use: low, the case's and the supervisor's.
        const u64 table = kPageTables + (linear >> 28) * kPageSize;
        put(directory_entry, table | kEntryPresent | kEntryWritable | kEntryUser | kEntryUsed);
        put(table + (linear >> kPageShift & 511) * sizeof(u64), (physical + offset) | rights);
    }
}

void GuestCpu::Machine::write_page_tables(bool map_low) {
    constexpr u64 kRead = kEntryPresent | kEntryUser | kEntryUsed;
    put(kPageDirectoryPointers, kPageDirectory | kEntryPresent);
    map(kPrivate, kPrivateFrame, kEntryPresent | kEntryWritable | kEntryUsed);
    map(kCode, kCodeFrame, kRead);
    map(kExit, kExitFrame, kRead);
    u64 frame = kMemoryFrame;
    for (const Region& region : kMemory) {
        const u64 writable = region.rights == Rights::kReadWrite ? kEntryWritable : 0;
        if (map_low || region.base != kLow.base)
            map(region, frame, kRead | writable | kEntryNoExecute);
        frame += region.size;
    }
}

// What user code sees is the host's; the kernel's own it cannot see, and so they are ours.
void GuestCpu::Machine::write_descriptors(const std::array<u64, kDescriptorCount>& visible) {
    for (unsigned i = 0; i < visible.size(); ++i) put(kPrivateFrame + i * sizeof(u64), visible[i]);
    put(kPrivateFrame + kKernelCode, flat_descriptor(kCodeRights));
    put(kPrivateFrame + kKernelData, flat_descriptor(kDataRights));
    put(kPrivateFrame + kTaskState, u64{0});
    put(kPrivateFrame + (kUserCode32 & ~7u), flat_descriptor(kCodeRights | kUser));
    put(kPrivateFrame + (kUserData & ~7u), flat_descriptor(kDataRights | kUser));
    constexpr u32 kCode64Rights = (kCodeRights & ~kSegmentBig) | kSegmentLong;
    put(kPrivateFrame + (kUserCode64 & ~7u), flat_descriptor(kCode64Rights | kUser));
    for (unsigned i = 0; i < kLocalSegmentCount; ++i)
        put(kPrivateFrame + kLdtOffset + i * sizeof(u64), local_segments()[i].descriptor());
}

void GuestCpu::Machine::write_system_tables() {
    put(kPrivateFrame + kTssOffset + 4, kKernelStack);
    put(kPrivateFrame + kTssOffset + 8, u32{kKernelData});
    put(kPrivateFrame + kTssOffset + 0x66, u16{kTssLimit + 1});  // no I/O permission bitmap
    for (unsigned vector = 0; vector < kVectors; ++vector) {
        const bool callable = vector == static_cast<unsigned>(Vector::kBreakpoint) ||
                              vector == static_cast<unsigned>(Vector::kOverflow);
        put(kPrivateFrame + kIdtOffset + vector * sizeof(u64),
            interrupt_gate(kStubs + vector, callable ? 3 : 0));
    }
    constexpr u8 kHalt = 0xf4;
    for (u32 offset = 0; offset < kPageSize; ++offset)
        put(kPrivateFrame + (kStubs - kPrivate.base) + offset, kHalt);
}

void GuestCpu::Machine::make_start_state(bool local_segments) {
    start = reset_state();
    for (SegmentRegister& segment : start.segments) segment = flat(kUserData, kDataRights | kUser);
    start.segment(SegmentName::kCs) = flat(kUserCode32, kCodeRights | kUser);
    start.cpl = 3;
    start.ldtr = flat(0, kSegmentUnusable);
    if (local_segments) {
        start.ldtr = flat(kLocalTable, kSegmentPresent | kLdtType);
        start.ldtr.base = kTables + kLdtOffset;
        start.ldtr.limit = kLocalSegmentCount * sizeof(u64) - 1;
    }
    start.tr = flat(kTaskState, kSegmentPresent | kBusyTss32);
    start.tr.base = kTables + kTssOffset;
    start.tr.limit = kTssLimit;
    start.gdtr = {kTables, kDescriptorCount * sizeof(u64) - 1};
    start.idtr = {kTables + kIdtOffset, kVectors * sizeof(u64) - 1};
    start.cr0 = kCr0Pe | kCr0Mp | kCr0Et | kCr0Ne | kCr0Wp | kCr0Am | kCr0Pg;
    start.cr3 = kPageDirectoryPointers;
    start.cr4 = kCr4Pae | kCr4Osfxsr | kCr4Osxmmexcpt;
    start.msr.efer = kEferNxe;
    start.pdpte[0] = kPageDirectory | kEntryPresent;
    start.attention = true;
}

// The host keeps a few variables there.
void GuestCpu::Machine::refresh_exit_page() {
    const auto mine = memory.ram().subspan(kExitFrame, exit_page.size());
    if (!std::equal(mine.begin(), mine.end(), exit_page.begin()))
        memory.write({kExitFrame}, exit_page.data(), exit_page.size());
}

void GuestCpu::Machine::load_segments(const Registers& registers) {
    for (unsigned i = 0; i < kSegmentCount; ++i) {
        const LocalSegment* local = local_segment(registers.selectors[i]);
        if (!local) continue;
        const u64 bits = local->descriptor();
        const privilege::Descriptor descriptor{static_cast<u32>(bits),
                                               static_cast<u32>(bits >> 32)};
        state.segments[i] = descriptor.segment(registers.selectors[i]);
    }
}

// The CPU has come to rest in a stub; the interrupted state is in its registers and on its stack.
Outcome GuestCpu::Machine::outcome_of(Exit exit) const {
    Outcome outcome;
    if (exit != Exit::kHalted) {
        outcome.kind = exit == Exit::kShutdown ? Outcome::Kind::kException : Outcome::Kind::kHung;
        outcome.vector = 0xff;
        return outcome;
    }
    outcome.vector = static_cast<u8>(state.eip() - 1 - kStubs);
    u32 frame = state.reg32(Gpr::kSp);
    const auto pop = [&] {
        u32 value = 0;
        check(kPrivate.contains(frame), "the guest's exception frame is on its kernel stack");
        std::memcpy(&value, memory.ram().data() + kPrivateFrame + (frame - kPrivate.base), 4);
        frame += 4;
        return value;
    };
    if (pushes_error_code(outcome.vector)) outcome.error_code = pop();
    Registers& registers = outcome.registers;
    registers.eip = pop();
    for (unsigned i = 0; i < kSegmentCount; ++i)
        registers.selectors[i] = state.segments[i].selector;
    registers[SegmentName::kCs] = static_cast<u16>(pop());
    registers.eflags = pop();
    for (unsigned i = 0; i < registers.gpr.size(); ++i)
        registers.gpr[i] = state.reg32(static_cast<Gpr>(i));
    registers[Gpr::kSp] = pop();
    registers[SegmentName::kSs] = static_cast<u16>(pop());
    registers.fx = to_image(state.fpu);
    outcome.kind = Outcome::Kind::kException;
    if (outcome.vector == static_cast<u8>(Vector::kPageFault))
        outcome.fault_address = static_cast<u32>(state.cr2);
    const bool at_exit =
        outcome.vector == static_cast<u8>(Vector::kInvalidOpcode) && registers.eip == kExit.base;
    if (at_exit) {
        outcome.kind = Outcome::Kind::kCompleted;
        outcome.vector = 0;
        registers.eflags &= ~kFlagRf;
    }
    return outcome;
}

void GuestCpu::Machine::make_engine(unsigned translated_block) {
    translated = translated_block != 0;
    if (!translated) {
        engine = std::make_unique<interpreter::Interpreter>(state, mmu, privilege);
        return;
    }
    const BorrowedSignals signals;
    translator::TranslatorOptions translation;
    translation.longest_block = translated_block;
    translation.young_instructions = 0;
    translation.code_cache_bytes = u64{1} << 20;
    engine = std::make_unique<translator::Translator>(state, mmu, privilege, translation);
}

Exit GuestCpu::Machine::run_to_rest() {
    std::optional<BorrowedSignals> signals;
    if (translated) signals.emplace();
    Exit exit = Exit::kAttention;
    while (exit == Exit::kAttention) exit = engine->run(kInstructionLimit);
    return exit;
}

GuestCpu::GuestCpu(const Options& options) : machine_(std::make_unique<Machine>()) {
    Machine& machine = *machine_;
    machine.memory.map_ram({0}, kRamSize, 0);
    machine.write_page_tables(options.map_low);
    machine.write_descriptors(options.descriptors);
    machine.write_system_tables();
    machine.make_start_state(options.local_segments);
    constexpr u16 kUndefined = 0x0b0f;
    machine.put(kExitFrame, kUndefined);
    machine.exit_page = options.exit_page;
    std::memset(machine.memory.ram().data() + kCodeFrame, kCodeFiller, kCode.size);
    machine.state = machine.start;
    machine.make_engine(options.translated_block);
}

GuestCpu::~GuestCpu() = default;

std::span<u8, kMemorySize> GuestCpu::memory() {
    return machine_->memory.ram().subspan<kMemoryFrame, kMemorySize>();
}

void GuestCpu::load_code(u32 address, std::span<const u8> bytes) {
    Machine& machine = *machine_;
    const auto write = [&](u32 at, std::span<const u8> from) {
        machine.memory.write({kCodeFrame + (at - kCode.base)}, from.data(), from.size());
    };
    bytes = within_code_region(address, bytes);
    write(machine.loaded_address, std::vector<u8>(machine.loaded_size, kCodeFiller));
    write(address, bytes);
    machine.loaded_address = address;
    machine.loaded_size = static_cast<u32>(bytes.size());
}

Outcome GuestCpu::run(const Registers& registers) {
    Machine& machine = *machine_;
    CpuState& state = machine.state;
    state = machine.start;
    machine.load_segments(registers);
    machine.refresh_exit_page();
    for (unsigned i = 0; i < registers.gpr.size(); ++i)
        state.set_reg32(static_cast<Gpr>(i), registers.gpr[i]);
    state.rip = registers.eip;
    state.set_eflags(registers.eflags);
    state.fpu = to_fpu_state(registers.fx);
    return machine.outcome_of(machine.run_to_rest());
}

bool GuestCpu::is_private(u32 address) {
    return kPrivate.contains(address);
}

}  // namespace seventeen::oracle
