#!/usr/bin/env bash
# The benchmark: one table of native, Seventeen and QEMU's TCG, medians of interleaved runs.
#
#   bench.sh BUILD-DIRECTORY [OPTION…]
#     --only PATTERN[,…]      programs whose /CLASS/NAME/ holds a pattern: x87/, crc, fork/exec
#     --rounds N              3 unless told
#     --engines NAME[,…]      of native, seventeen, qemu, bochs; in this order in each round; all but bochs
#                             (which takes minutes to boot) unless told
#     --variant NAME=[PROGRAM] [OPTION…]
#                             one engine more: seventeen (or PROGRAM, a path) with these options
#     --json FILE             every figure
#     --keep DIRECTORY        the guests' output and the raw figures
#
# Each round runs each engine once: Linux boots, and its /init runs the programs. The host takes the
# time (stopwatch.cpp): CPU seconds of the whole process. Natively a program says itself what CPU
# time it and its children took, as no clock of another process holds theirs; it is held on one CPU,
# so that a pipe's two ends switch contexts as in the guest.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../cmake/setup.sh"
source "$here/../guests/images.sh"
build=$(cd "$1" && pwd) || exit 2
shift
rounds=3
engines=native,seventeen,qemu
patterns=()
json=
keep=
declare -A variants=()

refuse() { echo "bench.sh: $*" >&2 && exit 2; }
skip() { echo "skipped: the benchmark: $*" && exit 77; }

while [ $# -ne 0 ]; do
    [ $# -ge 2 ] || refuse "$1 needs a value"
    case $1 in
        --only) IFS=, read -ra patterns <<<"$2" ;;
        --rounds) [[ $2 =~ ^[1-9][0-9]*$ ]] && rounds=$2 || refuse "--rounds needs a number" ;;
        --engines) engines=$2 ;;
        --variant)
            [[ $2 =~ ^[a-z0-9_-]+= ]] || refuse "--variant needs NAME=OPTIONS, not '$2'"
            variants[${2%%=*}]=${2#*=}
            added+=,${2%%=*}
            ;;
        --json) json=$2 ;;
        --keep) keep=$2 ;;
        *) refuse "unknown option '$1'; its first lines list them" ;;
    esac
    shift 2
done
IFS=, read -ra engines <<<"$engines${added:-}"
for engine in "${engines[@]}"; do
    [[ $engine =~ ^(native|seventeen|qemu|bochs)$ || -n ${variants[$engine]+set} ]] || refuse "no engine '$engine'"
done

scratch=$(mktemp -d)
tools=$(mktemp -d -p /dev/shm) # the guest's files are in memory too
trap 'rm -rf "$scratch" "$tools"' EXIT
[ -n "$keep" ] || keep=$scratch/keep
mkdir -p "$keep" "$images"
: >"$keep/figures"
log=$keep/log

# --- what runs ---

packages=(seabios cpio gcc-multilib)
[[ " ${engines[*]} " != *" qemu "* ]] || packages+=(qemu-system-x86)
[[ " ${engines[*]} " != *" bochs "* ]] || packages+=(bochs vgabios isolinux syslinux-common xorriso)
missing=()
for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done
require "${packages[@]}" >>"$log" 2>&1 ||
    skip "packages are missing and could not be installed; as root, run: apt-get install ${missing[*]}"

# The guest's programs; the same files run natively.
readonly flags=(-I "$root" -m32 -march=i686 -O2 -std=gnu17 -Wall -Wextra -fno-math-errno
    -fno-tree-loop-distribute-patterns) # or loops over arrays would become calls of memcpy

