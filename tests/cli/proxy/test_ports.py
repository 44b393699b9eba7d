"""Ports that are kept for an Envoy, and processes that end with us."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from fairlead.cli.failure import Failed
from fairlead.cli.proxy.ports import address_of, port_of, reserve
from tests.cli.proxy.test_gateway import PATIENCE, until

KILLED = """\
import subprocess, sys, time
from fairlead.cli.proxy.bound import start

child = start([sys.executable, "-c", sys.argv[1]])
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_port_is_kept_for_one():
    """Two Envoys of one user would share it, and each would get a part of the other's calls."""
    with reserve("127.0.0.1") as kept:
        with pytest.raises(Failed, match=f"127.0.0.1:{port_of(kept)}: Address already in use"):
            reserve("127.0.0.1", port_of(kept))
        with reserve("127.0.0.1") as other:
            assert port_of(other) != port_of(kept)


def test_who_shares_ports_can_listen_at_one_that_is_kept():
    """Envoy does; nobody is connected to what only keeps it."""
    with reserve("127.0.0.1") as kept, socket.socket() as envoy:
        envoy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        envoy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        envoy.bind(("127.0.0.1", port_of(kept)))
        envoy.listen()

        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port_of(kept)), timeout=PATIENCE):
                envoy.accept()[0].close()


def test_a_port_that_somebody_listens_at_is_not_taken():
    """A second sidecar with the same port has to fail at its start, not at every other call."""
    opened = socket.create_server(("127.0.0.1", 0), reuse_port=True)
    with opened, pytest.raises(Failed):
        reserve("127.0.0.1", opened.getsockname()[1])


def test_an_address_of_ipv6_stands_in_brackets():
    with reserve("::1") as kept:
        assert address_of(kept) == f"[::1]:{port_of(kept)}"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
def test_what_runs_below_us_ends_when_we_are_killed():
    """An Envoy without anybody above it would hold its ports for good."""
    sleeping = "import time; time.sleep(600)"
    words = [sys.executable, "-c", KILLED, sleeping]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()

    until(lambda: is_gone(child))


def is_gone(pid: int) -> bool:
    """Tell whether a process is no more, or only waits for somebody to ask how it ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(") ")[2].startswith("Z")
    except OSError:
        return True
