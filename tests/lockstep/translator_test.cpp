// The translator as an engine: targets, events, code that writes itself, small caches, host faults.
#include "translator/translator.h"

#include <catch2/catch.hpp>

#include "tests/lockstep/lockstep.h"
#include "tests/lockstep/rom.h"

namespace seventeen::lockstep {

namespace {

constexpr u32 kCode = 0x8000;

// Real mode, CS:IP at 800h:0.
Start program(std::vector<u8> code) {
    Start start;
    start.image = std::move(code);
    start.load_at = kCode;
    start.entry = kCode;
    return start;
}

struct Translated {
    explicit Translated(const Start& start, const translator::TranslatorOptions& options = {})
        : guest(start, [&](CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege) {
              auto made = std::make_unique<translator::Translator>(state, mmu, privilege, options);
              engine = made.get();
              return made;
          }) {}
    translator::Translator* engine = nullptr;
    Guest guest;
};

// Of 32-bit code in flat segments.
Start flat_program(const std::vector<u8>& code) {
    Start start = program(code);
    start.prepare = [](CpuState& state, mmu::PhysicalMemory&) {
        state.cr0 |= kCr0Pe;
        for (SegmentRegister& each : state.segments)
            each = segment(8, 0, 0xffff'ffff, kDataBits | kFlat);
        state.segment(SegmentName::kCs) = segment(16, 0, 0xffff'ffff, kCodeBits | kFlat);
        state.rip = kCode;
    };
    return start;
}

// In lockstep; and then by itself, when hardly anything is left to the interpreter. Returns what
// becomes of it.
CpuState check_translated(const Start& start, bool soft) {
    Plan plan;
    plan.limit = 20'000;
    if (soft) plan.options.disabled.set(translator::Trick::kWindows);
    CHECK_FALSE(run_in_lockstep(start, plan).difference);
    Translated guest(start, plan.options);
    guest.guest.run(100'000);
    CHECK(guest.guest.state().retired == 100'000);
    CHECK(guest.engine->statistics().interpreted < 100);
    return guest.guest.state();
}

// mov cx, 0; again: inc ax; add bx, ax; loop again; jmp again
const std::vector<u8> kLoop{0xb9, 0, 0, 0x40, 0x01, 0xc3, 0xe2, 0xfb, 0xeb, 0xf9};

}  // namespace

TEST_CASE("Every target is met exactly, and translated code did the work") {
    Translated all(program(kLoop));
    all.guest.run(100'000);
    CHECK(all.guest.state().retired == 100'000);
    CHECK(all.engine->statistics().entries >= 1);
    CHECK(all.engine->statistics().interpreted < 100);
    for (u64 target = 1; target < 400; target += 7) {
        Plan plan;
        plan.limit = 3000;
        plan.longest_step = target;
        CHECK_FALSE(run_in_lockstep(program(kLoop), plan).difference);
    }
}

TEST_CASE("A write into the running block takes effect at the next instruction") {
    // mov byte [cs:next + 1], 5; next: mov al, 1; … in a loop that sets it back
    const std::vector<u8> code{
        0x2e, 0xc6, 0x06, 0x07, 0x00, 0x05,  // mov byte cs:[7], 5
        0xb0, 0x01,                          // mov al, 1
        0x00, 0xc3,                          // add bl, al
        0x2e, 0xfe, 0x06, 0x05, 0x00,        // inc byte cs:[5]: the immediate above
        0xeb, 0xef,                          // jmp
    };
    Plan plan;
    plan.limit = 2000;
    plan.longest_step = 50;
    const Result result = run_in_lockstep(program(code), plan);
    CHECK_FALSE(result.difference);
    Translated guest(program(code));
    guest.guest.run(3);
    CHECK((guest.guest.state().gpr[3] & 0xff) == 5);
    CHECK(guest.engine->statistics().invalidated == 0);  // so few are the interpreter's
    guest.guest.run(2000);
    CHECK(guest.engine->statistics().invalidated > 100);
}

TEST_CASE("A tiny code cache is emptied again and again, and nothing changes") {
    Start start;
    start.ram = u64{64} << 20;
    std::vector<u8> code;
    for (int i = 0; i < 4000; ++i) {  // a jump to the next after every addition
        code.insert(code.end(), {0x05, static_cast<u8>(i), 0, 0xeb, 0x00});
    }
    code.insert(code.end(), {0xe9, 0xdd, 0xb1});  // back to the start
    Plan plan;
    plan.limit = 60'000;
    plan.longest_step = 20'000;
    plan.options.code_cache_bytes = 64 << 10;
    const Result result = run_in_lockstep(program(code), plan);
    CHECK_FALSE(result.difference);
    CHECK(result.retired == 60'000);
    Translated guest(program(code), plan.options);
    guest.guest.run(60'000);
    CHECK(guest.engine->statistics().cache_flushes > 2);
}

TEST_CASE("An instruction that reaches a device gives its window up") {
    // mov ax, 0a000h; mov ds, ax; mov cx, 1000; again: mov al, [0]; inc bx; loop again; hlt
    Start start = program(
        {0xb8, 0x00, 0xa0, 0x8e, 0xd8, 0xb9, 0xe8, 0x03, 0xa0, 0x00, 0x00, 0x43, 0xe2, 0xfa, 0xf4});
    start.ram = 0xa0000;
    Translated guest(start);
    guest.guest.run(10'000);
    CHECK(guest.guest.ended());
    CHECK((guest.guest.state().gpr[0] & 0xff) == 0xff);
    CHECK(guest.engine->statistics().soft_sites == 1);
    CHECK(guest.engine->statistics().host_faults < 20);
}

// A repeated instruction keeps registers and flags where the count is zero: ADD's carry is added.
TEST_CASE("Repeated string instructions run without the interpreter") {
    const bool soft = GENERATE(false, true);
    const u8 count = GENERATE(0, 5);
    CAPTURE(soft, count);
    std::vector<u8> code{0x05, 1, 0, 0, 0x90};                             // add eax, 90000001h
    std::vector<u8> repeated{0xa4, 0xa5, 0xaa, 0xab};                      // MOVS, STOS
    if (!soft) repeated.insert(repeated.end(), {0xa6, 0xa7, 0xae, 0xaf});  // CMPS, SCAS
    for (const u8 opcode : repeated) {
        code.insert(code.end(), {0xbe, 0, 6, 0, 0, 0xbf, 0, 7, 0, 0});  // mov esi; mov edi
        code.insert(code.end(), {0xb9, count, 0, 0, 0});                // mov ecx
        code.insert(code.end(), {0xf3, opcode, 0x83, 0xd3, 0});         // rep …; adc ebx, 0
    }
    code.insert(code.end(),
                {0xe9, static_cast<u8>(-5 - static_cast<int>(code.size())), 0xff, 0xff, 0xff});
    CHECK(check_translated(flat_program(code), soft).gpr[3] > 1000);
}

// In the window only ESP's new name is in the way, in soft form that of every address.
TEST_CASE("High bytes are moved from and to memory without the interpreter") {
    const bool soft = GENERATE(false, true);
    CAPTURE(soft);
    std::vector<u8> code{0xbe, 0, 6, 0, 0, 0xbf, 0, 7, 0, 0, 0xbc, 0, 8, 0, 0};  // esi, edi, esp
    const std::size_t again = code.size();
    code.insert(code.end(), {0x83, 0x06, 0x77, 0x11, 0x7c, 0x24, 4});  // add [esi]; adc [esp + 4]
    for (const u8 high : {4, 5, 6, 7}) {
        const u8 field = static_cast<u8>(high << 3);
        code.insert(code.end(), {0x8a, static_cast<u8>(field | 0x06)});           // from [esi]
        code.insert(code.end(), {0x10, 0xe1});                                    // adc cl, ah
        code.insert(code.end(), {0x88, static_cast<u8>(field | 0x07)});           // to [edi]
        code.insert(code.end(), {0x8a, static_cast<u8>(field | 0x44), 0x24, 4});  // [esp + 4]
        code.insert(code.end(), {0x10, 0xf9});                                    // adc cl, bh
        code.insert(code.end(), {0x88, static_cast<u8>(field | 0x44), 0x24, 8});  // [esp + 8]
    }
    code.insert(code.end(), {0xeb, static_cast<u8>(again - code.size() - 2)});
    check_translated(flat_program(code), soft);
}

TEST_CASE("An instruction that RF hides from breakpoints is translated") {
    constexpr u64 kGdt = 0x1000;
    Start start = flat_program({
        0x9c, 0x81, 0x0c, 0x24, 0x00, 0x00, 0x01, 0x00,  // again: pushf; or dword [esp], 10000h
        0x0e, 0x68, 0x0f, 0x80, 0x00, 0x00, 0xcf,        // push cs; push next; iretd
        0x40, 0x9c, 0x58, 0xeb, 0xec,                    // next: inc eax; pushf; pop eax; jmp again
    });
    start.prepare = [before = start.prepare](CpuState& state, mmu::PhysicalMemory& memory) {
        before(state, memory);
        memory.write<u64>({kGdt + 16}, 0x00cf'9b00'0000'ffff);
        state.gdtr = {kGdt, 0x17};
        state.set_reg32(Gpr::kSp, 0x7000);
    };
    Plan plan;
    plan.limit = 20'000;
    const Result result = run_in_lockstep(start, plan);
    CHECK_FALSE(result.difference);
    Translated guest(start);
    guest.guest.run(100'000);
    CHECK(guest.engine->statistics().entries < 100);
    CHECK(guest.engine->statistics().retired > 99'000);
}

TEST_CASE("Code that goes on in the middle of a block is not translated to its end again") {
    std::vector<u8> code(600, 0x43);  // inc bx
    code.insert(code.end(), {0xe9, 0xa5, 0xfd});
    const auto translated = [&](bool joining) {
        translator::TranslatorOptions options;
        if (!joining) options.disabled.set(translator::Trick::kJoining);
        Translated guest(program(code), options);
        for (u64 target = 977; target < 100'000; target += 977) guest.guest.run(target);
        return guest.engine->statistics().guest_instructions;
    };
    CHECK(translated(true) * 4 < translated(false));
}

TEST_CASE("Each trick can be turned off") {
    for (unsigned trick = 0; trick < static_cast<unsigned>(translator::Trick::kCount); ++trick) {
        CAPTURE(trick);
        Plan plan;
        plan.limit = 20'000;
        plan.longest_step = 3000;
        plan.options.disabled.set(static_cast<translator::Trick>(trick));
        CHECK_FALSE(run_in_lockstep(program(kLoop), plan).difference);
    }
}

// Each one's loop counts in its window; where that were the other's, one would count for both.
TEST_CASE("Two machines take turns in one thread, however they choose their windows") {
    // again: inc word [500h]; add ax, [500h]; jmp again
    const Start start = program({0xff, 0x06, 0x00, 0x05, 0x03, 0x06, 0x00, 0x05, 0xeb, 0xf6});
    translator::TranslatorOptions by_system_call;
    by_system_call.disabled.set(translator::Trick::kFsgsbase);
    for (const auto& options : {by_system_call, translator::TranslatorOptions{}}) {
        Translated one(start);
        Translated other(start, options);
        for (u64 target = 1000; target <= 20'000; target += 1000) {
            one.guest.run(target);
            other.guest.run(target);
        }
        CHECK(describe_difference(one.guest, other.guest, true).empty());
        for (const Translated* each : {&one, &other}) {
            CHECK(each->engine->statistics().fills != 0);
        }
        CHECK(one.guest.memory().read<u16>({0x500}) == 20'000 / 3 + 1);
    }
}

TEST_CASE("What a device throws comes out of run") {
    struct Grumpy final : Device {
        std::string_view name() const override { return "grumpy"; }
        u64 read(unsigned, u64, Width) override { throw std::string("no"); }
        void write(unsigned, u64, u64, Width) override {}
    } grumpy;
    // nop ×100; in al, 80h
    std::vector<u8> code(100, 0x90);
    code.insert(code.end(), {0xe4, 0x80, 0xeb, 0x98});
    Translated guest(program(code));
    guest.guest.ports().claim({.first = 0x80, .size = 1, .device = &grumpy});
    CHECK_THROWS_AS(guest.guest.run(10'000), std::string);
}

}  // namespace seventeen::lockstep
