# A Linux guest reads and writes a FAT floppy; mtools finds what it wrote.
packages=(seabios cpio kmod mtools)
short=yes

boot() {
    local floppy=$images/fat-scratch.img
    kernel 686
    initramfs floppy vfat nls_cp437 nls_ascii
    rm -f "$floppy"
    mformat -C -f 1440 -i "$floppy" :: && echo "hello from outside" | mcopy -i "$floppy" - ::hello.txt || return
    run --kernel "$kernel" --initrd "$initrd" --append 'console=ttyS0 cryptomgr.notests' \
        --fda "$floppy" --writable --max-instructions 30000000000 --expect '/init is running' --expect '# ' \
        --type 'mount -t vfat /dev/fd0 /mnt && cat /mnt/hello.txt\n' --expect 'hello from outside' \
        --type 'seq 1 20000 >/mnt/numbers.txt; umount /mnt && echo $((6 * 7)) unmounted\n' \
        --expect '42 unmounted' || return
    same_numbers 20000 mtype -i "$floppy" ::numbers.txt
}
