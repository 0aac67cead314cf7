// The slow path: translate, keep what was learnt, go to physical memory.
#include "mmu/mmu.h"

#include <algorithm>

#include "core/check.h"
#include "core/occupation.h"

namespace seventeen::mmu {

namespace {

// Linear addresses have 32 bits, and an access past the last wraps to the first.
constexpr u64 kLinearMask = 0xffff'ffff;

LinearAddress wrapped(LinearAddress address) {
    return {address.value & kLinearMask};
}

}  // namespace

Mmu::Mmu(CpuState& state, PhysicalMemory& memory)
    : state_(state),
      memory_(memory),
      walker_(state, memory),
      roots_(state, memory, walker_),
      watch_(memory, tlb_, roots_) {
    memory_.add_observer(Guard::kPageTable, *this);
    listener_ = memory_.add_change_listener(
        [this](const PhysicalMemory::Change& change) { memory_changed(change); });
    breakpoints_.update(state_.dr);
}

Mmu::~Mmu() {
    memory_.remove_change_listener(listener_);
    memory_.remove_observer(Guard::kPageTable, *this);
}

void Mmu::set_paging_model(const PagingModel& model) {
    walker_.set_model(model);
    flush_all();
}

// --- accesses ---

Fault Mmu::read_slow(LinearAddress address, Privilege privilege, void* into, std::size_t size) {
    Parts parts;
    if (Fault fault = resolve(address, privilege, Access::kRead, size, parts)) return fault;
    note_breakpoints(address, parts, Access::kRead);
    u8* to = static_cast<u8*>(into);
    for (const Part& part : parts) {
        if (part.size == 0) break;
        memory_.read(part.address, to, part.size);
        to += part.size;
    }
    return {};
}

Fault Mmu::write_slow(LinearAddress address, Privilege privilege, const void* from,
                      std::size_t size) {
    Parts parts;
    if (Fault fault = resolve(address, privilege, Access::kWrite, size, parts)) return fault;
    note_breakpoints(address, parts, Access::kWrite);
    const u8* next = static_cast<const u8*>(from);
    for (const Part& part : parts) {
        if (part.size == 0) break;
        memory_.write(part.address, next, part.size);
        next += part.size;
    }
    return {};
}

Fault Mmu::probe(LinearAddress address, Privilege privilege, Access access, std::size_t size) {
    Parts parts;
    return resolve(address, privilege, access, size, parts);
}

Fault Mmu::resolve(LinearAddress address, Privilege privilege, Access access, std::size_t size,
                   Parts& parts) {
    check(size - 1 < kPageSize, "an access has between one byte and a page of them");
    const LinearAddress first = wrapped(address);
    parts[0].size = std::min<std::size_t>(size, kPageSize - first.offset());
    parts[1].size = size - parts[0].size;
    if (parts[1].size == 0) return translate(first, privilege, access, parts[0].address);

    // Both must be permitted before the first page's A and D bits may change.
    const LinearAddress second = wrapped(first + parts[0].size);
    if (Fault fault = check_page(first, privilege, access)) return fault;
    if (Fault fault = check_page(second, privilege, access)) return fault;
    if (Fault fault = translate(first, privilege, access, parts[0].address)) return fault;
    return translate(second, privilege, access, parts[1].address);
}

Fault Mmu::check_page(LinearAddress address, Privilege privilege, Access access) {
    const Translation* known = tlb_.find(Tlb::lane(privilege, access), address.page());
    if (known && (access != Access::kWrite || known->may_write)) return {};
    ++statistics_.checks;
    return counted(walker_.check(address, privilege, access));
}

Fault Mmu::counted(const Fault& fault) {
    if (fault) ++statistics_.faults[fault.error_code % Statistics::kPageFaultCodes];
    return fault;
}

Fault Mmu::translate(LinearAddress address, Privilege privilege, Access access,
                     PhysicalAddress& physical) {
    const Tlb::Lane lane = Tlb::lane(privilege, access);
    const Translation* known = tlb_.find(lane, address.page());
    Translation fresh;
    if (!known || (access == Access::kWrite && !known->may_write)) {
        const Occupied occupied(Occupation::kPaging);
        ++statistics_.walks;
        if (Fault fault = walker_.walk(address, privilege, access, fresh)) return counted(fault);
        keep(lane, fresh);
        known = &fresh;
    }
    physical = known->physical + address.offset();
    if (access != Access::kExecute && known->cacheable) promote(lane, *known);
    return {};
}

void Mmu::keep(Tlb::Lane lane, const Translation& translation) {
    if (!translation.cacheable) return;
    roots_.use(translation);
    watch_.watch(translation);
    const bool fleeting = roots_.is_fleeting(translation.linear_page);
    tlb_.insert(lane, translation, fleeting ? Tlb::Stay::kFleeting : Tlb::Stay::kLasting);
}

// Gives the translation's line the pointers that it may have by now: guards come and go.
void Mmu::promote(Tlb::Lane lane, const Translation& translation) {
    if (breakpoints_.on_page(translation.linear_page)) return;
    const u8* host = memory_.read_pointer(translation.physical);
    if (!host) return;
    TlbEntry entry;
    entry.read_page = translation.linear_page;
    if (translation.may_write) {
        if (memory_.write_pointer(translation.physical))
            entry.write_page = translation.linear_page;
        else if (memory_.write_pointer(translation.physical, Guard::kPageTable))
            entry.table_page = translation.linear_page;
    }
    // SAFETY: only sums of delta and an address within the page are ever dereferenced.
    entry.delta = reinterpret_cast<u64>(host) - (translation.linear_page << kPageShift);
    tlb_.set_entry(lane, translation.linear_page, entry);
}

void Mmu::note_breakpoints(LinearAddress address, const Parts& parts, Access access) {
    if (!breakpoints_.armed()) return;
    const LinearAddress first = wrapped(address);
    u32 met = breakpoints_.hits(first, parts[0].size, access);
    if (parts[1].size != 0)
        met |= breakpoints_.hits(wrapped(first + parts[0].size), parts[1].size, access);
    if (met == 0) return;
    state_.pending_debug |= met;
    state_.attention = true;
}

const u8* Mmu::read_run(LinearAddress address, Privilege privilege) {
    return run(wrapped(address), privilege, Access::kRead, &TlbEntry::read_page);
}

u8* Mmu::write_run(LinearAddress address, Privilege privilege) {
    return run(wrapped(address), privilege, Access::kWrite, &TlbEntry::write_page);
}

u8* Mmu::run(LinearAddress address, Privilege privilege, Access access, u64 TlbEntry::*tag) {
    const TlbEntry& entry = tlb_.entry(address, privilege);
    PhysicalAddress physical;
    if (entry.*tag != address.page() && translate(address, privilege, access, physical))
        return nullptr;
    return entry.*tag == address.page() ? host(entry, address) : nullptr;
}

Fault Mmu::fetch(LinearAddress address, Privilege privilege, PhysicalAddress& physical) {
    return translate(wrapped(address), privilege, Access::kExecute, physical);
}

bool Mmu::peek(LinearAddress address, PhysicalAddress& physical) const {
    return walker_.look(wrapped(address), physical);
}

// --- shadows ---

void Mmu::set_shadow(ShadowObserver* shadow) {
    shadow_ = shadow;
    watch_.set_shadow(shadow);
}

bool Mmu::shadow(u64 linear_page, Privilege privilege, ShadowPage& page) {
    if (breakpoints_.on_page(linear_page)) return false;
    ++statistics_.shadow_walks;
    Translation translation;
    if (!walker_.walk_quietly({linear_page << kPageShift}, privilege, translation)) return false;
    const u64 offset = memory_.ram_offset(translation.physical);
    if (offset == PhysicalMemory::kNotRam) return false;
    roots_.use(translation);
    watch_.watch(translation);
    page.ram_page = offset >> kPageShift;
    page.user = translation.user;
    page.writable = translation.may_write && memory_.write_pointer(translation.physical);
    return true;
}

// --- what changes translations ---

void Mmu::flush_all() {
    ++statistics_.mode_flushes;
    breakpoints_.update(state_.dr);
    if (shadow_) shadow_->shadow_dropped_all();
    drop_tlb();
}

// Global pages, too, must be what the new tables say: we act as if there were no TLB.
void Mmu::change_space() {
    ++statistics_.space_flushes;
    ++fetch_generation_;
    const Roots::Directories fleeting = roots_.fleeting();
    const Roots::Directories lost = roots_.reload();
    const auto condemned = [&](const Translation& translation) {
        return lost.test(roots_.directory_of(translation.linear_page));
    };
    if ((lost & ~fleeting).any())
        tlb_.drop_if(condemned);
    else if (lost.any())
        tlb_.drop_fleeting_if(condemned);
    watch_.watch_roots();
    if (!shadow_) return;
    const u64 pages = roots_.pages_in_directory();
    for (std::size_t i = lost._Find_first(); i < lost.size(); i = lost._Find_next(i))
        shadow_->shadow_left(i * pages, pages);
}

void Mmu::drop_tlb() {
    tlb_.drop_all();
    roots_.reset();
    ++fetch_generation_;
}

void Mmu::invalidate_page(LinearAddress page) {
    ++statistics_.invalidations;
    tlb_.drop_page(wrapped(page).page());
    ++fetch_generation_;
}

void Mmu::breakpoints_changed() {
    ++statistics_.breakpoint_flushes;
    breakpoints_.update(state_.dr);
    tlb_.drop_entries();
    if (shadow_) shadow_->shadow_dropped_all();
}

void Mmu::guarded_write(PhysicalAddress address, std::size_t size) {
    const Occupied occupied(Occupation::kPaging);
    const u64 offset = memory_.ram_offset(address);
    if (offset == PhysicalMemory::kNotRam || !watch_.written(offset, size)) return;
    // The running code may be what was remapped: the engine looks again before it goes on.
    ++fetch_generation_;
    state_.attention = true;
}

void Mmu::memory_changed(const PhysicalMemory::Change& change) {
    if (change.everything) {
        ++statistics_.map_flushes;
        if (shadow_) shadow_->shadow_dropped_all();
        drop_tlb();
        return;
    }
    tlb_.drop_write_pointers(memory_.ram().data() + (change.ram_page << kPageShift));
    if (shadow_) shadow_->shadow_protected(change.ram_page);
}

}  // namespace seventeen::mmu
