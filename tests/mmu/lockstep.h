// Lockstep: drives a Mmu and a ReferenceMachine with the same steps and says where they differ.
//
// Each step is an access, an edit of a page table (through paging, by physical address, by DMA) or
// a change of registers, map, A20, guards or breakpoints; after it everything is compared: values,
// faults, all memory with its A and D bits, announced writes, breakpoint hits.
#pragma once

#include "tests/mmu/test_machine.h"

namespace seventeen::mmu {

class Lockstep {
  public:
    struct Counts {
        u64 accesses = 0, faults = 0, fetches_kept = 0, breakpoints = 0, runs = 0;
        std::array<u64, 32> codes{};
    };

    explicit Lockstep(Source& source) : source_(source), machine_(source) { change_mode(); }

    // Nothing, or the first difference.
    std::string step() {
        machine_.begin_step();
        const u32 choice = source_.below(200);
        std::string difference;
        if (choice < 140)
            difference = access_step(choice);
        else if (choice < 180)
            edit_step();
        else
            change_step(choice);
        if (difference.empty()) difference = compare_breakpoints();
        return difference.empty() ? machine_.compare() : difference;
    }

    const Counts& counts() const { return counts_; }
    u64 announcements() const { return machine_.announcements; }

  private:
    // --- accesses ---

    std::string access_step(u32 choice) {
        u32 linear = machine_.random_linear();
        if (source_.one_in(16))
            linear = static_cast<u32>(machine_.state.dr[source_.below(4)]) + source_.below(8) - 4;
        const auto privilege = static_cast<Privilege>(source_.below(2));
        if (choice < 45) return read_step(linear, privilege);
        if (choice < 75) return write_step(linear, privilege);
        if (choice < 90) return modify_step(linear, privilege);
        if (choice < 95) return probe_step(linear, privilege);
        if (choice < 110) return run_step(linear, privilege);
        if (choice < 137) return fetch_step(linear, privilege);
        return peek_step(linear);
    }

    Fault expect(u32 linear, Privilege privilege, Access kind, std::size_t size) {
        const bool user = privilege == Privilege::kUser;
        const Fault fault = machine_.reference.access(linear, user, kind, size, bytes_);
        ++counts_.accesses;
        if (fault) {
            ++counts_.faults;
            ++counts_.codes[fault.error_code & 31];
        }
        return fault;
    }

    // An access that does not fault meets these data breakpoints (SDM 3B 17.2.5).
    void expect_breakpoints(u32 linear, std::size_t size, bool write) {
        const auto& dr = machine_.state.dr;
        for (unsigned i = 0; i < 4; ++i) {
            const u64 fields = dr[7] >> (16 + 4 * i) & 15;
            const bool watched = (fields & 3) == 3 || ((fields & 3) == 1 && write);
            if (!watched || !(dr[7] >> (2 * i) & 3)) continue;
            static constexpr u32 kSizes[] = {1, 2, 8, 4};
            const u32 length = kSizes[fields >> 2];
            for (std::size_t byte = 0; byte < size; ++byte) {
                const u32 here = linear + static_cast<u32>(byte);
                if (here / length == static_cast<u32>(dr[i]) / length) hits_ |= 1u << i;
            }
        }
    }

    std::string compare_breakpoints() {
        CpuState& state = machine_.state;
        if (state.pending_debug != hits_) return "breakpoint hits differ";
        // Translations that dropped raise attention too; a flush, which its caller knows of, does
        // not.
        const u64 generation = machine_.mmu.fetch_generation();
        if (hits_ != 0 && !state.attention) return "attention is missing";
        if (hits_ == 0 && state.attention && generation == seen_generation_)
            return "attention without a cause";
        seen_generation_ = generation;
        counts_.breakpoints += hits_ != 0;
        state.pending_debug = hits_ = 0;
        state.attention = false;
        return {};
    }

    bool watched_page(u32 linear) const {
        const auto& dr = machine_.state.dr;
        for (unsigned i = 0; i < 4; ++i) {
            const bool data = dr[7] >> (16 + 4 * i) & 1;
            const bool enabled = dr[7] >> (2 * i) & 3;
            if (data && enabled && dr[i] >> kPageShift == linear >> kPageShift) return true;
        }
        return false;
    }

