// Random entries, mostly sensible.
#include "tests/lockstep/paging_layout.h"

#include <algorithm>

namespace seventeen::lockstep {

std::vector<u32> PagingFormat::tables() const {
    std::vector<u32> tables;
    for (const u32 space : kSpaces) {
        for (const u32 table : {space + kUserTable, directory(space), space + kLargeTable})
            tables.push_back(table);
    }
    return tables;
}

u32 PagingFormat::pristine(u32 page) const {
    const auto seen = tables();
    if (page < kCodePages) return (kCodeFrames + (page % 16) * u32{kPageSize}) | kAll;
    if (page >= kFirstDataPage && page < kFirstDataPage + kDataPages)
        return (kDataFrames + (page - kFirstDataPage) * u32{kPageSize}) | kAll;
    if (page >= kFirstTablePage && page < kFirstTablePage + seen.size())
        return seen[page - kFirstTablePage] | kAll;
    return 0;
}

// Mostly some frame of the page's own kind; now and then a table, ROM, or nothing but bus.
u32 PagingChoice::entry(u32 page) {
    u32 frame = kDataFrames + below(64) * u32{kPageSize};
    if (page < kCodePages ? chance(90) : chance(20))
        frame = kCodeFrames + below(16) * u32{kPageSize};
    switch (below(40)) {
        case 0: frame = format_.tables()[below(6)]; break;
        case 1: frame = kRom; break;
        case 2: frame = 0xf00000; break;
        default: break;
    }
    u32 rights = chance(93) ? kPresent : 0;
    if (chance(75)) rights |= kWritable;
    if (chance(90)) rights |= kUser;
    if (chance(50)) rights |= kAccessed;
    if (chance(50)) rights |= kDirty;
    if (chance(30)) rights |= kGlobal;
    return frame | rights;
}

u32 PagingChoice::address() {
    if (chance(25)) return kLarge + below(kFrames * u32{kPageSize});
    const u32 page = chance(10) ? below(kCodePages) : kFirstDataPage + below(kDataPages);
    const u32 offset = chance(15) ? u32{kPageSize} - 1 - below(8) : below(u32{kPageSize});
    return kUserPages + page * u32{kPageSize} + offset;
}

u32 PagingChoice::slot(u32& page) {
    page = chance(50) ? below(kCodePages) : kFirstDataPage + below(kDataPages);
    return format_.entry(space(), page);
}

u32 PagingChoice::as_seen(u32 slot) const {
    const auto tables = format_.tables();
    const auto found = std::find(tables.begin(), tables.end(), slot & ~static_cast<u32>(kPageMask));
    const u32 page = kFirstTablePage + static_cast<u32>(found - tables.begin());
    return kUserPages + page * u32{kPageSize} + (slot & static_cast<u32>(kPageMask));
}

u32 PagingChoice::directory_slot(u32& value) {
    const u32 at = space();
    const bool large = chance(60);
    value = (at + (large ? kLargeTable : kUserTable)) | kAll;
    if (large && chance(60)) value = kLargeFrame | kLargePage | (entry(0) & kPageMask);
    if (large && chance(40)) value = (at + kUserTable) | kAll;  // one table at two places
    return format_.directory_entry(at, large ? kLarge : kUserPages);
}

namespace {

void put_entry(const PagingFormat& format, mmu::PhysicalMemory& memory, u32 slot, u32 value) {
    if (format.pae)
        memory.write({slot}, u64{value});
    else
        memory.write({slot}, value);
}

}  // namespace

void map_spaces(const PagingFormat& format, mmu::PhysicalMemory& memory) {
    const u32 size = format.entry_size();
    for (u32 page = 0; page < 512; ++page) {
        const u32 rights = kPresent | kWritable | (page % 3 == 0 ? kGlobal : 0);
        put_entry(format, memory, kKernelTable + page * size, page << kPageShift | rights);
    }
    for (const u32 space : kSpaces) {
        if (format.pae) memory.write({space}, u64{format.directory(space) | kPresent});
        put_entry(format, memory, format.directory_entry(space, 0),
                  kKernelTable | kPresent | kWritable);
        put_entry(format, memory, format.directory_entry(space, kUserPages),
                  (space + kUserTable) | kAll);
        put_entry(format, memory, format.directory_entry(space, kLarge),
                  kLargeFrame | kLargePage | kAll);
        for (u32 page = 0; page < kPages; ++page)
            put_entry(format, memory, format.entry(space, page), format.pristine(page));
        for (u32 page = 0; page < kFrames; ++page)
            put_entry(format, memory, space + kLargeTable + page * size,
                      (kCodeFrames + (page << kPageShift)) | kAll);
    }
}

// In the kernel, under paging, with flat segments and the tables of the ROM.
void enter_kernel(CpuState& state, u32 cr3, u32 entry) {
    state.cr0 = (state.cr0 & ~(kCr0Em | kCr0Ts)) | kCr0Pe | kCr0Pg | kCr0Wp | kCr0Ne;
    state.cr4 |= kCr4Osfxsr | kCr4Osxmmexcpt;
    state.cr3 = cr3;
    state.gdtr = {kGdt, 0x3f};
    state.idtr = {kIdt, 0x7ff};
    state.tr = segment(kTssSelector, kTss, 0x67, 0x8b);
    for (SegmentRegister& each : state.segments)
        each = segment(kData0, 0, 0xffff'ffff, kDataBits | kFlat);
    state.segment(SegmentName::kCs) = segment(kCode0, 0, 0xffff'ffff, kCodeBits | kFlat);
    state.rip = entry;
    state.set_reg32(Gpr::kSp, kStack);
    state.fpu.control = kX87ControlInit;
}

}  // namespace seventeen::lockstep
