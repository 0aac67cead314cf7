# ISOLINUX on a CD: its prompt runs a module that prints the memory map.
packages=(seabios isolinux syslinux-common xorriso)
short=yes

boot() {
    make "$images/isolinux.iso" write_isolinux
    run --cdrom "$images/isolinux.iso" --max-instructions 4000000000 --expect 'This is ISOLINUX' \
        --expect 'boot:' --type 'meminfo.c32\n' --expect 'INT 15 E820'
}
