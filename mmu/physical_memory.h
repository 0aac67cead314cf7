// PhysicalMemory: guest RAM in one memfd, ROMs, holes and MMIO, with guard flags for every page.
//
// Physical space is a table of 4 KiB pages. A page reads from host memory (RAM or ROM), or from the
// MMIO bus; writes go to host memory, nowhere (ROM), or to the MMIO bus. The board changes the
// table at run time (PAM shadowing, PCI BARs, SMRAM). A20 masks bit 20 of every address the CPU
// puts out while the gate is closed; DMA is not masked.
//
// Guards: an engine, the TLB or a display marks a RAM page with `set_guard`; every write to a
// marked page, by an engine or by DMA, is announced to the observers of that kind, after the bytes
// have changed. The translation caches therefore never hold a host write pointer to a marked page.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/bus.h"
#include "core/device.h"
#include "core/types.h"

namespace seventeen::mmu {

// Kinds of guard; a page may bear several.
enum class Guard : u8 {
    kPageTable = 1 << 0,  // TLB entries were derived from this page
    kCode = 1 << 1,       // decoded or translated code came from this page
    kDirty = 1 << 2,      // a display waits for the next write
};

// Told of every write to a page under its kind of guard.
class GuardObserver {
  public:
    virtual ~GuardObserver() = default;
    // [address, address + size) lies within one page and holds its new bytes already.
    virtual void guarded_write(PhysicalAddress address, std::size_t size) = 0;
};

class PhysicalMemory : public DmaPort {
  public:
    // Throws Error where the host cannot provide `ram_size` bytes.
    PhysicalMemory(u64 ram_size, Bus& mmio);
    ~PhysicalMemory() override;
    PhysicalMemory(const PhysicalMemory&) = delete;
    PhysicalMemory& operator=(const PhysicalMemory&) = delete;

    u64 ram_size() const { return ram_size_; }
    std::span<u8> ram() { return {ram_, ram_size_}; }
    std::span<const u8> ram() const { return {ram_, ram_size_}; }
    int ram_fd() const { return fd_; }

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

    // Host bytes behind a page for reading (writing), or nullptr where the bus must be asked, the
    // page is ROM (writing) or the page is guarded (writing).
    const u8* read_pointer(PhysicalAddress page);
    u8* write_pointer(PhysicalAddress page);
    // Any size and alignment, across pages of any kind; guards are announced.
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

    // --- DMA: the same, with A20 always open ---
    void dma_read(PhysicalAddress address, void* into, std::size_t size) override;
    void dma_write(PhysicalAddress address, const void* from, std::size_t size) override;

    // --- guards (kept for RAM pages, by where they are in RAM, so aliases share them) ---
    void add_observer(Guard kind, GuardObserver& observer);
    void remove_observer(Guard kind, GuardObserver& observer);
    void set_guard(Guard kind, PhysicalAddress page);
    void clear_guard(Guard kind, PhysicalAddress page);
    bool guarded(Guard kind, PhysicalAddress page) const;

    // Called whenever a host pointer handed out earlier may have become wrong: the map or A20
    // changed, or a page became guarded (then with that page).
    struct Change {
        bool everything = false;
        u64 ram_page = 0;  // otherwise: write pointers into this page of RAM are void
    };
    void add_change_listener(std::function<void(const Change&)> listener);

  private:
    friend class Mmu;

    u64 ram_size_ = 0;
    u8* ram_ = nullptr;
    int fd_ = -1;
    u64 a20_mask_ = ~u64{0};
    Bus& mmio_;
    // the rest belongs to physical_memory.cpp's author
};

}  // namespace seventeen::mmu
