# A whole Debian 12 on a disk: GRUB, kernel, systemd, login on the serial line, a C program compiled and run.
packages=(seabios debootstrap fdisk e2fsprogs grub-common grub-pc-bin)

boot() {
    [ "$(id -u)" -eq 0 ] || [ -e "$images/debian.img" ] || skip "debootstrap needs root"
    source "$here/debian_disk.sh"
    make "$images/debian-tree" write_debian_tree
    make "$images/debian.img" write_debian_disk
    run --hda "$images/debian.img" --memory 512M --max-instructions 400000000000 \
        --expect 'GRUB loads Debian' --expect 'Welcome to' --expect 'seventeen login:' \
        --type 'root\n' --expect 'Password:' --type 'seventeen\n' --expect ':~# ' \
        --type "printf '#include <stdio.h>\\\\nint main() { printf(\"%%d from C\\\\\\\\n\", 6 * 7); }\\\\n' >a.c\\n" \
        --expect ':~# ' --type 'gcc -O2 -o a a.c && ./a\n' --expect '42 from C'
}
