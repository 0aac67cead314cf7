// Pages in a bad order, and a loop over them.
#include "tests/lockstep/paging_layout.h"
#include "tests/lockstep/paging_program.h"

namespace seventeen::lockstep {

namespace {

constexpr u32 kDirectory = 0x100000;
constexpr u32 kTables = 0x101000;
constexpr u32 kFirstFrame = 0x200;
constexpr u32 kStride = 1021;
constexpr u32 kEntries = 1024;
constexpr u32 kProgram = 0x10000;
constexpr u32 kEntry = kRom + 0x1000;

// add [esi], ecx; adc [esi + 0ffdh], ecx; add eax, [esi]; add esi, 1000h; dec ecx; jnz
constexpr u8 kRound[] = {0x01, 0x0e, 0x11, 0x8e, 0xfd, 0x0f, 0x00, 0x00, 0x03, 0x06,
                         0x81, 0xc6, 0x00, 0x10, 0x00, 0x00, 0x49, 0x75, 0xed};

}  // namespace

Start make_scattered_program(u32 pages) {
    Rom rom;
    rom.descriptor(kCode3, 0, 0xfffff, kCodeBits | kUserBits | kFlat);
    rom.descriptor(kData3, 0, 0xfffff, kDataBits | kUserBits | kFlat);
    Code entry(rom, kEntry);
    entry.put({0xb8}).dword(kData3).put({0x8e, 0xd8, 0x8e, 0xc0});        // mov eax; mov ds, es
    entry.put({0x68}).dword(kData3).put({0x68}).dword(kProgram + 0x800);  // push ss, esp
    entry.put({0x68}).dword(0x202).put({0x68}).dword(kCode3);             // push flags, cs
    entry.put({0x68}).dword(kProgram).put({0xcf});                        // push eip; iretd
    std::vector<u8> code{0xb9, static_cast<u8>(pages), static_cast<u8>(pages >> 8), 0, 0};
    code.insert(code.end(), {0xbe, 0x00, 0x00, 0x40, 0x00});  // mov esi, 400000h
    code.insert(code.end(), std::begin(kRound), std::end(kRound));
    code.insert(code.end(), {0xeb, 0xe1});  // jmp to the start
    Start start;
    start.ram = u64{kFirstFrame + pages} << kPageShift;
    start.firmware = rom.take();
    start.prepare = [code, pages](CpuState& state, mmu::PhysicalMemory& memory) {
        memory.write({kProgram}, code.data(), code.size());
        for (u32 page = 0; page <= kEntries + pages; ++page) {  // and one behind the last
            u32 frame = page;
            if (page >= kEntries) frame = kFirstFrame + (page - kEntries) * kStride % pages;
            memory.write({kTables + page * 4}, frame << kPageShift | kAll);
        }
        for (u32 table = 0; table <= 1 + pages / kEntries; ++table)
            memory.write({kDirectory + table * 4}, (kTables + (table << kPageShift)) | kAll);
        enter_kernel(state, kDirectory, kEntry);
    };
    return start;
}

}  // namespace seventeen::lockstep
