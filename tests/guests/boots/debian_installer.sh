# Debian 12's installer: its kernel and initrd, to the first dialog.
packages=(seabios debian-installer-12-netboot-i386)

boot() {
    local netboot=/usr/lib/debian-installer/images/12/i386/text/debian-installer/i386
    run --kernel "$netboot/linux" --initrd "$netboot/initrd.gz" --append 'console=ttyS0' --memory 512M \
        --max-instructions 60000000000 --expect 'Select a language'
}
