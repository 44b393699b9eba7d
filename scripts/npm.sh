#!/usr/bin/env bash
# Fetch what a package.json of this repository pins, and print the command that runs a program of it:
#     scripts/npm.sh DIRECTORY PROGRAM
# All of it is in a folder under build/ that is named like the directory; no package runs a script.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
source=$(cd "$1" && pwd)
folder=$root/build/$(basename "$source")

command -v npm >/dev/null || { echo "fairlead: no npm; install Node 20.19 or newer" >&2; exit 3; }
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9 # two runs at once fill it once
cp "$source"/*.js "$folder"
if ! cmp -s "$source/package-lock.json" "$folder/package-lock.json"; then
    echo "fairlead: filling build/$(basename "$source")" >&2
    cp "$source/package.json" "$folder"
    (cd "$folder" && cp "$source/package-lock.json" . &&
        npm ci --ignore-scripts --no-audit --no-fund --silent >&2) ||
        { rm -f "$folder/package-lock.json"; exit 3; }
fi
echo "node $folder/$2"
