# ISOLINUX on a CD: its prompt runs a module that prints the memory map.
packages=(seabios isolinux syslinux-common xorriso)
short=yes

boot() {
    make "$images/isolinux.iso" write_isolinux
    run --cdrom "$images/isolinux.iso" --max-time 60 --expect 'This is ISOLINUX' \
        --type 'meminfo.c32\n' --expect 'DOS RAM: 639K'
}
