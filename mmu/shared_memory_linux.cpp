// One memfd, mapped shared; translator windows map pages of it a second time.
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "core/error.h"
#include "mmu/shared_memory.h"

namespace seventeen::mmu {

namespace {

std::string amount(u64 bytes) {
    constexpr u64 kMebibyte = u64{1} << 20;
    if (bytes % kMebibyte == 0) return std::to_string(bytes / kMebibyte) + " MiB";
    return std::to_string(bytes) + " bytes";
}

[[noreturn]] void refuse(u64 size, const std::string& why) {
    throw Error("guest RAM of " + amount(size) + ": " + why);
}

std::string host_reason() {
    return std::generic_category().message(errno) + "; ask for less memory";
}

// A memfd's pages are not reserved when it is created, so an absurd size would be noticed only when
// the guest touches what isn't there. Swap counts: an idle guest's RAM may well go there.
u64 host_memory() {
    struct sysinfo info {};
    if (sysinfo(&info) != 0) return ~u64{0};
    return (u64{info.totalram} + info.totalswap) * info.mem_unit;
}

}  // namespace

SharedMemory::SharedMemory(u64 size) : size_(size) {
    if (size == 0 || size % kPageSize != 0)
        refuse(size, "the size must be a multiple of 4096 bytes, and not zero");
    if (const u64 most = host_memory(); size > most)
        refuse(size, "this host has " + amount(most) + "; ask for less memory");
    fd_ = memfd_create("guest-ram", MFD_CLOEXEC);
    if (fd_ < 0) refuse(size, host_reason());
    void* data = MAP_FAILED;
    if (ftruncate(fd_, static_cast<off_t>(size)) == 0)
        data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (data == MAP_FAILED) {
        const std::string why = host_reason();
        close(fd_);
        refuse(size, why);
    }
    data_ = static_cast<u8*>(data);
}

SharedMemory::~SharedMemory() {
    munmap(data_, size_);
    close(fd_);
}

}  // namespace seventeen::mmu
