// Reads the setup header, and fills in what a boot loader fills in
// (Documentation/arch/x86/boot.rst).
#include "machine/linux_kernel.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "machine/kernel_memory.h"

namespace seventeen::machine {

namespace {

// --- the setup header: offsets in the file ---
constexpr std::size_t kCommandLineMagic = 0x20;   // before protocol 2.02
constexpr std::size_t kCommandLineOffset = 0x22;  // from the real-mode part's start
constexpr std::size_t kSetupSectors = 0x1f1;
constexpr std::size_t kPayloadParagraphs = 0x1f4;
constexpr std::size_t kVideoMode = 0x1fa;
constexpr std::size_t kBootFlag = 0x1fe;
constexpr std::size_t kSignature = 0x202;
constexpr std::size_t kProtocol = 0x206;
constexpr std::size_t kVersionPointer = 0x20e;  // less 200h
constexpr std::size_t kLoaderType = 0x210;
constexpr std::size_t kLoadFlags = 0x211;
constexpr std::size_t kSetupMoveSize = 0x212;
constexpr std::size_t kInitrdAddress = 0x218;
constexpr std::size_t kInitrdSize = 0x21c;
constexpr std::size_t kHeapEnd = 0x224;
constexpr std::size_t kCommandLineAddress = 0x228;
constexpr std::size_t kInitrdMost = 0x22c;
constexpr std::size_t kAlignment = 0x230;
constexpr std::size_t kRelocatable = 0x234;
constexpr std::size_t kMoreLoadFlags = 0x236;
constexpr std::size_t kCommandLineMost = 0x238;
constexpr std::size_t kPreferredAddress = 0x258;
constexpr std::size_t kRunSize = 0x260;

constexpr u16 kBootFlagValue = 0xaa55;
constexpr u32 kSignatureValue = 0x53726448;  // "HdrS"
constexpr u16 kCommandLineMagicValue = 0xa33f;
constexpr u8 kLoadedHigh = 1u << 0;
constexpr u8 kCanUseHeap = 1u << 7;
constexpr u16 kHas64BitEntry = 1u << 0;
constexpr u8 kUnregisteredLoader = 0xff;

constexpr u16 k2_00 = 0x0200;
constexpr u16 k2_01 = 0x0201;
constexpr u16 k2_02 = 0x0202;
constexpr u16 k2_03 = 0x0203;
constexpr u16 k2_04 = 0x0204;
constexpr u16 k2_05 = 0x0205;
constexpr u16 k2_06 = 0x0206;
constexpr u16 k2_10 = 0x020a;
constexpr u16 k2_12 = 0x020c;

constexpr std::size_t kSector = 512;
constexpr unsigned kDefaultSetupSectors = 4;
constexpr u64 kParagraph = 16;
constexpr u32 kOldInitrdMost = 0x37ff'ffff;
constexpr u32 kOldCommandLineMost = 255;
constexpr u32 kCommandLineCap = 0xffff;  // a header may say what it likes
constexpr std::size_t kLongestVersion = 128;

// --- where the parts go (boot.rst, "Memory layout") ---
constexpr u32 kRealModeHigh = 0x10000;  // beside a bzImage
constexpr u32 kHeapHigh = 0xe000;
constexpr u32 kRealModeLow = 0x90000;  // beside a zImage, and before protocol 2.02
constexpr u32 kHeapLow = 0x9800;
constexpr u32 kHeapMargin = 0x200;
constexpr u32 kStackAtLeast = 0x400;
constexpr u32 kLowPayload = 0x10000;

template <typename T>
T get(std::span<const u8> bytes, std::size_t at) {
    u64 value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        if (at + i < bytes.size()) value |= u64{bytes[at + i]} << 8 * i;
    return static_cast<T>(value);
}

template <typename T>
void put(std::vector<u8>& bytes, std::size_t at, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        bytes.at(at + i) = static_cast<u8>(u64{value} >> 8 * i);
}

std::string version_text(std::span<const u8> head, std::size_t setup_size) {
    const std::size_t pointer = get<u16>(head, kVersionPointer);
    if (pointer == 0) return {};
    std::string text;
    const std::size_t end = std::min(head.size(), setup_size);
    for (std::size_t at = pointer + kSector; at < end && head[at] != 0; ++at) {
        if (head[at] < ' ' || head[at] > '~' || text.size() == kLongestVersion) return {};
        text += static_cast<char>(head[at]);
    }
    return text;
}

std::string megabytes(u64 bytes) {
    return std::to_string((bytes + (1u << 20) - 1) >> 20) + " MiB";
}

[[noreturn]] void damaged(const std::string& why) {
    throw Error("the Linux kernel is damaged: " + why);
}

[[noreturn]] void does_not_fit(const std::string& what, u64 memory) {
    throw Error(what + " into " + megabytes(memory) + " of memory; try a larger --memory");
}

// "64M", "0x4000000": as much of it as is a number.
u64 size_argument(std::string_view text) {
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) text.remove_prefix(2);
    u64 value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value, hexadecimal ? 16 : 10);
    if (error != std::errc{}) return 0;
    constexpr std::string_view kUnits = "KMG";
    const auto unit = rest == end ? std::string_view::npos : kUnits.find(*rest & ~0x20);
    if (unit == std::string_view::npos) return value;
    const unsigned shift = 10 * (static_cast<unsigned>(unit) + 1);
    return value > ~u64{0} >> shift ? 0 : value << shift;
}

