# SeaBIOS to its boot menu; the CD chosen there boots.
packages=(seabios grub-rescue-pc)
short=yes

boot() {
    run --boot-menu --cdrom /usr/lib/grub-rescue/grub-rescue-cdrom.iso --max-time 60 \
        --expect 'Press ESC for boot menu' --type '\e' --expect '1. DVD/CD' --type 1 \
        --expect 'Booting from DVD/CD'
}
