#!/usr/bin/env bash
# Build the programs of other languages that call by gRPC, and run a command that finds them, and
# Envoy, in its environment:
#     scripts/peers.sh COMMAND...
# What is not to be had here is told in PEER_…_MISSING instead.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
callers=$root/tests/conformance/routing/peers
log=$(mktemp)

have() {
    local name=$1 found
    shift
    if found=$("$@" 2>"$log"); then
        export "PEER_$name=$found"
    else
        export "PEER_${name}_MISSING=$(tail -1 "$log")"
    fi
    cat "$log" >&2
}

have ENVOY "$root/scripts/envoy.sh"
have NODE "$root/scripts/npm.sh" "$callers/grpc-js" caller.js
have GO "$root/scripts/golang.sh" "$callers/grpc-go"
have JAVA "$root/scripts/maven.sh" "$callers/grpc-java" Caller
rm "$log"
export PEERS=1
exec "$@"
