# FreeDOS from a 1.44 MB floppy: `ver` and `dir` answer.
packages=(seabios)
short=yes

boot() {
    given freedos-1440.img
    run --fda "$shared/freedos-1440.img" --max-time 60 --expect 'A:\>' \
        --type 'ver\n' --expect FreeCom --type 'dir\n' --expect 'bytes free'
}
