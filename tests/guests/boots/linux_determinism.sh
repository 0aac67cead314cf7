# Three boots of the 686 kernel, one under load, have equal hashes each 10^8 instructions and equal ends.
packages=(seabios cpio kmod)

once() {
    "$program" run --headless --kernel "$kernel" --initrd "$initrd" --hash-every 100000000 \
        --append 'console=ttyS0 cryptomgr.notests poweroff' --max-instructions 20000000000 \
        >"$1.serial" 2>"$1" </dev/null
}

boot() {
    local first=$logs/determinism1 load=() other
    kernel 686
    initramfs
    once "$first" && once "${first}b" || return
    for _ in 1 2 3; do
        while :; do :; done &
        load+=($!)
    done
    once "${first}c"
    kill "${load[@]}"
    cat "$first" >>"$log"
    grep -q 'switched off' "$first" && [ "$(grep -c '^hash ' "$first")" -ge 10 ] &&
        for other in "${first}b" "${first}c"; do
            cmp "$first" "$other" && cmp "$first.serial" "$other.serial" || return
        done >>"$log" 2>&1
}
