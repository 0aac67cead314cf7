// The table of physical pages: who answers an access, and who is told of it.
#include "mmu/physical_memory.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/check.h"

namespace seventeen::mmu {

namespace {

constexpr u64 kA20 = u64{1} << 20;
constexpr u64 kPhysicalSpace = u64{1} << 52;  // the architecture's limit (SDM 3A 4.1.4)
constexpr std::size_t kWidestMmio = 8;

// The widest access that is naturally aligned at `address` and lies within `size` bytes.
Width natural_width(PhysicalAddress address, std::size_t size) {
    const u64 aligned = u64{1} << std::countr_zero(address.value | kWidestMmio);
    return static_cast<Width>(std::min<u64>(aligned, std::bit_floor(size)));
}

std::size_t index_of(Guard kind) {
    return static_cast<std::size_t>(std::countr_zero(static_cast<u8>(kind)));
}

// Calls `part(address, offset, size)` for each page that [address, address + size) touches.
template <typename Part>
void for_each_page(PhysicalAddress address, std::size_t size, Part&& part) {
    for (std::size_t done = 0; done < size;) {
        const PhysicalAddress here = address + done;
        const std::size_t length = std::min<std::size_t>(size - done, kPageSize - here.offset());
        part(here, done, length);
        done += length;
    }
}

}  // namespace

PhysicalMemory::PhysicalMemory(u64 ram_size, Bus& mmio)
    : ram_(ram_size),
      mmio_(mmio),
      guards_(ram_size / kPageSize),
      homes_(ram_size / kPageSize, kUnmapped) {}

PhysicalMemory::~PhysicalMemory() = default;

// --- the map ---

const PhysicalMemory::Page& PhysicalMemory::page_at(u64 page) const {
    static constexpr Page kNothing;
    const u64 chunk = page / kChunkPages;
    if (chunk >= chunks_.size() || !chunks_[chunk]) return kNothing;
    return (*chunks_[chunk])[page % kChunkPages];
}

void PhysicalMemory::map_ram(PhysicalAddress first, u64 size, u64 ram_offset) {
    map_ram_as(Kind::kRam, first, size, ram_offset);
}

void PhysicalMemory::map_ram_read_only(PhysicalAddress first, u64 size, u64 ram_offset) {
    map_ram_as(Kind::kRamReadOnly, first, size, ram_offset);
}

void PhysicalMemory::map_ram_as(Kind kind, PhysicalAddress first, u64 size, u64 ram_offset) {
    check(ram_offset % kPageSize == 0, "RAM is mapped in whole pages");
    check(size <= ram_size() && ram_offset <= ram_size() - size,
          "more RAM is mapped than there is");
    map(first, size, [&](u64 offset) {
        const u64 from = ram_offset + offset;
        return Page{ram_.bytes().data() + from, static_cast<u32>(from >> kPageShift), kind};
    });
}

void PhysicalMemory::map_rom(PhysicalAddress first, std::span<const u8> rom) {
    map(first, rom.size(), [&](u64 offset) {
        // SAFETY: store() writes through the pointer of a kRam page only, so constness holds.
        return Page{const_cast<u8*>(rom.data()) + offset, 0, Kind::kRom};
    });
}

void PhysicalMemory::map_mmio(PhysicalAddress first, u64 size) {
    map(first, size, [](u64) { return Page{}; });
}

void PhysicalMemory::map(PhysicalAddress first, u64 size,
                         const std::function<Page(u64 offset)>& page_for) {
    check(first.offset() == 0 && size % kPageSize == 0, "the map is made of whole pages");
    check(first.value < kPhysicalSpace && size <= kPhysicalSpace - first.value,
          "physical addresses have 52 bits");
    for (u64 offset = 0; offset < size; offset += kPageSize)
        replace((first + offset).page(), page_for(offset));
    announce({.everything = true});
}

void PhysicalMemory::replace(u64 number, const Page& page) {
    const Page& old = page_at(number);
    if (old.is_ram()) remove_home(old.ram_page, number);
    const u64 chunk = number / kChunkPages;
    if (page.kind != Kind::kMmio) {
        if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
        if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<Chunk>();
    }
    if (chunk < chunks_.size() && chunks_[chunk]) (*chunks_[chunk])[number % kChunkPages] = page;
    if (page.is_ram()) add_home(page.ram_page, number);
}

void PhysicalMemory::add_home(u64 ram_page, u64 page) {
    if (homes_[ram_page] == kUnmapped)
        homes_[ram_page] = page;
    else
        more_homes_.emplace(ram_page, page);
}

void PhysicalMemory::remove_home(u64 ram_page, u64 page) {
    const auto [first, last] = more_homes_.equal_range(ram_page);
    auto gone = std::find_if(first, last, [&](const auto& home) { return home.second == page; });
    if (homes_[ram_page] == page) {
        gone = first;
        homes_[ram_page] = first == last ? kUnmapped : first->second;
    }
    if (gone != last) more_homes_.erase(gone);
}

void PhysicalMemory::set_a20(bool open) {
    const u64 mask = open ? ~u64{0} : ~kA20;
    if (mask == a20_mask_) return;
    a20_mask_ = mask;
    announce({.everything = true});
}

// --- pointers ---

const u8* PhysicalMemory::read_pointer(PhysicalAddress page) const {
    return page_at(bus_address(page).page()).host;
}

u8* PhysicalMemory::write_pointer(PhysicalAddress page) {
    return write_pointer(page, kAllGuards);
}

u8* PhysicalMemory::write_pointer(PhysicalAddress page, Guard despite) {
    return write_pointer(page, static_cast<u8>(kAllGuards & ~static_cast<u8>(despite)));
}

u8* PhysicalMemory::write_pointer(PhysicalAddress page, u8 hindrances) {
    const Page& entry = page_at(bus_address(page).page());
    if (entry.kind != Kind::kRam || guards_[entry.ram_page] & hindrances) return nullptr;
    guards_[entry.ram_page] |= kPointerHandedOut;
    return entry.host;
}

// --- accesses ---

void PhysicalMemory::read(PhysicalAddress address, void* into, std::size_t size) {
    for_each_page(address, size, [&](PhysicalAddress here, std::size_t done, std::size_t length) {
        load(bus_address(here), static_cast<u8*>(into) + done, length);
    });
}

void PhysicalMemory::dma_read(PhysicalAddress address, void* into, std::size_t size) {
    for_each_page(address, size, [&](PhysicalAddress here, std::size_t done, std::size_t length) {
        load(here, static_cast<u8*>(into) + done, length);
    });
}

void PhysicalMemory::write(PhysicalAddress address, const void* from, std::size_t size) {
    for_each_page(address, size, [&](PhysicalAddress here, std::size_t done, std::size_t length) {
        store(bus_address(here), static_cast<const u8*>(from) + done, length, kAllGuards);
    });
}

void PhysicalMemory::write_except(Guard silent, PhysicalAddress address, const void* from,
                                  std::size_t size) {
    const u8 kinds = kAllGuards & ~static_cast<u8>(silent);
    for_each_page(address, size, [&](PhysicalAddress here, std::size_t done, std::size_t length) {
        store(bus_address(here), static_cast<const u8*>(from) + done, length, kinds);
    });
}

void PhysicalMemory::dma_write(PhysicalAddress address, const void* from, std::size_t size) {
    for_each_page(address, size, [&](PhysicalAddress here, std::size_t done, std::size_t length) {
        store(here, static_cast<const u8*>(from) + done, length, kAllGuards);
    });
}

// SAFETY (load and store): a page's host bytes are all kPageSize of it, in ram_ or in a ROM that
// the caller of map_rom keeps alive, and the access lies within the page. They may overlap a buffer
// of a chip that was given ram(): hence memmove.
void PhysicalMemory::load(PhysicalAddress address, u8* into, std::size_t size) {
    const Page& page = page_at(address.page());
    if (page.host)
        std::memmove(into, page.host + address.offset(), size);
    else
        read_mmio(address, into, size);
}

void PhysicalMemory::store(PhysicalAddress address, const u8* from, std::size_t size, u8 kinds) {
    const Page& page = page_at(address.page());
    if (page.kind == Kind::kMmio) return write_mmio(address, from, size);
    if (page.kind != Kind::kRam) return;
    std::memmove(page.host + address.offset(), from, size);
    kinds &= guards_[page.ram_page];
    if (kinds) announce_write(page.ram_page, address.offset(), size, kinds);
}

void PhysicalMemory::read_mmio(PhysicalAddress address, u8* into, std::size_t size) {
    ++mmio_accesses_;
    for (std::size_t done = 0; done < size;) {
        const Width width = natural_width(address + done, size - done);
        const u64 value = mmio_.read((address + done).value, width);
        std::memcpy(into + done, &value, width);
        done += width;
    }
}

void PhysicalMemory::write_mmio(PhysicalAddress address, const u8* from, std::size_t size) {
    ++mmio_accesses_;
    for (std::size_t done = 0; done < size;) {
        const Width width = natural_width(address + done, size - done);
        u64 value = 0;
        std::memcpy(&value, from + done, width);
        mmio_.write((address + done).value, value, width);
        done += width;
    }
}

// --- guards ---

bool PhysicalMemory::is_mmio(PhysicalAddress address) const {
    return page_at(address.page()).kind == Kind::kMmio;
}

u64 PhysicalMemory::ram_offset(PhysicalAddress address) const {
    const Page& page = page_at(address.page());
    return page.is_ram() ? (u64{page.ram_page} << kPageShift) + address.offset() : kNotRam;
}

bool PhysicalMemory::answers_elsewhere(PhysicalAddress address) const {
    const Page& page = page_at(address.page());
    return page.is_ram() && more_homes_.contains(page.ram_page);
}

void PhysicalMemory::add_observer(Guard kind, GuardObserver& observer) {
    observers_[index_of(kind)].push_back(&observer);
}

void PhysicalMemory::remove_observer(Guard kind, GuardObserver& observer) {
    std::erase(observers_[index_of(kind)], &observer);
}

void PhysicalMemory::set_guard(Guard kind, PhysicalAddress page) {
    const Page& entry = page_at(page.page());
    if (entry.is_ram()) set_ram_guard(kind, entry.ram_page);
}

void PhysicalMemory::clear_guard(Guard kind, PhysicalAddress page) {
    const Page& entry = page_at(page.page());
    if (entry.is_ram()) clear_ram_guard(kind, entry.ram_page);
}

void PhysicalMemory::set_ram_guard(Guard kind, u64 ram_page) {
    u8& flags = guards_[ram_page];
    flags |= static_cast<u8>(kind);
    if (!(flags & kPointerHandedOut)) return;
    flags &= static_cast<u8>(~kPointerHandedOut);
    announce({.everything = false, .ram_page = ram_page});
}

void PhysicalMemory::clear_ram_guard(Guard kind, u64 ram_page) {
    guards_[ram_page] &= static_cast<u8>(~static_cast<u8>(kind));
}

bool PhysicalMemory::guarded(Guard kind, PhysicalAddress page) const {
    const Page& entry = page_at(page.page());
    return entry.is_ram() && guards_[entry.ram_page] & static_cast<u8>(kind);
}

void PhysicalMemory::announce_write(u64 ram_page, u64 offset, std::size_t size, u8 kinds) {
    announce_write_at({(homes_[ram_page] << kPageShift) + offset}, size, kinds);
    if (more_homes_.empty()) return;
    const auto [first, last] = more_homes_.equal_range(ram_page);
    for (auto home = first; home != last; ++home)
        announce_write_at({(home->second << kPageShift) + offset}, size, kinds);
}

void PhysicalMemory::announce_write_at(PhysicalAddress address, std::size_t size, u8 kinds) {
    for (std::size_t kind = 0; kind < kGuardKinds; ++kind) {
        if (!(kinds >> kind & 1)) continue;
        for (GuardObserver* observer : observers_[kind]) observer->guarded_write(address, size);
    }
}

unsigned PhysicalMemory::add_change_listener(std::function<void(const Change&)> listener) {
    listeners_.emplace(next_listener_, std::move(listener));
    return next_listener_++;
}

void PhysicalMemory::remove_change_listener(unsigned listener) {
    listeners_.erase(listener);
}

void PhysicalMemory::announce(const Change& change) {
    for (const auto& [id, listener] : listeners_) listener(change);
}

}  // namespace seventeen::mmu
