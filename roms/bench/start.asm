; Firmware that copies the benchmark to 1 MiB, enters flat 32-bit protected mode and calls it.
;
; A 128 KiB image: the payload at its start (E0000h), this code in its last 4 KiB, the reset vector
; in its last 16 bytes. It needs no BIOS and no device but a debug console, so that any emulator
; which takes a firmware image can run it.

bits 16

PAYLOAD_SOURCE  equ 0xe0000
PAYLOAD_TARGET  equ 0x100000
PAYLOAD_LARGEST equ 0x1f000
STACK_TOP       equ 0x300000
CODE_SELECTOR   equ 8
DATA_SELECTOR   equ 16
CR0_PE          equ 1
CR4_OSFXSR      equ 0x200

        incbin PAYLOAD
        times PAYLOAD_LARGEST - ($ - $$) db 0

start:  cli
        cld
        o32 lgdt [cs:gdt_pointer - start + 0xf000]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     dword CODE_SELECTOR:(protected - start + 0xff000)

bits 32
protected:
        mov     ax, DATA_SELECTOR
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, STACK_TOP
        mov     esi, PAYLOAD_SOURCE
        mov     edi, PAYLOAD_TARGET
        mov     ecx, PAYLOAD_LARGEST / 4
        rep movsd
        fninit
        mov     eax, cr4
        or      eax, CR4_OSFXSR
        mov     cr4, eax
        mov     eax, cr0
        and     al, 0xfb                ; CR0.EM
        mov     cr0, eax
        mov     eax, PAYLOAD_TARGET
        jmp     eax

        align 8
gdt:    dq 0
        dq 0x00cf9b000000ffff
        dq 0x00cf93000000ffff
gdt_pointer:
        dw 23
        dd gdt - start + 0xff000

        times 0x1fff0 - ($ - $$) db 0
bits 16
        jmp     0xf000:0xf000
        times 0x20000 - ($ - $$) db 0
