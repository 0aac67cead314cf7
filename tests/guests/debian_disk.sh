# Makes a whole Debian disk: debootstrap's tree in an ext4 partition, GRUB in the MBR; sourced by boot.sh.
# shellcheck shell=bash disable=SC2154

readonly debian_packages=systemd-sysv,udev,gcc,libc6-dev,linux-image-686,initramfs-tools,login,passwd,util-linux,e2fsprogs,iproute2,kmod
readonly first_sector=2048
readonly disk_megabytes=1200

# write_debian_tree DIRECTORY: the second stage runs on the host, whose CPU knows this code too.
write_debian_tree() {
    become_root debootstrap --arch=i386 --variant=minbase --include="$debian_packages" \
        bookworm "$1" http://deb.debian.org/debian || return
    become_root rm -rf "$1"/var/cache/apt/archives/*.deb
}

# configure TREE: what an installer would ask for.
configure() {
    echo 'root:seventeen' | chroot "$1" chpasswd || return
    echo seventeen >"$1/etc/hostname"
    echo '/dev/sda1 / ext4 errors=remount-ro 0 1' >"$1/etc/fstab"
    mkdir -p "$1/boot/grub"
    cat >"$1/boot/grub/grub.cfg" <<'CFG'
serial
terminal_output console serial
echo GRUB loads Debian
linux /vmlinuz root=/dev/sda1 console=ttyS0
initrd /initrd.img
boot
CFG
}

# write_debian_disk FILE
write_debian_disk() {
    local partition=$1.partition core=$1.core grub=/usr/lib/grub/i386-pc
    configure "$images/debian-tree" &&
        mke2fs -q -F -t ext4 -d "$images/debian-tree" "$partition" "$((disk_megabytes - 1))M" &&
        grub-mkimage -O i386-pc -d "$grub" -o "$core" -p '(hd0,msdos1)/boot/grub' \
            biosdisk part_msdos ext2 normal linux serial terminal echo boot &&
        cp "$grub/boot.img" "$1" && truncate -s "${disk_megabytes}M" "$1" &&
        echo "start=$first_sector, type=83, bootable" | sfdisk -q "$1" &&
        dd if="$core" of="$1" bs=512 seek=1 conv=notrunc status=none &&
        dd if="$partition" of="$1" bs=512 seek=$first_sector conv=notrunc,sparse status=none
    local status=$?
    rm -f "$partition" "$core"
    return $status
}
