#!/usr/bin/env bash
# Build a Java program of this repository once, and print the command that runs it:
#     scripts/maven.sh DIRECTORY CLASS
# Its pom.xml pins what it needs; all of it is below build/, in a folder named like the directory.
set -euo pipefail

oldest=17    # Java's version

root=$(cd "$(dirname "$0")/.." && pwd)
source=$(cd "$1" && pwd)
program=$(basename "$source")
name=$(cat "$source"/pom.xml "$source"/*.java | sha256sum | cut -c1-12)
built=$root/build/$program/$name

refuse() {
    echo "fairlead: cannot build $program: $1" >&2
    exit 3
}

mkdir -p "$root/build/$program"
exec 9>"$root/build/$program/.lock"
flock 9 # two runs at once build it once
if [[ ! -d $built ]]; then
    command -v mvn >/dev/null || refuse "no mvn; install Maven, and Java from $oldest on"
    work=$(mktemp -d "$root/build/$program/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    echo "fairlead: building $program once, into build/$program" >&2
    cp "$source"/pom.xml "$source"/*.java "$work"
    (cd "$work" && mvn -q -B prepare-package >log 2>&1) || refuse "$(grep -m1 ERROR "$work/log")"
    mv "$work/target" "$built"
fi
echo "java -XX:TieredStopAtLevel=1 -cp $built/classes:$built/jars/* $2"
