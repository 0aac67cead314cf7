// The snippets, by what they show: memory forms, ways out, flags, families of instructions.
#include "tests/translator/golden_snippets.h"

namespace seventeen::translator {

namespace {

constexpr u32 kFlatAll = 0x3fu << Mode::kFlatShift;
constexpr u32 kFpu = Mode::kX87 | Mode::kSse | Mode::kX87Faults;
constexpr u32 k32 = Mode::kCode32 | Mode::kStack32;

constexpr Mode kUserSoft{Mode::kUser | k32 | kFpu | kFlatAll, ~0u, 0};
constexpr Mode kUserWindow{kUserSoft.bits | Mode::kWindow, ~0u, 0};
constexpr Mode kUserFpu{kUserWindow.bits | Mode::kFpuLive, ~0u, 0};
constexpr Mode kKernel{Mode::kKernel | k32 | kFpu | kFlatAll | Mode::kWindow, ~0u, 0};
constexpr Mode kKernelSoft{kKernel.bits | Mode::kSoftWrites, ~0u, 0};
// CS and SS have bases and limits, too; without paging.
constexpr Mode kSegmented{Mode::kKernel | k32 | Mode::kWindow, 0x7f'ffff, 0x10'0000};
constexpr Mode kReal{Mode::kKernel | Mode::kWindow, 0xffff, 0x1'0000};
constexpr u32 kRealIp = 0x1000;

Snippet without(Trick trick, Snippet snippet) {
    snippet.disabled.set(trick);
    return snippet;
}

// push ebp; mov ebp, esp; mov eax, [ebp+8]; add eax, [ebp+12]; mov [ebp-4], eax; leave; ret
constexpr const char* kFunction = "55  89 e5  8b 45 08  03 45 0c  89 45 fc  c9  c3";
constexpr u32 kFunctionStore = 9;
// push ebp; mov ebp, esp; push ebx; mov eax, [esp+8]; cpuid; jz; lea esp, [esp+4]; inc dword [esp];
// pop ebp; ret
constexpr const char* kRun =
    "55  89 e5  53  8b 44 24 08  0f a2  74 40  8d 64 24 04  ff 04 24  5d  c3";

std::vector<Snippet> memory_forms() {
    Snippet soft_site{"user_soft_site", "In a window, but for one store.", kUserWindow, kFunction};
    soft_site.soft = {kFunctionStore};
    Snippet table_write{"kernel_table_write", "A kernel's store to page tables.", kKernel,
                        kFunction};
    table_write.soft = {kFunctionStore};
    Snippet real{"real_mode", "16-bit code, stack and addresses, and LOOP.", kReal,
                 "8b 44 04  26 89 05  50  5b  e2 f6"};
    real.eip = kRealIp;
    return {
        {"user_window", "A program's function in a window.", kUserWindow, kFunction},
        {"user_soft", "The same with the software TLB.", kUserSoft, kFunction},
        soft_site,
        table_write,
        {"kernel", "The same in a kernel, where returns are paired.", kKernel, kFunction},
        {"kernel_soft_writes", "The same where only reads use the window.", kKernelSoft, kFunction},
        {"segmented", "Segments with bases and limits.", kSegmented,
         "8b 46 04  26 88 07  51  5a  8c d8"},
        real,
        {"stack_pointer", "ESP as operand, base and result.", kUserWindow,
         "83 ec 10  8d 44 24 08  8b 0c 24  89 e1  5c  68 78 56 34 12"},
        {"stack_run", "Pushes and pops that move ESP together.", kUserWindow, kRun},
        {"stack_run_soft", "The same with the software TLB.", kUserSoft, kRun},
        without(Trick::kEspFold, {"stack_run_unfolded", "One by one.", kUserWindow, kRun}),
    };
}

std::vector<Snippet> ways_out() {
    constexpr const char* kCall = "50  ff 75 08  e8 f7 00 00 00";
    constexpr const char* kFarCall = "e8 00 20 00 00";
    constexpr const char* kReturn = "58  c2 04 00";
    constexpr const char* kFarJump = "e9 00 20 00 00";
    constexpr const char* kLoop = "01 d0  49  75 fb";
    // push ebx; call …; add ebx, 1234h; pop ebx; ret
    Snippet thunk{"call_thunk", "A program learns its own address.", kUserWindow,
                  "53  e8 fa 1f 00 00  81 c3 34 12 00 00  5b  c3"};
    thunk.thunk = 0x40'3000;
    return {
        {"call_kernel", "Pushes, and a call within the page that leaves a pair.", kKernel, kCall},
        without(Trick::kReturnPairs, {"call_unpaired", "The same without pairs.", kKernel, kCall}),
        {"call_far_kernel", "A supervisor's call to another page is chained.", kKernel, kFarCall},
        without(Trick::kFarChaining,
                {"call_far_by_map", "Unless that is disabled.", kKernel, kFarCall}),
        thunk,
        {"call_indirect_kernel", "A call through memory.", kKernel, "ff 55 08"},
        {"return_kernel", "A return by the pair.", kKernel, kReturn},
        without(Trick::kReturnPairs,
                {"return_unpaired", "A return by the jump map.", kKernel, kReturn}),
        {"jump_far_by_map", "To another page in a window.", kUserWindow, kFarJump},
        {"jump_far_by_slot", "To another page in a young space.", kUserSoft, kFarJump},
        {"jump_indirect_soft", "Through a register in a young space.", kUserSoft, "ff e0"},
        without(Trick::kIndirectTable,
                {"jump_indirect_untabled", "Without tables.", kUserSoft, "ff e0"}),
        {"interrupt_user", "A system call.", kUserWindow, "cd 80"},
        {"interrupt_return", "Back to the program.", kKernel, "cf"},
        {"branches", "Conditional branches, near, on ECX and to another page.", kUserWindow,
         "39 d0  7c 20  40  e3 30  85 c0  0f 84 00 20 00 00  48"},
        {"loop_unrolled", "A loop goes round in its block.", kUserWindow, kLoop},
        without(Trick::kUnroll, {"loop_once", "A loop that is not unrolled.", kUserWindow, kLoop}),
        without(Trick::kDenseCount,
                {"sparse_count", "How hosts without SHRX count.", kUserWindow, "40"}),
    };
}

std::vector<Snippet> flags() {
    return {
        {"flags_live", "Read-modify-write of memory, whose flags are used.", kUserSoft,
         "01 03  11 53 04  0f 92 c1"},
        {"flags_dead", "The same, overwritten before they are used.", kUserSoft,
         "01 03  01 53 04  85 c0"},
        {"interrupt_flag", "PUSHF, CLI, STI and POPF of a kernel.", kKernel, "9c  fa  fb  9d"},
        {"pop_flags_user", "POPF of a program.", kUserWindow, "9d"},
    };
}

std::vector<Snippet> families() {
    return {
        {"arithmetic", "Shifts, multiplication, a division that may fault, byte registers.",
         kUserWindow, "d3 e0  f7 e1  f7 f3  8a 23  00 e0  88 67 01"},
        {"string_window", "REP MOVSD in a window.", kUserWindow, "f3 a5"},
        {"string_soft", "REP MOVSD, soft, then STOSB.", kUserSoft, "f3 a5  aa"},
        {"string_compare", "REPE CMPSB in a window.", kUserWindow, "f3 a6"},
        {"x87_and_sse", "Floating point; FDP is stored before its registers change.", kUserFpu,
         "dd 45 08  dc 04 d1  83 c1 08  dd 5d f8  f2 0f 10 00  f2 0f 58 03  f2 0f 11 00"},
        {"fpu_elsewhere", "Where the FPU's registers are not loaded.", kUserWindow, "40  d9 45 08"},
        {"segment_load", "Loads of DS that repeat what was found.", kKernel, "8e d8  1f"},
        {"control_registers", "MOV from CR2, SMSW.", kKernel, "0f 20 d0  0f 01 e3  0f 01 23"},
        {"time_stamp", "RDTSC of a program.", kUserWindow, "0f 31"},
        {"fallback", "CPUID has no rule.", kUserWindow, "31 c0  0f a2  89 c3"},
    };
}

std::vector<Snippet> loose() {
    // mov eax, 1; mov [ebx], eax; add eax, 2; ret
    Snippet checked{"loose", "Code that compares itself with its source.", kUserWindow,
                    "b8 01 00 00 00  89 03  83 c0 02  c3"};
    checked.loose = true;
    Snippet patched = checked;
    patched.name = "loose_patched";
    patched.about = "The same, whose immediate is read where it lies.";
    patched.patched = {0};
    return {checked, patched};
}

}  // namespace

std::vector<Snippet> golden_snippets() {
    std::vector<Snippet> all;
    for (const std::vector<Snippet>& some :
         {memory_forms(), ways_out(), flags(), families(), loose()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

}  // namespace seventeen::translator
