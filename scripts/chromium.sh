#!/usr/bin/env bash
# Print the command that runs Chromium without a window: this machine's, else that of Debian's
# package, unpacked below build/chromium. Needs no root, and installs nothing.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
built=$root/build/chromium
program=usr/lib/chromium/chromium-headless-shell

for name in chromium-headless-shell chromium; do
    if command -v "$name" >/dev/null; then
        command -v "$name"
        exit
    fi
done

mkdir -p "$root/build"
exec 9>"$root/build/.chromium.lock"
flock 9 # two runs at once unpack it once
if [[ ! -x $built/$program ]]; then
    echo "fairlead: unpacking Debian's chromium-headless-shell once, into build/chromium" >&2
    work=$(mktemp -d "$root/build/chromium.XXXXXX")
    chmod 755 "$work"
    "$root/scripts/debian.sh" "$work" chromium-headless-shell \
        '^(chromium-headless-shell|chromium-common|fonts-.*|lib.*)$' || {
        rm -rf "$work"
        exit 3
    }
    rm -rf "$built"
    mv "$work" "$built"
fi

# It finds the libraries beside it, and no other program does.
cat >"$built/chromium" <<'RUN'
#!/usr/bin/env bash
here=$(cd "$(dirname "$0")" && pwd)
library=$(echo "$here"/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH=$library:$library/pulseaudio${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
exec "$here/usr/lib/chromium/chromium-headless-shell" "$@"
RUN
chmod 755 "$built/chromium"
echo "$built/chromium"
