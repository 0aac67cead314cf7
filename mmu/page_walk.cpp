// The walk itself: one loop for both table formats, over entries that differ in width and masks.
#include "mmu/page_walk.h"

#include <algorithm>
#include <cstring>

namespace seventeen::mmu {

namespace {

// Bits of a paging-structure entry (SDM 3A tables 4-4 to 4-11).
constexpr u64 kPresent = 1u << 0;
constexpr u64 kWritable = 1u << 1;
constexpr u64 kUser = 1u << 2;
constexpr u64 kAccessed = 1u << 5;
constexpr u64 kDirty = 1u << 6;
constexpr u64 kLarge = 1u << 7;      // PS, in a PDE
constexpr u64 kPtePat = 1u << 7;     // in a PTE
constexpr u64 kLargePat = 1u << 12;  // in a PDE that maps a page
constexpr u64 kNoExecute = u64{1} << 63;

constexpr u64 kLinearMask = 0xffff'ffff;
constexpr unsigned kMostPse36Bits = 40;

// Bits [low, high) set.
constexpr u64 bits(unsigned low, unsigned high) {
    return ((u64{1} << high) - 1) & ~((u64{1} << low) - 1);
}

}  // namespace

// One of the two table formats.
struct PageWalker::Format {
    unsigned slot_size;
    unsigned index_bits;  // of each level
    bool pae;
    bool large_pages;

    unsigned shift(unsigned level) const {
        return static_cast<unsigned>(kPageShift) + index_bits * (1 - level);
    }
};

// The entries that lead to a page, and what they add up to.
struct PageWalker::Path {
    enum class Outcome : u8 { kMapped, kNotPresent, kReserved };
    struct Step {
        PhysicalAddress slot;
        u64 entry = 0;
    };

    Outcome outcome = Outcome::kNotPresent;
    unsigned count = 0;
    unsigned slot_size = 4;
    std::array<Step, Translation::kMaxSlots> steps{};
    bool user = true;
    bool writable = true;
    bool no_execute = false;
    u64 page = 0;  // physical, before A20