// What follows the last "name=" among the command line's words; nothing where there is none.
std::optional<std::string> argument(const std::string& command_line, const std::string& name) {
    const std::string words = " " + command_line + " ";
    const std::size_t at = words.rfind(" " + name + "=");
    if (at == std::string::npos) return std::nullopt;
    const std::size_t start = at + name.size() + 2;
    return words.substr(start, words.find(' ', start) - start);
}

// The boot loader's part of "vga=" (boot.rst, "Special command line options").
std::optional<u16> video_mode(const std::string& command_line) {
    const auto word = argument(command_line, "vga");
    if (!word) return std::nullopt;
    if (*word == "normal") return 0xffff;
    if (*word == "ext") return 0xfffe;
    if (*word == "ask") return 0xfffd;
    return static_cast<u16>(size_argument(*word));
}

struct Layout {
    u32 real_mode = 0;
    u32 heap_end = 0;  // from there; the command line follows
    u32 payload = 0;
};

Layout layout_of(const LinuxHeader& header) {
    const u32 payload = header.loaded_high ? static_cast<u32>(kHighMemoryStart) : kLowPayload;
    if (header.loaded_high && header.protocol >= k2_02) return {kRealModeHigh, kHeapHigh, payload};
    return {kRealModeLow, kHeapLow, payload};
}

// Checks the file against its header and its place. Returns the payload's size.
u64 checked_payload(const LinuxHeader& header, const Layout& layout, u64 file_size) {
    if (header.setup_size + kStackAtLeast > layout.heap_end)
        damaged("its real-mode part has " + std::to_string(header.setup_size) + " bytes, too many");
    if (file_size <= header.setup_size) damaged("it ends within its real-mode part");
    const u64 payload = file_size - header.setup_size;
    if (header.payload_size > payload + kParagraph - 1)
        damaged("it should be " + std::to_string(header.setup_size + header.payload_size) +
                " bytes long, but the file has " + std::to_string(file_size));
    if (!header.loaded_high && layout.payload + payload > layout.real_mode)
        damaged("a zImage of " + std::to_string(payload) + " bytes does not fit below 576 KiB");
    return payload;
}

// The end of what the kernel overwrites before it knows of an initrd.
u64 kernel_end(const LinuxHeader& header, const Layout& layout, u64 payload) {
    u64 end = std::max<u64>(layout.payload + payload, kHighMemoryStart);
    if (header.run_size == 0) return end;
    u64 start = header.preferred_address;
    if (header.relocatable && header.alignment != 0) {
        const u64 mask = u64{header.alignment} - 1;
        start = std::max(start, (layout.payload + mask) & ~mask);
    }
    return std::max(end, start + header.run_size);
}

// As high as the kernel and memory allow, so that it is out of the way.
u32 initrd_place(const LinuxHeader& header, u64 kernel_end, const LinuxBoot& boot) {
    u64 end = std::min<u64>(loadable_end(boot.memory), u64{header.initrd_most} + 1);
    if (const auto limit = argument(boot.command_line, "mem"))
        if (const u64 size = size_argument(*limit); size != 0) end = std::min(end, size);
    const u64 size = boot.initrd.size();
    const u64 start = size > end ? 0 : page_down(end - size);
    if (start < kernel_end)
        does_not_fit("the kernel (" + megabytes(kernel_end) +
                         " with what lies below) and its "
                         "initrd (" +
                         megabytes(size) + ") do not fit",
                     boot.memory);
    return static_cast<u32>(start);
}

