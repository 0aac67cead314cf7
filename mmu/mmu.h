// Mmu: linear address → memory, device access or Fault; page walks behind a software TLB.
//
// An access always sees the page tables as they stand in memory (design 4.3): pages that TLB
// entries were derived from are guarded, and a write to one drops what depended on the entries it
// changed. Nothing a guest does needs INVLPG to be seen. PAE's four PDPTEs are the exception that
// the SDM makes: CpuState::pdpte is loaded with CR3.
#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <memory>
#include <vector>

#include "core/cpu_state.h"
#include "core/fault.h"
#include "core/types.h"
#include "mmu/physical_memory.h"

namespace seventeen::mmu {

enum class Access : u8 { kRead, kWrite, kExecute };
// With whose rights: descriptor tables, TSSes and the IDT are always read as supervisor.
enum class Privilege : u8 { kSupervisor, kUser };

// One line of the TLB: a linear page and, for each right it grants, the page number as tag.
struct TlbEntry {
    static constexpr u64 kNone = ~u64{0};
    u64 read_page = kNone;
    u64 write_page = kNone;
    u64 delta = 0;  // linear address + delta = host address
};

class Mmu final : public GuardObserver {
  public:
    static constexpr unsigned kTlbEntries = 1024;  // for each privilege

    Mmu(CpuState& state, PhysicalMemory& memory);
    ~Mmu() override;

    PhysicalMemory& memory() { return memory_; }

    // --- data accesses; T is trivially copyable and at most 64 bytes long ---
    template <typename T>
    Fault read(LinearAddress address, Privilege privilege, T& value) {
        const TlbEntry& entry = line(address, privilege);
        if (entry.read_page == address.page() && fits<T>(address)) [[likely]] {
            std::memcpy(&value, host(entry, address), sizeof(T));
            return {};
        }
        return read_slow(address, privilege, &value, sizeof(T));
    }

    template <typename T>
    Fault write(LinearAddress address, Privilege privilege, const T& value) {
        const TlbEntry& entry = line(address, privilege);
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
        const TlbEntry& entry = line(address, privilege);
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
        return write_slow(address, privilege, &static_cast<const T&>(value = change(value)),
                          sizeof(T));
    }

    Fault read_bytes(LinearAddress address, Privilege privilege, void* into, std::size_t size) {
        return read_slow(address, privilege, into, size);
    }
    Fault write_bytes(LinearAddress address, Privilege privilege, const void* from,
                      std::size_t size) {
        return write_slow(address, privilege, from, size);
    }

    // Would the access fault? Sets A (and, for writing, D) bits as the access itself would.
    Fault probe(LinearAddress address, Privilege privilege, Access access, std::size_t size);

    // A fast host pointer for a run of accesses within one page (string instructions), or nullptr
    // where the slow way must be taken; valid until the next access through the Mmu.
    const u8* read_run(LinearAddress address, Privilege privilege);
    u8* write_run(LinearAddress address, Privilege privilege);

    // --- code ---
    // Where the page of code at `address` lies; #PF with the fetch rules (NX, U/S).
    Fault fetch(LinearAddress address, Privilege privilege, PhysicalAddress& physical);
    // Increases whenever a translation that fetch() returned may have changed: an engine may keep
    // (linear page → physical page) while it stands still.
    u64 fetch_generation() const { return fetch_generation_; }

    // --- what changes translations (PrivilegeEngine calls these) ---
    void flush_all();                          // CR0.PG/WP, CR4.PSE/PAE/PGE, EFER.NXE changed
    void flush_non_global();                   // MOV CR3, task switch
    void invalidate_page(LinearAddress page);  // INVLPG

    // Looks without touching: no A/D bits, no fault (debugger, monitor). False: not mapped.
    bool peek(LinearAddress address, PhysicalAddress& physical) const;

    void guarded_write(PhysicalAddress address, std::size_t size) override;

  private:
    static std::size_t index(LinearAddress address) { return address.page() % kTlbEntries; }
    const TlbEntry& line(LinearAddress address, Privilege privilege) const {
        return tlb_[static_cast<unsigned>(privilege)][index(address)];
    }
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

    CpuState& state_;
    PhysicalMemory& memory_;
    u64 fetch_generation_ = 0;
    std::array<std::array<TlbEntry, kTlbEntries>, 2> tlb_;
    // the rest belongs to mmu.cpp's author
};

}  // namespace seventeen::mmu
