// The marks by which image formats are recognised.
#include "storage/format.h"

#include <array>
#include <cstring>

#include "storage/byte_order.h"
#include "storage/vhd_header.h"

namespace seventeen::storage {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kSector = 512;

struct Mark {
    std::size_t offset;
    std::string_view bytes;
    Format format;
};

constexpr std::array<Mark, 4> kMarks = {{
    {0, "QFI\xfb"sv, Format::kQcow2},
    {0, "KDMV"sv, Format::kVmdk},                   // a sparse extent
    {0, "# Disk DescriptorFile"sv, Format::kVmdk},  // text that lists extents
    {0, "conectix"sv, Format::kVhd},
}};

struct Stranger {
    std::size_t offset;
    std::string_view bytes;
    const char* name;
};

constexpr std::array<Stranger, 6> kStrangers = {{
    {0, "vhdxfile"sv, "VHDX"},
    {0x40, "\x7f\x10\xda\xbe"sv, "VDI (VirtualBox)"},
    {0, "QED\0"sv, "QED"},
    {0, "COWD"sv, "VMDK of an ESX server (COWD)"},
    {0, "WithoutFreeSpace"sv, "Parallels"},
    {0, "WithouFreSpacExt"sv, "Parallels"},
}};

bool has(std::span<const u8> sector, std::size_t offset, std::string_view mark) {
    return lies_within(offset, mark.size(), sector.size()) &&
           std::memcmp(sector.data() + offset, mark.data(), mark.size()) == 0;
}

}  // namespace

std::string_view format_name(Format format) {
    switch (format) {
        case Format::kRaw: return "raw";
        case Format::kQcow2: return "qcow2";
        case Format::kVhd: return "vhd";
        case Format::kVmdk: return "vmdk";
    }
    return "?";
}

std::optional<Format> format_by_name(std::string_view name) {
    if (name == "raw" || name == "file" || name == "host_device") return Format::kRaw;
    if (name == "qcow2") return Format::kQcow2;
    if (name == "vhd" || name == "vpc") return Format::kVhd;
    if (name == "vmdk") return Format::kVmdk;
    return std::nullopt;
}

Format format_of_first_sector(std::span<const u8> sector) {
    for (const Mark& mark : kMarks)
        if (has(sector, mark.offset, mark.bytes)) return mark.format;
    return Format::kRaw;
}

Format recognise(Image& file) {
    std::array<u8, kSector> first{};
    file.read(0, first);
    for (const Stranger& stranger : kStrangers)
        if (has(first, stranger.offset, stranger.bytes))
            file.unsupported(std::string("it is of the format ") + stranger.name,
                             "convert it with qemu-img convert -O qcow2, or name its format if it "
                             "is another");
    const Format format = format_of_first_sector(first);
    if (format != Format::kRaw) return format;
    return has_fixed_vhd_footer(file) ? Format::kVhd : Format::kRaw;
}

}  // namespace seventeen::storage
