// An interrupt, an NMI, or both, at every instruction boundary of a program, one run for each.
#include <array>
#include <catch2/catch.hpp>

#include "interpreter/interpreter.h"
#include "tests/lockstep/lockstep.h"
#include "tests/lockstep/rom.h"
#include "translator/translator.h"

namespace seventeen::lockstep {

namespace {

constexpr u32 kRam = 0x30000;
constexpr u32 kCode = 0x10000;
constexpr u32 kData = 0x20000;
constexpr u32 kStack = 0x9000;
constexpr u32 kInterruptHandler = kRom + 0x1000;
constexpr u32 kNmiHandler = kRom + 0x1100;
constexpr u32 kDebugHandler = kRom + 0x1200;
constexpr u32 kSystemCall = kRom + 0x1300;
constexpr u16 kCode0 = 0x08;
constexpr u16 kData0 = 0x10;
constexpr u16 kCode3 = 0x18 | 3;
constexpr u16 kData3 = 0x20 | 3;
constexpr u16 kTssSelector = 0x28;
constexpr u16 kTriggerPort = 0x80;  // raises the interrupt line by itself
constexpr u8 kVector = 0x20;
constexpr u8 kOtherVector = 0x21;

// Each handler leaves where it came from, and how often it came, in memory.
void write_handler(Rom& rom, u32 at, u32 log) {
    Code code(rom, at);
    code.put({0x50, 0x53});                       // push eax; push ebx
    code.put({0x8b, 0x1d}).dword(log);            // mov ebx, [log]
    code.put({0x43, 0x89, 0x1d}).dword(log);      // inc ebx; mov [log], ebx
    code.put({0x81, 0xe3}).dword(0xff);           // and ebx, 0ffh
    code.put({0x8b, 0x44, 0x24, 0x08});           // mov eax, [esp + 8]
    code.put({0x89, 0x04, 0x9d}).dword(log + 4);  // mov [ebx * 4 + …], eax
    code.put({0x5b, 0x58, 0xcf});                 // pop ebx; pop eax; iretd
}

// Everything that has a say in when an interrupt is taken, three times over, at CPL 0 and 3.
const std::vector<std::vector<u8>> kProgram = {
    {0xb9, 0x03, 0x00, 0x00, 0x00},                                // 00: mov ecx, 3
    {0x51},                                                        // 05: push ecx
    {0xfb, 0x90, 0xfa, 0x90},                                      // 06: sti; nop; cli; nop
    {0xfb, 0xfa, 0x40},                                            // 0a: sti; cli; inc eax
    {0xfb, 0xfb, 0x40, 0xfa},                                      // 0d: sti ×2; inc eax; cli
    {0x8c, 0xd2, 0xfb, 0x8e, 0xd2, 0x40},                          // 11: sti; mov ss; inc eax
    {0x8e, 0xd2, 0x8e, 0xd2, 0x83, 0xc4, 0x00},                    // 17: mov ss ×2; add esp, 0
    {0x16, 0x17, 0x40},                                            // 1e: push ss; pop ss; inc eax
    {0x9c, 0xfa, 0x9d, 0x43},                                      // 21: pushf; cli; popf; inc ebx
    {0xfa, 0x9c, 0x81, 0x0c, 0x24, 0x00, 0x02, 0x00, 0x00, 0x9d},  // 25: cli; popf sets IF
    {0xbf, 0x00, 0x00, 0x02, 0x00, 0xb9, 0x09, 0x00, 0x00, 0x00},  // 2f: mov edi; mov ecx, 9
    {0xf3, 0xab},                                                  // 39: rep stosd
    {0xb9, 0x05, 0x00, 0x00, 0x00, 0x01, 0xd8, 0xe2, 0xfc},        // 3b: add eax, ebx; loop
    {0xe6, 0x80, 0x40, 0x40},                                      // 44: out 80h; inc eax ×2
    {0xfa, 0xe6, 0x80, 0x40, 0xfb, 0x40, 0x40},        // 48: cli; out; inc; sti; inc ×2
    {0xcd, 0x30},                                      // 4f: int 30h
    {0xd9, 0xe8, 0xd9, 0x1d, 0x40, 0x00, 0x02, 0x00},  // 51: fld1; fstp [data + 40h]
    {0x68, 0x23, 0x00, 0x00, 0x00, 0x68, 0x00, 0x70, 0x00, 0x00},  // 59: push ss3, esp3
    {0x68, 0x02, 0x02, 0x00, 0x00, 0x68, 0x1b, 0x00, 0x00, 0x00},  // 63: push flags, cs3
    {0x68, 0x73, 0x00, 0x01, 0x00, 0xcf},                          // 6d: push 73h; iretd
    {0x40, 0x50, 0x5b, 0x01, 0x1d, 0x44, 0x00, 0x02, 0x00},        // 73: inc; push; pop; add [m]
    {0xb9, 0x04, 0x00, 0x00, 0x00, 0x40, 0xe2, 0xfd},              // 7c: mov ecx, 4; inc; loop
    {0xeb, 0x6f},                                                  // 84: jmp f5
    {0x59, 0x49, 0x0f, 0x85, 0x77, 0xff, 0xff, 0xff},              // 86: pop ecx; dec; jnz 05
    {0x50, 0x51, 0x89, 0xe5, 0x6a, 0x07, 0xff, 0x74, 0x24, 0x04},  // 8e: push ×2; mov ebp, esp; …
    {0x8f, 0x44, 0x24, 0x08, 0x8d, 0x64, 0x24, 0x04, 0x54, 0x58},  // 98: pop [esp + 8]; …
    {0x0f, 0xa2, 0x53, 0xe8, 0x00, 0x00, 0x00, 0x00, 0x5a, 0xc9},  // a2: cpuid; push; call; …
    // IRETD to what comes next, with RF: PUSHF, INT, a repeated instruction, CLI.
    {0x9c, 0x81, 0x0c, 0x24, 0x00, 0x02, 0x01, 0x00},  // ac: pushf; or dword [esp], 10200h
    {0x0e, 0x68, 0xbb, 0x00, 0x01, 0x00, 0xcf},        // b4: push cs; push 0bbh; iretd
    {0x9c, 0x5b, 0xb9, 0x03, 0x00, 0x00, 0x00},        // bb: pushf; pop ebx; mov ecx, 3
    {0x9c, 0x81, 0x0c, 0x24, 0x00, 0x02, 0x01, 0x00},  // c2: pushf; or dword [esp], 10200h
    {0x0e, 0x68, 0xd1, 0x00, 0x01, 0x00, 0xcf},        // ca: push cs; push 0d1h; iretd
    {0xf3, 0xab},                                      // d1: rep stosd
    {0x9c, 0x81, 0x0c, 0x24, 0x00, 0x02, 0x01, 0x00},  // d3: pushf; or dword [esp], 10200h
    {0x0e, 0x68, 0xe2, 0x00, 0x01, 0x00, 0xcf},        // db: push cs; push 0e2h; iretd
    {0xcd, 0x30},                                      // e2: int 30h
    {0x9c, 0x81, 0x0c, 0x24, 0x00, 0x02, 0x01, 0x00},  // e4: pushf; or dword [esp], 10200h
    {0x0e, 0x68, 0xf3, 0x00, 0x01, 0x00, 0xcf},        // ec: push cs; push 0f3h; iretd
    {0xfa, 0xf4},                                      // f3: cli; hlt
    {0xe8, 0x06, 0x1f, 0x00, 0x00, 0x01, 0xd8},        // f5: call kThunk; add eax, ebx
    {0xcd, 0x31},                                      // fc: int 31h: to CPL 0
};
// mov ebx, [esp]; ret
constexpr u32 kThunk = kCode + 0x2000;
constexpr std::array<u8, 4> kThunkCode{0x8b, 0x1c, 0x24, 0xc3};

Start make_start() {
    Rom rom;
    rom.descriptor(kCode0, 0, 0xfffff, kCodeBits | kFlat);
    rom.descriptor(kData0, 0, 0xfffff, kDataBits | kFlat);
    rom.descriptor(kCode3, 0, 0xfffff, kCodeBits | kUserBits | kFlat);
    rom.descriptor(kData3, 0, 0xfffff, kDataBits | kUserBits | kFlat);
    rom.dword(kTss + 4, kStack);
    rom.dword(kTss + 8, kData0);
    write_handler(rom, kInterruptHandler, kData + 0x1000);
    write_handler(rom, kNmiHandler, kData + 0x2000);
    write_handler(rom, kDebugHandler, kData + 0x3000);
    // Out of the user's code, with the kernel's stack as it was before IRET.
    Code call(rom, kSystemCall);
    call.put({0xbc}).dword(kStack - 0x1000 - 4).put({0xe9}).relative(kCode + 0x86);
    constexpr u32 kTrapGate = 0xef00;
    constexpr u32 kInterruptGate = 0x8e00;
    rom.gate(kVector, kCode0, kInterruptHandler, kInterruptGate);
    rom.gate(kOtherVector, kCode0, kInterruptHandler, 0x8f00);
    rom.gate(0x30, kCode0, kInterruptHandler, kTrapGate);
    rom.gate(0x31, kCode0, kSystemCall, kTrapGate);
    rom.gate(static_cast<u8>(Vector::kNmi), kCode0, kNmiHandler, kInterruptGate);
    rom.gate(static_cast<u8>(Vector::kDebug), kCode0, kDebugHandler, kInterruptGate);
    Start start;
    start.ram = kRam;
    start.firmware = rom.take();
    start.prepare = [](CpuState& state, mmu::PhysicalMemory& memory) {
        u64 at = kCode;
        for (const auto& line : kProgram) {
            memory.write({at}, line.data(), line.size());
            at += line.size();
        }
        memory.write({kThunk}, kThunkCode.data(), kThunkCode.size());
        state.cr0 = (state.cr0 & ~(kCr0Em | kCr0Ts)) | kCr0Pe | kCr0Ne;
        state.gdtr = {kGdt, 0x2f};
        state.idtr = {kIdt, 0x7ff};
        state.tr = segment(kTssSelector, kTss, 0x67, 0x8b);
        for (SegmentRegister& each : state.segments)
            each = segment(kData3, 0, 0xffff'ffff, kDataBits | kUserBits | kFlat);
        state.segment(SegmentName::kSs) = segment(kData0, 0, 0xffff'ffff, kDataBits | kFlat);
        state.segment(SegmentName::kCs) = segment(kCode0, 0, 0xffff'ffff, kCodeBits | kFlat);
        state.rip = kCode;
        state.set_reg32(Gpr::kSp, kStack - 0x1000);
        state.fpu.control = kX87ControlInit;
    };
    return start;
}

// Raises the interrupt line when it is written to.
class Trigger final : public Device {
  public:
    explicit Trigger(Guest& guest) : guest_(guest) {
        guest.ports().claim({.first = kTriggerPort, .size = 1, .device = this});
    }
    std::string_view name() const override { return "trigger"; }
    u64 read(unsigned, u64, Width) override { return 0; }
    void write(unsigned, u64, u64, Width) override { guest_.raise_interrupt(kOtherVector); }

  private:
    Guest& guest_;
};

struct Machine {
    explicit Machine(const Start& start, const Guest::MakeEngine& make_engine)
        : guest(start, make_engine) {}
    Guest guest;
    Trigger trigger{guest};
};

enum class Event : u8 { kInterrupt, kNmi, kBoth, kStepping };

void inject(Guest& guest, Event event) {
    CpuState& state = guest.state();
    if (event != Event::kNmi) guest.raise_interrupt(kVector);
    if (event == Event::kNmi || event == Event::kBoth) state.nmi_pending = state.attention = true;
}

class EveryBoundary {
  public:
    EveryBoundary(Event event, const translator::TranslatorOptions& options)
        : event_(event),
          pristine_(start_, &interpret),
          expected_(start_, &interpret),
          found_(start_, [&](CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& engine) {
              return std::make_unique<translator::Translator>(state, mmu, engine, options);
          }) {
        if (event == Event::kStepping) pristine_.guest.state().system_flags |= kFlagTf;
    }

    // How many boundaries there were; what differed first is in `difference`.
    u64 run(std::string& difference) {
        for (u64 boundary = 0;; ++boundary) {
            for (Machine* machine : {&expected_, &found_}) {
                machine->guest.copy_from(pristine_.guest);
                machine->guest.run(boundary);
            }
            if (expected_.guest.ended() || boundary == kForever) return boundary;
            for (Machine* machine : {&expected_, &found_}) inject(machine->guest, event_);
            for (const u64 target : {boundary + 1, boundary + 2, kForever}) {
                for (Machine* machine : {&expected_, &found_}) machine->guest.run(target);
                difference = describe_difference(expected_.guest, found_.guest, true);
                if (difference.empty()) continue;
                difference += " with an event at " + std::to_string(boundary) + ", at " +
                              std::to_string(expected_.guest.state().retired);
                return boundary;
            }
        }
    }

    const translator::Statistics& statistics() {
        return static_cast<translator::Translator&>(found_.guest.engine()).statistics();
    }

  private:
    static constexpr u64 kForever = 5000;

    static std::unique_ptr<Engine> interpret(CpuState& state, mmu::Mmu& mmu,
                                             privilege::PrivilegeEngine& engine) {
        return std::make_unique<interpreter::Interpreter>(state, mmu, engine);
    }

    Event event_;
    Start start_ = make_start();
    Machine pristine_;
    Machine expected_;
    Machine found_;
};

void check_event(Event event) {
    for (const unsigned longest_block : {1u, 2u, 64u}) {
        CAPTURE(longest_block);
        translator::TranslatorOptions options;
        options.longest_block = longest_block;
        EveryBoundary all(event, options);
        std::string difference;
        const u64 boundaries = all.run(difference);
        CHECK(boundaries > 250);
        CHECK(boundaries < 2000);
        CHECK(difference == "");
        CHECK((all.statistics().thunks != 0) == (longest_block == 64));
    }
}

}  // namespace

TEST_CASE("An interrupt at any boundary is taken alike") {
    check_event(Event::kInterrupt);
}
TEST_CASE("An NMI at any boundary is taken alike") {
    check_event(Event::kNmi);
}
TEST_CASE("An interrupt and an NMI at any boundary are taken alike") {
    check_event(Event::kBoth);
}
TEST_CASE("An interrupt at any boundary is taken alike while the program is stepped") {
    check_event(Event::kStepping);
}

}  // namespace seventeen::lockstep
