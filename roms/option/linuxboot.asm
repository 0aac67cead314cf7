; The boot ROM: fetches a kernel through the firmware configuration device and enters it, as Linux'
; boot protocol (real mode) or Multiboot's (protected mode) has it.
;
; The firmware finds the expansion header, lists the ROM among what can be booted, and calls its
; bootstrap entry vector (Plug and Play BIOS specification 1.0A, 3.2; BIOS boot specification 1.01).
; The device moves the parts to their places itself, so that nothing here needs to reach above
; 1 MiB. Length and checksums are filled in by the program that holds the ROM.

        bits 16
        cpu 486
        org 0

; --- the firmware configuration device (QEMU, docs/specs/fw_cfg) ---
FW_CFG_DMA_LOW  equ 518h        ; the descriptor's address, big-endian; starts the transfer
DMA_ERROR       equ 1 << 0
DMA_READ        equ 1 << 1
DMA_SELECT      equ 1 << 3

ITEM_KERNEL_ADDRESS       equ 07h
ITEM_KERNEL_SIZE          equ 08h
ITEM_INITRD_ADDRESS       equ 0ah
ITEM_INITRD_SIZE          equ 0bh
ITEM_KERNEL_ENTRY         equ 10h
ITEM_KERNEL_DATA          equ 11h
ITEM_INITRD_DATA          equ 12h
ITEM_COMMAND_LINE_ADDRESS equ 13h
ITEM_COMMAND_LINE_SIZE    equ 14h
ITEM_COMMAND_LINE_DATA    equ 15h
ITEM_SETUP_ADDRESS        equ 16h
ITEM_SETUP_SIZE           equ 17h
ITEM_SETUP_DATA           equ 18h

; --- Multiboot 0.6.96, 3.3: what of the information is filled in here ---
INFO_MEM_LOWER   equ 4          ; KiB from 0
INFO_MEM_UPPER   equ 8          ; KiB from 1 MiB
INFO_MMAP_LENGTH equ 44         ; in: the room for the map in bytes; out: its length
INFO_MMAP_ADDR   equ 48
MULTIBOOT_MAGIC  equ 2badb002h  ; in EAX

; An entry of the map: its size without this field, then what INT 15h returns.
MMAP_ENTRY_SIZE  equ 24
E820_SIZE        equ 20
E820_RAM         equ 1
E820_SIGNATURE   equ 534d4150h  ; "SMAP"
MEGABYTE         equ 100000h

SYSTEM_PORT_A    equ 92h
A20_ENABLED      equ 1 << 1
FAST_RESET       equ 1 << 0

INDICATE_IPL        equ 1 << 2
INDICATE_SHADOWABLE equ 1 << 6
IPL_ATTACHED     equ 20h        ; what the initialisation returns: a boot device is there

; --- headers ---
        dw 0aa55h
        db 0                    ; length in units of 512 bytes
        jmp near initialize
        times 18h - ($ - $$) db 0
        dw 0                    ; no PCI data structure
        dw pnp_header
        times 20h - ($ - $$) db 0
pnp_header:
        db "$PnP"
        db 1                    ; revision
        db 2                    ; length in units of 16 bytes
        dw 0                    ; no other header
        db 0
        db 0                    ; checksum
        dd 0                    ; device
        dw manufacturer
        dw product
        db 80h, 0, 0            ; neither disk nor network: other
        db INDICATE_IPL | INDICATE_SHADOWABLE
        dw 0                    ; no boot connection vector
        dw 0                    ; no disconnect vector
        dw boot
        dw 0
        dw 0
manufacturer:
        db "Seventeen", 0
product:
        db "Kernel given to the machine", 0

initialize:
        mov ax, IPL_ATTACHED
        retf

; --- loading ---
boot:
        push cs
        pop ds
        cld
        mov si, parts
.next:
        lodsw
        call number
        mov edi, eax
        lodsw
        call number
        mov ecx, eax
        lodsw
        mov edx, edi
        call transfer
        cmp si, parts_end
        jb .next

        mov ax, ITEM_SETUP_ADDRESS
        call number
        mov ebx, eax
        mov ax, ITEM_KERNEL_ENTRY
        call number
        test eax, eax
        jnz multiboot

; Linux: segments at the real-mode part, the stack below the command line, entry 20h paragraphs in
; (Documentation/arch/x86/boot.rst, "Running the kernel"). EBX: the real-mode part.
        mov ax, ITEM_COMMAND_LINE_ADDRESS
        call number
        sub eax, ebx
        shr ebx, 4
        cli
        mov ss, bx
        mov esp, eax
        mov ds, bx
        mov es, bx
        mov fs, bx
        mov gs, bx
        add bx, 20h
        push bx
        push word 0
        retf

