; Gates, tasks and segment checks: far transfers between rings, task switches, limits and types.
%include "harness.inc"

main:
; a call gate from CPL 3 to CPL 0 with two parameters, and back
        mov     ebx, through_gate
        mov     ecx, 3
        call    run_snippet
        CHECK   "call gate: back at CPL 3", [seen_vector], RETURN
        CHECK   "call gate: CPL inside", [gate_cpl], 0
        CHECK   "call gate: first parameter", [gate_first], 0x11111111
        CHECK   "call gate: second parameter", [gate_second], 0x22222222
        CHECK   "call gate: inner stack", [gate_esp], STACK_INNER - 24
        CHECK   "call gate: outer stack released", [outer_esp], STACK_OUTER
        xor     ecx, ecx
        mov     ebx, to_outer_ring
        call    run_snippet
        CHECK   "JMP to an outer ring", [seen_vector], 13
        CHECK   "JMP to an outer ring: error", [seen_error], CODE3 & ~3
        mov     ecx, 3
        mov     ebx, to_conforming
        call    run_snippet
        CHECK   "JMP to conforming code", [seen_vector], RETURN
        CHECK   "JMP to conforming code keeps CPL 3", [seen_cs], CODE_CONFORMING | 3

; tasks
        mov     dword [resume], .no_return
        mov     dword [saved_esp], STACK0
        call    TSS_OTHER:0
        CHECK   "CALL task: it ran", [other_ran], 1
        CHECK   "CALL task: NT inside", [other_nested], 0x4000
        CHECK   "CALL task: back link", [tss_other], TSS_MAIN
        CHECK   "CALL task: busy bit cleared on return", [descriptor_tss_other + 4], 0x00008901
        str     eax
        and     eax, 0xffff
        CHECK   "CALL task: TR is back", eax, TSS_MAIN
        call    TASK_GATE:0
        CHECK   "task gate: it ran", [other_ran], 2
        mov     dword [idt + 32 * 8], TSS_OTHER << 16
        mov     dword [idt + 32 * 8 + 4], 0x0000e500
        int     32
        CHECK   "INT through a task gate: it ran", [other_ran], 3
        xor     ecx, ecx
        mov     ebx, to_busy_task
        call    run_snippet
        CHECK   "JMP to a busy task", [seen_vector], 13
        CHECK   "JMP to a busy task: error", [seen_error], TSS_MAIN
        jmp     segments
.no_return:
        CHECK   "task: unexpected exception", [seen_vector], 0

; segment loads and limits
segments:
%macro FAULT 5                  ; name, snippet, CPL, vector, error code
        mov     ebx, %2
        mov     ecx, %3
        call    run_snippet
        CHECK   %1, [seen_vector], %4
        CHECK   %1, [seen_error], %5
%endmacro
        FAULT   "DS absent", load_absent, 3, 11, DATA_ABSENT
        FAULT   "DS beyond the GDT", load_beyond, 3, 13, 0x1000
        FAULT   "DS of an inner ring", load_inner, 3, 13, DATA0
        FAULT   "DS execute-only", load_execute_only, 3, 13, CODE_EXECUTE_ONLY
        FAULT   "SS null", load_null_stack, 0, 13, 0
        FAULT   "SS read-only", load_read_only_stack, 3, 13, DATA_READ_ONLY
        FAULT   "SS absent", load_absent_stack, 3, 12, DATA_ABSENT
        FAULT   "read through a null DS", read_null, 3, 13, 0
        FAULT   "write to read-only data", write_read_only, 3, 13, 0
        FAULT   "write to code", write_code, 3, 13, 0
        FAULT   "below an expand-down limit", below_limit, 3, 13, 0
        FAULT   "above an expand-down limit", above_limit, 3, RETURN, 0
        FAULT   "LDT selector", load_local, 3, RETURN, 0
        FAULT   "INT without a gate", int_without_gate, 3, 13, 40 * 8 + 2
        FAULT   "BOUND", out_of_bounds, 3, 5, 0
        FAULT   "INTO", overflow, 3, 4, 0
        FAULT   "divide error", divide, 3, 0, 0
        FAULT   "LOCK", locked, 3, 6, 0
        FAULT   "too long", too_long, 3, 13, 0
        FINISH

        align   16
through_gate:
        push    dword 0x11111111
        push    dword 0x22222222
        call    CALL_GATE:0
        mov     [outer_esp], esp
        int3
call_gate_target:
        mov     [gate_esp], esp
        mov     eax, cs
        and     eax, 3
        mov     [gate_cpl], eax
        mov     eax, [esp + 12]
        mov     [gate_first], eax
        mov     eax, [esp + 8]
        mov     [gate_second], eax
        retf    8
to_outer_ring:
        jmp     CODE3:0
to_conforming:
        jmp     CODE_CONFORMING:.there
.there: int3
to_busy_task:
        jmp     TSS_MAIN:0
other_task:
        inc     dword [other_ran]
        pushfd
        pop     eax
        and     eax, 0x4000
        mov     [other_nested], eax
        iretd
        jmp     other_task

%macro LOAD 3                   ; label, segment register, selector
%1:     mov     ax, %3
        mov     %2, ax
        int3
%endmacro
        LOAD    load_absent, ds, DATA_ABSENT | 3
        LOAD    load_beyond, ds, 0x1003
        LOAD    load_inner, ds, DATA0 | 3
        LOAD    load_execute_only, ds, CODE_EXECUTE_ONLY | 3
        LOAD    load_null_stack, ss, 0
        LOAD    load_read_only_stack, ss, DATA_READ_ONLY | 3
        LOAD    load_absent_stack, ss, DATA_ABSENT | 3
read_null:
        xor     eax, eax
        mov     ds, ax
        mov     eax, [0]
        int3
write_read_only:
        mov     ax, DATA_READ_ONLY | 3
        mov     es, ax
        mov     eax, [es:scratch]
        mov     [es:scratch], eax
        int3
write_code:
        mov     [cs:scratch], eax
        int3
below_limit:
        mov     ax, DATA_EXPAND_DOWN | 3
        mov     es, ax
        mov     eax, [es:0xffe]
        int3
above_limit:
        mov     ax, DATA_EXPAND_DOWN | 3
        mov     es, ax
        mov     eax, [es:0x1000]
        int3
load_local:
        mov     ax, 4 | 3
        mov     es, ax
        mov     eax, [es:scratch]
        int3
int_without_gate:
        int     40
out_of_bounds:
        mov     eax, 5
        bound   eax, [bounds]
        int3
overflow:
        mov     al, 0x7f
        inc     al
        into
        int3
divide: xor     ecx, ecx
        div     ecx
        int3
locked: db      0xf0, 0x01, 0xc8
        int3
too_long:
        times 15 db 0x66
        nop
        int3

        align   4
gate_cpl: dd -1
gate_first: dd 0
gate_second: dd 0
gate_esp: dd 0
outer_esp: dd 0
other_ran: dd 0
other_nested: dd 0
bounds: dd 1, 4
scratch: dd 0
