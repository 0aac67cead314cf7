// The kernel in ROM, the page tables, and the start.
#include "tests/lockstep/paging_program.h"

#include <array>

#include "tests/lockstep/paging_code.h"

namespace seventeen::lockstep {

namespace {

// ROM.
constexpr u32 kHandler = kRom + 0x1000;
constexpr u32 kPageFaultHandler = kRom + 0x1400;
constexpr u32 kInterruptHandler = kRom + 0x1800;
constexpr u32 kOperations = kRom + 0x6000;  // 256 of 64 bytes
constexpr u32 kPristine = kRom + 0xa000;    // entries of user pages
constexpr u32 kExits = kRom + 0xb000;       // 256 of 32 bytes

constexpr u32 kEferNumber = 0xc000'0080;

class Author {
  public:
    explicit Author(const PagingProgram& program)
        : random_(program.seed * 2 + program.pae),
          format_{program.pae},
          choose_(random_, format_) {}

    Start write(const PagingProgram& program);

  private:
    void write_descriptors();
    void write_handlers();
    void write_page_fault_handler();
    void write_operation(Code code);
    void write_table_change(Code& code);
    void write_mode_change(Code& code);
    void write_copy(Code& code);
    void write_exit(Code code);

    Random random_;
    PagingFormat format_;
    PagingChoice choose_;
    PagingCode code_{random_, choose_};
    Rom rom_;
};

void Author::write_descriptors() {
    rom_.descriptor(kCode0, 0, 0xfffff, kCodeBits | kFlat);
    rom_.descriptor(kData0, 0, 0xfffff, kDataBits | kFlat);
    rom_.descriptor(kCode3, 0, 0xfffff, kCodeBits | kUserBits | kFlat);
    rom_.descriptor(kData3, 0, 0xfffff, kDataBits | kUserBits | kFlat);
    constexpr u32 kRing1 = 1u << kSegmentDplShift;
    rom_.descriptor(kCode1, 0, 0xfffff, kCodeBits | kRing1 | kFlat);
    rom_.descriptor(kData1, 0, 0xfffff, kDataBits | kRing1 | kFlat);
    rom_.dword(kTss + 4, kStack - 0x800);
    rom_.dword(kTss + 8, kData0);
    constexpr u32 kPageFault = 14;
    for (u32 vector = 0; vector < 256; ++vector) {
        const u32 handler = vector == kPageFault              ? kPageFaultHandler
                            : vector >= 0x20 && vector < 0x40 ? kInterruptHandler
                                                              : kHandler;
        rom_.gate(static_cast<u8>(vector), kCode0, handler, vector == kPageFault ? 0x8e00 : 0xee00);
    }
}

void Author::write_handlers() {
    Code code(rom_, kHandler);
    code.put({0xb8}).dword(kData3);                                        // mov eax
    code.put({0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8});            // mov ds, es, fs, gs
    code.put({0xb8}).dword(kData0).put({0x8e, 0xd0, 0xbc}).dword(kStack);  // ss, esp
    code.put({0xa1}).dword(kCounter).put({0x40, 0x25}).dword(0xff);        // counter
    code.put({0xa3}).dword(kCounter);
    code.put({0x50, 0xc1, 0xe0, 0x06, 0x05}).dword(kOperations);         // push, shl, add eax
    code.put({0xff, 0xd0, 0x58, 0xc1, 0xe0, 0x05, 0x05}).dword(kExits);  // call eax; pop …
    code.put({0xff, 0xe0});                                              // jmp eax

    // The same operation, then mostly back.
    code = Code(rom_, kInterruptHandler);
    code.put({0x60, 0xa1}).dword(kCounter).put({0x83, 0xc0, 0x03, 0x25}).dword(0xff);
    code.put({0xa3}).dword(kCounter).put({0xa8, 0x03, 0x0f, 0x84}).relative(kHandler);
    code.put({0xc1, 0xe0, 0x06, 0x05}).dword(kOperations);  // shl, add eax
    code.put({0xff, 0xd0, 0x61, 0xcf});                     // call eax; popad; iretd
    for (u32 i = 0; i < 256; ++i) {
        write_operation(Code(rom_, kOperations + i * 64));
        write_exit(Code(rom_, kExits + i * 32));
    }
    write_page_fault_handler();
}

// A user page gets its entry, and its table the directory's; other faults go elsewhere.
void Author::write_page_fault_handler() {
    for (u32 page = 0; page < kPages; ++page)
        rom_.dword(kPristine + page * 4, format_.pristine(page));
    const unsigned sib = format_.pae ? 0xd9 : 0x99;  // [ecx + ebx * entry_size]
    Code code(rom_, kPageFaultHandler);
    code.put({0x60, 0x0f, 0x20, 0xd3});  // pushad; mov ebx, cr2
    code.put({0xc1, 0xeb, 0x0c, 0x81, 0xeb}).dword(kUserPages >> kPageShift);   // shr, sub ebx
    code.put({0x81, 0xfb}).dword(kPages).put({0x0f, 0x83}).relative(kHandler);  // cmp ebx; jae
    code.put({0x8b, 0x14, 0x9d}).dword(kPristine);                // mov edx, [ebx * 4 + …]
    code.put({0x85, 0xd2, 0x0f, 0x84}).relative(kHandler);        // test edx, edx; jz
    code.put({0x0f, 0x20, 0xd9, 0x81, 0xe1}).dword(0xffff'f000);  // mov ecx, cr3; and ecx
    code.put({0x89, 0x94, sib}).dword(kUserTable);  // mov [ecx + ebx * … + …], edx
    if (format_.pae) code.put({0xc7, 0x84, sib}).dword(kUserTable + 4).dword(0);
    code.put({0x8d, 0x81}).dword(kUserTable | kAll);                       // lea eax, [ecx + …]
    code.put({0x89, 0x81}).dword(format_.directory_entry(0, kUserPages));  // mov [ecx + …], eax
    code.put({0x61, 0x83, 0xc4, 0x04, 0xcf});  // popad; add esp, 4; iretd
}

// At most 63 bytes and RET.
void Author::write_operation(Code code) {
    switch (choose_.below(5)) {
        case 0:  // move CR3, sometimes with its cache bits set
            code.put({0xb8}).dword(choose_.space() | (choose_.chance(20) ? 0x18 : 0));
            code.put({0x0f, 0x22, 0xd8, 0xc3});
            break;
        case 1: write_mode_change(code); break;
        case 2: write_copy(code); break;
        default: write_table_change(code); break;
    }
}

void Author::write_table_change(Code& code) {
    u32 page = 0;
    u32 value = 0;
    const u32 slot = choose_.slot(page);
    switch (choose_.below(10)) {
        case 0:  // clear A and D
            for (u32 i = 0; i < 4; ++i)
                code.put({0x81, 0x25}).dword(slot + i * 8).dword(~(kAccessed | kDirty));
            break;
        case 1:  // toggle a right
            code.put({0x80, 0x35}).dword(slot).put({1u << choose_.below(3)});
            break;
        case 2:  // exchange two entries
            code.put({0xa1}).dword(slot).put({0x87, 0x05}).dword(choose_.slot(page));
            code.put({0xa3}).dword(slot);
            break;
        case 3:  // an entry of a directory
            code.put({0xc7, 0x05}).dword(choose_.directory_slot(value)).dword(value);
            break;
        case 4:  // a right of one
            code.put({0x80, 0x35}).dword(format_.directory_entry(choose_.space(), kUserPages));
            code.put({std::array{kPresent, kWritable, kUser, kAccessed}[choose_.below(4)]});
            break;
        default:  // a new entry
            code.put({0xc7, 0x05}).dword(slot).dword(choose_.entry(page));
            if (format_.pae)
                code.put({0xc7, 0x05}).dword(slot + 4).dword(choose_.chance(10) ? 1u << 31 : 0);
            break;
    }
    code.put({0xc3});
}

// What makes entries mean something else.
void Author::write_mode_change(Code& code) {
    switch (choose_.below(6)) {
        case 0:  // toggle CR4.PGE
            code.put({0x0f, 0x20, 0xe0, 0x35}).dword(kCr4Pge).put({0x0f, 0x22, 0xe0});
            break;
        case 1:  // toggle CR0.WP
            code.put({0x0f, 0x20, 0xc0, 0x35}).dword(kCr0Wp).put({0x0f, 0x22, 0xc0});
            break;
        case 2: code.put({0x0f, 0x01, 0x3d}).dword(choose_.address()); break;  // invlpg
        case 3:  // toggle EFER.NXE, or CR4.PSE
            if (format_.pae) {
                code.put({0xb9}).dword(kEferNumber).put({0x0f, 0x32, 0x35}).dword(kEferNxe);
                code.put({0x0f, 0x30});
            } else {
                code.put({0x0f, 0x20, 0xe0, 0x35}).dword(kCr4Pse).put({0x0f, 0x22, 0xe0});
            }
            break;
        default:  // a breakpoint on data that are read or written, or none
            code.put({0xb8}).dword(choose_.address() & ~3u).put({0x0f, 0x23, 0xc0});
            code.put({0xb8})
                .dword(choose_.chance(60) ? 0x000f'0402 : 0x400)
                .put({0x0f, 0x23, 0xf8});
            break;
    }
    code.put({0xc3});
}

void Author::write_copy(Code& code) {
    code.put({0xbe}).dword(kUserPages + choose_.below(kCodePages << kPageShift));
    code.put({0xbf}).dword(kUserPages + choose_.below(kCodePages << kPageShift));
    code.put({0xb9}).dword(choose_.below(24)).put({0xfc, 0xf3, 0xa5, 0xc3});
}

void Author::write_exit(Code code) {
    const u32 eip = code_.target();
    const u32 flags = choose_.chance(3) ? 0x302 : 0x202;
    const bool user = choose_.chance(70);
    const u32 page = kFirstDataPage + choose_.below(kDataPages);
    const u32 stack = kUserPages + (page << kPageShift) + choose_.below(1024) * 4;
    code.put({0x68}).dword(user ? kData3 : kData1).put({0x68}).dword(stack);
    code.put({0x68}).dword(flags).put({0x68}).dword(user ? kCode3 : kCode1);
    code.put({0x68}).dword(eip).put({0xcf});
}

Start Author::write(const PagingProgram& program) {
    const std::vector<u8> code = code_.make();
    write_descriptors();
    write_handlers();
    Start start;
    start.ram = kRam;
    start.wakes = true;
    start.firmware = rom_.take();
    start.prepare = [format = format_, code, program](CpuState& state,
                                                      mmu::PhysicalMemory& memory) {
        // Whoever runs away meets INT3.
        const std::vector<u8> breakpoints(kRom, 0xcc);
        memory.write({0}, breakpoints.data(), breakpoints.size());
        memory.write({kDataFrames}, breakpoints.data(), 64 * kPageSize);
        memory.write({kCodeFrames}, code.data(), code.size());
        map_spaces(format, memory);
        enter_kernel(state, kSpaces[0], kHandler);
        state.cr4 |= program.pae ? kCr4Pae : kCr4Pse;
        if (program.pae) state.pdpte[0] = format.directory(kSpaces[0]) | kPresent;
        if (program.pae && program.seed % 2 == 1) state.msr.efer |= kEferNxe;
    };
    return start;
}

}  // namespace

Start make_paging_program(const PagingProgram& program) {
    return Author(program).write(program);
}

}  // namespace seventeen::lockstep
