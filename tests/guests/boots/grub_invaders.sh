# GRUB Invaders, a Multiboot kernel loaded directly.
packages=(seabios grub-invaders)
short=yes

boot() {
    run --kernel /boot/invaders.exec --max-time 60 --expect 'GRUB Invaders'
}
