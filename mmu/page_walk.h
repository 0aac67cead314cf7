// PageWalker: linear address → physical address by the page tables in memory, exactly as SDM 3A
// chapter 4 says; nothing is cached here.
//
// Terms: a *slot* is the place of one paging-structure entry in memory. A walk reads the slots it
// passes, collects their rights, and only when the whole translation exists and permits the access
// sets A in every slot and, for a write, D in the last one. (The SDM lets a processor set A in
// upper levels even where the walk ends in a fault; we never do, which is deterministic.)
// PAE's page-directory pointers are registers (CpuState::pdpte, SDM 3A 4.4.1), not slots.
#pragma once

#include <array>

#include "core/cpu_state.h"
#include "core/fault.h"
#include "core/types.h"
#include "mmu/access.h"
#include "mmu/physical_memory.h"

namespace seventeen::mmu {

// What CPU models differ in; it decides which bits of an entry are reserved.
struct PagingModel {
    unsigned physical_bits = 36;  // MAXPHYADDR; above 32, 4 MiB pages reach beyond 4 GiB (PSE-36)
    bool pat = true;              // bit 7 of a PTE and bit 12 of a large page's PDE mean something
};

// What a walk found out about one linear page, for one privilege.
struct Translation {
    static constexpr u64 kNoPage = ~u64{0};
    static constexpr unsigned kMaxSlots = 2;

    u64 linear_page = kNoPage;
    PhysicalAddress physical;  // of the page's first byte, as it leaves the CPU (A20 applied)
    // A write is permitted and would change nothing: the D bit stands.
    bool may_write = false;
    bool user = false;  // user code may read it
    // False where a slot lies in MMIO: no guard can tell when it changes.
    bool cacheable = true;
    unsigned slot_count = 0;
    u8 slot_size = 4;  // in bytes
    // From the upper level down, where they lie in RAM; kNotRam: in ROM.
    std::array<u64, kMaxSlots> slots{};
};

class PageWalker {
  public:
    PageWalker(const CpuState& state, PhysicalMemory& memory) : state_(state), memory_(memory) {}

    const PagingModel& model() const { return model_; }
    void set_model(const PagingModel& model) { model_ = model; }

    // Fills `translation`, or returns the #PF for `address` and has changed nothing.
    Fault walk(LinearAddress address, Privilege privilege, Access access, Translation& translation);

    // What walk() would find for a read that changes nothing: false where it would fault or set an
    // A bit, or where a slot lies in MMIO.
    bool walk_quietly(LinearAddress address, Privilege privilege, Translation& translation) const;

    // The fault that walk() would return; sets no A and D bits.
    Fault check(LinearAddress address, Privilege privilege, Access access) const;

    // Looks without touching: no A/D bits, no device is read. False: not mapped.
    bool look(LinearAddress address, PhysicalAddress& physical) const;

  private:
    struct Format;
    struct Path;

    template <typename ReadSlot>
    Path descend(LinearAddress address, const ReadSlot& read_slot) const;
    template <typename ReadSlot>
    Path descend_tables(LinearAddress address, PhysicalAddress table, const Format& format,
                        const ReadSlot& read_slot) const;
    u64 reserved_bits(const Format& format, bool leaf, bool large) const;
    bool no_execute_enabled() const;
    bool permits(const Path& path, Privilege privilege, Access access) const;
    Fault fault(LinearAddress address, Privilege privilege, Access access, u32 cause) const;
    // The path to a page, with #PF where it does not exist or does not permit the access.
    Fault find(LinearAddress address, Privilege privilege, Access access, Path& path) const;
    void mark(Path& path, Access access);
    void describe(LinearAddress address, Privilege privilege, const Path& path,
                  Translation& translation) const;
    // As it stands in host memory; 0 (not present) where it lies in MMIO.
    u64 peek_slot(PhysicalAddress slot, unsigned size) const;
    u64 read_slot(PhysicalAddress slot, unsigned size) const;
    void write_slot(PhysicalAddress slot, unsigned size, u64 value);

    const CpuState& state_;
    PhysicalMemory& memory_;
    PagingModel model_;
};

}  // namespace seventeen::mmu