    std::vector<u8> expected_bytes() const {
        std::vector<u8> bytes;
        for (const u64 at : bytes_) bytes.push_back(machine_.reference.load(at));
        return bytes;
    }

    // What the access stores, page by page.
    void reference_store(const std::vector<u8>& bytes) {
        for (std::size_t i = 0; i < bytes.size();) {
            std::size_t part = 1;
            while (i + part < bytes.size() && (bytes_[i + part] & kPageMask) != 0) ++part;
            machine_.reference.store(bytes_[i], &bytes[i], part);
            i += part;
        }
    }

    std::string read_step(u32 linear, Privilege privilege) {
        const std::size_t size = access_size();
        const Fault expected = expect(linear, privilege, Access::kRead, size);
        std::vector<u8> value(size);
        const Fault fault = sized(size, linear, [&](auto element, LinearAddress at) {
            const Fault result = machine_.mmu.read(at, privilege, element);
            std::memcpy(value.data(), &element, sizeof element);
            return result;
        });
        if (fault != expected) return describe("read", linear, expected, fault);
        if (fault) return {};
        expect_breakpoints(linear, size, false);
        return value == expected_bytes() ? "" : describe("value read", linear, expected, fault);
    }

    std::string write_step(u32 linear, Privilege privilege) {
        const std::size_t size = access_size();
        const std::vector<u8> value = machine_.random_entries(size, source_.one_in(3));
        const Fault expected = expect(linear, privilege, Access::kWrite, size);
        const Fault fault = sized(size, linear, [&](auto element, LinearAddress at) {
            std::memcpy(&element, value.data(), sizeof element);
            return machine_.mmu.write(at, privilege, element);
        });
        if (fault != expected) return describe("write", linear, expected, fault);
        if (fault) return {};
        expect_breakpoints(linear, size, true);
        reference_store(value);
        return {};
    }

    std::string modify_step(u32 linear, Privilege privilege) {
        const std::size_t size = access_size();
        const std::vector<u8> value = machine_.random_entries(size, source_.one_in(3));
        const Fault expected = expect(linear, privilege, Access::kWrite, size);
        std::vector<u8> old(size);
        unsigned changes = 0;
        const Fault fault = sized(size, linear, [&](auto element, LinearAddress at) {
            return machine_.mmu.modify<decltype(element)>(at, privilege, [&](auto before) {
                ++changes;
                std::memcpy(old.data(), &before, sizeof before);
                std::memcpy(&before, value.data(), sizeof before);
                return before;
            });
        });
        if (fault != expected || changes != (fault ? 0 : 1))
            return describe("modify", linear, expected, fault);
        if (fault) return {};
        if (old != expected_bytes()) return describe("value modified", linear, expected, fault);
        expect_breakpoints(linear, size, false);
        expect_breakpoints(linear, size, true);
        reference_store(value);
        return {};
    }

    std::string probe_step(u32 linear, Privilege privilege) {
        const auto kind = static_cast<Access>(source_.below(3));
        const std::size_t size = source_.one_in(8) ? 1 + source_.below(kPageSize) : access_size();
        const Fault expected = expect(linear, privilege, kind, size);
        const Fault fault = machine_.mmu.probe({linear}, privilege, kind, size);
        return fault == expected ? "" : describe("probe", linear, expected, fault);
    }

    // A pointer for a run leads to the bytes that an access would reach, now.
    std::string run_step(u32 linear, Privilege privilege) {
        const bool writes = source_.one_in(2);
        const u8* run = writes ? machine_.mmu.write_run({linear}, privilege)
                               : machine_.mmu.read_run({linear}, privilege);
        const Fault expected =
            expect(linear, privilege, writes ? Access::kWrite : Access::kRead, 1);
        if (!run) return {};
        ++counts_.runs;
        if (expected || watched_page(linear)) return describe("run", linear, expected, {});
        if (*run != machine_.reference.load(bytes_[0])) return describe("run", linear, {}, {});
        if (!writes) return {};
        const auto& place = machine_.reference.map.at(bytes_[0] >> kPageShift);
        const u64 at = place.offset + (linear & kPageMask);
        const bool plain = place.kind == TestMachine::Kind::kRam && !guarded(bytes_[0]);
        return plain && run == machine_.memory.ram().data() + at
                   ? ""
                   : describe("write run", linear, {}, {});
    }

