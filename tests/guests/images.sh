# Makes guests' disks from distribution packages, once, under build/guest-images; sourced by boot.sh.
# shellcheck shell=bash disable=SC2034,SC2154

images=$root/build/guest-images

# become_root COMMAND…
become_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# make FILE FUNCTION ARGUMENT…: calls it with a name to write to, unless FILE is there already.
make() {
    local file=$1
    shift
    [ -e "$file" ] && return
    rm -rf "$file.new"
    echo "making $file" >>"$log"
    "$@" "$file.new" >>"$log" 2>&1 && mv "$file.new" "$file" || skip "$(basename "$file") cannot be made; see $log"
}

# --- packages of another architecture, unpacked but never installed ---

# unpack PACKAGE DIRECTORY
unpack() {
    local scratch
    scratch=$(mktemp -d)
    (cd "$scratch" && apt-get download "$1") && dpkg-deb -x "$scratch"/*.deb "$2"
    local status=$?
    rm -rf "$scratch"
    return $status
}

# Has apt know of i386's packages; an index that cannot be had is missed where a package is.
know_i386() {
    { dpkg --print-architecture && dpkg --print-foreign-architectures; } | grep -qx i386 && return
    become_root dpkg --add-architecture i386 >>"$log" 2>&1 || skip "apt cannot be told of the architecture i386"
    become_root apt-get update -q >>"$log" 2>&1 || true
}

# i386 PACKAGE: unpacked in $images/PACKAGE.
i386() {
    [ -d "$images/$1" ] && return
    know_i386
    make "$images/$1" unpack "$1:i386"
}

# kernel FLAVOUR: sets kernel, release and modules to those of Debian's kernel (686, 686-pae).
kernel() {
    local package
    know_i386
    package=$(apt-cache depends "linux-image-$1:i386" 2>/dev/null | sed -n 's/ *Depends: \(.*\):i386/\1/p')
    [ -n "$package" ] || package=$(cd "$images" && ls -d linux-image-*-"$1" 2>/dev/null | tail -n 1)
    [ -n "$package" ] || skip "apt knows no linux-image-$1:i386"
    i386 "$package"
    release=${package#linux-image-}
    kernel=$images/$package/boot/vmlinuz-$release
    modules=$images/$package
}

# --- Linux guests ---

# initramfs MODULE…: sets initrd to a busybox with a shell on the serial line and these modules.
initramfs() {
    i386 busybox-static
    initrd=$images/initrd-$release-$(echo "$@" | cat - "$here"/{init,leased,images.sh} | md5sum | cut -c1-8)
    make "$initrd" write_initramfs "$@"
}

# write_initramfs MODULE… FILE
write_initramfs() {
    local file=${*: -1} tree module object
    tree=$(mktemp -d)
    mkdir -p "$tree"/{bin,dev,proc,sys,mnt,etc,usr/share/udhcpc}
    cp "$images/busybox-static/bin/busybox" "$tree/bin"
    cp "$here/init" "$tree/init"
    cp "$here/leased" "$tree/etc/leased"
    [ -e "$modules/lib/modules/$release/modules.dep" ] || depmod -b "$modules" "$release" || return
    while [ $# -gt 1 ]; do
        echo "$1" >>"$tree/etc/modules"
        modprobe -d "$modules" -S "$release" -D "$1" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
        shift
    done | sort -u | while read -r object; do
        install -D "$object" "$tree${object#"$modules"}"
    done
    if [ -e "$tree/etc/modules" ]; then
        cp "$modules/lib/modules/$release"/modules.{order,builtin} "$tree/lib/modules/$release"
        depmod -b "$tree" "$release" || return
    fi
    (cd "$tree" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -9n >"$file"
    rm -rf "$tree"
}

# --- boot loaders ---

# write_syslinux_floppy FILE
write_syslinux_floppy() {
    mformat -C -f 1440 -i "$1" :: && syslinux --install "$1" || return
    printf 'PROMPT 1\nTIMEOUT 0\n' | mcopy -i "$1" - ::syslinux.cfg
    mcopy -i "$1" /usr/lib/syslinux/modules/bios/{libcom32,libutil,libgpl,cpuidtest}.c32 ::
}

# write_isolinux FILE
write_isolinux() {
    local tree
    tree=$(mktemp -d)
    cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/{ldlinux,libcom32,libutil,meminfo}.c32 "$tree"
    printf 'PROMPT 1\nTIMEOUT 0\nSAY This is ISOLINUX on a CD\n' >"$tree/isolinux.cfg"
    xorriso -as mkisofs -quiet -o "$1" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 \
        -boot-info-table "$tree"
    local status=$?
    rm -rf "$tree"
    return $status
}

# write_grub_tests FILE: GRUB with its own unit tests, run as soon as it is up. cmdline_cat_test is
# left out: it compares pictures of text with those of another edition of the font, so it fails
# everywhere (with the same checksums under QEMU). gfxterm_menu is left out as it draws for minutes.
write_grub_tests() {
    local tree test
    tree=$(mktemp -d)
    mkdir -p "$tree/boot/grub"
    {
        printf 'serial\nterminal_output console serial\ninsmod functional_test\n'
        for test in exfctest videotest_checksum setjmp_test div_test xnu_uuid_test pbkdf2_test \
            signature_test sleep_test bswap_test ctz_test cmp_test mul_test shift_test; do
            echo "insmod $test"
        done
        echo functional_test
    } >"$tree/boot/grub/grub.cfg"
    grub-mkrescue -d /usr/lib/grub/i386-pc -o "$1" "$tree"
    local status=$?
    rm -rf "$tree"
    return $status
}
