#!/usr/bin/env bash
# Print the path of a program that runs programs of linux/arm64 on this machine: qemu-aarch64-static on
# PATH, else that of Debian's package, unpacked below build/qemu. Needs no root, and installs nothing.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
built=$root/build/qemu
program=$built/usr/bin/qemu-aarch64-static

command -v qemu-aarch64-static && exit
mkdir -p "$root/build"
exec 9>"$root/build/.qemu.lock"
flock 9 # two runs at once unpack it once
if [[ ! -x $program ]]; then
    echo "fairlead: unpacking Debian's qemu-user-static once, into build/qemu" >&2
    rm -rf "$built"
    "$root/scripts/debian.sh" "$built" qemu-user-static '^qemu-user-static$'
    find "$built" -type f ! -name qemu-aarch64-static -delete
fi
echo "$program"
