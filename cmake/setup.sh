# Shell functions that ./run and ./test share: install packages, configure and build a preset.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

# Debian's names of what every build needs.
readonly build_packages=(g++ cmake ninja-build catch2 libasmjit-dev libcli11-dev libpng-dev libslirp-dev
    libxbyak-dev libzstd-dev libzydis-dev nasm zlib1g-dev)

# What running a PC needs besides.
readonly run_packages=(seabios)

say() { echo "$*" >&2; }

# installed PACKAGE
installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# require PACKAGE…: installs those that are missing; does nothing else where none is.
require() {
    local package missing=() become_root=()
    command -v dpkg-query >/dev/null || return 0 # another distribution: CMake says what it misses
    for package in "$@"; do installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -ne 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        become_root=(sudo)
        [ -t 2 ] || become_root+=(-n) # nobody is there to type a password
    fi
    become_root+=(env DEBIAN_FRONTEND=noninteractive)
    say "installing missing packages: ${missing[*]}"
    "${become_root[@]}" apt-get update -q >&2 || true # one index of many may fail: installing decides
    "${become_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" >&2 && return 0
    say "the packages could not be installed; as root, run: apt-get install ${missing[*]}"
    return 1
}

# build PRESET TARGET…: configures build/PRESET and builds the targets; prints only what went wrong.
build() {
    local preset=$1 log
    shift
    log=$root/build/$preset/configure.log
    mkdir -p "$root/build/$preset"
    [ -e "$root/build/$preset/build.ninja" ] || say "building $preset (the first time takes minutes)"
    if ! (cd "$root" && cmake --preset "$preset") >"$log" 2>&1; then
        cat "$log" >&2
        return 1
    fi
    ninja --quiet -C "$root/build/$preset" -j "$(nproc)" "$@" 2>&1 |
        sed '/^ninja: no work to do/d' >&2
    return "${PIPESTATUS[0]}"
}