; Where each part goes, how long it is, and its bytes.
parts:
        dw ITEM_KERNEL_ADDRESS, ITEM_KERNEL_SIZE, ITEM_KERNEL_DATA
        dw ITEM_INITRD_ADDRESS, ITEM_INITRD_SIZE, ITEM_INITRD_DATA
        dw ITEM_SETUP_ADDRESS, ITEM_SETUP_SIZE, ITEM_SETUP_DATA
        dw ITEM_COMMAND_LINE_ADDRESS, ITEM_COMMAND_LINE_SIZE, ITEM_COMMAND_LINE_DATA
parts_end:

; The four bytes of item AX, in EAX.
number:
        push ecx
        push edx
        push bp
        sub sp, 4
        mov bp, sp
        xor edx, edx
        mov dx, ss
        shl edx, 4
        movzx ecx, bp
        add edx, ecx
        mov ecx, 4
        call transfer
        pop eax
        pop bp
        pop edx
        pop ecx
        ret

; The first ECX bytes of item AX, to physical address EDX. Changes EAX, ECX and EDX.
; The descriptor on the stack is big-endian: control, length, address in 64 bits.
transfer:
        push bp
        sub sp, 16
        mov bp, sp
        shl eax, 16
        or eax, DMA_SELECT | DMA_READ
        bswap eax
        mov [bp], eax
        bswap ecx
        mov [bp + 4], ecx
        mov dword [bp + 8], 0
        bswap edx
        mov [bp + 12], edx
        xor eax, eax
        mov ax, ss
        shl eax, 4
        movzx ecx, bp
        add eax, ecx
        bswap eax
        mov dx, FW_CFG_DMA_LOW
        out dx, eax
.wait:
        mov eax, [bp]           ; zero when all is done
        bswap eax
        test eax, DMA_ERROR
        jnz failed
        test eax, eax
        jnz .wait
        add sp, 16
        pop bp
        ret

failed:
        mov si, failure
.next:
        cs lodsb
        test al, al
        jz .done
        mov ah, 0eh             ; teletype
        mov bx, 7
        int 10h
        jmp .next
.done:
        int 18h                 ; the firmware tries what else there is
failure:
        db "The kernel could not be loaded.", 13, 10, 0

; --- Multiboot: EAX is the entry point, EBX the information, on a paragraph below 1 MiB ---
multiboot:
        mov edi, eax
        mov eax, ebx
        shr eax, 4
        mov ds, ax
        mov es, ax
        int 12h
        movzx eax, ax
        mov [INFO_MEM_LOWER], eax
        push edi
        call read_memory_map
        pop edi

        in al, SYSTEM_PORT_A
        or al, A20_ENABLED
        and al, ~FAST_RESET
        out SYSTEM_PORT_A, al

        cli
        xor ebx, ebx
        mov bx, ds
        shl ebx, 4              ; the information again
        xor eax, eax
        mov ax, cs
        shl eax, 4              ; where this ROM is
        lea ecx, [eax + descriptors]
        push ecx
        push word descriptors_end - descriptors - 1
        mov bp, sp
        o32 lgdt [bp]
        add sp, 6
        lea ecx, [eax + protected]
        push dword CODE
        push ecx
        mov eax, cr0
        or al, 1
        mov cr0, eax
        o32 retf

; The BIOS' map behind the information at DS = ES, as long as there is room.
read_memory_map:
        mov edi, [INFO_MMAP_ADDR]
        xor eax, eax
        mov ax, ds
        shl eax, 4
        sub edi, eax
        mov bp, di
        add bp, [INFO_MMAP_LENGTH]
        mov dword [INFO_MMAP_LENGTH], 0
        xor ebx, ebx
.next:
        lea ax, [di + MMAP_ENTRY_SIZE]
        cmp ax, bp
        ja .done
        mov dword [di], E820_SIZE
        add di, 4
        mov eax, 0e820h
        mov edx, E820_SIGNATURE
        mov ecx, E820_SIZE
        int 15h
        jc .done
        cmp eax, E820_SIGNATURE
        jne .done
        add dword [INFO_MMAP_LENGTH], MMAP_ENTRY_SIZE
        call note_upper_memory
        add di, E820_SIZE
        test ebx, ebx
        jnz .next
.done:
        ret

; The RAM that begins at 1 MiB is what Multiboot calls upper memory. DS:DI: base, length, type.
note_upper_memory:
        cmp dword [di], MEGABYTE
        jne .done
        cmp dword [di + 4], 0
        jne .done
        cmp dword [di + 16], E820_RAM
        jne .done
        mov eax, [di + 8]
        shr eax, 10
        mov [INFO_MEM_UPPER], eax
.done:
        ret

        align 8
descriptors:
        dq 0
CODE    equ $ - descriptors
        dq 00cf9b000000ffffh    ; flat, accessed already: this is a ROM
DATA    equ $ - descriptors
        dq 00cf93000000ffffh
descriptors_end:

        bits 32
protected:
        mov ax, DATA
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        mov ss, ax
        mov eax, MULTIBOOT_MAGIC
        jmp edi
