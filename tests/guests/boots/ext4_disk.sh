# A Linux guest reads and writes ext4 on an IDE disk and ext2 on a virtio disk; e2fsck finds them clean.
packages=(seabios cpio kmod e2fsprogs)

# scratch_disk FILE TYPE: an empty file system but for one file.
scratch_disk() {
    local tree
    tree=$(mktemp -d)
    echo "hello from outside, $2" >"$tree/hello.txt"
    rm -f "$1"
    mke2fs -q -F -t "$2" -d "$tree" "$1" 64M >>"$log" 2>&1
    local status=$?
    rm -rf "$tree"
    return $status
}

boot() {
    local ide=$images/ext4-scratch.img virtio=$images/ext2-scratch.img disk
    kernel 686
    initramfs ata_piix sd_mod crc32c_generic ext4 virtio_pci virtio_blk
    scratch_disk "$ide" ext4 && scratch_disk "$virtio" ext2 || return
    run --kernel "$kernel" --initrd "$initrd" --append 'console=ttyS0 cryptomgr.notests' \
        --hda "$ide" --drive "$virtio" --commit --max-instructions 30000000000 \
        --expect '/init is running' --expect '# ' \
        --type 'mount /dev/sda /mnt && cat /mnt/hello.txt\n' --expect 'hello from outside, ext4' \
        --type 'seq 1 200000 >/mnt/numbers.txt; umount /mnt && echo $((6 * 7)) unmounted\n' \
        --expect '42 unmounted' \
        --type 'mount /dev/vda /mnt && cat /mnt/hello.txt\n' --expect 'hello from outside, ext2' \
        --type 'seq 1 200000 >/mnt/numbers.txt; umount /mnt && echo $((7 * 7)) unmounted\n' \
        --expect '49 unmounted' || return
    for disk in "$ide" "$virtio"; do
        e2fsck -fn "$disk" >>"$log" 2>&1 || return
        same_numbers 200000 debugfs -R 'cat /numbers.txt' "$disk" || return
    done
}
