// Fuzz target: whatever a kernel or an image holds, loading it ends in places inside memory or an
// Error, and recognising it reads nothing beyond its end.
#include <algorithm>

#include "core/check.h"
#include "core/error.h"
#include "machine/guest_image.h"
#include "machine/linux_kernel.h"
#include "machine/multiboot.h"

namespace seventeen::fuzz {

namespace {

constexpr u64 kMemory = 64u << 20;

void check_place(const devices::KernelImage& image) {
    const auto inside = [](u32 address, std::size_t size) { return address + size <= kMemory; };
    check(inside(image.kernel_address, image.kernel.size()), "the kernel lies in memory");
    check(inside(image.initrd_address, image.initrd.size()), "the initrd lies in memory");
    check(image.setup_address + image.setup.size() <= kPageSize << 8, "the setup lies below 1 MiB");
    check(inside(image.command_line_address, image.command_line.size() + 1),
          "the command line lies in memory");
}

template <typename Load>
void try_to(Load&& load) {
    try {
        check_place(load());
    } catch (const Error&) {
    }
}

}  // namespace

// The first two bytes vary the file's length, which kernels get only a little of.
extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    constexpr std::size_t kUnit = 64;
    if (size < 2) return 0;
    std::vector<u8> file(data + 2, data + size);
    const std::size_t longer = (data[0] | data[1] << 8) * kUnit;
    machine::recognise(machine::ImageSample{
        file.size() + longer, std::span(file).first(std::min(file.size(), machine::kImageHead))});
    file.resize(file.size() + data[0] * kUnit);
    try_to([&] {
        return machine::load_linux(
            {.kernel = file, .initrd = {1, 2, 3}, .command_line = "vga=ask", .memory = kMemory});
    });
    try_to([&] {
        return machine::load_multiboot({.kernel = file,
                                        .command_line = "a",
                                        .modules = {{{1, 2, 3}, "b"}},
                                        .memory = kMemory});
    });
    return 0;
}

}  // namespace seventeen::fuzz