    bool guarded(u64 address) const {
        const auto bears = [&](Guard kind) { return machine_.memory.guarded(kind, {address}); };
        return bears(Guard::kPageTable) || bears(Guard::kCode) || bears(Guard::kDirty);
    }

    // Like an engine, keeps what fetch() said for as long as the generation stands still.
    std::string fetch_step(u32 linear, Privilege privilege) {
        Mmu& mmu = machine_.mmu;
        if (mmu.fetch_generation() != generation_) fetched_.clear();
        generation_ = mmu.fetch_generation();
        machine_.reference.tables_in_mmio = false;
        const Fault expected = expect(linear, privilege, Access::kExecute, 1);
        const auto key = std::pair{linear >> kPageShift, privilege};
        if (const auto kept = fetched_.find(key); kept != fetched_.end()) {
            ++counts_.fetches_kept;
            const bool same = !expected && kept->second == bytes_[0] >> kPageShift &&
                              machine_.reference.stores.empty();
            return same ? "" : describe("kept fetch", linear, expected, {});
        }
        PhysicalAddress physical;
        const Fault fault = mmu.fetch({linear}, privilege, physical);
        if (fault != expected) return describe("fetch", linear, expected, fault);
        if (fault) return {};
        if (physical.value != bytes_[0]) return describe("fetched", linear, expected, fault);
        if (!machine_.reference.tables_in_mmio) fetched_[key] = physical.page();
        return {};
    }

    std::string peek_step(u32 linear) {
        machine_.reference.tables_in_mmio = false;
        const auto walk = machine_.reference.walk(linear, false, Access::kRead);
        if (machine_.reference.tables_in_mmio) return {};
        PhysicalAddress physical;
        const bool mapped = machine_.mmu.peek({linear}, physical);
        const bool same =
            mapped ? !walk.fault && physical.value == walk.physical : static_cast<bool>(walk.fault);
        return same ? "" : describe("peek", linear, walk.fault, {});
    }

    std::size_t access_size() {
        static const std::vector<u64> kSizes{1, 2, 4, 4, 4, 8, 10, 16, 64};
        return source_.one_of(kSizes);
    }

    template <typename Call>
    static Fault sized(std::size_t size, u32 linear, Call&& call) {
        const LinearAddress at{linear};
        switch (size) {
            case 1: return call(u8{}, at);
            case 2: return call(u16{}, at);
            case 4: return call(u32{}, at);
            case 8: return call(u64{}, at);
            case 10: return call(std::array<u8, 10>{}, at);
            case 16: return call(std::array<u8, 16>{}, at);
            default: return call(std::array<u8, 64>{}, at);
        }
    }

    // --- edits and changes ---

    void edit_step() {
        static const std::vector<u64> kWidths{1, 2, 4, 4, 4, 8, 8, 24};
        static const std::vector<u64> kOthers{0x40, 0x41, 0x102, TestMachine::kHighPage,
                                              TestMachine::kDevicePage};
        const u64 page =
            source_.one_in(4) ? source_.one_of(kOthers) : source_.below(TestMachine::kTablePages);
        const u64 slot_size = machine_.pae() ? 8 : 4;
        const std::size_t size = source_.one_of(kWidths);
        u64 address = (page << kPageShift) + (machine_.random_slot() * slot_size & kPageMask);
        if (source_.one_in(8)) address += source_.below(8);
        const auto bytes = machine_.random_entries(size, page < TestMachine::kDirectories);
        ReferenceMachine& reference = machine_.reference;
        if (source_.one_in(2)) {
            machine_.memory.dma_write({address}, bytes.data(), size);
            reference.store_all(address, bytes.data(), size);
            return;
        }
        machine_.memory.write({address}, bytes.data(), size);
        const std::size_t first = std::min<std::size_t>(size, kPageSize - (address & kPageMask));
        reference.store(reference.masked(address), bytes.data(), first);
        if (first < size)
            reference.store(reference.masked(address + first), &bytes[first], size - first);
    }

