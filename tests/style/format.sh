#!/usr/bin/env bash
# Names every line under the directory given that clang-format would change; exits 77 without it.
set -euo pipefail
readonly version=14  # releases format differently, so only this one decides
cd "$1"

formatter=
for program in clang-format-$version clang-format; do
    if "$program" --version 2>/dev/null | grep -q "version $version\."; then formatter=$program; fi
done
if [ -z "$formatter" ]; then
    echo "clang-format $version is not installed: the format was not checked"
    exit 77
fi

output=$(find . \( -name build -o -name '.?*' \) -prune -o \
    \( -name '*.h' -o -name '*.cpp' \) -printf '%P\0' |
    xargs -0 "$formatter" --dry-run -Werror 2>&1) && exit 0
echo "$output" | sed -nE 's/^([^ :]+:[0-9]+):.*error: .*/\1: clang-format would change this/p' | uniq
exit 1
