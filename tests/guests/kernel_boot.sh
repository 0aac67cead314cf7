#!/usr/bin/env bash
# Measures the boot of Debian's 686 kernel to a marker in /init: instructions, virtual and CPU seconds.
#
#   kernel_boot.sh SEVENTEEN [WORD-OF-THE-KERNEL'S-COMMAND-LINE…]
#
# Without `cryptomgr.notests` two thirds of the instructions are the kernel's tests of its own
# cryptography.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$1
shift
log=/dev/null
skip() { echo "skipped: $*" && exit 77; }
source "$here/../../cmake/setup.sh"
source "$here/images.sh"
require seabios cpio kmod
mkdir -p "$images"
kernel 686
initramfs
output=$(mktemp)
trap 'rm -f "$output"' EXIT
TIMEFORMAT='%U CPU seconds, %R wall seconds'
time "$program" run --headless --kernel "$kernel" --initrd "$initrd" --append "console=ttyS0 poweroff $*" \
    >"$output" 2>&1 </dev/null
grep -aoE 'switched off after [0-9]+ instructions' "$output"
grep -aoE '^\[ *[0-9.]+\] ACPI: PM: Preparing to enter' "$output" | sed 's/\[ *\([0-9.]*\)\].*/\1 virtual seconds/'
