// TestMachine: a small, odd machine and its ReferenceMachine twin, changed together and compared.
//
// Its physical memory has RAM, also seen at other addresses, ROM, read-only RAM, a device, holes,
// and pages above 4 GiB. Page tables lie in it anywhere.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <tuple>
#include <vector>

#include "core/bus.h"
#include "mmu/mmu.h"
#include "tests/mmu/reference_machine.h"

namespace seventeen::mmu {

// Where choices come from: random numbers, or a fuzzer's bytes.
class Source {
  public:
    virtual ~Source() = default;
    virtual u32 below(u32 bound) = 0;
    // For whole tables, which take thousands of choices.
    virtual Source& bulk() { return *this; }
    bool one_in(u32 n) { return below(n) == 0; }
    u64 one_of(const std::vector<u64>& choices) {
        return choices[below(static_cast<u32>(choices.size()))];
    }
};

// A chip that is nothing but bytes, and notes accesses that are not naturally aligned.
class BytesDevice final : public Device {
  public:
    std::vector<u8> bytes = std::vector<u8>(kPageSize);
    bool misaligned = false;

    std::string_view name() const override { return "bytes"; }
    u64 read(unsigned, u64 offset, Width width) override {
        misaligned = misaligned || offset % width != 0;
        u64 value = 0;
        std::memcpy(&value, &bytes[offset], width);
        return value;
    }
    void write(unsigned, u64 offset, u64 value, Width width) override {
        misaligned = misaligned || offset % width != 0;
        std::memcpy(&bytes[offset], &value, width);
    }
};

// Remembers the writes that were announced to it.
class Recorder final : public GuardObserver {
  public:
    using Seen = std::tuple<Guard, u64, std::size_t>;
    explicit Recorder(Guard of) : kind(of) {}
    void guarded_write(PhysicalAddress address, std::size_t size) override {
        seen.emplace_back(kind, address.value, size);
    }
    Guard kind;
    std::vector<Seen> seen;
};

class TestMachine {
  public:
    using Kind = ReferenceMachine::Kind;
    static constexpr u64 kRamPages = 32;
    static constexpr u64 kTablePages = 10;  // the first four are directories, mostly
    static constexpr u64 kDirectories = 4;
    static constexpr u64 kDevicePage = 0x50;
    static constexpr u64 kRomPage = 0x30;
    static constexpr u64 kHighPage = 0x100000;  // 4 GiB

    explicit TestMachine(Source& choices) : source(choices) {
        mmio.claim({kDevicePage << kPageShift, kPageSize, &device, 0, 8});
        reference.ram.resize(memory.ram_size());
        reference.device.resize(kPageSize);
        memory.add_observer(Guard::kCode, code);
        memory.add_observer(Guard::kDirty, dirty);
        state.cr0 = kCr0Pe | kCr0Pg;
        for (u64 slot = 0; slot < rom.size(); slot += 8) {
            const u64 value = random_entry(false, source.bulk());
            std::memcpy(&rom[slot], &value, 8);
        }
        reference.rom = rom;
        build_map();
    }

    Source& source;
    BytesDevice device;
    std::vector<u8> rom = std::vector<u8>(kPageSize);
    Recorder code{Guard::kCode};
    Recorder dirty{Guard::kDirty};
    CpuState state;
    Bus mmio{"memory", u64{1} << 36};
    PhysicalMemory memory{kRamPages * kPageSize, mmio};
    Mmu mmu{state, memory};
    ReferenceMachine reference{state};
    u64 announcements = 0;

    bool pae() const { return state.cr4 & kCr4Pae; }

    // --- the map and the guards, on both sides ---

    void map_ram(u64 page, u64 ram_page, Kind kind = Kind::kRam) {
        const PhysicalAddress at{page << kPageShift};
        if (kind == Kind::kRam)
            memory.map_ram(at, kPageSize, ram_page << kPageShift);
        else
            memory.map_ram_read_only(at, kPageSize, ram_page << kPageShift);
        reference.map[page] = {kind, ram_page << kPageShift};
    }
    void map_rom(u64 page) {
        memory.map_rom({page << kPageShift}, rom);
        reference.map[page] = {Kind::kRom, 0};
    }
    void map_nothing(u64 page) {
        memory.map_mmio({page << kPageShift}, kPageSize);
        reference.map.erase(page);
    }

    void change_guard(Guard kind, u64 page, bool set) {
        if (set)
            memory.set_guard(kind, {page << kPageShift});
        else
            memory.clear_guard(kind, {page << kPageShift});
        const auto place = reference.map.find(page);
        if (place == reference.map.end() || !is_ram(place->second)) return;
        u8& flags = guards_[place->second.offset >> kPageShift];
        const u8 flag = static_cast<u8>(kind);
        flags = static_cast<u8>(set ? flags | flag : flags & ~flag);
    }

    // --- random page tables and addresses ---

