; The seventeen, and the privileged instructions, at CPL 0 to 3 and in V86: which of them fault how.
%include "harness.inc"

NONE equ RETURN
UD equ 6
GP equ 13

main:   mov     esi, table
.row:   cmp     dword [esi], 0
        je      .done
        xor     ecx, ecx
.mode:  mov     ebx, [esi]
        cmp     ecx, MODE_V86
        jb      .run
        mov     ebx, [esi + 4]
.run:   call    run_snippet
        movzx   edx, byte [esi + 8 + ecx]
        mov     eax, [seen_vector]
        push    ecx
        push    esi
        lea     ebx, [esi + 8 + MODES]
        mov     [mode], cl
        call    check_equal
        pop     esi
        pop     ecx
        cmp     dword [seen_vector], GP
        jne     .next
        push    ecx
        push    esi
        mov     eax, [seen_error]
        xor     edx, edx
        mov     ebx, name_error
        call    check_equal
        pop     esi
        pop     ecx
.next:  inc     ecx
        cmp     ecx, MODES
        jne     .mode
        add     esi, 8 + MODES + 16
        jmp     .row
.done:
; what they show: the true IF, the true tables
        mov     dword [snippet_flags], 0x202
        mov     ebx, read_flags_32
        mov     ecx, 3
        call    run_snippet
        CHECK   "PUSHF at CPL 3 shows IF", [STACK_OUTER - 4], 0x202
        mov     ebx, drop_interrupt_flag_32
        call    run_snippet
        mov     eax, [seen_flags]
        and     eax, 0x200
        CHECK   "POPF at CPL 3 keeps IF", eax, 0x200
        mov     ebx, drop_interrupt_flag_32
        xor     ecx, ecx
        call    run_snippet
        mov     eax, [seen_flags]
        and     eax, 0x200
        CHECK   "POPF at CPL 0 clears IF", eax, 0
        mov     dword [snippet_flags], 2
        mov     ecx, 3
        mov     ebx, store_gdt_32
        call    run_snippet
        CHECK   "SGDT at CPL 3 shows the base", [scratch + 2], gdt
        mov     ebx, store_task_32
        call    run_snippet
        CHECK   "STR at CPL 3 shows the selector", [scratch], TSS_MAIN
        FINISH

        SNIPPET read_flags, pushfd
        align 16
drop_interrupt_flag_32:
        push    dword 2
        popfd
        int3
        align 16
store_task_32:
        str     eax
        mov     [scratch], eax
        int3
        SNIPPET store_gdt, sgdt [scratch - ORIGIN * (__BITS__ = 16)]
        SNIPPET store_idt, sidt [scratch - ORIGIN * (__BITS__ = 16)]
        SNIPPET store_ldt, sldt ax
        SNIPPET store_status, smsw ax
        SNIPPET store_tr, str ax
        SNIPPET access_rights, lar eax, ax
        SNIPPET segment_limit, lsl eax, ax
        SNIPPET verify_read, verr ax
        SNIPPET verify_write, verw ax
        SNIPPET push_flags, pushf
%macro PUSH_POP_FLAGS 0
        push    dword 2
        popfd
%endmacro
        SNIPPET pop_flags, PUSH_POP_FLAGS
        SNIPPET push_segment, push cs
%macro PUSH_POP_SEGMENT 0
        push    ds
        pop     ds
%endmacro
        SNIPPET pop_segment, PUSH_POP_SEGMENT
        SNIPPET move_segment, mov eax, cs
        SNIPPET interrupt, int 32
        SNIPPET clear_interrupts, cli
        SNIPPET set_interrupts, sti
        SNIPPET load_gdt, lgdt [gdt_pointer - ORIGIN * (__BITS__ = 16)]
        SNIPPET load_idt, lidt [idt_pointer - ORIGIN * (__BITS__ = 16)]
%macro LOAD_LOCAL 0
        mov     ax, LOCAL
        lldt    ax