    const u64& leaf() const { return steps[count - 1].entry; }
};

Fault PageWalker::walk(LinearAddress address, Privilege privilege, Access access,
                       Translation& translation) {
    Path path;
    if (Fault fault = find(address, privilege, access, path)) return fault;
    mark(path, access);
    describe(address, privilege, path, translation);
    return {};
}

bool PageWalker::walk_quietly(LinearAddress address, Privilege privilege,
                              Translation& translation) const {
    const Path path = descend(
        address, [this](PhysicalAddress slot, unsigned size) { return peek_slot(slot, size); });
    if (path.outcome != Path::Outcome::kMapped || !permits(path, privilege, Access::kRead))
        return false;
    const auto first = path.steps.begin();
    if (!std::all_of(first, first + path.count,
                     [](const Path::Step& step) { return step.entry & kAccessed; }))
        return false;
    describe(address, privilege, path, translation);
    return translation.cacheable;
}

void PageWalker::describe(LinearAddress address, Privilege privilege, const Path& path,
                          Translation& translation) const {
    translation = {};
    translation.linear_page = address.page();
    translation.physical = memory_.bus_address({path.page});
    translation.may_write =
        permits(path, privilege, Access::kWrite) && (path.count == 0 || path.leaf() & kDirty);
    translation.user = permits(path, Privilege::kUser, Access::kRead);
    translation.slot_count = path.count;
    translation.slot_size = static_cast<u8>(path.slot_size);
    for (unsigned i = 0; i < path.count; ++i) {
        translation.slots[i] = memory_.ram_offset(path.steps[i].slot);
        if (memory_.is_mmio(path.steps[i].slot)) translation.cacheable = false;
    }
}

Fault PageWalker::check(LinearAddress address, Privilege privilege, Access access) const {
    Path path;
    return find(address, privilege, access, path);
}

bool PageWalker::look(LinearAddress address, PhysicalAddress& physical) const {
    const Path path = descend(
        address, [this](PhysicalAddress slot, unsigned size) { return peek_slot(slot, size); });
    if (path.outcome != Path::Outcome::kMapped) return false;
    physical = memory_.bus_address({path.page + address.offset()});
    return true;
}

// Rights matter only where a translation exists, so they come last (SDM 3A 4.7).
Fault PageWalker::find(LinearAddress address, Privilege privilege, Access access,
                       Path& path) const {
    path = descend(address,
                   [this](PhysicalAddress slot, unsigned size) { return read_slot(slot, size); });
    if (path.outcome == Path::Outcome::kNotPresent) return fault(address, privilege, access, 0);
    if (path.outcome == Path::Outcome::kReserved)
        return fault(address, privilege, access, kPageFaultPresent | kPageFaultReserved);
    if (!permits(path, privilege, access))
        return fault(address, privilege, access, kPageFaultPresent);
    return {};
}

template <typename ReadSlot>
PageWalker::Path PageWalker::descend(LinearAddress address, const ReadSlot& read_slot) const {
    if (!(state_.cr0 & kCr0Pg)) {
        Path path;
        path.outcome = Path::Outcome::kMapped;
        path.page = address.value & kLinearMask & ~kPageMask;
        return path;
    }
    if (!(state_.cr4 & kCr4Pae)) {
        const Format format{4, 10, false, (state_.cr4 & kCr4Pse) != 0};
        return descend_tables(address, {state_.cr3 & bits(12, 32)}, format, read_slot);
    }
    // A PDPTE has no rights, and its reserved bits were checked when it was loaded.
    const u64 pointer = state_.pdpte[address.value >> 30 & 3];
    if (!(pointer & kPresent)) return {};
    const Format format{8, 9, true, true};
    return descend_tables(address, {pointer & bits(12, model_.physical_bits)}, format, read_slot);
}

template <typename ReadSlot>
PageWalker::Path PageWalker::descend_tables(LinearAddress address, PhysicalAddress table,
                                            const Format& format, const ReadSlot& read_slot) const {
    Path path;
    path.slot_size = format.slot_size;
    for (unsigned level = 0;; ++level) {
        const unsigned shift = format.shift(level);
        const u64 index = address.value >> shift & bits(0, format.index_bits);
        const PhysicalAddress slot = memory_.bus_address(table + index * format.slot_size);
        const u64 entry = read_slot(slot, format.slot_size);
        path.steps[path.count++] = {slot, entry};
        if (!(entry & kPresent)) return path;

        const bool large = level == 0 && format.large_pages && entry & kLarge;
        const bool leaf = large || level == 1;
        if (entry & reserved_bits(format, leaf, large)) {
            path.outcome = Path::Outcome::kReserved;
            return path;
        }
        path.user = path.user && entry & kUser;
        path.writable = path.writable && entry & kWritable;
        path.no_execute = path.no_execute || entry & kNoExecute;
        const u64 frame = entry & bits(12, format.pae ? model_.physical_bits : 32);
        if (!leaf) {
            table = {frame};
            continue;
        }
        path.outcome = Path::Outcome::kMapped;
        path.page = (frame & ~bits(0, shift)) | (address.value & bits(12, shift));
        // Bits 20..13 are the physical address's bits 39..32 (SDM 3A table 4-4).
        if (large && !format.pae) path.page |= (entry & bits(13, 21)) << 19;
        return path;
    }
}

// SDM 3A 4.3 and 4.4.2.
u64 PageWalker::reserved_bits(const Format& format, bool leaf, bool large) const {
    u64 reserved = 0;
    if (format.pae) {
        reserved = bits(model_.physical_bits, 63);
        if (!no_execute_enabled()) reserved |= kNoExecute;
        if (large) reserved |= bits(13, 21);
    } else if (!format.large_pages) {
        return 0;
    } else if (large) {
        reserved = bits(std::min(kMostPse36Bits, model_.physical_bits) - 19, 22);
    }
    if (leaf && !model_.pat) reserved |= large ? kLargePat : kPtePat;
    return reserved;
}

bool PageWalker::no_execute_enabled() const {
    return state_.cr4 & kCr4Pae && state_.msr.efer & kEferNxe;
}

// SDM 3A 4.6.1.
bool PageWalker::permits(const Path& path, Privilege privilege, Access access) const {
    if (privilege == Privilege::kUser && !path.user) return false;
    switch (access) {
        case Access::kRead: return true;
        case Access::kWrite:
            return path.writable || (privilege == Privilege::kSupervisor && !(state_.cr0 & kCr0Wp));
        case Access::kExecute: return !path.no_execute;
    }
    return false;
}

Fault PageWalker::fault(LinearAddress address, Privilege privilege, Access access,
                        u32 cause) const {
    u32 code = cause;
    if (access == Access::kWrite) code |= kPageFaultWrite;
    if (privilege == Privilege::kUser) code |= kPageFaultUser;
    if (access == Access::kExecute && no_execute_enabled()) code |= kPageFaultFetch;
    return Fault::page(code, address);
}

// An entry is read again before it is written, as the processor's locked update does: one slot may
// serve at both levels (a directory that maps itself).
void PageWalker::mark(Path& path, Access access) {
    for (unsigned i = 0; i < path.count; ++i) {
        u64 wanted = kAccessed;
        if (access == Access::kWrite && i + 1 == path.count) wanted |= kDirty;
        Path::Step& step = path.steps[i];
        if ((step.entry & wanted) == wanted) continue;
        step.entry = read_slot(step.slot, path.slot_size);
        if ((step.entry & wanted) == wanted) continue;
        step.entry |= wanted;
        write_slot(step.slot, path.slot_size, step.entry);
    }
}

u64 PageWalker::read_slot(PhysicalAddress slot, unsigned size) const {
    u64 entry = 0;
    memory_.read(slot, &entry, size);
    return entry;
}

u64 PageWalker::peek_slot(PhysicalAddress slot, unsigned size) const {
    u64 entry = 0;
    if (const u8* page = memory_.read_pointer(slot))
        std::memcpy(&entry, page + slot.offset(), size);
    return entry;
}

// The Mmu's guard stays silent: no translation depends on A and D bits that become set.
void PageWalker::write_slot(PhysicalAddress slot, unsigned size, u64 value) {
    memory_.write_except(Guard::kPageTable, slot, &value, size);
}

}  // namespace seventeen::mmu