# write_programs DIRECTORY
write_programs() {
    local source extra
    mkdir -p "$1" || return
    gcc "${flags[@]}" -static -nostdlib -o "$1/tiny" "$here/guest/tiny.c" || return
    for source in "$here"/guest/*.c; do
        case $(basename "$source") in
            tiny.c) continue ;;
            sse2.c) extra=(-msse2 -mfpmath=sse) ;;
            *) extra=() ;;
        esac
        gcc "${flags[@]}" "${extra[@]}" -c "$source" -o "$1/$(basename "$source" .c).o" || return
    done
    gcc -m32 -static -o "$1/bench" "$1"/*.o && rm "$1"/*.o
}

# write_disk FILE: an initramfs.
write_disk() {
    local tree
    tree=$(mktemp -d)
    mkdir -p "$tree"/{bin,dev,proc}
    cp "$images/busybox-static/bin/busybox" "$programs"/{bench,tiny} "$tree/bin"
    install -m 755 "$here/guest/init" "$tree/init"
    (cd "$tree" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -9n >"$1"
    rm -rf "$tree"
}

kernel 686
i386 busybox-static
edition=$(cat "$here"/guest/* "${BASH_SOURCE[0]}" | md5sum | cut -c1-8)
mkdir -p "$build/bench"
programs=$build/bench/$edition
make "$programs" write_programs
disk=$build/bench/$edition.initrd
make "$disk" write_disk

# --- running ---

# watch ENGINE COMMAND…: its figures, each line with round and engine before it.
watch() {
    local engine=$1 limit=120 status
    shift
    [ "$engine" != bochs ] || limit=1200
    "$build/tests/bench/seventeen-stopwatch" --limit $limit "$keep/$engine.$round.log" "$@" </dev/null >"$scratch/figures"
    status=$?
    sed "s/^/$round $engine /" "$scratch/figures" >>"$keep/figures"
    [ $status -eq 0 ] || echo "$round $engine failed run status:$status" >>"$keep/figures"
}

# write_disc DIRECTORY KERNEL-ARGUMENTS: a CD for Bochs, which loads no kernel itself, and its settings.
write_disc() {
    mkdir -p "$1/tree"
    cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$1/tree"
    cp "$kernel" "$1/tree/linux"
    cp "$disk" "$1/tree/initrd"
    printf 'DEFAULT linux\nLABEL linux\nKERNEL linux\nAPPEND initrd=initrd %s\n' "$2" >"$1/tree/isolinux.cfg"
    xorriso -as mkisofs -quiet -o "$1/disc.iso" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 \
        -boot-info-table "$1/tree" >>"$log" 2>&1 || return
    echo c >"$1/continue" # the distribution builds Bochs with its debugger
    cat >"$1/bochsrc" <<END
display_library: rfb, options="timeout=0"
megs: 256
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: count=1, ips=250000000, reset_on_triple_fault=0
ata0-master: type=cdrom, path=$1/disc.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=/dev/stdout
sound: driver=dummy, waveoutdrv=dummy
plugin_ctrl: speaker=0
log: $1/log
panic: action=fatal
clock: sync=none
END
}

# A Pentium III's features and SSE2 are those that the kernel and the programs use.
run_engine() {
    local arguments="console=ttyS0 cryptomgr.notests mitigations=off -- ${patterns[*]}" program options
    case $1 in
        native)
            (cd "$tools" && watch native taskset -c "$(($(nproc) - 1))" "$programs/bench" --native \
                --busybox "$images/busybox-static/bin/busybox" "${patterns[@]}")
            ;;
        qemu)
            watch qemu qemu-system-i386 -accel tcg -cpu pentium3,+sse2 -m 256M -display none -monitor none \
                -serial stdio -net none -no-reboot -kernel "$kernel" -initrd "$disk" -append "$arguments"
            ;;
        bochs)
            write_disc "$scratch/disc" "$arguments" &&
                watch bochs bochs -q -f "$scratch/disc/bochsrc" -rc "$scratch/disc/continue"
            ;;
        *)
            read -ra options <<<"${variants[$1]:-}"
            program=$build/seventeen
            [[ ${options[0]:-} != */* ]] || { program=${options[0]} && options=("${options[@]:1}"); }
            watch "$1" "$program" run --headless --memory 256M "${options[@]}" --kernel "$kernel" \
                --initrd "$disk" --append "$arguments"
            ;;
    esac
}

for ((round = 1; round <= rounds; ++round)); do
    for engine in "${engines[@]}"; do run_engine "$engine"; done
done
awk -v engines="${engines[*]}" -v json="$json" -f "$here/table.awk" "$here/classes" "$keep/figures"
