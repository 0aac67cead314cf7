#!/usr/bin/env bash
# Boots one unmodified guest and judges what it shows; ends with 0 (passed), 1 (failed) or 77 (skipped).
#
#   boot.sh SEVENTEEN NAME
#
# boots/NAME.sh is a function `boot` and the packages it needs; `short=yes` puts it into plain
# ./test. What the guest and the program print is kept in build/guest-logs/NAME.log, and the screen
# at the end in NAME.png beside it. Nothing is judged by the host's clock: a run is bounded by
# retired instructions, so a busy host changes nothing but the waiting.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../cmake/setup.sh"
source "$here/images.sh"
program=$1
name=$2
shared=${SEVENTEEN_SHARED_GUESTS:-$root/../shared/guests}
logs=$root/build/guest-logs
log=$logs/$name.log
packages=()

# run OPTION…: the guest, without a screen, into the log.
run() {
    echo "\$ seventeen run --headless $*" >>"$log"
    "$program" run --headless --screenshot "$logs/$name.png" "$@" >>"$log" 2>&1 </dev/null
}

# same_numbers LAST COMMAND…: the command prints the numbers from 1, as the guest has written them.
same_numbers() {
    local last=$1
    shift
    echo "\$ $*" >>"$log"
    "$@" 2>>"$log" | cmp - <(seq 1 "$last") >>"$log" 2>&1
}

# skip REASON: the guest cannot be had here.
skip() {
    echo "skipped: $name: $*"
    exit 77
}

# given FILE: one of the images that no distribution has.
given() { [ -e "$shared/$1" ] || skip "there is no $shared/$1"; }

mkdir -p "$logs" "$images"
: >"$log"
source "$here/boots/$name.sh"
require "${packages[@]}" >>"$log" 2>&1 || skip "these packages cannot be installed: ${packages[*]}"
boot && exit 0
tail -n 25 "$log" | cut -c1-200
exit 1
