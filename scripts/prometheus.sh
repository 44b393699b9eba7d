#!/usr/bin/env bash
# Print where Prometheus is: this machine's, else Debian's, unpacked below build/prometheus. Needs no
# root, and installs nothing.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
built=$root/build/prometheus

if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
    dirname "$(command -v prometheus)"
    exit
fi
mkdir -p "$root/build"
exec 9>"$root/build/.prometheus.lock"
flock 9 # two runs at once unpack it once
if [[ ! -x $built/usr/bin/prometheus ]]; then
    echo "fairlead: unpacking Debian's prometheus once, into build/prometheus" >&2
    work=$(mktemp -d "$root/build/prometheus.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    "$root/scripts/debian.sh" "$work" prometheus '^prometheus$'
    rm -rf "$built"
    mv "$work" "$built"
fi
echo "$built/usr/bin"
