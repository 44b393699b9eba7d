#!/usr/bin/env bash
# Write src/fairlead/protocols/xds/pb/descriptors.binpb from what requirements/xds.lock pins.
# xds-protos claims top-level names (envoy, google, test, …): it has an environment of its own.
set -euo pipefail

folder=build/xds
if ! cmp -s requirements/xds.lock "$folder/lock"; then
    echo "fairlead: filling $folder" >&2
    rm -rf "$folder"
    "$PYTHON" -m venv --without-pip "$folder"
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$PYTHON" -m pip --python "$folder/bin/python" install --quiet \
        --require-hashes -r requirements/xds.lock >&2
    cp requirements/xds.lock "$folder/lock"
fi
exec "$folder/bin/python" scripts/pb.py src/fairlead/protocols/xds/pb/descriptors.binpb
