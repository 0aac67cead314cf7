# iPXE from its CD, to the command line.
packages=(seabios ipxe)

boot() {
    run --cdrom /usr/lib/ipxe/ipxe.iso --max-time 60 --expect 'Ctrl-B' --type '\x02' \
        --expect 'iPXE>' --type 'help\n' --expect 'config'
}
