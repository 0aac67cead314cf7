# GRUB's rescue floppy: its command line sees the floppy. The file is shorter than the disk it is for.
packages=(seabios grub-rescue-pc)
short=yes

# write_full_floppy FILE
write_full_floppy() { cp /usr/lib/grub-rescue/grub-rescue-floppy.img "$1" && truncate -s 1440K "$1"; }

boot() {
    make "$images/grub-floppy.img" write_full_floppy
    run --fda "$images/grub-floppy.img" --max-instructions 6000000000 \
        --expect 'Change the colors' --type c --expect 'grub>' --type 'ls\n' --expect '(fd0)'
}
