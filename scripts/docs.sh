#!/usr/bin/env bash
# Fill build/docs from requirements/docs.lock, and print the path of its mkdocs.
set -euo pipefail

folder=build/docs
if ! cmp -s requirements/docs.lock "$folder/lock"; then
    echo "fairlead: filling $folder" >&2
    rm -rf "$folder"
    "$PYTHON" -m venv --without-pip "$folder"
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$PYTHON" -m pip --python "$folder/bin/python" install --quiet \
        --require-hashes -r requirements/docs.lock >&2
    cp requirements/docs.lock "$folder/lock"
fi
echo "$folder/bin/mkdocs"
