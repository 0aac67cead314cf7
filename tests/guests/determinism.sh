#!/usr/bin/env bash
# Runs a firmware image three times, once under load, and compares hashes, state and output.
set -euo pipefail
program=$1
image=$2

run() { "$program" run --bios "$image" --hash-every 20000000 --print-state 2>&1 || true; }

first=$(run)
second=$(run)
(while :; do :; done) & load=$!
(while :; do :; done) & more=$!
trap 'kill $load $more' EXIT
third=$(run)
echo "$first"
[ "$(grep -c '^hash ' <<<"$first")" -ge 3 ] || { echo "too few hashes" && exit 1; }
[ "$first" == "$second" ] && [ "$first" == "$third" ] || { echo "the runs differ" && exit 1; }
