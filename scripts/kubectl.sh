#!/usr/bin/env bash
# Print the path of a kubectl that is new enough: the one on PATH, else one built from the Go module
# k8s.io/kubectl and kept under build/. Debian's 1.20 is too old: it needs /openapi/v2.
set -euo pipefail

oldest=27       # minor version of Kubernetes 1

scripts=$(cd "$(dirname "$0")" && pwd)

minor_of() {
    "$1" version --client --output=json 2>/dev/null |
        sed -n 's/.*"gitVersion": *"v1\.\([0-9]*\).*/\1/p' | head -1
}

minor=$(minor_of kubectl) || true
if ((${minor:-0} >= oldest)); then
    command -v kubectl
    exit
fi
version=$(sed -n 's#^\tk8s.io/kubectl v0\.##p' "$scripts/kubectl/go.mod")
stamp=k8s.io/component-base/version
"$scripts/golang.sh" "$scripts/kubectl" "-X $stamp.gitVersion=v1.$version -X $stamp.gitMajor=1 \
    -X $stamp.gitMinor=${version%%.*}" || {
    echo "fairlead: install kubectl 1.$oldest or newer" >&2
    exit 3
}
