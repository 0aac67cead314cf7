// ReferenceMachine: physical memory and paging as naively as the SDM states them, byte by byte and
// without any cache; what the Mmu does is compared with it.
//
// Written apart from mmu/: each table format is spelled out on its own, so that a mistake in the
// Mmu's common loop is not repeated here.
#pragma once

#include <algorithm>
#include <map>
#include <vector>

#include "core/cpu_state.h"
#include "core/fault.h"
#include "mmu/access.h"
#include "mmu/page_walk.h"

namespace seventeen::mmu {

class ReferenceMachine {
  public:
    enum class Kind : u8 { kRam, kReadOnlyRam, kRom, kDevice };
    struct Place {
        Kind kind = Kind::kDevice;
        u64 offset = 0;  // of the page in ram, rom or device
    };
    // A run of bytes of RAM that was stored to at once.
    struct Store {
        u64 ram_offset = 0;
        std::size_t size = 0;
    };
    struct Walk {
        Fault fault;
        u64 physical = 0;  // A20 applied
        unsigned slot_size = 0;
        std::vector<u64> slots;
    };

    explicit ReferenceMachine(const CpuState& cpu) : state(cpu) {}

    const CpuState& state;
    PagingModel model;
    std::vector<u8> ram, rom, device;
    std::map<u64, Place> map;  // by page; what is missing floats high
    bool a20 = true;
    std::vector<Store> stores;
    bool tables_in_mmio = false;  // of any walk since it was cleared

    u64 masked(u64 address) const { return a20 ? address : address & ~u64{0x100000}; }

    u8 load(u64 address) const {
        const auto place = map.find(address >> 12);
        if (place == map.end()) return 0xff;
        const u64 at = place->second.offset + (address & 0xfff);
        switch (place->second.kind) {
            case Kind::kRam:
            case Kind::kReadOnlyRam: return ram[at];
            case Kind::kRom: return rom[at];
            case Kind::kDevice: return device[at];
        }
        return 0;
    }
    u64 load_number(u64 address, unsigned size) const {
        u64 value = 0;
        for (unsigned i = 0; i < size; ++i) value |= u64{load(address + i)} << (8 * i);
        return value;
    }
    // Within a page.
    void store(u64 address, const u8* bytes, std::size_t size) {
        const auto place = map.find(address >> 12);
        if (place == map.end()) return;
        const u64 at = place->second.offset + (address & 0xfff);
        if (place->second.kind == Kind::kRam) {
            stores.push_back({at, size});
            std::copy_n(bytes, size, &ram[at]);
        } else if (place->second.kind == Kind::kDevice) {
            std::copy_n(bytes, size, &device[at]);
        }
    }
    void store_number(u64 address, u64 value, unsigned size) {
        u8 bytes[8];
        for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<u8>(value >> (8 * i));
        store(address, bytes, size);
    }
    // Across pages; each is one store.
    void store_all(u64 address, const u8* bytes, std::size_t size) {
        while (size > 0) {
            const std::size_t part = std::min<std::size_t>(size, 0x1000 - (address & 0xfff));
            store(address, bytes, part);
            address += part;
            bytes += part;
            size -= part;
        }
    }

    // The whole access: where each byte lies, or the fault; sets A and D bits.
    Fault access(u32 linear, bool user, Access kind, std::size_t size, std::vector<u64>& bytes) {
        bytes.clear();
        std::vector<Walk> walks;
        for (std::size_t i = 0; i < size; ++i) {
            const u32 here = linear + static_cast<u32>(i);
            if (i == 0 || (here & 0xfff) == 0) {
                walks.push_back(walk(here, user, kind));
                if (walks.back().fault) return walks.back().fault;
            }
            bytes.push_back((walks.back().physical & ~u64{0xfff}) | (here & 0xfff));
        }
        for (const Walk& done : walks) mark(done, kind == Access::kWrite);
        return {};
    }

    Walk walk(u32 linear, bool user, Access kind) {
        Walk result;
        if (!(state.cr0 & 0x80000000)) {
            result.physical = masked(linear);
            return result;
        }
        if (state.cr4 & 0x20)
            walk_pae(linear, user, kind, result);
        else
            walk_two_level(linear, user, kind, result);
        result.physical = masked(result.physical);
        return result;
    }

  private:
    bool nxe() const { return (state.cr4 & 0x20) && (state.msr.efer & 0x800); }

    static bool bit(u64 value, unsigned number) { return value >> number & 1; }

    u64 entry(Walk& result, u64 address) {
        address = masked(address);
        const auto place = map.find(address >> 12);
        if (place == map.end() || place->second.kind == Kind::kDevice) tables_in_mmio = true;
        result.slots.push_back(address);
        return load_number(address, result.slot_size);
    }

    Fault page_fault(u32 linear, bool present, bool reserved, bool user, Access kind) const {
        u32 code = 0;
        if (present) code += 1;
        if (kind == Access::kWrite) code += 2;
        if (user) code += 4;
        if (reserved) code += 8;
        if (kind == Access::kExecute && nxe()) code += 16;
        return Fault::page(code, {linear});
    }

