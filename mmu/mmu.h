// Mmu: linear address → memory, device access or Fault; page walks behind a software TLB.
//
// An access always sees the page tables as they stand in memory (design 4.3): pages that TLB
// entries were derived from are guarded, and a write to one drops what depended on the entries it
// changed. Nothing a guest does needs INVLPG to be seen, and global pages outlive a MOV CR3 only if
// the new tables say so, too. PAE's four PDPTEs are the exception that the SDM makes:
// CpuState::pdpte is loaded with CR3. Page tables that lie in MMIO cannot be guarded: they are
// walked at every access, and fetch() results from them last until the next flush or INVLPG.
//
// A and D bits are set by accesses that don't fault, and by nothing else. An access that touches
// two pages is checked on both before it changes anything; the fault's address is the first byte
// that faults.
#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <utility>

#include "core/cpu_state.h"
#include "core/fault.h"
#include "core/types.h"
#include "mmu/access.h"
#include "mmu/data_breakpoints.h"
#include "mmu/page_walk.h"
#include "mmu/physical_memory.h"
#include "mmu/shadow_observer.h"
#include "mmu/statistics.h"
#include "mmu/table_watch.h"
#include "mmu/tlb.h"

namespace seventeen::mmu {

class Mmu final : public GuardObserver {
  public:
    static constexpr unsigned kTlbEntries = Tlb::kLines;  // for each privilege

    Mmu(CpuState& state, PhysicalMemory& memory);
    ~Mmu() override;

    PhysicalMemory& memory() { return memory_; }

    // MAXPHYADDR and PAT: fixed by the CPU model, set before anything runs.
    void set_paging_model(const PagingModel& model);

    // --- data accesses; T is trivially copyable and at most 64 bytes long ---
    // Data breakpoints that an access meets are noted in CpuState::pending_debug. The processor's
    // own accesses (descriptor tables, TSSes) count as well: the SDM leaves it to implementations.
    template <typename T>
    Fault read(LinearAddress address, Privilege privilege, T& value) {
        const TlbEntry& entry = tlb_.entry(address, privilege);
        if (entry.read_page == address.page() && fits<T>(address)) [[likely]] {
            std::memcpy(&value, host(entry, address), sizeof(T));
            return {};
        }
        return read_slow(address, privilege, &value, sizeof(T));
    }

    template <typename T>
    Fault write(LinearAddress address, Privilege privilege, const T& value) {
        const TlbEntry& entry = tlb_.entry(address, privilege);
        if (entry.write_page == address.page() && fits<T>(address)) [[likely]] {
            std::memcpy(host(entry, address), &value, sizeof(T));
            return {};
        }
        return write_slow(address, privilege, &value, sizeof(T));
    }

    // Read-modify-write: checked for writing first, as the SDM orders; `change(T) -> T` runs once,
    // and only where nothing can fault any more.
    template <typename T, std::invocable<T> Change>
    Fault modify(LinearAddress address, Privilege privilege, Change&& change) {
        const TlbEntry& entry = tlb_.entry(address, privilege);
        if (entry.write_page == address.page() && fits<T>(address)) [[likely]] {
            T value;
            std::memcpy(&value, host(entry, address), sizeof(T));
            value = change(value);
            std::memcpy(host(entry, address), &value, sizeof(T));
            return {};
        }
        if (Fault fault = probe(address, privilege, Access::kWrite, sizeof(T))) return fault;
        T value;
        if (Fault fault = read_slow(address, privilege, &value, sizeof(T))) return fault;
        value = change(value);
        return write_slow(address, privilege, &value, sizeof(T));
    }

    // At most a page long.
    Fault read_bytes(LinearAddress address, Privilege privilege, void* into, std::size_t size) {
        return read_slow(address, privilege, into, size);
    }
    Fault write_bytes(LinearAddress address, Privilege privilege, const void* from,
                      std::size_t size) {
        return write_slow(address, privilege, from, size);
    }

    // Would the access (of at most a page) fault? Sets A (and, for writing, D) bits as the access
    // itself would.
    Fault probe(LinearAddress address, Privilege privilege, Access access, std::size_t size);

    // A fast host pointer for a run of accesses within one page (string instructions), or nullptr
    // where the slow way must be taken (it may fault); valid until the next access through the Mmu.
    // Sets A and D bits: the caller does access the byte at `address`, in either way.
    const u8* read_run(LinearAddress address, Privilege privilege);
    u8* write_run(LinearAddress address, Privilege privilege);

