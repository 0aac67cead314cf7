# GRUB Invaders, a Multiboot kernel loaded directly: the fleet appears once a key has been pressed.
packages=(seabios grub-invaders)
short=yes

boot() {
    run --kernel /boot/invaders.exec --max-instructions 2000000000 --expect '-*-'
}
