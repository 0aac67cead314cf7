# GRUB's rescue floppy: its command line sees the floppy.
packages=(seabios grub-rescue-pc)

boot() {
    run --fda /usr/lib/grub-rescue/grub-rescue-floppy.img --max-time 60 \
        --expect 'Change the colors' --type c --expect 'grub>' --type 'ls\n' --expect '(fd0)'
}