    // The software TLB's lines for data, kTlbEntries of them at a fixed place (Tlb::entries).
    const TlbEntry* tlb_entries(Privilege privilege) const { return tlb_.entries(privilege); }

    // --- code ---
    // Where the byte of code at `address` lies, A20 applied; #PF with the fetch rules (NX, U/S).
    Fault fetch(LinearAddress address, Privilege privilege, PhysicalAddress& physical);
    // Will ShadowObserver be told when the last fetch() of this page is no longer right? (Not where
    // page tables lie in MMIO, or other fetches took its place.)
    bool keeps_fetch(LinearAddress address, Privilege privilege) const {
        return tlb_.find(Tlb::lane(privilege, Access::kExecute), address.page());
    }
    // Increases whenever a translation that fetch() returned may have changed: an engine may keep
    // (linear page → physical page) while it stands still.
    u64 fetch_generation() const { return fetch_generation_; }

    // --- shadows of the page tables (shadow_observer.h) ---
    void set_shadow(ShadowObserver* shadow);
    struct ShadowPage {
        u64 ram_page = 0;
        bool writable = false;
        bool user = false;  // user code may read it
    };
    // What a shadow may hold of a linear page now: false where an access would have to be seen
    // (not present, A bit clear, MMIO, ROM, breakpoint). Changes nothing; the tables get guarded.
    bool shadow(u64 linear_page, Privilege privilege, ShadowPage& page);

    // TableWatch::tables(), at a fixed place.
    TableWatch::Table* const* watched_tables() const { return watch_.tables(); }

    // --- what changes translations (PrivilegeEngine calls these) ---
    void flush_all();  // CR0.PG/WP, CR4.PSE/PAE/PGE, EFER.NXE changed; state or RAM were replaced
    void change_space();                       // MOV CR3, task switch
    void invalidate_page(LinearAddress page);  // INVLPG
    void breakpoints_changed();                // DR0..DR3 or DR7: MOV DR, task switch

    // Looks without touching: no A/D bits, no fault (debugger, monitor). False: not mapped.
    bool peek(LinearAddress address, PhysicalAddress& physical) const;

    void guarded_write(PhysicalAddress address, std::size_t size) override;

    const Statistics& statistics() const { return statistics_; }
    const TlbCounts& tlb_counts() const { return tlb_.counts(); }
    const TableWatchCounts& watch_counts() const { return watch_.counts(); }

  private:
    // An access's bytes on one page.
    struct Part {
        PhysicalAddress address;
        std::size_t size = 0;
    };
    using Parts = std::array<Part, 2>;

    template <typename T>
    static bool fits(LinearAddress address) {
        return address.offset() <= kPageSize - sizeof(T);
    }
    // SAFETY: an entry's tag matches only while delta leads to the page's bytes in guest RAM or ROM
    // (PhysicalMemory announces every change), and `fits` keeps the access within that page.
    static u8* host(const TlbEntry& entry, LinearAddress address) {
        return reinterpret_cast<u8*>(address.value + entry.delta);
    }

    Fault read_slow(LinearAddress address, Privilege privilege, void* into, std::size_t size);
    Fault write_slow(LinearAddress address, Privilege privilege, const void* from,
                     std::size_t size);
    Fault resolve(LinearAddress address, Privilege privilege, Access access, std::size_t size,
                  Parts& parts);
    Fault translate(LinearAddress address, Privilege privilege, Access access,
                    PhysicalAddress& physical);
    u8* run(LinearAddress address, Privilege privilege, Access access, u64 TlbEntry::*tag);
    Fault check_page(LinearAddress address, Privilege privilege, Access access);
    Fault counted(const Fault& fault);
    void drop_tlb();
    void keep(Tlb::Lane lane, const Translation& translation);
    void promote(Tlb::Lane lane, const Translation& translation);
    void note_breakpoints(LinearAddress address, const Parts& parts, Access access);
    void memory_changed(const PhysicalMemory::Change& change);

    CpuState& state_;
    PhysicalMemory& memory_;
    PageWalker walker_;
    Tlb tlb_;
    Roots roots_;
    TableWatch watch_;
    DataBreakpoints breakpoints_;
    Statistics statistics_;
    ShadowObserver* shadow_ = nullptr;
    u64 fetch_generation_ = 0;
    unsigned listener_ = 0;
};

}  // namespace seventeen::mmu