void fill_in_header(std::vector<u8>& setup, const LinuxHeader& header, const Layout& layout,
                    const devices::KernelImage& image) {
    put<u8>(setup, kLoaderType, kUnregisteredLoader);
    if (const auto mode = video_mode(image.command_line)) put<u16>(setup, kVideoMode, *mode);
    put<u32>(setup, kInitrdAddress, image.initrd.empty() ? 0 : image.initrd_address);
    put<u32>(setup, kInitrdSize, static_cast<u32>(image.initrd.size()));
    if (header.protocol >= k2_01) {
        put<u16>(setup, kHeapEnd, static_cast<u16>(layout.heap_end - kHeapMargin));
        put<u8>(setup, kLoadFlags, setup[kLoadFlags] | kCanUseHeap);
    }
    if (header.protocol >= k2_02) {
        put<u32>(setup, kCommandLineAddress, image.command_line_address);
        return;
    }
    put<u16>(setup, kCommandLineMagic, kCommandLineMagicValue);
    put<u16>(setup, kCommandLineOffset, static_cast<u16>(layout.heap_end));
    const u64 moved = layout.heap_end + image.command_line.size() + 1;
    put<u16>(setup, kSetupMoveSize, static_cast<u16>(moved));
}

}  // namespace

std::optional<LinuxHeader> linux_header(std::span<const u8> head) {
    if (head.size() < 2 * kSector || get<u16>(head, kBootFlag) != kBootFlagValue ||
        get<u32>(head, kSignature) != kSignatureValue || get<u16>(head, kProtocol) < k2_00)
        return std::nullopt;
    LinuxHeader header;
    header.protocol = get<u16>(head, kProtocol);
    const auto since = [&](u16 protocol) { return header.protocol >= protocol; };
    const unsigned sectors = head[kSetupSectors] == 0 ? kDefaultSetupSectors : head[kSetupSectors];
    header.setup_size = (sectors + u64{1}) * kSector;
    header.payload_size = since(k2_04) ? get<u32>(head, kPayloadParagraphs) * kParagraph : 0;
    header.loaded_high = (head[kLoadFlags] & kLoadedHigh) != 0;
    header.initrd_most = since(k2_03) ? get<u32>(head, kInitrdMost) : kOldInitrdMost;
    header.command_line_most = since(k2_06)
                                   ? std::min(get<u32>(head, kCommandLineMost), kCommandLineCap)
                                   : kOldCommandLineMost;
    if (since(k2_05)) {
        header.alignment = get<u32>(head, kAlignment);
        header.relocatable = head[kRelocatable] != 0;
    }
    if (since(k2_10)) {
        header.preferred_address = get<u64>(head, kPreferredAddress);
        header.run_size = get<u32>(head, kRunSize);
    }
    header.wide_only = since(k2_12) && (get<u16>(head, kMoreLoadFlags) & kHas64BitEntry) != 0;
    header.version = version_text(head, header.setup_size);
    return header;
}

devices::KernelImage load_linux(LinuxBoot boot) {
    const std::optional<LinuxHeader> header = linux_header(boot.kernel);
    if (!header) throw Error("this is not a Linux kernel: it has no setup header");
    const Layout layout = layout_of(*header);
    const u64 payload = checked_payload(*header, layout, boot.kernel.size());
    if (boot.command_line.size() > header->command_line_most)
        throw Error("the command line has " + std::to_string(boot.command_line.size()) +
                    " characters; this kernel takes " + std::to_string(header->command_line_most));
    if (header->preferred_address > loadable_end(boot.memory))
        does_not_fit(
            "the kernel, which runs at " + hex(header->preferred_address) + ", does not fit",
            boot.memory);
    const u64 end = kernel_end(*header, layout, payload);
    if (end > loadable_end(boot.memory))
        does_not_fit("the kernel, which needs " + megabytes(end) + ", does not fit", boot.memory);

    devices::KernelImage image;
    if (!boot.initrd.empty()) image.initrd_address = initrd_place(*header, end, boot);
    const auto split = boot.kernel.begin() + static_cast<std::ptrdiff_t>(header->setup_size);
    image.setup.assign(boot.kernel.begin(), split);
    image.setup_address = layout.real_mode;
    boot.kernel.erase(boot.kernel.begin(), split);
    image.kernel = std::move(boot.kernel);
    image.kernel_address = layout.payload;
    image.initrd = std::move(boot.initrd);
    image.command_line = std::move(boot.command_line);
    image.command_line_address = layout.real_mode + layout.heap_end;
    fill_in_header(image.setup, *header, layout, image);
    return image;
}

}  // namespace seventeen::machine
