# Debian 12's 686-pae kernel: a shell on the serial line runs commands.
packages=(seabios cpio kmod)
short=yes

boot() {
    kernel 686-pae
    initramfs
    run --kernel "$kernel" --initrd "$initrd" --append 'console=ttyS0 cryptomgr.notests' --memory 128M \
        --max-instructions 20000000000 --expect '/init is running' --expect '# ' \
        --type 'grep -o " pae " /proc/cpuinfo | tr a-z A-Z\n' --expect ' PAE ' \
        --type 'poweroff -f\n'
}
