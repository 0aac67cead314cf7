// Bench: one CPU with RAM, tables and stacks laid out, for the tests of the privilege engine.
//
// Nothing runs: a test prepares CpuState and guest memory, calls one method and looks at both. All
// segments of the standard GDT are flat 4 GiB ones, so offsets are linear addresses.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

#include "core/bus.h"
#include "core/cpu_state.h"
#include "core/scheduler.h"
#include "mmu/mmu.h"
#include "privilege/cpu_model.h"
#include "privilege/descriptor.h"
#include "privilege/privilege_engine.h"
#include "privilege/segment_state.h"

namespace seventeen {

// How a failed comparison of faults prints.
inline std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    if (fault.kind == Fault::Kind::kNone) return out << "no fault";
    if (fault.kind == Fault::Kind::kShutdown) return out << "shutdown";
    out << "vector " << static_cast<unsigned>(fault.vector);
    if (fault.has_error_code) out << " code 0x" << std::hex << fault.error_code;
    return out << " address 0x" << std::hex << fault.address << std::dec;
}

}  // namespace seventeen

namespace seventeen::privilege {

// Where the tables lie in guest memory.
inline constexpr u32 kGdt = 0x1000;
inline constexpr u32 kIdt = 0x2000;
inline constexpr u32 kLdt = 0x3000;
inline constexpr u32 kTss = 0x4000;
inline constexpr u32 kOtherTss = 0x5000;
inline constexpr u32 kStack0 = 0x9000;  // initial stack pointers
inline constexpr u32 kStack1 = 0xa000;
inline constexpr u32 kStack3 = 0xb000;
inline constexpr u32 kPageDirectory = 0x100000;
inline constexpr u32 kPageTable = 0x101000;  // maps the first 4 MiB one to one
inline constexpr u64 kRamSize = 4u << 20;

// The standard GDT; 0x50 and up are free for a test's own entries.
inline constexpr u16 kCode0 = 0x08;
inline constexpr u16 kData0 = 0x10;
inline constexpr u16 kCode3 = 0x18 | 3;
inline constexpr u16 kData3 = 0x20 | 3;
inline constexpr u16 kTssSelector = 0x28;
inline constexpr u16 kLdtSelector = 0x30;
inline constexpr u16 kCode1 = 0x38 | 1;
inline constexpr u16 kData1 = 0x40 | 1;
inline constexpr u16 kOtherTssSelector = 0x48;
inline constexpr u16 kFree = 0x50;
inline constexpr u16 kGdtLimit = 0xff;

// Attributes of segments, as SegmentRegister keeps them.
inline constexpr u32 kCodeSegment =
    kSegmentPresent | kSegmentNotSystem | kSegmentCode | kSegmentReadable | kSegmentAccessed;
inline constexpr u32 kDataSegment =
    kSegmentPresent | kSegmentNotSystem | kSegmentWritable | kSegmentAccessed;
inline constexpr u32 kFlat32 = kSegmentBig | kSegmentGranular;
constexpr u32 dpl(unsigned level) {
    return level << kSegmentDplShift;
}
constexpr u32 system(SystemType type) {
    return static_cast<u32>(type) | kSegmentPresent;
}

// `limit` is the descriptor's own field: 20 bits, in pages where `attributes` has G.
constexpr Descriptor make_segment(u32 base, u32 limit, u32 attributes) {
    Descriptor descriptor;
    descriptor.low = base << 16 | (limit & 0xffff);
    descriptor.high =
        (base & 0xff00'0000) | (base >> 16 & 0xff) | (limit & 0xf0000) | attributes << 8;
    return descriptor;
}

constexpr Descriptor make_gate(SystemType type, u16 selector, u32 offset, unsigned level = 0,
                               unsigned parameters = 0) {
    Descriptor descriptor;
    descriptor.low = u32{selector} << 16 | (offset & 0xffff);
    descriptor.high = (offset & 0xffff'0000) | (system(type) | dpl(level)) << 8 | parameters;
    return descriptor;
}

class FixedAcknowledge final : public InterruptAcknowledge {
  public:
    u8 vector = 0x20;
    unsigned asked = 0;
    u8 acknowledge() override {
        ++asked;
        return vector;
    }
};

class Bench {
  public:
    explicit Bench(std::string_view model = "max")
        : engine(state, mmu, cpu_model(model), {ports, scheduler, interrupts}) {
        state = reset_state(engine.model());
        memory.map_ram({0}, kRamSize, 0);
    }

    // --- guest memory, physical ---
    template <typename T>
    T read(u32 address) {
        return memory.read<T>({address});
    }
    template <typename T>
    void write(u32 address, T value) {
        memory.write<T>({address}, value);
    }
    u16 word(u32 address) { return read<u16>(address); }
    u32 dword(u32 address) { return read<u32>(address); }
    void set_dwords(u32 address, std::initializer_list<u32> values) {
        for (u32 value : values) write<u32>(address, value), address += 4;
    }
    void set_words(u32 address, std::initializer_list<unsigned> values) {
        for (unsigned value : values) write<u16>(address, static_cast<u16>(value)), address += 2;
    }
    void set_descriptor(u16 selector, const Descriptor& descriptor) {
        const u32 table = selector & kSelectorLocal ? kLdt : kGdt;
        write<Descriptor>(table + (selector & ~7u), descriptor);
    }
    Descriptor descriptor(u16 selector) {
        const u32 table = selector & kSelectorLocal ? kLdt : kGdt;
        return read<Descriptor>(table + (selector & ~7u));
    }
    void set_gate(u8 vector, const Descriptor& gate) {
        write<Descriptor>(kIdt + vector * 8u, gate);
    }
    // Clears or sets bits of a descriptor's attributes.
    void change_attributes(u16 selector, u32 clear, u32 set) {
        Descriptor changed = descriptor(selector);
        changed.high = (changed.high & ~(clear << 8)) | set << 8;
        set_descriptor(selector, changed);
    }

    // --- modes ---
    // Protected mode with the standard GDT, an LDT, an IDT of absent gates and a busy 32-bit TSS
    // whose stacks are kStack0 and kStack1; CS, SS and the data segments are those of the level.
    void protected_mode(unsigned cpl);
    // Virtual-8086 mode on top of that: CS 0x1000, SS 0x800 (SP 0x1000), data segments 0x700.
    void v86_mode(unsigned iopl);
    // Real mode with the IVT at zero, CS 0x1000, SS 0x800 (SP 0x1000).
    void real_mode();
    // Maps RAM one to one with user rights; change_page then takes bits away.
    void enable_paging();
    void change_page(u32 address, u32 clear, u32 set = 0);

    SegmentRegister& segment(SegmentName name) { return state.segment(name); }
    u16 selector(SegmentName name) { return state.segment(name).selector; }
    u32 esp() const { return state.reg32(Gpr::kSp); }
    void set_esp(u32 value) { state.set_reg32(Gpr::kSp, value); }
    void set_segment(SegmentName name, const Descriptor& descriptor, u16 selector) {
        state.segment(name) = descriptor.segment(selector);
    }

    CpuState state;
    Bus ports{"port", 0x10000};
    Bus mmio{"memory", u64{1} << 36};
    mmu::PhysicalMemory memory{kRamSize, mmio};
    mmu::Mmu mmu{state, memory};
    Scheduler scheduler{state.retired, state.attention};
    FixedAcknowledge interrupts;
    PrivilegeEngine engine;
};

inline void Bench::protected_mode(unsigned cpl) {
    const u32 flat = 0xfffff;
    set_descriptor(kCode0, make_segment(0, flat, kCodeSegment | kFlat32 | dpl(0)));
    set_descriptor(kData0, make_segment(0, flat, kDataSegment | kFlat32 | dpl(0)));
    set_descriptor(kCode3, make_segment(0, flat, kCodeSegment | kFlat32 | dpl(3)));
    set_descriptor(kData3, make_segment(0, flat, kDataSegment | kFlat32 | dpl(3)));
    set_descriptor(kCode1, make_segment(0, flat, kCodeSegment | kFlat32 | dpl(1)));
    set_descriptor(kData1, make_segment(0, flat, kDataSegment | kFlat32 | dpl(1)));
    set_descriptor(kTssSelector, make_segment(kTss, 0x3ff, system(SystemType::kTss32Busy)));
    set_descriptor(kOtherTssSelector, make_segment(kOtherTss, 0x3ff, system(SystemType::kTss32)));
    set_descriptor(kLdtSelector, make_segment(kLdt, 0x7f, system(SystemType::kLdt)));
    set_dwords(kTss + 4, {kStack0, kData0, kStack1, kData1});
    state.gdtr = {kGdt, kGdtLimit};
    state.idtr = {kIdt, 0x7ff};
    state.ldtr = descriptor(kLdtSelector).segment(kLdtSelector);
    state.tr = descriptor(kTssSelector).segment(kTssSelector);
    state.cr0 |= kCr0Pe;
    const u16 code = cpl == 0 ? kCode0 : cpl == 1 ? kCode1 : kCode3;
    const u16 data = cpl == 0 ? kData0 : cpl == 1 ? kData1 : kData3;
    for (unsigned i = 0; i < kSegmentCount; ++i) state.segments[i] = descriptor(data).segment(data);
    set_segment(SegmentName::kCs, descriptor(code), code);
    state.cpl = static_cast<u8>(cpl);
    set_esp(cpl == 0 ? kStack0 : cpl == 1 ? kStack1 : kStack3);
    state.rip = 0x6000;
}

inline void Bench::v86_mode(unsigned iopl) {
    protected_mode(3);
    state.system_flags |= kFlagVm | iopl << kFlagIoplShift;
    for (unsigned i = 0; i < kSegmentCount; ++i) state.segments[i] = v86_segment(0x700);
    state.segment(SegmentName::kCs) = v86_segment(0x1000);
    state.segment(SegmentName::kSs) = v86_segment(0x800);
    set_esp(0x1000);
    state.rip = 0x100;
}

inline void Bench::real_mode() {
    state.cr0 &= ~kCr0Pe;
    state.system_flags &= ~kFlagVm;
    state.cpl = 0;
    state.idtr = {0, 0x3ff};
    for (unsigned i = 0; i < kSegmentCount; ++i)
        state.segments[i] = real_mode_segment(state.segments[i], 0x700);
    state.segment(SegmentName::kCs) = real_mode_segment(state.segment(SegmentName::kCs), 0x1000);
    state.segment(SegmentName::kSs) = real_mode_segment(state.segment(SegmentName::kSs), 0x800);
    set_esp(0x1000);
    state.rip = 0x100;
}

inline void Bench::enable_paging() {
    constexpr u32 kPresentWritableUser = 7;
    write<u32>(kPageDirectory, kPageTable | kPresentWritableUser);
    for (u32 page = 0; page < kRamSize >> kPageShift; ++page)
        write<u32>(kPageTable + page * 4, page << kPageShift | kPresentWritableUser);
    state.cr3 = kPageDirectory;
    state.cr0 |= kCr0Pg | kCr0Wp;
    mmu.flush_all();
}

inline void Bench::change_page(u32 address, u32 clear, u32 set) {
    const u32 entry = kPageTable + (address >> kPageShift) * 4;
    write<u32>(entry, (dword(entry) & ~clear) | set);
}

// The faults that name a selector or a gate.
inline Fault gp(u32 code) {
    return Fault::general_protection(code);
}
inline Fault ss(u32 code) {
    return Fault::stack(code);
}
inline Fault np(u32 code) {
    return Fault::with_code(Vector::kSegmentNotPresent, code);
}
inline Fault ts(u32 code) {
    return Fault::with_code(Vector::kInvalidTss, code);
}
inline const Fault kNoFault;

// One way in which an operation can be refused: what `prepare` spoils, and the fault.
struct Refusal {
    const char* what;
    std::function<void(Bench&)> prepare;
    Fault expected;
};

// The operation must fault and change nothing: no register, no byte below the page tables (whose
// accessed bits a fault may leave set).
template <typename Operation>
void check_refused(Bench& bench, const Fault& expected, Operation&& operation) {
    const CpuState before = bench.state;
    const auto ram = bench.memory.ram().first(kPageDirectory);
    const std::vector<u8> bytes(ram.begin(), ram.end());
    const Fault fault = operation();
    CHECK(fault == expected);
    CHECK(bench.state == before);
    CHECK(std::equal(bytes.begin(), bytes.end(), ram.begin()));
}

// Every row on a bench of its own, which `setup` brings to where the operation would succeed.
template <typename Setup, typename Operation>
void check_refusals(std::initializer_list<Refusal> rows, Setup&& setup, Operation&& operation) {
    for (const Refusal& row : rows) {
        INFO(row.what);
        Bench bench;
        setup(bench);
        row.prepare(bench);
        check_refused(bench, row.expected, [&] { return operation(bench); });
    }
}

}  // namespace seventeen::privilege
