// Windows as reserved mappings; gs by WRGSBASE, or by a system call where the kernel forbids it.
#include <asm/prctl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/check.h"
#include "core/error.h"
#include "translator/window.h"

namespace seventeen::translator {

namespace {

constexpr u64 kSpace = u64{1} << 32;
constexpr u64 kGap = u64{1} << 20;
constexpr int kBackground = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

// SAFETY: addresses within a window, which belongs to nobody else.
void* at(u64 address) {
    return reinterpret_cast<void*>(address);
}

}  // namespace

Window::Window() {
    void* reserved = mmap(nullptr, 2 * kSpace + kGap, PROT_NONE, kBackground, -1, 0);
    if (reserved == MAP_FAILED)
        throw Error(std::string("cannot reserve address space for a guest window (") +
                    std::strerror(errno) + "); run with --disable windows");
    // SAFETY: the number is used to align the address, and nothing is read through it here.
    const u64 start = reinterpret_cast<u64>(reserved);
    base_ = (start + kSpace - 1) & ~(kSpace - 1);
    if (base_ != start) munmap(at(start), base_ - start);
    munmap(at(base_ + kSpace + kGap), start + kSpace - base_);
    // Mapped otherwise, the gap never becomes one mapping with the window, which therefore can be
    // emptied without a mapping more.
    mmap(at(base_ + kSpace), kGap, PROT_NONE, (kBackground & ~MAP_NORESERVE) | MAP_FIXED, -1, 0);
}

Window::~Window() {
    munmap(at(base_), kSpace + kGap);
}

bool Window::fill(u64 first, u64 count, int file, u64 file_page, bool writable) {
    constexpr u64 kPopulate = 64;  // pages: so few are touched at once
    const int protection = PROT_READ | (writable ? PROT_WRITE : 0);
    const int populate = count <= kPopulate ? MAP_POPULATE : 0;
    return mmap(at(base_ + (first << kPageShift)), count << kPageShift, protection,
                MAP_SHARED | MAP_FIXED | populate, file,
                static_cast<off_t>(file_page << kPageShift)) != MAP_FAILED;
}

bool Window::protect(u64 page) {
    return mprotect(at(base_ + (page << kPageShift)), kPageSize, PROT_READ) == 0;
}

bool Window::empty(u64 first, u64 count) {
    return mmap(at(base_ + (first << kPageShift)), count << kPageShift, PROT_NONE,
                kBackground | MAP_FIXED, -1, 0) != MAP_FAILED;
}

void Window::empty_all() {
    if (empty(0, kSpace >> kPageShift)) return;
    // Over its limit of mappings the host grants no new one, even in place of many.
    check(munmap(at(base_), kSpace) == 0 &&
              mmap(at(base_), kSpace, PROT_NONE, kBackground | MAP_FIXED_NOREPLACE, -1, 0) ==
                  at(base_),
          "a window cannot be emptied");
}

BaseWrite best_base_write() {
    constexpr unsigned long kHwcap2Fsgsbase = 1u << 1;
    static const bool has = getauxval(AT_HWCAP2) & kHwcap2Fsgsbase;
    return has ? BaseWrite::kInstruction : BaseWrite::kSystemCall;
}

void select_window(u64 base, BaseWrite how) {
    if (how == BaseWrite::kInstruction)
        asm volatile("wrgsbase %0" : : "r"(base) : "memory");
    else
        check(syscall(SYS_arch_prctl, ARCH_SET_GS, base) == 0, "a window cannot be chosen");
}

}  // namespace seventeen::translator
