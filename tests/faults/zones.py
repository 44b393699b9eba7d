"""Another zone: a network namespace that one link leads to, which can be taken down.

What is sent into a link that is down is lost without a word, as between two zones: no connection is
refused and none is reset.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

RELAY = """
import sys
from tests.faults.servers import Wire
print(Wire(int(sys.argv[1]), target=sys.argv[2]).url, flush=True)
sys.stdin.read()
"""
HERE, THERE = "10.213.7.1", "10.213.7.2"


def why_not() -> str:
    """Return why no zone can be made on this machine, ``""`` where one can."""
    if shutil.which("ip") is None:
        return "there is no ip command here (Debian: iproute2)"
    name = f"flprobe{os.getpid() % 10_000}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "network namespaces may not be made here"
    _ip("netns", "del", name)
    return ""


class Zone:
    """A namespace of its own, and the link to it."""

    def __init__(self) -> None:
        number = os.getpid() % 10_000
        self.name, self._near, far = f"flzone{number}", f"flnear{number}", f"flfar{number}"
        _ip("netns", "add", self.name)
        _ip("link", "add", self._near, "type", "veth", "peer", "name", far, "netns", self.name)
        _ip("addr", "add", f"{HERE}/30", "dev", self._near)
        _ip("-n", self.name, "addr", "add", f"{THERE}/30", "dev", far)
        for words in (("lo",), (far,)):
            _ip("-n", self.name, "link", "set", *words, "up")
        self.mend()

    def part(self) -> None:
        """Lose everything between here and there from now on."""
        _ip("link", "set", self._near, "down")

    def mend(self) -> None:
        """Let it through again."""
        _ip("link", "set", self._near, "up")

    def close(self) -> None:
        """Remove it; whoever runs there has been stopped."""
        subprocess.run(["ip", "link", "del", self._near], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)

    @contextmanager
    def wire(self, port: int) -> Iterator[str]:
        """Lead from a loopback address there to a `port` of this end of the link."""
        words = self.inside([sys.executable, "-c", RELAY, str(port), HERE])
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as relay:
            assert relay.stdout is not None
            try:
                yield relay.stdout.readline().decode().strip()
            finally:
                relay.kill()

    def inside(self, words: Sequence[str]) -> list[str]:
        """Return the command that runs `words` there, in the process that it is started as."""
        return ["ip", "netns", "exec", self.name, *words]


@contextmanager
def zone() -> Iterator[Zone]:
    """Make a zone for the time being."""
    made = Zone()
    try:
        yield made
    finally:
        made.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
