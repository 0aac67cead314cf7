# A boot saved and restored at ten random points, each by a new process, ends as an uninterrupted one does.
packages=(seabios cpio kmod)

# piece OPTION…: what it says, without what the guest prints.
piece() {
    "$program" run --headless --kernel "$kernel" --initrd "$initrd" --hash-every 100000000 \
        --append 'console=ttyS0 cryptomgr.notests poweroff' "$@" 2>&1 >/dev/null </dev/null
}

# What must not differ: the hashes and the last line.
essence() { grep -aoE '^hash .*|switched off after .*' "$1"; }

boot() {
    local whole=$logs/snapshots.whole pieces=$logs/snapshots.pieces state=$images/snapshot total point restore=()
    kernel 686
    initramfs
    piece --max-instructions 20000000000 >"$whole" || return
    total=$(sed -n 's/.*switched off after \([0-9]*\) .*/\1/p' "$whole" | tail -n 1)
    [ -n "$total" ] || return
    RANDOM=${SEVENTEEN_SEED:-17}
    : >"$pieces"
    for point in $(for _ in {1..10}; do echo $(((RANDOM << 30 | RANDOM << 15 | RANDOM) % total)); done | sort -n); do
        echo "saved and restored at $point" >>"$log"
        piece "${restore[@]}" --max-instructions "$point" --save-on-exit "$state" >>"$pieces" || return
        restore=(--restore "$state")
    done
    piece "${restore[@]}" --max-instructions 20000000000 >>"$pieces" || return
    rm -f "$state"
    essence "$whole" >>"$log"
    [ "$(essence "$whole" | wc -l)" -ge 10 ] && diff <(essence "$whole") <(essence "$pieces") >>"$log"
}
