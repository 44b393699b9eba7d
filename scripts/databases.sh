#!/usr/bin/env bash
# Print where the programs of MariaDB and PostgreSQL are: those of this machine, else those of
# Debian's packages, unpacked below build/databases. Needs no root, and installs nothing.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
built=$root/build/databases

place_of() {
    "${PYTHON:-python3}" "$root/scripts/databases.py" "$1" --where
}

# Unpack the server $1 from the package $2; $3 and $4 choose among what it depends on.
unpack() {
    local work
    echo "fairlead: unpacking Debian's $2 once, into build/databases" >&2
    work=$(mktemp -d "$built/work.XXXXXX")
    chmod 755 "$work"
    "$root/scripts/debian.sh" "$work" "$2" "$3" "$4" || { rm -rf "$work"; return 3; }
    rm -rf "${built:?}/$1"
    mv "$work" "$built/$1"
}

ensure() {
    local kind=$1
    if ! place_of "$kind" 2>/dev/null; then
        unpack "$@" || exit 3
        place_of "$kind" || exit 3
    fi
}

mkdir -p "$built"
exec 9>"$built/.lock"
flock 9 # two runs at once unpack them once
mariadb=$(ensure mariadb mariadb-server-core '^(mariadb-server-core|lib.*)$' perl)
# PostgreSQL compiles no queries here: LLVM is larger than everything else together.
postgres=$(ensure postgres postgresql '^(postgresql-[0-9]+|lib.*)$' 'perl|llvm|z3')
echo "MARIADB=$mariadb"
echo "POSTGRES=$postgres"
