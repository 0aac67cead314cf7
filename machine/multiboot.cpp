// Reads a Multiboot kernel's segments, and writes the information that its boot loader hands it.
#include "machine/multiboot.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "machine/kernel_memory.h"

namespace seventeen::machine {

namespace {

// --- the Multiboot header (specification 0.6.96, 3.1) ---
constexpr std::size_t kSearched = 8192;
constexpr u32 kMagic = 0x1badb002;
constexpr std::size_t kFlags = 4;
constexpr std::size_t kChecksum = 8;
constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kHeaderAddress = 12;
constexpr std::size_t kLoadAddress = 16;
constexpr std::size_t kLoadEnd = 20;
constexpr std::size_t kBssEnd = 24;
constexpr std::size_t kEntry = 28;
constexpr std::size_t kHeaderSizeWithAddresses = 32;
// Modules on pages and memory information are always given; a video mode is a wish.
constexpr u32 kKnownRequirements = 0x0007;
constexpr u32 kRequirements = 0xffff;
constexpr u32 kHasAddresses = 1u << 16;

// --- ELF (System V ABI, 4 and 5) ---
constexpr u32 kElfMagic = 0x464c457f;
constexpr std::size_t kElfClass = 4;
constexpr u8 kElf32 = 1;
constexpr std::size_t kElfMachine = 18;
constexpr u16 kElf386 = 3;
constexpr std::size_t kElfEntry = 24;
constexpr std::size_t kElfSegmentTable = 28;
constexpr std::size_t kElfSegmentSize = 42;
constexpr std::size_t kElfSegmentCount = 44;
constexpr std::size_t kSegmentRecord = 32;
constexpr u32 kSegmentLoad = 1;

// --- the information (3.3) ---
constexpr u32 kInfoAddress = 0x10000;
constexpr std::size_t kInfoSize = 116;
constexpr std::size_t kInfoCommandLine = 16;
constexpr std::size_t kInfoModuleCount = 20;
constexpr std::size_t kInfoModules = 24;
constexpr std::size_t kInfoMapLength = 44;
constexpr std::size_t kInfoMap = 48;
constexpr std::size_t kInfoLoaderName = 64;
constexpr u32 kInfoHasMemory = 1u << 0;
constexpr u32 kInfoHasCommandLine = 1u << 2;
constexpr u32 kInfoHasModules = 1u << 3;
constexpr u32 kInfoHasMap = 1u << 6;
constexpr u32 kInfoHasLoaderName = 1u << 9;
constexpr std::size_t kModuleRecord = 16;
constexpr std::size_t kMapEntry = 24;
constexpr std::size_t kMapEntries = 32;  // that the boot ROM has room for
constexpr std::size_t kInfoLargest = 0x10000;
constexpr std::string_view kLoaderName = "Seventeen";

u32 get32(std::span<const u8> bytes, std::size_t at) {
    u32 value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        if (at + i < bytes.size()) value |= u32{bytes[at + i]} << 8 * i;
    return value;
}

u16 get16(std::span<const u8> bytes, std::size_t at) {
    return static_cast<u16>(get32(bytes, at));
}

void put32(std::vector<u8>& bytes, std::size_t at, u64 value) {
    for (std::size_t i = 0; i < 4; ++i) bytes.at(at + i) = static_cast<u8>(value >> 8 * i);
}

[[noreturn]] void damaged(const std::string& why) {
    throw Error("the Multiboot kernel is damaged: " + why);
}

[[noreturn]] void does_not_fit(const std::string& what, u64 end) {
    throw Error("the Multiboot kernel does not fit: " + what + " ends at " + hex(end) +
                "; try a larger --memory");
}

// A piece of the file and the memory it fills; what the file does not give is zero.
struct Segment {
    u64 address = 0;
    u64 offset = 0;
    u64 file_size = 0;
    u64 memory_size = 0;
};

struct Program {
    std::vector<Segment> segments;
    u32 entry = 0;
};

// The header's own addresses stand for the file's format.
Program program_by_header(std::span<const u8> file, std::size_t header) {
    const u64 load = get32(file, header + kLoadAddress);
    const u64 before = u64{get32(file, header + kHeaderAddress)} - load;
    if (before > header) damaged("its header does not lie where it says");
    const u64 offset = header - before;
    const u64 load_end = get32(file, header + kLoadEnd);
    const u64 bss_end = get32(file, header + kBssEnd);
    u64 file_size = file.size() - offset;
    if (load_end != 0) {
        if (load_end < load || load_end - load > file_size)
            damaged("it should be loaded up to " + hex(load_end) + ", but the file ends before");
        file_size = load_end - load;
    }
    if (bss_end != 0 && bss_end < load + file_size) damaged("its memory ends before its file");
    const u64 memory_size = bss_end == 0 ? file_size : bss_end - load;
    return {{{load, offset, file_size, memory_size}}, get32(file, header + kEntry)};
}

Program program_by_elf(std::span<const u8> file) {
    if (file[kElfClass] != kElf32 || get16(file, kElfMachine) != kElf386)
        throw Error(
            "the Multiboot kernel is not a 32-bit x86 ELF file; Multiboot starts kernels "
            "in 32-bit mode");
    Program program{{}, get32(file, kElfEntry)};
    const u32 entry = program.entry;
    const u64 table = get32(file, kElfSegmentTable);
    const u64 size = get16(file, kElfSegmentSize);
    const u64 count = get16(file, kElfSegmentCount);
    if (size < kSegmentRecord || table + count * size > file.size())
        damaged("its table of segments does not lie within the file");
    for (u64 i = 0; i < count; ++i) {
        const std::span<const u8> record = file.subspan(table + i * size, kSegmentRecord);
        const u32 virtual_address = get32(record, 8);
        const Segment segment{get32(record, 12), get32(record, 4), get32(record, 16),
                              get32(record, 20)};
        if (get32(record, 0) != kSegmentLoad || segment.memory_size == 0) continue;
        if (segment.file_size > segment.memory_size ||
            segment.offset + segment.file_size > file.size())
            damaged("segment " + std::to_string(i) + " does not lie within the file");
        // An entry point that is a virtual address, as GRUB understands it.
        if (entry >= virtual_address && entry - virtual_address < segment.memory_size)
            program.entry = static_cast<u32>(segment.address + (entry - virtual_address));
        program.segments.push_back(segment);
    }
    if (program.segments.empty()) damaged("it has nothing to load");
    return program;
}

Program read_program(std::span<const u8> file) {
    const auto header = multiboot_header(file);
    if (!header) throw Error("this is not a Multiboot kernel: it has no Multiboot header");
    const u32 flags = get32(file, *header + kFlags);
    if ((flags & kRequirements & ~kKnownRequirements) != 0)
        throw Error("the Multiboot kernel requires what Seventeen does not know (flags " +
                    hex(flags) + ")");
    if ((flags & kHasAddresses) != 0) {
        if (*header + kHeaderSizeWithAddresses > file.size()) damaged("it ends in its header");
        return program_by_header(file, *header);
    }
    if (get32(file, 0) != kElfMagic || file.size() < kSegmentRecord)
        throw Error("the Multiboot kernel is no ELF file, and its header says no addresses");
    return program_by_elf(file);
}

// One piece of memory from the lowest segment to the end of the highest.
void load_program(devices::KernelImage& image, std::span<const u8> file, u64 most) {
    const Program program = read_program(file);
    u64 start = ~u64{0};
    u64 end = 0;
    for (const Segment& segment : program.segments) {
        start = std::min(start, segment.address);
        end = std::max(end, segment.address + segment.memory_size);
    }
    if (start < kHighMemoryStart)
        throw Error("the Multiboot kernel wants to be loaded at " + hex(start) +
                    ", below 1 MiB, where the firmware lives");
    if (end > most) does_not_fit("it", end);
    if (program.entry < start || program.entry >= end)
        damaged("its entry point " + hex(program.entry) + " lies outside it");
    image.kernel.resize(end - start);
    for (const Segment& segment : program.segments)
        std::ranges::copy(
            file.subspan(segment.offset, segment.file_size),
            image.kernel.begin() + static_cast<std::ptrdiff_t>(segment.address - start));
    image.kernel_address = static_cast<u32>(start);
    image.entry = program.entry;
}

// What grows behind the information in low memory: records and strings.
class Information {
  public:
    Information() : bytes_(kInfoSize) {}

