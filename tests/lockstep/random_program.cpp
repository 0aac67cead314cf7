// The ROM with tables and handlers, and the instructions.
#include "tests/lockstep/random_program.h"

#include <algorithm>
#include <random>

#include "decoder/decoder.h"
#include "tests/lockstep/random_fpu.h"
#include "tests/lockstep/random_instruction.h"
#include "tests/lockstep/rom.h"
#include "tests/lockstep/self_modifying_code.h"

namespace seventeen::lockstep {

namespace {

using decoder::CodeSize;

// RAM.
constexpr u32 kRam = 1u << 20;
constexpr u32 kCounter = 0x500;
constexpr u32 kCode = kProgramCode;
constexpr u32 kCodeSize = kProgramSize;
constexpr u32 kData = 0x20000;
constexpr u32 kDataMask = 0x3ffff;
constexpr u32 kNumbers = 0x10000;  // bytes of data that are numbers at first
constexpr u32 kStack = 0x1f000;
// ROM.
constexpr u32 kHandler = kRom + 0x1000;
constexpr u32 kTargets = kRom + kHandlerTargets;
constexpr u32 kPristine = kRom + 0x6000;  // a copy of the code
constexpr u32 kRestored = 96;             // bytes of it that the handler puts back
constexpr u32 kAlias = 0x100000;          // under paging the code shows here as well

constexpr u16 kCode0 = 0x08;
constexpr u16 kData0 = 0x10;
constexpr u16 kCode3 = 0x18 | 3;
constexpr u16 kData3 = 0x20 | 3;
constexpr u16 kCode16 = 0x28;
constexpr u16 kData16 = 0x30;
constexpr u16 kLow = 0x38;  // data with a base and a limit
constexpr u32 kLowBase = 0x1000;
constexpr u16 kTssSelector = 0x40;

void load_registers(Code& code, Random& random, bool prefix) {
    for (const unsigned number : {0u, 1u, 2u, 3u, 5u, 6u, 7u}) {
        if (prefix) code.put({0x66});
        code.put({0xb8 + number}).dword(kData + (random() & 0xffff));
    }
}

// EAX is the counter. Takes a pending x87 exception back half of the time, and sets CR0.TS every
// eighth time: the next instruction that it stops leads back here.
void disturb_fpu(Code& code) {
    code.put({0x0f, 0x06});                          // clts
    code.put({0xa8, 0x01, 0x74, 0x02, 0xdb, 0xe2});  // test al, 1; jz +2; fnclex
    code.put({0xa8, 0x07, 0x75, 0x09});              // test al, 7; jnz +9
    code.put({0x0f, 0x20, 0xc1, 0x83, 0xc9, 0x08});  // mov ecx, cr0; or (e)cx, TS
    code.put({0x0f, 0x22, 0xc1});                    // mov cr0, ecx
}

// The code at the target, in EBX, is again what it was at first.
void restore_code(Code& code, u32 base) {
    code.put({0x06, 0x1e, 0x07});                     // push es; push ds; pop es
    code.put({0x8d, 0xbb}).dword(base);               // lea edi, [ebx + base]
    code.put({0x8d, 0xb7}).dword(kPristine - kCode);  // lea esi, [edi + …]
    code.put({0xb9}).dword(kRestored / 4);            // mov ecx
    code.put({0xfc, 0xf3, 0xa5, 0x07});               // cld; rep movsd; pop es
}

// The same on the way out of real mode's handler: the target's IP is on the stack.
void restore_real_code(Code& code) {
    constexpr u32 kOffset = kPristine - kRom;
    code.put({0x89, 0xe5, 0x8b, 0x7e, 0x00});                 // mov bp, sp; mov di, [bp]
    code.put({0x8d, 0xb5, kOffset & 0xff, kOffset >> 8});     // lea si, [di + …]
    code.put({0xb8, 0x00, 0xf0, 0x8e, 0xd8});                 // mov ax, f000h; mov ds, ax
    code.put({0xb8, 0x00, 0x10, 0x8e, 0xc0});                 // mov ax, 1000h; mov es, ax
    code.put({0xb9, kRestored / 2, 0x00, 0xfc, 0xf3, 0xa5});  // mov cx; cld; rep movsw
    code.put({0xb8, 0x00, 0x20, 0x8e, 0xd8, 0x8e, 0xc0});     // mov ax, 2000h; mov ds, es
}

// Segments, counter, the next target, registers; then away to the target.
void write_protected_handler(Rom& rom, const RandomProgram& program, Random& random) {
    Code code(rom, kHandler);
    const bool user = program.setting == Setting::kUser;
    const bool code16 = program.setting == Setting::kCode16;
    const bool segmented = program.setting == Setting::kSegmented;
    code.put({0xb8}).dword(kData0).put({0x8e, 0xd8, 0x8e, 0xd0});    // mov eax; ds, ss
    code.put({0xbc}).dword(kStack - 0x400);                          // mov esp
    code.put({0xa1}).dword(kCounter).put({0x40, 0x25}).dword(0xff);  // mov eax, [..]; inc; and
    code.put({0xa3}).dword(kCounter);                                // mov [..], eax
    if (program.diet == Diet::kFpu) disturb_fpu(code);
    code.put({0x8b, 0x1c, 0x85}).dword(kTargets);  // mov ebx, [eax * 4 + …]
    if (program.diet == Diet::kWrites) restore_code(code, code16 ? kCode : 0);
    if (user) code.put({0x68}).dword(kData3).put({0x68}).dword(kStack);             // push ss, esp
    code.put({0x68}).dword(0x202);                                                  // push flags
    code.put({0x68}).dword(user ? kCode3 : code16 ? kCode16 : kCode0).put({0x53});  // push cs, ebx
    const u16 data = user ? kData3 : code16 ? kData16 : segmented ? kLow : kData0;
    code.put({0xb8}).dword(data).put({0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0});  // mov eax; ds, es, fs
    if (code16 && program.diet == Diet::kWrites) code.put({0xb8}).dword(kData0);
    code.put({0x8e, 0xe8});  // mov gs, eax
    load_registers(code, random, false);
    code.put({0xcf});  // iretd; SS stays flat but for 16-bit code's own sake below
}

void write_real_handler(Rom& rom, const RandomProgram& program, Random& random) {
    Code code(rom, kHandler);
    code.put({0x31, 0xc0, 0x8e, 0xd8});                // xor ax, ax; mov ds, ax
    code.put({0xa1, kCounter & 0xff, kCounter >> 8});  // mov ax, [counter]
    code.put({0x40, 0x25, 0xff, 0x00});                // inc ax; and ax, 0ffh
    code.put({0xa3, kCounter & 0xff, kCounter >> 8});  // mov [counter], ax
    if (program.diet == Diet::kFpu) disturb_fpu(code);
    code.put({0xb9, 0x00, 0x20, 0x8e, 0xd1});              // mov cx, 2000h; mov ss, cx
    code.put({0xbc, 0x00, 0xf0, 0x8e, 0xd9, 0x8e, 0xc1});  // mov sp, f000h; mov ds, es
    code.put({0x89, 0xc3, 0xc1, 0xe3, 0x02});              // mov bx, ax; shl bx, 2
    code.put({0x68, 0x02, 0x02, 0x68, 0x00, 0x10});        // push 202h; push 1000h
    code.put({0x2e, 0xff, 0xb7, kTargets & 0xff, (kTargets - kRom) >> 8});  // push cs:[bx + …]
    if (program.diet == Diet::kWrites) restore_real_code(code);
    load_registers(code, random, true);
    code.put({0xcf});  // iret
}

CodeReach code_reach(Setting setting) {
    CodeReach reach;
    switch (setting) {
        case Setting::kFlat: break;
        case Setting::kUser: reach.alias = kAlias; break;
        case Setting::kSegmented: reach.base = kLowBase; break;
        case Setting::kCode16: reach.prefixes = {0x65, 0x67}; break;
        case Setting::kReal:
            reach.prefixes = {0x2e};
            reach.short_addresses = true;
            reach.base = kCode;
            break;
    }
    const bool code16 = setting == Setting::kCode16 || setting == Setting::kReal;
    if (code16) reach.size = CodeSize::k16;
    reach.through_es_and_ss = setting == Setting::kFlat || setting == Setting::kUser;
    return reach;
}

void write_code(std::vector<u8>& image, const RandomProgram& program, Random& random) {
    const decoder::Decoder decoder;
    const bool code16 = program.setting == Setting::kCode16 || program.setting == Setting::kReal;
    const CodeSize size = code16 ? CodeSize::k16 : CodeSize::k32;
    const u32 data = program.setting == Setting::kSegmented ? kData - kLowBase : kData;
    RandomFpuCode fpu(random, size, code16 ? 0 : data);
    SelfModifyingCode writes(random, code_reach(program.setting), kCode, kCodeSize);
    while (image.size() < kCodeSize) {
        if (program.diet == Diet::kFpu && random() % 8 != 0) {
            fpu.append(image);
            continue;
        }
        if (program.diet == Diet::kWrites && random() % 4 == 0) writes.append(image);
        if (random() % 6 == 0) {  // a register that points to data again
            const unsigned number = std::array{0, 1, 2, 3, 5, 6, 7}[random() % 7];
            image.push_back(static_cast<u8>(0xb8 + number));
            const u32 value = kData + (random() & kDataMask & 0x3ffff);
            for (unsigned i = 0; i < (code16 ? 2 : 4); ++i)
                image.push_back(static_cast<u8>(value >> 8 * i));
        }
        const auto bytes = random_instruction(random, decoder, size, program.diet != Diet::kAll);
        image.insert(image.end(), bytes.begin(), bytes.end());
    }
    image.resize(kCodeSize);
}

// The program wraps around: its end leads to its start.
void close_loop(std::vector<u8>& image, bool code16) {
    const u32 end = kCodeSize - 16;
    std::fill(image.begin() + end, image.end(), 0x90);
    image[kCodeSize - 5] = 0xe9;
    const u32 displacement = code16 ? 0u - (kCodeSize - 2) : 0u - kCodeSize;
    for (unsigned i = 0; i < 4; ++i)
        image[kCodeSize - 4 + i] = static_cast<u8>(displacement >> 8 * i);
}

void write_tables(Rom& rom, const RandomProgram& program, Random& random) {
    rom.descriptor(kCode0, 0, 0xfffff, kCodeBits | kFlat);
    rom.descriptor(kData0, 0, 0xfffff, kDataBits | kFlat);
    rom.descriptor(kCode3, 0, 0xfffff, kCodeBits | kUserBits | kFlat);
    rom.descriptor(kData3, 0, 0xfffff, kDataBits | kUserBits | kFlat);
    rom.descriptor(kCode16, kCode, 0xffff, kCodeBits);
    rom.descriptor(kData16, kData, 0xffff, kDataBits);
    rom.descriptor(kLow, kLowBase, 0x60fff, kDataBits | kSegmentBig);
    for (u32 vector = 0; vector < 256; ++vector) {
        // Interrupt or trap gate; DPL 3 for some.
        const u32 kind = vector % 2 ? 0x8f00 : 0x8e00;
        rom.gate(static_cast<u8>(vector), kCode0, kHandler, kind | (vector % 3 ? 0x6000 : 0));
    }
    rom.dword(kTss + 4, kStack - 0x800);
    rom.dword(kTss + 8, kData0);
    const bool code16 = program.setting == Setting::kCode16 || program.setting == Setting::kReal;
    for (u32 i = 0; i < kHandlerTargetCount; ++i)
        rom.dword(kTargets + i * 4, (code16 ? 0 : kCode) + static_cast<u32>(random() % kCodeSize));
}

void prepare_paging(CpuState& state, mmu::PhysicalMemory& memory) {
    constexpr u32 kAll = 7;
    memory.write<u32>({kUserDirectory}, kUserTable | kAll);
    for (u32 page = 0; page < 256; ++page) {
        u32 rights = kAll;
        if (page % 16 == 5) rights = 5;   // read-only
        if (page % 16 == 9) rights = 0;   // not present
        if (page % 16 == 13) rights = 3;  // the supervisor's
        if (page >= kCode >> 12 && page < kData >> 12) rights = kAll;
        if (page == 0 || page >= kRom >> 12) rights = 3;
        memory.write<u32>({kUserTable + page * 4}, page << 12 | rights);
    }
    for (u32 at = 0; at < kCodeSize; at += kPageSize)
        memory.write<u32>({kUserTable + ((kCode + kAlias + at) >> kPageShift) * 4},
                          (kCode + at) | kAll);
    state.cr3 = kUserDirectory;
    state.cr0 |= kCr0Pg | kCr0Wp;
}

void prepare_protected(CpuState& state, Setting setting) {
    state.cr0 |= kCr0Pe;
    state.gdtr = {kGdt, 0x4f};
    state.idtr = {kIdt, 0x7ff};
    state.tr = segment(kTssSelector, kTss, 0x67, 0x8b);
    for (SegmentRegister& each : state.segments)
        each = segment(kData0, 0, 0xffff'ffff, kDataBits | kFlat);
    state.segment(SegmentName::kCs) = segment(kCode0, 0, 0xffff'ffff, kCodeBits | kFlat);
    if (setting == Setting::kCode16) {
        state.segment(SegmentName::kCs) = segment(kCode16, kCode, 0xffff, kCodeBits);
        state.segment(SegmentName::kSs) = segment(kData16, kData, 0xffff, kDataBits);
    }
    state.rip = kHandler;
    if (setting == Setting::kCode16) state.rip = 0;
    state.cr4 |= kCr4Osfxsr | kCr4Osxmmexcpt;
}

void prepare_real(CpuState& state, mmu::PhysicalMemory& memory) {
    for (u32 vector = 0; vector < 256; ++vector)
        memory.write<u32>({vector * 4}, (kRom >> 4) << 16 | (kHandler - kRom));
    for (SegmentRegister& each : state.segments) each = segment(0x2000, 0x20000, 0xffff, kDataBits);
    state.segment(SegmentName::kCs) = segment(0x1000, 0x10000, 0xffff, kDataBits);
    state.rip = 0;
    state.set_reg32(Gpr::kSp, 0xf000);
}

// Some programs run without what most systems set up.
void prepare_fpu(CpuState& state, u64 seed) {
    state.fpu.control = kX87ControlInit;
    state.cr4 |= kCr4Osfxsr | kCr4Osxmmexcpt;
    if (seed % 4 != 0) state.cr0 |= kCr0Ne;
    if (seed % 8 == 5) state.cr4 &= ~kCr4Osfxsr;
    if (seed % 8 == 6) state.cr4 &= ~kCr4Osxmmexcpt;
}

}  // namespace

Start make_random_program(const RandomProgram& program) {
    Random random(program.seed * 8 + static_cast<u64>(program.setting));
    const bool code16 = program.setting == Setting::kCode16 || program.setting == Setting::kReal;
    Rom rom;
    write_tables(rom, program, random);
    if (program.setting == Setting::kReal)
        write_real_handler(rom, program, random);
    else
        write_protected_handler(rom, program, random);
    std::vector<u8> image;
    write_code(image, program, random);
    close_loop(image, code16);
    if (program.diet == Diet::kWrites) rom.put_all(kPristine, image);

    Start start;
    start.ram = kRam;
    start.wakes = true;
    start.firmware = rom.take();
    const bool fpu = program.diet == Diet::kFpu;
    const auto numbers = random_numbers(random, fpu ? kNumbers : 0);
    start.prepare = [image, numbers, program](CpuState& state, mmu::PhysicalMemory& memory) {
        memory.write({kCode}, image.data(), image.size());
        memory.write({kData}, numbers.data(), numbers.size());
        state.cr0 &= ~(kCr0Em | kCr0Ts);
        if (program.setting == Setting::kReal)
            prepare_real(state, memory);
        else
            prepare_protected(state, program.setting);
        if (program.setting == Setting::kUser) prepare_paging(state, memory);
        prepare_fpu(state, program.seed);
    };
    return start;
}

}  // namespace seventeen::lockstep
