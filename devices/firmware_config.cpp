// The selector, data and DMA ports of fw_cfg, and the items every machine has.
#include "devices/firmware_config.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

constexpr u64 kDataOffset = 1;
constexpr u64 kDmaLowOffset = 4;
constexpr std::string_view kDmaSignature = "QEMU CFG";
constexpr u32 kIdTraditional = 1u << 0;
constexpr u32 kIdDma = 1u << 1;
constexpr std::size_t kUuidSize = 16;

constexpr u16 kFirstFile = 0x20;
constexpr std::size_t kMostFiles = 0x1000;
constexpr std::size_t kNameSize = 56;  // with its NUL

constexpr u32 kDmaError = 1u << 0;
constexpr u32 kDmaRead = 1u << 1;
constexpr u32 kDmaSkip = 1u << 2;
constexpr u32 kDmaSelect = 1u << 3;
constexpr u32 kDmaWrite = 1u << 4;
constexpr unsigned kDmaKeyShift = 16;
constexpr std::size_t kDescriptorSize = 16;
constexpr u32 kMostFill = 16u << 20;  // zeros behind an item that one transfer may ask for
constexpr std::size_t kChunk = 64u << 10;

template <typename T>
void append_little(std::vector<u8>& bytes, T value) {
    for (unsigned i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<u8>(value >> 8 * i));
}

template <typename T>
void append_big(std::vector<u8>& bytes, T value) {
    for (unsigned i = sizeof(T); i-- > 0;) bytes.push_back(static_cast<u8>(value >> 8 * i));
}

u64 big_endian(std::span<const u8> bytes) {
    u64 value = 0;
    for (const u8 byte : bytes) value = value << 8 | byte;
    return value;
}

u32 swapped(u64 value) {
    return __builtin_bswap32(static_cast<u32>(value));
}

void append_text(std::vector<u8>& bytes, std::string_view text, std::size_t size) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.resize(bytes.size() + size - text.size());
}

}  // namespace

FirmwareConfig::FirmwareConfig(DmaPort& memory) : memory_(memory) {
    add(Key::kSignature, {'Q', 'E', 'M', 'U'});
    add_u32(Key::kId, kIdTraditional | kIdDma);
    add(Key::kUuid, Bytes(kUuidSize));
    add_u16(Key::kNoGraphic, 0);
    add_u16(Key::kBootMenu, 0);
    add_u32(Key::kIrq0Override, 1);  // the timer is wired to the I/O APIC's input 2
    set_cpu_count(1);
    number_files();
}

void FirmwareConfig::reset() {
    key_ = 0;
    position_ = 0;
    dma_high_ = 0;
}

void FirmwareConfig::add(Key key, Bytes bytes) {
    items_[static_cast<u16>(key)] = std::move(bytes);
}

void FirmwareConfig::add_u16(Key key, u16 value) {
    Bytes bytes;
    append_little(bytes, value);
    add(key, std::move(bytes));
}

void FirmwareConfig::add_u32(Key key, u32 value) {
    Bytes bytes;
    append_little(bytes, value);
    add(key, std::move(bytes));
}

void FirmwareConfig::add_u64(Key key, u64 value) {
    Bytes bytes;
    append_little(bytes, value);
    add(key, std::move(bytes));
}

void FirmwareConfig::add_file(const std::string& name, Bytes bytes) {
    if (name.empty() || name.size() >= kNameSize)
        throw Error("firmware file '" + name + "': a name has 1 to " +
                    std::to_string(kNameSize - 1) + " characters");
    if (files_.size() >= kMostFiles)
        throw Error("firmware file '" + name + "': there are too many files already");
    files_[name] = std::move(bytes);
    number_files();
}

void FirmwareConfig::set_cpu_count(u16 count) {
    add_u16(Key::kCpuCount, count);
    add_u16(Key::kMostCpus, count);
}

void FirmwareConfig::set_memory_map(std::span<const MemoryMapEntry> entries) {
    Bytes bytes;
    for (const MemoryMapEntry& entry : entries) {
        append_little(bytes, entry.address);
        append_little(bytes, entry.size);
        append_little(bytes, entry.type);
    }
    add_file("etc/e820", std::move(bytes));
}

void FirmwareConfig::set_boot_order(std::span<const std::string> paths) {
    std::string lines;
    for (const std::string& path : paths) lines += (lines.empty() ? "" : "\n") + path;
    Bytes bytes;
    append_text(bytes, lines, lines.size() + 1);
    add_file("bootorder", std::move(bytes));
}

void FirmwareConfig::set_kernel(KernelImage image) {
    Bytes command_line;
    append_text(command_line, image.command_line, image.command_line.size() + 1);
    const auto part = [this](Key address_key, u32 address, Key size_key, Key data_key,
                             Bytes&& bytes) {
        add_u32(address_key, address);
        add_u32(size_key, static_cast<u32>(bytes.size()));
        add(data_key, std::move(bytes));
    };
    part(Key::kSetupAddress, image.setup_address, Key::kSetupSize, Key::kSetupData,
         std::move(image.setup));
    part(Key::kKernelAddress, image.kernel_address, Key::kKernelSize, Key::kKernelData,
         std::move(image.kernel));
    part(Key::kInitrdAddress, image.initrd_address, Key::kInitrdSize, Key::kInitrdData,
         std::move(image.initrd));
    part(Key::kCommandLineAddress, image.command_line_address, Key::kCommandLineSize,
         Key::kCommandLineData, std::move(command_line));
    add_u32(Key::kKernelEntry, image.entry);
}

