#!/usr/bin/env bash
# Make or refresh the virtual environment $1 from requirements/dev.lock.
# Needs neither root nor python3-venv: the pip of $PYTHON fills an environment that has none.
set -euo pipefail

venv=$1

# Install an apt package when root, else say so in one line and exit 3.
need() {
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        apt-get install --yes --quiet --no-install-recommends "$1" >&2 && return
    fi
    echo "fairlead: $2; install it with: apt-get install $1" >&2
    exit 3
}

if ! "${PYTHON:-false}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "fairlead: no Python from 3.11 on; name one with: make PYTHON=/path/to/python3" >&2
    exit 3
fi
"$PYTHON" -m pip --version >/dev/null 2>&1 || need python3-pip "$PYTHON has no pip"

# An environment whose interpreter was removed or upgraded away is made anew.
"$venv/bin/python" -c '' 2>/dev/null || rm -rf "$venv"
[[ -e $venv ]] || "$PYTHON" -m venv --without-pip "$venv"

pip_into_venv() {
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$PYTHON" -m pip --python "$venv/bin/python" "$@"
}
echo "fairlead: filling $venv" >&2
pip_into_venv install --quiet --require-hashes -r requirements/dev.lock
# The build backend is in the lock, so nothing unhashed is fetched here.
pip_into_venv install --quiet --no-deps --no-build-isolation -e .
