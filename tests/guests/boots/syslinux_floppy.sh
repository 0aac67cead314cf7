# SYSLINUX on a FAT floppy: its prompt runs a module that prints what CPUID says.
packages=(seabios syslinux syslinux-common mtools)
short=yes

boot() {
    make "$images/syslinux.img" write_syslinux_floppy
    run --fda "$images/syslinux.img" --max-time 60 --expect 'boot:' \
        --type 'cpuidtest.c32\n' --expect 'Family'
}
