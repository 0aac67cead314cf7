# memtest86+ from its CD: one whole pass over a small memory, without an error.
packages=(seabios memtest86+)

boot() {
    run --cdrom /usr/lib/memtest86+/memtest86+ia32.iso --memory 6M --no-apic \
        --max-instructions 400000000000 --expect 'Pass:  1        Errors: 0'
}
