# GRUB's rescue CD: its menu, its command line, and the CD's files.
packages=(seabios grub-rescue-pc)
short=yes

boot() {
    run --cdrom /usr/lib/grub-rescue/grub-rescue-cdrom.iso --max-instructions 6000000000 \
        --expect 'Change the colors' --type c --expect 'grub>' --type 'ls /boot/grub\n' --expect 'i386-pc'
}
