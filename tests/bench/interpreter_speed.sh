#!/usr/bin/env bash
# Interpreter speed beside Bochs: the same firmware images, run in turn, medians of CPU time.
#
#   interpreter_speed.sh BUILD-DIRECTORY [ROUNDS]
#
# Needs Debian's bochs, bochs-term and vgabios. Bochs' start-up (an image that does nothing) is
# subtracted from its times, ours from ours. Instructions are counted by Seventeen; both run the
# same code, so they serve for both MIPS figures.
set -euo pipefail
build=$1
rounds=${2:-5}
program=$build/seventeen
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
names=(nothing sieve sorting calls checksum bytecode strings floating chase)

command -v bochs >/dev/null || { echo "skipped: bochs is not installed (apt-get install bochs bochs-term vgabios)" && exit 0; }

# cpu_seconds COMMAND…: user and system time of the whole process tree, in seconds.
cpu_seconds() {
    local TIMEFORMAT='%U %S'
    { time "$@" >/dev/null 2>&1 </dev/null || true; } 2>&1 | awk '{ print $1 + $2 }'
}

run_ours() { cpu_seconds "$program" run --bios "$build/roms/bench$1.rom"; }

run_bochs() {
    cat >"$scratch/bochsrc" <<END
display_library: term
megs: 64
romimage: file=$build/roms/bench$1.rom, address=0xfffe0000
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: count=1, ips=100000000, reset_on_triple_fault=0
port_e9_hack: enabled=1
sound: driver=dummy, waveoutdrv=dummy
plugin_ctrl: speaker=0
log: $scratch/bochs.log
panic: action=fatal
clock: sync=none
END
    echo c >"$scratch/continue"  # the distribution builds Bochs with its debugger
    TERM=vt100 cpu_seconds timeout 120 script -qc \
        "bochs -q -f $scratch/bochsrc -rc $scratch/continue" "$scratch/typescript"
}

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

instructions() {
    { "$program" run --bios "$build/roms/bench$1.rom" --hash-every 1000000 2>&1 || true; } |
        awk '/^hash/ { n = $2 } END { print n }'
}

for ((round = 0; round < rounds; ++round)); do
    for kernel in "${!names[@]}"; do
        run_ours "$kernel" >>"$scratch/ours$kernel"
        run_bochs "$kernel" >>"$scratch/bochs$kernel"
    done
done
idle_ours=$(median <"$scratch/ours0")
idle_bochs=$(median <"$scratch/bochs0")
printf '%-10s %14s %10s %8s %10s %8s %8s\n' kernel instructions ours/s MIPS Bochs/s MIPS ratio
for kernel in "${!names[@]}"; do
    [ "$kernel" -eq 0 ] && continue
    awk -v name="${names[kernel]}" -v n="$(instructions "$kernel")" \
        -v a="$(median <"$scratch/ours$kernel")" -v ia="$idle_ours" \
        -v b="$(median <"$scratch/bochs$kernel")" -v ib="$idle_bochs" 'BEGIN {
            a -= ia; b -= ib; if (a < 0.001) a = 0.001; if (b < 0.001) b = 0.001
            printf "%-10s %14d %10.3f %8.0f %10.3f %8.0f %8.2f\n", name, n, a, n / a / 1e6, b, n / b / 1e6, b / a }'
done
echo "ratio: Bochs' time over ours; over 1 means that Seventeen is faster"