// The directory's numbers are big-endian: count; size, selector, reserved word, name.
void FirmwareConfig::number_files() {
    Bytes directory;
    append_big(directory, static_cast<u32>(files_.size()));
    numbered_.clear();
    for (const auto& [name, bytes] : files_) {
        append_big(directory, static_cast<u32>(bytes.size()));
        append_big(directory, static_cast<u16>(kFirstFile + numbered_.size()));
        append_big(directory, u16{0});
        append_text(directory, name, kNameSize);
        numbered_.push_back(&bytes);
    }
    add(Key::kFileDirectory, std::move(directory));
}

u64 FirmwareConfig::read(unsigned region, u64 offset, Width width) {
    if (region == kSelectorAndData) return offset == kDataOffset ? next_byte() : 0;
    u64 value = 0;
    for (Width i = 0; i < width && offset + i < kDmaSignature.size(); ++i)
        value |= u64{static_cast<u8>(kDmaSignature[offset + i])} << 8 * i;
    return value;
}

// The DMA address is big-endian; writing its low half starts the transfer.
void FirmwareConfig::write(unsigned region, u64 offset, u64 value, Width width) {
    if (region == kSelectorAndData) {
        if (offset == 0 && width == 2) select(static_cast<u16>(value));
        return;
    }
    if (width != 4) return;
    if (offset == 0) {
        dma_high_ = swapped(value);
    } else if (offset == kDmaLowOffset) {
        const PhysicalAddress descriptor{u64{dma_high_} << 32 | swapped(value)};
        dma_high_ = 0;
        run_dma(descriptor);
    }
}

void FirmwareConfig::select(u16 key) {
    key_ = key;
    position_ = 0;
}

// Items nobody made are empty, and reading past an end gives zeros.
const FirmwareConfig::Bytes& FirmwareConfig::selected() const {
    static const Bytes kEmpty;
    if (key_ >= kFirstFile && key_ - std::size_t{kFirstFile} < numbered_.size())
        return *numbered_[key_ - std::size_t{kFirstFile}];
    const auto found = items_.find(key_);
    return found == items_.end() ? kEmpty : found->second;
}

u8 FirmwareConfig::next_byte() {
    const Bytes& item = selected();
    return position_ < item.size() ? item[position_++] : 0;
}

// Descriptor, big-endian: control, length, address. The control word becomes 0, or the error bit.
void FirmwareConfig::run_dma(PhysicalAddress descriptor) {
    std::array<u8, kDescriptorSize> bytes{};
    memory_.dma_read(descriptor, bytes.data(), bytes.size());
    const std::span<const u8> fields = bytes;
    const bool done = transfer(static_cast<u32>(big_endian(fields.subspan(0, 4))),
                               static_cast<u32>(big_endian(fields.subspan(4, 4))),
                               PhysicalAddress{big_endian(fields.subspan(8, 8))});
    Bytes result;
    append_big(result, done ? u32{0} : kDmaError);
    memory_.dma_write(descriptor, result.data(), result.size());
}

bool FirmwareConfig::transfer(u32 control, u32 length, PhysicalAddress address) {
    if (control & kDmaSelect) select(static_cast<u16>(control >> kDmaKeyShift));
    if (control & kDmaRead) return copy_out(length, address);
    if (control & kDmaWrite) return length == 0;
    if (control & kDmaSkip) {
        const u64 size = selected().size();
        position_ =
            static_cast<u32>(std::min(std::max<u64>(size, position_), u64{position_} + length));
    }
    return true;
}

bool FirmwareConfig::copy_out(u32 length, PhysicalAddress address) {
    const Bytes& item = selected();
    const std::size_t left = item.size() - std::min<std::size_t>(position_, item.size());
    const std::size_t copied = std::min<std::size_t>(length, left);
    const std::size_t fill = length - copied;
    if (fill > kMostFill) return false;
    if (copied != 0) memory_.dma_write(address, item.data() + position_, copied);
    position_ += static_cast<u32>(copied);
    const Bytes zeros(std::min(fill, kChunk));
    for (std::size_t done = 0; done < fill; done += kChunk)
        memory_.dma_write(address + copied + done, zeros.data(), std::min(kChunk, fill - done));
    return true;
}

void FirmwareConfig::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    writer.put(key_);
    writer.put(position_);
    writer.put(dma_high_);
    writer.end();
}

// The position is compared with the item's size wherever it is used.
void FirmwareConfig::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    reader.get(key_);
    reader.get(position_);
    reader.get(dma_high_);
    reader.end();
}

}  // namespace seventeen::devices