    // SDM 3A 4.6.1: may a page with these rights (of all levels together) be accessed?
    bool allowed(bool user_page, bool writable, bool no_execute, bool user, Access kind) const {
        const bool wp = state.cr0 & 0x10000;
        if (!user) {
            if (kind == Access::kRead) return true;
            if (kind == Access::kWrite) return !wp || writable;
            return !(nxe() && no_execute);
        }
        if (!user_page) return false;
        if (kind == Access::kRead) return true;
        if (kind == Access::kWrite) return writable;
        return !(nxe() && no_execute);
    }

    // SDM 3A 4.3.
    void walk_two_level(u32 linear, bool user, Access kind, Walk& result) {
        result.slot_size = 4;
        const bool pse = state.cr4 & 0x10;
        const u64 pde = entry(result, (state.cr3 & 0xfffff000) + (linear >> 22) * 4);
        if (!bit(pde, 0)) {
            result.fault = page_fault(linear, false, false, user, kind);
            return;
        }
        if (pse && bit(pde, 7)) {
            bool reserved = bit(pde, 21) || (!model.pat && bit(pde, 12));
            for (unsigned i = 13; i <= 20; ++i)
                if (bit(pde, i) && i + 19 >= model.physical_bits) reserved = true;
            if (reserved)
                result.fault = page_fault(linear, true, true, user, kind);
            else if (!allowed(bit(pde, 2), bit(pde, 1), false, user, kind))
                result.fault = page_fault(linear, true, false, user, kind);
            result.physical =
                ((pde >> 13 & 0xff) << 32) | (pde & 0xffc00000) | (linear & 0x003fffff);
            return;
        }
        const u64 pte = entry(result, (pde & 0xfffff000) + (linear >> 12 & 0x3ff) * 4);
        if (!bit(pte, 0))
            result.fault = page_fault(linear, false, false, user, kind);
        else if (pse && !model.pat && bit(pte, 7))
            result.fault = page_fault(linear, true, true, user, kind);
        else if (!allowed(bit(pde, 2) && bit(pte, 2), bit(pde, 1) && bit(pte, 1), false, user,
                          kind))
            result.fault = page_fault(linear, true, false, user, kind);
        result.physical = (pte & 0xfffff000) | (linear & 0xfff);
    }

    // SDM 3A 4.4.2: bits that are reserved in every PAE entry that is present.
    bool pae_reserved(u64 value) const {
        for (unsigned i = model.physical_bits; i <= 62; ++i)
            if (bit(value, i)) return true;
        return bit(value, 63) && !(state.msr.efer & 0x800);
    }

    void walk_pae(u32 linear, bool user, Access kind, Walk& result) {
        result.slot_size = 8;
        const u64 frame = ((u64{1} << model.physical_bits) - 1) & ~u64{0xfff};
        const u64 pdpte = state.pdpte[linear >> 30];
        if (!bit(pdpte, 0)) {
            result.fault = page_fault(linear, false, false, user, kind);
            return;
        }
        const u64 pde = entry(result, (pdpte & frame) + (linear >> 21 & 0x1ff) * 8);
        if (!bit(pde, 0)) {
            result.fault = page_fault(linear, false, false, user, kind);
            return;
        }
        if (bit(pde, 7)) {
            bool reserved = pae_reserved(pde) || (!model.pat && bit(pde, 12));
            for (unsigned i = 13; i <= 20; ++i) reserved = reserved || bit(pde, i);
            if (reserved)
                result.fault = page_fault(linear, true, true, user, kind);
            else if (!allowed(bit(pde, 2), bit(pde, 1), bit(pde, 63), user, kind))
                result.fault = page_fault(linear, true, false, user, kind);
            result.physical = (pde & frame & ~u64{0x1fffff}) | (linear & 0x1fffff);
            return;
        }
        if (pae_reserved(pde)) {
            result.fault = page_fault(linear, true, true, user, kind);
            return;
        }
        const u64 pte = entry(result, (pde & frame) + (linear >> 12 & 0x1ff) * 8);
        if (!bit(pte, 0))
            result.fault = page_fault(linear, false, false, user, kind);
        else if (pae_reserved(pte) || (!model.pat && bit(pte, 7)))
            result.fault = page_fault(linear, true, true, user, kind);
        else if (!allowed(bit(pde, 2) && bit(pte, 2), bit(pde, 1) && bit(pte, 1),
                          bit(pde, 63) || bit(pte, 63), user, kind))
            result.fault = page_fault(linear, true, false, user, kind);
        result.physical = (pte & frame) | (linear & 0xfff);
    }

    // SDM 3A 4.8: A in each entry used, D in the one that maps the page.
    void mark(const Walk& done, bool write) {
        for (std::size_t i = 0; i < done.slots.size(); ++i) {
            const u64 old = load_number(done.slots[i], done.slot_size);
            u64 value = old | 0x20;
            if (write && i + 1 == done.slots.size()) value |= 0x40;
            if (value != old) store_number(done.slots[i], value, done.slot_size);
        }
    }
};

}  // namespace seventeen::mmu
