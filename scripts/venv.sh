#!/usr/bin/env bash
# Make or refresh the virtual environment $1 from requirements/dev.lock.
# Needs neither root nor python3-venv: the pip of $PYTHON fills an environment that has none.
# mysqlclient, from requirements/source.lock, is built: it has no wheel for Linux.
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

# Print how far pip is, from what it says: a first run takes minutes.
told() {
    local line count=0 total
    total=$(grep -c '^[A-Za-z0-9].*==' requirements/dev.lock)
    while IFS= read -r line; do
        case $line in
        Collecting\ *)
            count=$((count + 1))
            ((count % 20)) || echo "fairlead: $count of $total packages fetched" >&2
            ;;
        Installing\ collected*) echo "fairlead: installing $count packages" >&2 ;;
        esac
    done
}

# Point the compiler to Python's headers, unpacked below $1 if $PYTHON came without.
find_python_headers() {
    local include version
    if ! echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1; then
        command -v gcc >/dev/null || need gcc "no C compiler"
        need libc6-dev "the C compiler has no headers"
    fi
    include=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    [[ ! -e $include/Python.h ]] || return 0
    version=$("$venv/bin/python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    scripts/debian.sh "$1" "lib$version-dev" '^libpython.*-dev$'
    export CPATH=$1/usr/include/$version:$1/usr/include
}

# Point the build to the client library, unpacked below $1 and kept in $venv if there is none.
find_libmariadb() {
    local library folder
    for library in mysqlclient mariadb libmariadb; do
        ! pkg-config --exists "$library" 2>/dev/null || return 0
    done
    if command -v mariadb_config >/dev/null; then
        MYSQLCLIENT_CFLAGS=$(mariadb_config --cflags) MYSQLCLIENT_LDFLAGS=$(mariadb_config --libs)
    else
        scripts/debian.sh "$1" libmariadb-dev '^libmariadb'
        folder=$(dirname "$1"/usr/lib/*/libmariadb.so)
        MYSQLCLIENT_CFLAGS=-I$1/usr/include/mariadb
        # From site-packages/MySQLdb to $venv/lib, wherever the checkout is.
        MYSQLCLIENT_LDFLAGS="-L$folder -l:libmariadb.so.3 -Wl,-rpath,\$ORIGIN/../../.."
        [[ ! -e $folder/libmariadb.so.3 ]] || cp "$folder/libmariadb.so.3" "$venv/lib"
    fi
    export MYSQLCLIENT_CFLAGS MYSQLCLIENT_LDFLAGS
}

# The lock has installed what builds it, so nothing unhashed is fetched here either.
build_mysqlclient() (
    locked=$(sed -n 's/^mysqlclient==\([^ ]*\).*/\1/p' requirements/source.lock)
    there=$("$venv/bin/python" -c \
        'import importlib.metadata as m, MySQLdb; print(m.version("mysqlclient"))' 2>/dev/null) || true
    [[ $there != "$locked" ]] || return 0
    headers=$(mktemp -d)
    trap 'rm -rf "$headers"' EXIT
    find_python_headers "$headers"
    find_libmariadb "$headers"
    pip_into_venv install --quiet --require-hashes --no-deps --force-reinstall --no-cache-dir \
        --no-build-isolation -r requirements/source.lock
)

# Where it cannot be compiled, a line says why, and the gate is interpreted.
compile_gate() (
    headers=$(mktemp -d)
    trap 'rm -rf "$headers"' EXIT
    [[ -n ${FAIRLEAD_PURE:-} ]] || find_python_headers "$headers"
    "$venv/bin/python" packaging/compile.py
)

echo "fairlead: filling $venv" >&2
pip_into_venv install --progress-bar off --require-hashes -r requirements/dev.lock | told
build_mysqlclient
echo "fairlead: compiling the gate" >&2
compile_gate || true
# The build backend is in the lock, so nothing unhashed is fetched here.
pip_into_venv install --quiet --no-deps --no-build-isolation -e .
