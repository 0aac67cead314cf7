; Page faults: error codes and CR2, WP, accessed and dirty bits, large pages, coherence without INVLPG.
%include "harness.inc"

DIRECTORY equ 0x100000
TABLE equ 0x101000
WINDOW equ 0x00200000           ; linear: its pages are what the checks change
FRAME_A equ 0x110000
FRAME_B equ 0x111000
P equ 1
W equ 2
U equ 4
A equ 0x20
D equ 0x40

main:   mov     edi, DIRECTORY
        mov     ecx, 2 * 1024
        xor     eax, eax
        rep stosd
        mov     edi, TABLE
        mov     eax, P | W | U
.fill:  stosd
        add     eax, 0x1000
        cmp     edi, TABLE + 0x1000
        jne     .fill
        mov     eax, cr4
        or      al, 0x10                ; PSE
        mov     cr4, eax
        mov     dword [DIRECTORY], TABLE | P | W | U
        mov     dword [DIRECTORY + 4], 0x400000 | 0x80 | P | W
        mov     dword [FRAME_A], 0xaaaaaaaa
        mov     dword [FRAME_B], 0xbbbbbbbb
        mov     eax, DIRECTORY
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 0x80000000
        mov     cr0, eax
        jmp     .paged
.paged:
%define ENTRY (TABLE + (WINDOW >> 12) * 4)
%macro ACCESS 5                 ; name, PTE, snippet, CPL, vector (and error code follows)
        mov     dword [ENTRY], %2
        mov     ebx, %3
        mov     ecx, %4
        call    run_snippet
        CHECK   %1, [seen_vector], %5
%endmacro
%macro PAGE_FAULT 5             ; name, PTE, snippet, CPL, error code
        ACCESS  %1, %2, %3, %4, 14
        CHECK   %1, [seen_error], %5
        CHECK   %1, [seen_cr2], WINDOW + 8
%endmacro
        PAGE_FAULT "read absent, CPL 0", 0, read, 0, 0
        PAGE_FAULT "read absent, CPL 3", 0, read, 3, 4
        PAGE_FAULT "write absent, CPL 3", 0, write, 3, 6
        PAGE_FAULT "read supervisor page, CPL 3", FRAME_A | P | W, read, 3, 5
        PAGE_FAULT "write read-only page, CPL 3", FRAME_A | P | U, write, 3, 7
        PAGE_FAULT "modify read-only page, CPL 3", FRAME_A | P | U, modify, 3, 7
        ACCESS  "write read-only page, CPL 0, WP clear", FRAME_A | P | U, write, 0, RETURN
        mov     eax, cr0
        or      eax, 0x10000
        mov     cr0, eax
        PAGE_FAULT "write read-only page, CPL 0, WP set", FRAME_A | P | U, write, 0, 3

        ACCESS  "read sets A", FRAME_A | P | W | U, read, 3, RETURN
        CHECK   "read sets A", [ENTRY], FRAME_A | P | W | U | A
        ACCESS  "write sets A and D", FRAME_A | P | W | U, write, 3, RETURN
        CHECK   "write sets A and D", [ENTRY], FRAME_A | P | W | U | A | D
        ACCESS  "a fault sets neither", FRAME_A | P | U, write, 3, 14
        CHECK   "a fault sets neither", [ENTRY], FRAME_A | P | U

; no INVLPG anywhere: an access sees the tables as they are
        mov     dword [ENTRY], FRAME_A | P | W | U
        mov     dword [FRAME_A], 0xaaaaaaaa
        mov     eax, [WINDOW]
        mov     dword [ENTRY], FRAME_B | P | W | U
        CHECK   "a changed PTE is seen", [WINDOW], 0xbbbbbbbb
        mov     dword [ENTRY], FRAME_A | P | W | U
        CHECK   "and changed back", [WINDOW], 0xaaaaaaaa

; across two pages: nothing is written when the second faults
        mov     dword [ENTRY], FRAME_A | P | W | U
        mov     dword [ENTRY + 4], 0
        mov     dword [FRAME_A + 0xffc], 0x12345678
        mov     ebx, write_across
        mov     ecx, 3
        call    run_snippet
        CHECK   "write across pages faults", [seen_vector], 14
        CHECK   "write across pages: CR2", [seen_cr2], WINDOW + 0x1000
        CHECK   "write across pages wrote nothing", [FRAME_A + 0xffc], 0x12345678

; a large page: linear 400000h maps itself, supervisor only
        mov     dword [0x400010], 0x4d4d4d4d
        CHECK   "large page", [0x400010], 0x4d4d4d4d
        CHECK   "large page: A and D", [DIRECTORY + 4], 0x400000 | 0x80 | P | W | A | D
        mov     ebx, read_large
        mov     ecx, 3
        call    run_snippet
        CHECK   "large page at CPL 3", [seen_error], 5
        mov     dword [DIRECTORY + 4], 0x800000 | 0x80 | P | W
        mov     dword [0x400010], 0x6d6d6d6d
        mov     dword [DIRECTORY + 4], 0x400000 | 0x80 | P | W
        CHECK   "a changed large page is seen", [0x400010], 0x4d4d4d4d

; execution from a page that vanishes
        mov     dword [ENTRY], 0
        mov     ebx, jump_there
        mov     ecx, 3
        call    run_snippet
        CHECK   "fetch from an absent page", [seen_vector], 14
        CHECK   "fetch: EIP", [seen_eip], WINDOW
        CHECK   "fetch: CR2", [seen_cr2], WINDOW

; code that remaps the page it runs in: the next instruction comes from the new one
        mov     dword [ENTRY], FRAME_B | P | W | U
        mov     dword [WINDOW + REMAP_LENGTH], 0x0002b890       ; NOP; MOV EAX, 2; RET
        mov     dword [WINDOW + REMAP_LENGTH + 4], 0x00c30000
        mov     dword [ENTRY], FRAME_A | P | W | U
        mov     esi, remap
        mov     edi, WINDOW
        mov     ecx, remap_end - remap
        rep movsb
        mov     eax, WINDOW
        call    eax
        CHECK   "code that remaps itself", eax, 2

; code that changes itself: the next instruction already sees it
        mov     byte [.patched + 1], 0x22
.patched:
        mov     al, 0x11
        movzx   eax, al
        CHECK   "patched code", eax, 0x22
        mov     ecx, 3
        xor     edx, edx
.again: mov     byte [.immediate + 2], cl
.immediate:
        add     edx, byte 0x7f
        loop    .again
        CHECK   "patched in a loop", edx, 6
        FINISH

read:   mov     eax, [WINDOW + 8]
        int3
write:  mov     dword [WINDOW + 8], 0x55555555
        int3
modify: add     dword [WINDOW + 8], 1
        int3
write_across:
        mov     dword [WINDOW + 0xffe], 0x99999999
        int3
read_large:
        mov     eax, [0x400000]
        int3
jump_there:
        mov     eax, WINDOW
        jmp     eax
remap:  mov     dword [abs ENTRY], FRAME_B | P | W | U
REMAP_LENGTH equ $ - remap
        nop
        mov     eax, 1
        ret
remap_end:
call_gate_target:
other_task:
        hlt
