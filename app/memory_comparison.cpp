// Which pages the reference writes, and what they were.
#include "app/memory_comparison.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"

namespace seventeen::app {

MemoryComparison::MemoryComparison(mmu::PhysicalMemory& reference,
                                   const mmu::PhysicalMemory& tested, const ChipMemory& chip)
    : reference_(reference),
      tested_(tested),
      chip_(chip),
      before_(std::make_unique_for_overwrite<u8[]>(reference.ram_size())),
      is_written_(reference.ram_size() >> kPageShift) {
    check(reference.ram_size() == tested.ram_size(),
          "two machines with different RAM are compared");
    check(chip.first + chip.size <= reference.ram_size(), "a chip has memory beyond RAM");
    reference_.add_observer(mmu::Guard::kDirty, *this);
}

MemoryComparison::~MemoryComparison() {
    reference_.remove_observer(mmu::Guard::kDirty, *this);
}

bool MemoryComparison::is_all_alike() {
    const std::span<const u8> ram = reference_.ram();
    std::memcpy(before_.get(), ram.data(), ram.size());
    for (u64 page = 0; page < ram.size() >> kPageShift; ++page)
        reference_.set_ram_guard(mmu::Guard::kDirty, page);
    std::fill(is_written_.begin(), is_written_.end(), false);
    written_.clear();
    mmio_accesses_ = reference_.mmio_accesses();
    return std::memcmp(before_.get(), tested_.ram().data(), ram.size()) == 0;
}

bool MemoryComparison::was_alike() {
    note_chip();
    return std::all_of(written_.begin(), written_.end(), [&](u64 page) {
        const u64 at = page << kPageShift;
        return std::memcmp(before_.get() + at, tested_.ram().data() + at, kPageSize) == 0;
    });
}

bool MemoryComparison::is_alike() {
    bool alike = true;
    for (const u64 page : written_) {
        const u64 at = page << kPageShift;
        std::memcpy(before_.get() + at, reference_.ram().data() + at, kPageSize);
        alike = alike && std::memcmp(before_.get() + at, tested_.ram().data() + at, kPageSize) == 0;
        is_written_[page] = false;
        reference_.set_ram_guard(mmu::Guard::kDirty, page);
    }
    pages_ += written_.size();
    written_.clear();
    return alike;
}

// The bytes have changed already; the page is compared whole, so it matters no more which.
void MemoryComparison::guarded_write(PhysicalAddress address, std::size_t) {
    const u64 page = reference_.ram_offset(address) >> kPageShift;
    reference_.clear_ram_guard(mmu::Guard::kDirty, page);
    note(page);
}

void MemoryComparison::note(u64 ram_page) {
    if (is_written_[ram_page]) return;
    is_written_[ram_page] = true;
    written_.push_back(ram_page);
}

void MemoryComparison::note_chip() {
    if (mmio_accesses_ == reference_.mmio_accesses()) return;
    mmio_accesses_ = reference_.mmio_accesses();
    for (u64 at = 0; at < chip_.size; at += kPageSize) note((chip_.first + at) >> kPageShift);
}

}  // namespace seventeen::app
