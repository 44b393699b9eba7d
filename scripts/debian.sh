#!/usr/bin/env bash
# Unpack packages of Debian's below the directory $1, without installing anything and without root:
# of what installing the package $2 would bring to this machine, those whose names match $3, except
# those whose names match $4.
set -euo pipefail

into=$1 package=$2 wanted=$3 unwanted=${4:-^$}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# As root, apt would fetch as a user that cannot write here.
options=(-q -o "APT::Sandbox::User=$(id -un)" -o Acquire::Retries=2)

# The package is asked for anew although it is installed: here, something of it was not found.
names() {
    apt-get "${options[@]}" install --simulate --reinstall --no-install-recommends "$package" |
        sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -E "$wanted" | grep -vE "$unwanted"
}

fetch() {
    local found
    mapfile -t found < <(names)
    ((${#found[@]})) && (cd "$work/packages" && apt-get "${options[@]}" download "${found[@]}")
}

# Lists of packages that are missing, as in a container, or too old are replaced by our own.
use_own_lists() {
    mkdir -p "$work/lists/partial" "$work/cache"
    options+=(-o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache")
    apt-get "${options[@]}" update
}

mkdir -p "$into" "$work/packages"
if ! fetch >"$work/log" 2>&1; then
    { use_own_lists || true; } >>"$work/log" 2>&1
    if ! fetch >>"$work/log" 2>&1; then
        # A list that could not be fetched is why a package is unknown.
        reason=$(grep -m 1 '^W: Failed to fetch' "$work/log" ||
            grep -E '^E:|not found$' "$work/log" | tail -1) || true
        echo "fairlead: cannot fetch $package: ${reason:-unknown}; install it by hand" >&2
        exit 3
    fi
fi
for file in "$work"/packages/*.deb; do
    dpkg -x "$file" "$into"
done