%endmacro
        SNIPPET load_ldt, LOAD_LOCAL
        SNIPPET clear_task_switched, clts
        SNIPPET read_cr0, mov eax, cr0
        SNIPPET read_dr7, mov eax, dr7
        SNIPPET halt_not, wbinvd
        SNIPPET invalidate, invlpg [0]
        SNIPPET read_port, in al, 0x80
        SNIPPET undefined, ud2
%macro READ_MSR 0
        mov     ecx, 0x10
        rdmsr
%endmacro
        SNIPPET read_msr, READ_MSR
        SNIPPET time_stamp, rdtsc
        SNIPPET identify, cpuid

; 32-bit code, 16-bit code, vector at CPL 0 1 2 3, V86, V86 with IOPL 3, name
%macro ROW 8
        dd %1_32, %1_16
        db %2, %3, %4, %5, %6, %7
        %%name: db %8, 0
        times 16 - ($ - %%name) db 0
%endmacro
table:
        ROW store_gdt, NONE, NONE, NONE, NONE, NONE, NONE, "SGDT"
        ROW store_idt, NONE, NONE, NONE, NONE, NONE, NONE, "SIDT"
        ROW store_ldt, NONE, NONE, NONE, NONE, UD, UD, "SLDT"
        ROW store_status, NONE, NONE, NONE, NONE, NONE, NONE, "SMSW"
        ROW store_tr, NONE, NONE, NONE, NONE, UD, UD, "STR"
        ROW access_rights, NONE, NONE, NONE, NONE, UD, UD, "LAR"
        ROW segment_limit, NONE, NONE, NONE, NONE, UD, UD, "LSL"
        ROW verify_read, NONE, NONE, NONE, NONE, UD, UD, "VERR"
        ROW verify_write, NONE, NONE, NONE, NONE, UD, UD, "VERW"
        ROW push_flags, NONE, NONE, NONE, NONE, GP, NONE, "PUSHF"
        ROW pop_flags, NONE, NONE, NONE, NONE, GP, NONE, "POPF"
        ROW push_segment, NONE, NONE, NONE, NONE, NONE, NONE, "PUSH CS"
        ROW pop_segment, NONE, NONE, NONE, NONE, NONE, NONE, "POP DS"
        ROW move_segment, NONE, NONE, NONE, NONE, NONE, NONE, "MOV EAX, CS"
        ROW interrupt, 32, 32, 32, 32, GP, 32, "INT 32"
        ROW clear_interrupts, NONE, GP, GP, GP, GP, NONE, "CLI"
        ROW set_interrupts, NONE, GP, GP, GP, GP, NONE, "STI"
        ROW load_gdt, NONE, GP, GP, GP, GP, GP, "LGDT"
        ROW load_idt, NONE, GP, GP, GP, GP, GP, "LIDT"
        ROW load_ldt, NONE, GP, GP, GP, UD, UD, "LLDT"
        ROW clear_task_switched, NONE, GP, GP, GP, GP, GP, "CLTS"
        ROW read_cr0, NONE, GP, GP, GP, GP, GP, "MOV EAX, CR0"
        ROW read_dr7, NONE, GP, GP, GP, GP, GP, "MOV EAX, DR7"
        ROW halt_not, NONE, GP, GP, GP, GP, GP, "WBINVD"
        ROW invalidate, NONE, GP, GP, GP, GP, GP, "INVLPG"
        ROW read_port, NONE, GP, GP, GP, GP, GP, "IN"
        ROW undefined, UD, UD, UD, UD, UD, UD, "UD2"
        ROW read_msr, NONE, GP, GP, GP, GP, GP, "RDMSR"
        ROW time_stamp, NONE, NONE, NONE, NONE, NONE, NONE, "RDTSC"
        ROW identify, NONE, NONE, NONE, NONE, NONE, NONE, "CPUID"
        dd 0
mode:   db 0
name_error: db "its error code", 0
        align 4
scratch: dd 0, 0
call_gate_target:
other_task:
        hlt