    void set(std::size_t field, u64 value) { put32(bytes_, field, value); }
    // Each returns the address of what it added.
    u32 add_room(std::size_t size) {
        bytes_.resize((bytes_.size() + 3) & ~std::size_t{3});
        const u32 address = end();
        bytes_.resize(bytes_.size() + size);
        return address;
    }
    u32 add_text(std::string_view text) {
        const u32 address = end();
        bytes_.insert(bytes_.end(), text.begin(), text.end());
        bytes_.push_back(0);
        return address;
    }
    void set_at(u32 address, u64 value) { put32(bytes_, address - kInfoAddress, value); }
    std::vector<u8> take() {
        if (bytes_.size() > kInfoLargest)
            throw Error("the command lines of the Multiboot kernel and its modules have " +
                        std::to_string(bytes_.size()) + " bytes; there is room for 64 KiB");
        return std::move(bytes_);
    }

  private:
    u32 end() const { return kInfoAddress + static_cast<u32>(bytes_.size()); }

    std::vector<u8> bytes_;
};

// Behind the kernel, each on a page of its own.
void load_modules(devices::KernelImage& image, Information& information,
                  const std::vector<MultibootModule>& modules, u64 most) {
    const u64 start = page_up(u64{image.kernel_address} + image.kernel.size());
    const u32 records = information.add_room(modules.size() * kModuleRecord);
    u64 next = start;
    for (std::size_t i = 0; i < modules.size(); ++i) {
        const MultibootModule& module = modules[i];
        const u64 end = next + module.bytes.size();
        if (end > most) does_not_fit("module " + std::to_string(i + 1), end);
        image.initrd.resize(next - start);
        image.initrd.insert(image.initrd.end(), module.bytes.begin(), module.bytes.end());
        const u32 record = records + static_cast<u32>(i * kModuleRecord);
        information.set_at(record, next);
        information.set_at(record + 4, end);
        information.set_at(record + 8, information.add_text(module.command_line));
        next = page_up(end);
    }
    image.initrd_address = static_cast<u32>(start);
    information.set(kInfoModuleCount, modules.size());
    information.set(kInfoModules, records);
}

}  // namespace

std::optional<std::size_t> multiboot_header(std::span<const u8> head) {
    const std::size_t end = std::min(head.size(), kSearched);
    for (std::size_t at = 0; at + kHeaderSize <= end; at += 4) {
        if (get32(head, at) != kMagic) continue;
        if (kMagic + get32(head, at + kFlags) + get32(head, at + kChecksum) == 0) return at;
    }
    return std::nullopt;
}

devices::KernelImage load_multiboot(MultibootBoot boot) {
    const u64 most = loadable_end(boot.memory);
    devices::KernelImage image;
    load_program(image, boot.kernel, most);

    Information information;
    information.set(0, kInfoHasMemory | kInfoHasCommandLine | kInfoHasModules | kInfoHasMap |
                           kInfoHasLoaderName);
    load_modules(image, information, boot.modules, most);
    information.set(kInfoMap, information.add_room(kMapEntries * kMapEntry));
    information.set(kInfoMapLength, kMapEntries * kMapEntry);
    information.set(kInfoLoaderName, information.add_text(kLoaderName));
    image.command_line_address = information.add_text(boot.command_line);
    information.set(kInfoCommandLine, image.command_line_address);
    image.command_line = std::move(boot.command_line);
    image.setup = information.take();
    image.setup_address = kInfoAddress;
    return image;
}

}  // namespace seventeen::machine
