// PhysicalMemory: guest RAM in one memfd, ROMs, holes and MMIO, with guard flags for every page.
//
// Physical space is a table of 4 KiB pages. A page reads from host memory (RAM or ROM), or from the
// MMIO bus; writes go to host memory, nowhere (ROM), or to the MMIO bus. At first the MMIO bus has
// it all; the board maps the rest and changes the table at run time (PAM shadowing, PCI BARs,
// SMRAM). A20 masks bit 20 of every address the CPU puts out while the gate is closed; DMA is not
// masked.
//
// Guards: an engine, the TLB or a display marks a RAM page with `set_guard`; every write to a
// marked page, by an engine or by DMA, is announced to the observers of that kind, after the bytes
// have changed. The translation caches therefore never hold a host write pointer to a marked page.
// Bytes changed through ram() are announced to nobody: whoever loads memory that way (a snapshot)
// resets the engines and flushes the Mmu.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/bus.h"
#include "core/device.h"
#include "core/types.h"
#include "mmu/shared_memory.h"

namespace seventeen::mmu {

// Kinds of guard; a page may bear several.
enum class Guard : u8 {
    kPageTable = 1 << 0,    // TLB entries were derived from this page
    kCode = 1 << 1,         // the interpreter's decoded code came from this page
    kDirty = 1 << 2,        // somebody waits for the next write
    kTranslation = 1 << 3,  // translated code came from this page
};
inline constexpr unsigned kGuardKinds = 4;

// Told of every write to a page under its kind of guard.
class GuardObserver {
  public:
    virtual ~GuardObserver() = default;
    // [address, address + size) lies within one page and holds its new bytes already. A RAM page
    // that answers at several addresses is announced once at each of them, so an observer may go by
    // the address at which it set the guard. May set and clear guards.
    virtual void guarded_write(PhysicalAddress address, std::size_t size) = 0;
};

class PhysicalMemory : public DmaPort {
  public:
    // Throws Error where the host cannot provide `ram_size` bytes.
    PhysicalMemory(u64 ram_size, Bus& mmio);
    ~PhysicalMemory() override;
    PhysicalMemory(const PhysicalMemory&) = delete;
    PhysicalMemory& operator=(const PhysicalMemory&) = delete;

    u64 ram_size() const { return ram_.size(); }
    std::span<u8> ram() { return ram_.bytes(); }
    std::span<const u8> ram() const { return ram_.bytes(); }
    int ram_fd() const { return ram_.fd(); }

    // --- the map (whole pages; later calls replace earlier ones) ---
    // RAM bytes [ram_offset, ram_offset + size) answer at `first`.
    void map_ram(PhysicalAddress first, u64 size, u64 ram_offset);
    // Reads come from `rom`, writes are lost. The caller keeps the bytes alive.
    void map_rom(PhysicalAddress first, std::span<const u8> rom);
    // Reads come from RAM (PAM "read only"), writes are lost.
    void map_ram_read_only(PhysicalAddress first, u64 size, u64 ram_offset);
    // The MMIO bus answers (or floats high).
    void map_mmio(PhysicalAddress first, u64 size);

    // --- what the CPU sees; `a20_mask` applied ---
    bool a20() const { return a20_mask_ == ~u64{0}; }
    void set_a20(bool open);
    // The address that leaves the CPU: bit 20 is clear while the gate is closed.
    PhysicalAddress bus_address(PhysicalAddress address) const {
        return {address.value & a20_mask_};
    }

    // Host bytes behind a page for reading (writing), or nullptr where the bus must be asked, the
    // page is ROM (writing) or the page is guarded (writing). They lead to the start of the page.
    const u8* read_pointer(PhysicalAddress page) const;
    u8* write_pointer(PhysicalAddress page);
    // The same where a guard of one kind is no hindrance: the caller sees to what it guards.
    u8* write_pointer(PhysicalAddress page, Guard despite);
    // Any size and alignment, across pages of any kind; guards are announced. A chip on the MMIO
    // bus sees naturally aligned accesses of 1, 2, 4 or 8 bytes, in ascending order.
    void read(PhysicalAddress address, void* into, std::size_t size);
    void write(PhysicalAddress address, const void* from, std::size_t size);
    template <typename T>
    T read(PhysicalAddress address) {
        T value;
        read(address, &value, sizeof value);
        return value;
    }
    template <typename T>
    void write(PhysicalAddress address, T value) {
        write(address, &value, sizeof value);
    }
    // The same, but the observers of `silent` are not told (the Mmu's own A and D bits).
    void write_except(Guard silent, PhysicalAddress address, const void* from, std::size_t size);

