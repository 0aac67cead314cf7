# Debian 12's 686 kernel: a shell on the serial line runs commands.
packages=(seabios cpio kmod)
short=yes

boot() {
    kernel 686
    initramfs
    run --kernel "$kernel" --initrd "$initrd" --append 'console=ttyS0 cryptomgr.notests' --memory 128M \
        --max-instructions 20000000000 --expect '/init is running' --expect '# ' \
        --type 'echo $((6 * 7))-is-the-answer; uname -m\n' --expect '42-is-the-answer' --expect i686 \
        --type 'wc -l </proc/cpuinfo; dmesg | grep -c Linux.version; poweroff -f\n'
}
