# GRUB's rescue floppy: its command line sees the floppy.
packages=(seabios grub-rescue-pc)

boot() {
    run --fda /usr/lib/grub-rescue/grub-rescue-floppy.img --max-instructions 6000000000 \
        --expect 'Change the colors' --type c --expect 'grub>' --type 'ls\n' --expect '(fd0)'
}
