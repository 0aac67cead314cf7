# A Linux guest with either network card: DHCP, ping, and a file from a web server on loopback.
packages=(seabios cpio kmod)

# through NIC MODULE…
through() {
    local nic=$1
    shift
    initramfs "$@"
    run --kernel "$kernel" --initrd "$initrd" --append 'console=ttyS0 cryptomgr.notests' \
        --net user --nic "$nic" --max-instructions 60000000000 --expect '/init is running' --expect '# ' \
        --type 'udhcpc -n -q -i eth0 -s /etc/leased\n' --expect 'leased 10.0.2.15' \
        --type 'ping -c 3 10.0.2.2\n' --expect '3 packets received' \
        --type "wget -q -O - http://10.0.2.2:$port/file | md5sum\\n" --expect "$sum"
}

boot() {
    local site port=$((20000 + $$ % 20000)) server sum status
    kernel 686
    i386 busybox-static
    site=$(mktemp -d)
    seq 1 300000 >"$site/file"
    sum=$(md5sum <"$site/file" | cut -d ' ' -f 1)
    "$images/busybox-static/bin/busybox" httpd -f -p "127.0.0.1:$port" -h "$site" &
    server=$!
    through rtl8029 ne2k-pci && through virtio virtio_pci virtio_net
    status=$?
    kill "$server"
    rm -rf "$site"
    return $status
}
