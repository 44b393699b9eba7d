#!/usr/bin/env bash
# Make or refresh the virtual environment $1 from requirements/dev.lock.
# Needs neither root nor python3-venv: pip of $PYTHON fills an environment that has none.
set -euo pipefail

venv=$1
if [[ -z ${PYTHON:-} ]]; then
    echo "fairlead needs Python 3.11 or newer: apt-get install python3, or make PYTHON=/path/to/python3" >&2
    exit 3
fi
if ! "$PYTHON" -m pip --version >/dev/null 2>&1; then
    echo "$PYTHON has no pip: apt-get install python3-pip" >&2
    exit 3
fi
[[ -x $venv/bin/python ]] || "$PYTHON" -m venv --without-pip "$venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1
pip() { "$PYTHON" -m pip --python "$venv/bin/python" "$@"; }
pip install --quiet --require-hashes -r requirements/dev.lock
# The build backend is in the lock, so nothing is fetched here.
pip install --quiet --no-deps --no-build-isolation -e .