    // --- DMA: the same, with A20 always open ---
    void dma_read(PhysicalAddress address, void* into, std::size_t size) override;
    void dma_write(PhysicalAddress address, const void* from, std::size_t size) override;

    // How often a chip on the MMIO bus was accessed: who compares two values knows whether one was.
    u64 mmio_accesses() const { return mmio_accesses_; }

    // --- what answers at an address on the bus, as Mmu::fetch() and guarded_write() tell it: A20
    // is not applied ---
    bool is_mmio(PhysicalAddress address) const;
    // Where in RAM a byte lies, or kNotRam. RAM that is mapped read-only counts.
    static constexpr u64 kNotRam = ~u64{0};
    u64 ram_offset(PhysicalAddress address) const;
    // Is the byte RAM, and to be found at another address as well?
    bool answers_elsewhere(PhysicalAddress address) const;

    // --- guards (kept for RAM pages, by where they are in RAM, so aliases share them) ---
    // Also by addresses on the bus. Only RAM changes by writes, so other pages bear no guards.
    void add_observer(Guard kind, GuardObserver& observer);
    void remove_observer(Guard kind, GuardObserver& observer);
    void set_guard(Guard kind, PhysicalAddress page);
    void clear_guard(Guard kind, PhysicalAddress page);
    bool guarded(Guard kind, PhysicalAddress page) const;
    // The same for a page of RAM, at whatever addresses it answers.
    void set_ram_guard(Guard kind, u64 ram_page);
    void clear_ram_guard(Guard kind, u64 ram_page);

    // Called whenever a host pointer handed out earlier may have become wrong: the map or A20
    // changed, or a page became guarded to which a write pointer was handed out (then with that
    // page).
    struct Change {
        bool everything = false;
        u64 ram_page = 0;  // otherwise: write pointers into this page of RAM are void
    };
    // The result is for remove_change_listener.
    unsigned add_change_listener(std::function<void(const Change&)> listener);
    void remove_change_listener(unsigned listener);

  private:
    enum class Kind : u8 { kMmio, kRam, kRamReadOnly, kRom };
    struct Page {
        u8* host = nullptr;  // never written through but for kRam
        u32 ram_page = 0;    // kRam and kRamReadOnly
        Kind kind = Kind::kMmio;

        bool is_ram() const { return kind == Kind::kRam || kind == Kind::kRamReadOnly; }
    };
    static constexpr u64 kChunkPages = 1024;
    using Chunk = std::array<Page, kChunkPages>;
    static constexpr u64 kUnmapped = ~u64{0};
    static constexpr u8 kAllGuards = (1u << kGuardKinds) - 1;
    static constexpr u8 kPointerHandedOut = 1u << 7;

    const Page& page_at(u64 page) const;
    // Page n of the range becomes page_for(n * kPageSize).
    void map(PhysicalAddress first, u64 size, const std::function<Page(u64 offset)>& page_for);
    void map_ram_as(Kind kind, PhysicalAddress first, u64 size, u64 ram_offset);
    void replace(u64 number, const Page& page);
    void add_home(u64 ram_page, u64 page);
    void remove_home(u64 ram_page, u64 page);

    u8* write_pointer(PhysicalAddress page, u8 hindrances);
    void load(PhysicalAddress address, u8* into, std::size_t size);
    void store(PhysicalAddress address, const u8* from, std::size_t size, u8 kinds);
    void read_mmio(PhysicalAddress address, u8* into, std::size_t size);
    void write_mmio(PhysicalAddress address, const u8* from, std::size_t size);
    void announce_write(u64 ram_page, u64 offset, std::size_t size, u8 kinds);
    void announce_write_at(PhysicalAddress address, std::size_t size, u8 kinds);
    void announce(const Change& change);

    SharedMemory ram_;
    Bus& mmio_;
    u64 mmio_accesses_ = 0;
    u64 a20_mask_ = ~u64{0};
    std::vector<std::unique_ptr<Chunk>> chunks_;  // up to the highest page ever mapped
    std::vector<u8> guards_;                      // a byte of Guard bits for each RAM page
    // Where RAM pages answer; most do at one address or at none, so the others are kept apart.
    std::vector<u64> homes_;
    std::multimap<u64, u64> more_homes_;
    std::array<std::vector<GuardObserver*>, kGuardKinds> observers_;
    std::map<unsigned, std::function<void(const Change&)>> listeners_;
    unsigned next_listener_ = 0;
};

}  // namespace seventeen::mmu
