# FreeDOS from a 360 KB floppy on a 486 with 4 MB: `ver` and `dir` answer.
packages=(seabios)
short=yes

boot() {
    given freedos-360.img
    run --fda "$shared/freedos-360.img" --cpu 486 --memory 4M --max-time 60 \
        --expect 'A:\>' --type 'ver\n' --expect FreeCom --type 'dir\n' --expect 'bytes free'
}