    // Any page, but the likely ones more often. A directory's entries mostly lead to tables.
    u64 random_entry(bool directory) { return random_entry(directory, source); }
    u64 random_entry(bool directory, Source& from) {
        static const std::vector<u64> kOthers{0x30, 0x40,  0x41,  0x42,      kDevicePage,  0x60,
                                              0x70, 0x100, 0x102, kHighPage, kHighPage + 1};
        u64 page = from.below(kRamPages);
        if (from.one_in(4)) page = from.one_of(kOthers);
        if (directory && !from.one_in(4))
            page = kDirectories + from.below(kTablePages - kDirectories);
        u64 value = page << kPageShift;
        if (!pae()) value &= 0xffffffff;
        if (!from.one_in(12)) value |= 1;
        if (!from.one_in(4)) value |= 2;
        if (!from.one_in(4)) value |= 4;
        value |= u64{from.below(4)} << 5;  // A, D
        if (from.one_in(8)) {
            value |= 0x80;  // large, where it is a directory's
            if (!from.one_in(4)) value &= 0x1'0000'0fff;
            if (!pae() && from.one_in(4)) value |= 0x2000;  // PSE-36: 4 GiB
        }
        if (pae() && from.one_in(16)) value |= u64{1} << 63;
        if (pae() && from.one_in(48)) value |= u64{1} << (32 + from.below(31));
        if (from.one_in(48)) value |= u64{1} << (12 + from.below(10));
        return value;
    }

    // Entries of the current format, as many as fit.
    std::vector<u8> random_entries(std::size_t size, bool directory) {
        std::vector<u8> bytes(size);
        const std::size_t width = pae() ? 8 : 4;
        for (std::size_t i = 0; i < size; i += width) {
            const u64 value = random_entry(directory, source);
            std::memcpy(&bytes[i], &value, std::min(width, size - i));
        }
        return bytes;
    }

    // A new table, brought in by DMA; slots that random_linear() never leads to are left empty.
    void fill_table(u64 page) {
        static const std::vector<u64> kSlots{
            0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0x30, 0x40, 0x50, 0x60, 0x100, 0x1fe, 0x1ff, 0x3ff};
        std::vector<u8> bytes(kPageSize);
        const std::size_t width = pae() ? 8 : 4;
        for (const u64 slot : kSlots) {
            const u64 value = random_entry(page < kDirectories, source.bulk());
            std::memcpy(&bytes[slot * width & kPageMask], &value, width);
        }
        memory.dma_write({page << kPageShift}, bytes.data(), bytes.size());
        reference.store_all(page << kPageShift, bytes.data(), bytes.size());
    }

    // Slots that random_linear() makes use of.
    u64 random_slot() {
        static const std::vector<u64> kSlots{0,    1,    2,    3,    4,    5,     6,     8,
                                             0x10, 0x30, 0x40, 0x50, 0x60, 0x100, 0x1ff, 0x3ff};
        return source.one_of(kSlots);
    }

    // Mostly near one of the last.
    u32 random_linear() {
        static const std::vector<u64> kDirectory{0, 1, 2, 3, 0x3ff};
        static const std::vector<u64> kOffsets{0, 4, 8, 0x10, 0x40, 0x7f8, 0x800, 0xff8, 0xffc};
        u64& page = recent_[source.below(static_cast<u32>(recent_.size()))];
        if (source.one_in(4)) page = (source.one_of(kDirectory) << 10) + random_slot();
        u64 offset = source.one_of(kOffsets);
        if (source.one_in(4)) offset = source.below(kPageSize);
        if (source.one_in(8)) offset = 0xff0 + source.below(16);
        return static_cast<u32>((page << kPageShift) + offset);
    }

    // --- the comparison ---

    void begin_step() {
        reference.stores.clear();
        code.seen.clear();
        dirty.seen.clear();
    }

    // Nothing, or what differs.
    std::string compare() {
        const auto ram = memory.ram();
        if (std::memcmp(ram.data(), reference.ram.data(), ram.size()) != 0) {
            const auto at = std::mismatch(ram.begin(), ram.end(), reference.ram.begin()).first;
            return "RAM differs at " + std::to_string(at - ram.begin());
        }
        if (device.bytes != reference.device) return "the device's bytes differ";
        if (device.misaligned) return "the device saw a misaligned access";
        std::vector<Recorder::Seen> seen = code.seen;
        seen.insert(seen.end(), dirty.seen.begin(), dirty.seen.end());
        std::sort(seen.begin(), seen.end());
        announcements += seen.size();
        return seen == expected_announcements() ? "" : "announced writes differ";
    }

  private:
    void build_map() {
        for (u64 page = 0; page < kRamPages; ++page) map_ram(page, page);
        for (u64 page = 0; page < 4; ++page) {
            map_ram(0x40 + page, page);
            map_ram(0x100 + page, 16 + page);  // the closed A20 gate folds it to 0
        }
        map_ram(0x60, 8, Kind::kReadOnlyRam);
        map_ram(kHighPage, 4);
        map_ram(kHighPage + 1, 5);
        map_rom(kRomPage);
        reference.map[kDevicePage] = {Kind::kDevice, 0};
    }

    static bool is_ram(const ReferenceMachine::Place& place) {
        return place.kind == Kind::kRam || place.kind == Kind::kReadOnlyRam;
    }

    // Each store, at each address at which its page answers, to each kind that guards the page.
    std::vector<Recorder::Seen> expected_announcements() const {
        std::vector<Recorder::Seen> expected;
        for (const auto& store : reference.stores) {
            const u64 ram_page = store.ram_offset >> kPageShift;
            for (const Guard kind : {Guard::kCode, Guard::kDirty}) {
                if (!(guards_[ram_page] & static_cast<u8>(kind))) continue;
                for (const auto& [page, place] : reference.map)
                    if (is_ram(place) && place.offset >> kPageShift == ram_page)
                        expected.emplace_back(kind,
                                              (page << kPageShift) + (store.ram_offset & kPageMask),
                                              store.size);
            }
        }
        std::sort(expected.begin(), expected.end());
        return expected;
    }

    std::array<u8, kRamPages> guards_{};
    std::array<u64, 4> recent_{};
};

}  // namespace seventeen::mmu
