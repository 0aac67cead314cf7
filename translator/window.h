// Window: 4 GiB of host address space that show a guest's linear space, filled page by page.
//
// It starts at a multiple of 4 GiB and is followed by a gap, so that no 32-bit address with an
// access behind it reaches anything else of the process. What is not filled faults.
#pragma once

#include "core/types.h"

namespace seventeen::translator {

class Window {
  public:
    // Throws Error where the host has no room.
    Window();
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    u64 base() const { return base_; }
    // Pages [first, first + count) show the file's from `file_page` on. False: the host refuses.
    bool fill(u64 first, u64 count, int file, u64 file_page, bool writable);
    // Against writes; false: the host refuses, and nothing has changed.
    bool protect(u64 page);
    bool empty(u64 first, u64 count);  // false: the same
    void empty_all();

  private:
    u64 base_ = 0;
};

// How GS's base is written: WRGSBASE, or a system call where the kernel forbids that.
enum class BaseWrite : u8 { kInstruction, kSystemCall };
BaseWrite best_base_write();

// Makes gs: the window; 0: none.
void select_window(u64 base, BaseWrite how);

}  // namespace seventeen::translator