    void change_step(u32 choice) {
        if (choice < 183)
            change_tables();
        else if (choice < 185)
            change_mode();
        else if (choice < 187)
            machine_.fill_table(source_.below(TestMachine::kTablePages));
        else if (choice < 189)
            machine_.memory.set_a20(machine_.reference.a20 = !machine_.reference.a20);
        else if (choice < 190)
            change_map();
        else if (choice < 195)
            change_guard();
        else if (choice < 197)
            change_breakpoints();
        else
            machine_.mmu.invalidate_page({machine_.random_linear()});
    }

    void change_tables() {
        static const std::vector<u64> kTables{
            0, 1, 2, 3, 0x40, 0x41, TestMachine::kRomPage, TestMachine::kDevicePage, 5};
        const auto table = [&] {
            return source_.one_in(8) ? source_.one_of(kTables)
                                     : source_.below(TestMachine::kDirectories);
        };
        machine_.state.cr3 = table() << kPageShift;
        for (auto& pointer : machine_.state.pdpte) {
            pointer = table() << kPageShift | 1;
            if (source_.one_in(8)) pointer = (TestMachine::kHighPage << kPageShift) | 1;
            if (source_.one_in(16)) pointer = 0;
        }
        machine_.mmu.change_space();
    }

    void change_mode() {
        const auto toggle = [&](u64 mask, u32 odds) { return source_.one_in(odds) ? 0 : mask; };
        CpuState& state = machine_.state;
        state.cr0 = kCr0Pe | toggle(kCr0Pg, 12) | toggle(kCr0Wp, 2);
        state.cr4 = toggle(kCr4Pse, 3) | toggle(kCr4Pae, 2) | toggle(kCr4Pge, 2);
        state.msr.efer = toggle(kEferNxe, 3);
        PagingModel model;
        model.physical_bits = static_cast<unsigned>(source_.one_of({36, 36, 36, 32, 40, 52}));
        model.pat = !source_.one_in(4);
        machine_.reference.model = model;
        machine_.mmu.set_paging_model(model);
        change_tables();
        // Otherwise the tables keep the other format's entries: much is reserved or not present.
        if (source_.one_in(8)) return;
        for (u64 page = 0; page < TestMachine::kTablePages; ++page) machine_.fill_table(page);
    }

    void change_map() {
        static const std::vector<u64> kPages{6, 12, 0x30, 0x42, 0x60, 0x61, 0x70, 0x102};
        const u64 page = source_.one_of(kPages);
        const u64 ram_page = source_.below(TestMachine::kRamPages);
        switch (source_.below(5)) {
            case 0: machine_.map_nothing(page); break;
            case 1: machine_.map_rom(page); break;
            case 2: machine_.map_ram(page, ram_page, TestMachine::Kind::kReadOnlyRam); break;
            default: machine_.map_ram(page, ram_page); break;
        }
    }

    void change_guard() {
        const auto& map = machine_.reference.map;
        const auto place = std::next(map.begin(), source_.below(static_cast<u32>(map.size())));
        machine_.change_guard(source_.one_in(2) ? Guard::kCode : Guard::kDirty, place->first,
                              source_.one_in(2));
    }

    void change_breakpoints() {
        auto& dr = machine_.state.dr;
        dr[7] = 0x400;
        const bool any = source_.one_in(2);
        for (unsigned i = 0; i < 4; ++i) {
            dr[i] = machine_.random_linear();
            if (any && !source_.one_in(3)) dr[7] |= u64{1 + source_.below(3)} << (2 * i);
            dr[7] |= u64{source_.below(16)} << (16 + 4 * i);
        }
        machine_.mmu.breakpoints_changed();
    }

    static std::string describe(const char* what, u32 address, const Fault& expected,
                                const Fault& actual) {
        char text[160];
        std::snprintf(text, sizeof text, "%s at %x: expected %s %x (%x), got %s %x (%x)", what,
                      address, expected ? "#PF" : "none", expected.error_code,
                      static_cast<u32>(expected.address), actual ? "#PF" : "none",
                      actual.error_code, static_cast<u32>(actual.address));
        return text;
    }

    Source& source_;
    TestMachine machine_;
    std::vector<u64> bytes_;  // where the access's bytes lie
    std::map<std::pair<u32, Privilege>, u64> fetched_;
    u64 generation_ = ~u64{0};
    u64 seen_generation_ = 0;
    u32 hits_ = 0;
    Counts counts_;
};

}  // namespace seventeen::mmu
