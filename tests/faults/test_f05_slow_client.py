"""F05: a client that asks for snapshots, or for changes, and does not read them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.control.fleet import Agent, fleet
from tests.control.serving import Server, serving
from tests.faults.rules import RULES, rule
from tests.faults.servers import until
from tests.faults.test_f04_reconnect_storm import kilobytes

LARGE, CHANGES = 40, 30
"""Values of the rule, of 500 letters each, and how often it is changed."""

SMALL_BUFFERS = """
import socket
import fairlead.control.server as server
usual = server.listen

def listen(*arguments):
    listener = usual(*arguments)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    return listener

server.listen = listen
"""
"""The kernel takes megabytes off a reader's hands; here it takes little, and the test is short."""

MERGE = {"content-type": "application/merge-patch+json"}


@contextmanager
def stopped_reader(server: Server, path: str) -> Iterator[socket.socket]:
    """A request whose answer nobody reads."""
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield reader


def watch(node: str) -> str:
    return f"/fairlead/v1/watch?namespace=default&app=entry&node={node}"


def state_of(http: httpx.Client, node: str) -> dict[str, Any]:
    nodes = http.get("/fairlead/v1/nodes").json()["nodes"]
    return next((one for one in nodes if one["node"] == node), {})


def fill(http: httpx.Client) -> None:
    """Make a rule that takes room in every snapshot."""
    plain = rule("large", "in", "x")
    plain["spec"]["match"][0]["value"] = [f"{number:0500}" for number in range(LARGE)]
    http.post(RULES, json=plain).raise_for_status()


def changes(http: httpx.Client, count: int) -> Iterator[int]:
    """Change the rule, so many times; yield each revision."""
    for number in range(count):
        patch = {"spec": {"trafficLabel": f"lane-{number}"}}
        answer = http.patch(f"{RULES}/large", json=patch, headers=MERGE).raise_for_status()
        yield int(answer.json()["metadata"]["resourceVersion"])


def change_all(http: httpx.Client, agent: Agent) -> None:
    """Make changes, each of which `agent` has before the next."""
    for revision in changes(http, CHANGES):
        until(partial(_has, agent, revision), "others have the change")


def _has(agent: Agent, revision: int) -> bool:
    return agent.newest.revision >= revision


def test_a_client_that_does_not_read_is_given_up_and_nobody_else_notices(tmp_path: Path) -> None:
    """Its connection would hold memory for good, and a slot."""
    fixed = {"write_deadline": 1.0}
    with (
        serving(tmp_path / "data", before=SMALL_BUFFERS, fixed=fixed) as server,
        server.client() as http,
    ):
        fill(http)
        agent = Agent(server.url, "default", "entry", 7)
        with fleet(agent), stopped_reader(server, watch("slow")):
            until(lambda: agent.snapshots and state_of(http, "slow"), "both are there")
            before = kilobytes(server, "VmRSS")
            change_all(http, agent)
            until(lambda: not state_of(http, "slow").get("connected"), "it is given up")
            assert kilobytes(server, "VmHWM") < before + (64 << 10)
            until(lambda: state_of(http, "default-entry-7")["state"] == "live", "others are live")


def test_a_client_that_reads_again_is_told_the_newest_and_not_the_past(tmp_path: Path) -> None:
    """What came in between is not kept for it: it costs one snapshot, however long it slept."""
    with serving(tmp_path / "data", before=SMALL_BUFFERS) as server, server.client() as http:
        fill(http)
        agent = Agent(server.url, "default", "entry", 7)
        with fleet(agent), stopped_reader(server, watch("sleepy")) as reader:
            until(lambda: agent.snapshots and state_of(http, "sleepy"), "both are there")
            change_all(http, agent)
            digests = read_until(reader, agent.newest.digest)
    assert len(digests) < CHANGES / 2
    assert len(set(digests)) == len(digests)


def read_until(reader: socket.socket, digest: str) -> list[str]:
    """Read snapshots until the one of `digest`; return the digests of all."""
    reader.settimeout(20)
    held, found = b"", list[str]()
    body = reader.makefile("rb")
    while body.readline().strip():
        pass
    while size := int(body.readline(), 16):
        held += body.read(size + 2)[:-2]
        *ends, held = held.split(b"\n")
        lines = [line for line in map(json.loads, ends) if line["type"] == "snapshot"]
        found += [line["snapshot"]["digest"] for line in lines]
        if digest in found:
            return found
    raise AssertionError("the stream ended")


def test_a_watcher_of_the_api_that_does_not_read_holds_up_nobody(tmp_path: Path) -> None:
    """`kubectl get -w` in a terminal that was stopped with Ctrl-S."""
    fixed = {"write_deadline": 1.0}
    with (
        serving(tmp_path / "data", before=SMALL_BUFFERS, fixed=fixed) as server,
        server.client() as http,
    ):
        fill(http)
        before, calm = kilobytes(server, "VmRSS"), descriptors(server)
        with stopped_reader(server, f"{RULES}?watch=1"):
            until(lambda: descriptors(server) > calm, "it is there")
            assert len(list(changes(http, CHANGES))) == CHANGES
            assert kilobytes(server, "VmHWM") < before + (64 << 10)
            until(lambda: descriptors(server) <= calm, "it is given up")


def descriptors(server: Server) -> int:
    """Return how many files and connections the server has open."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
