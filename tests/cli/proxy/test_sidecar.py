"""`fairlead sidecar`: a command with an Envoy beside it, from its start to its end."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from fairlead.agent.settings import Settings
from fairlead.cli.failure import ENVIRONMENT, USAGE, Failed
from fairlead.cli.sidecar import doors, environment, main, options_parser
from scripts.servers.ports import free_port
from tests.cli.proxy.hosts import ENVOY, Hosts, address, get
from tests.cli.proxy.test_gateway import PATIENCE, until
from tests.cli.proxy.test_ports import is_gone

BLUE = "user=ada,x-opensergo-traffic=blue"
real = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")


def asked(*words: str) -> argparse.Namespace:
    """Return the options."""
    return options_parser().parse_args([*words, "--", "true"])


@pytest.mark.parametrize("words", [["--app", "a"], ["--app", "a", "--"], ["--", "true"]])
def test_a_command_and_its_app_have_to_be_said(words: list[str], monkeypatch: pytest.MonkeyPatch):
    """Nobody could call what has no name."""
    monkeypatch.delenv("FAIRLEAD_APP", raising=False)
    with pytest.raises(Failed) as raised:
        main(words)

    assert raised.value.status == USAGE


@pytest.mark.parametrize("told", ["x", "0", "host:80", "127.0.0.1:99999"])
def test_an_inbound_address_that_is_none_is_refused(told: str):
    listening = doors(asked("--port", "80", "--inbound", told), Settings())
    with pytest.raises(Failed, match="--inbound"), listening:
        pass


def test_two_sidecars_of_one_machine_have_ports_of_their_own():
    """They are free ones; who wants a certain one says so."""
    with ExitStack() as both:
        one, two = (both.enter_context(doors(asked("--port", "80"), Settings())) for _ in range(2))

        assert len({one.capture, two.capture, one.inbound, two.inbound}) == 4
        with pytest.raises(Failed, match="in use"):
            both.enter_context(doors(asked("--capture", str(one.capture)), Settings()))


def test_calls_go_by_envoy_but_those_to_this_machine():
    """A proxy that was set before would lead them elsewhere; what goes by none still does."""
    before = {"http_proxy": "http://old:1", "NO_PROXY": "db.internal,localhost", "A": "b"}

    found = environment(before, 4000)

    assert found["http_proxy"] == found["HTTP_PROXY"] == "http://127.0.0.1:4000"
    assert found["no_proxy"] == found["NO_PROXY"] == "db.internal,localhost,127.0.0.1,::1"
    assert found["A"] == "b"
    assert found["FAIRLEAD_ENABLED"] == "0"


@real
def test_a_command_is_called_by_way_of_its_envoy_and_calls_by_it(hosts: Hosts):
    """Its own port is not the one that others are told."""
    with hosts.hop("back"), hosts.hop("front", next="back") as front:
        at = address(hosts, "front")
        address(hosts, "back")

        assert at != f"127.0.0.1:{front.port}"
        until(lambda: get(at) == "front back")
        assert httpx.get(f"http://{at}", trust_env=False).headers["x-envoy-upstream-service-time"]


@real
def test_it_is_registered_when_its_port_accepts_and_its_status_is_the_commands(hosts: Hosts):
    """Until then callers would be refused."""
    port = free_port()
    script = (
        "import socket, sys, time\n"
        "sys.stdin.readline()\n"
        f"opened = socket.create_server(('127.0.0.1', {port}))\n"
        "sys.stdin.readline(); sys.exit(7)\n"
    )
    words = ["sidecar", "--app", "late", "--port", str(port), "--xds", hosts.xds]
    program = [sys.executable, "-m", "fairlead.cli.main", *words, "--"]
    with subprocess.Popen(
        [*program, sys.executable, "-c", script],
        env=hosts.environ(),
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdin is not None
            until(lambda: f"late-{os.uname().nodename}" in connected(hosts))
            assert hosts.instances("late") == []
            process.stdin.write("\n")
            process.stdin.flush()
            until(lambda: hosts.instances("late"))

            process.stdin.write("\n")
            process.stdin.flush()

            assert process.wait(PATIENCE) == 7
            assert hosts.instances("late") == []
        finally:
            process.kill()


def connected(hosts: Hosts) -> str:
    """Return the text that says which data planes are connected."""
    with hosts.server.client() as http:
        return http.get("/fairlead/v1/xds").text


@real
def test_no_call_is_lost_when_it_is_told_to_end(hosts: Hosts):
    """Callers hear first, calls under way end, and only then is the command told."""
    with hosts.hop("two"), hosts.hop("two", takes="0.2") as leaving, hosts.hop("one", next="two"):
        at = address(hosts, "one")
        until(lambda: len(hosts.instances("two")) == 2)
        until(lambda: get(at) == "one two")
        said: Counter[str] = Counter()
        over = threading.Event()

        def load() -> None:
            with httpx.Client(trust_env=False, timeout=10) as client:
                while not over.is_set():
                    said[client.get(f"http://{at}/").text] += 1

        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        until(lambda: said["one two"] > 50)
        leaving.process.send_signal(signal.SIGTERM)
        status = leaving.process.wait(PATIENCE)
        before = said["one two"]
        until(lambda: said["one two"] > before + 50)
        over.set()
        for thread in threads:
            thread.join(PATIENCE)

    assert status == 128 + signal.SIGTERM  # uvicorn's own
    assert said.keys() == {"one two"}


@real
def test_killed_it_leaves_nothing_behind(hosts: Hosts):
    """Whoever starts it again needs its ports."""
    with hosts.hop("killed") as hop:
        address(hosts, "killed")
        below = children(hop.process.pid)
        assert len(below) == 2
        hop.process.kill()
        hop.process.wait(PATIENCE)

        until(lambda: all(map(is_gone, below)))


def children(pid: int) -> list[int]:
    """Return the processes that one has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return list(map(int, text.split()))


@real
def test_a_command_ends_with_its_envoy(hosts: Hosts):
    """Nobody could call it any more; whoever watches over it starts both again."""
    with hosts.hop("alone") as hop:
        address(hosts, "alone")
        below = children(hop.process.pid)
        (envoy,) = (p for p in below if b"envoy.json" in Path(f"/proc/{p}/cmdline").read_bytes())
        os.kill(envoy, signal.SIGKILL)

        assert hop.process.wait(PATIENCE) == ENVIRONMENT
        assert all(map(is_gone, below))
        assert hosts.instances("alone") == []


@real
def test_a_label_is_lost_where_an_application_does_not_send_it_on(hosts: Hosts):
    """An Envoy sees two requests and cannot know that one is because of the other.

    With the agent the second hop keeps it, without a line of code.
    """
    hosts.declare("blue")
    with ExitStack() as all_:
        all_.enter_context(hosts.hop("c"))
        all_.enter_context(hosts.hop("c", "--lane", "blue", name="c-blue"))
        all_.enter_context(hosts.hop("mute", next="c"))
        all_.enter_context(hosts.hop("plain", next="c", forward="1"))
        all_.enter_context(hosts.hop("agent", next="c", agent=True))
        at = {app: address(hosts, app) for app in ("mute", "plain", "agent")}
        until(lambda: len(hosts.instances("c")) == 2)
        until(lambda: get(at["plain"], baggage=BLUE) == "plain c-blue")

        assert get(at["mute"], baggage=BLUE) == "mute c"
        assert get(at["plain"]) == "plain c"
        until(lambda: get(at["agent"], baggage=BLUE) == "agent c-blue")
        assert get(at["agent"]) == "agent c"


@real
def test_what_has_no_label_takes_the_lane_of_the_instance(hosts: Hosts):
    """As with the agent (contract 8)."""
    with hosts.hop("gray", "--lane", "gray"):
        at = address(hosts, "gray")

        assert get(at, "/baggage") == "x-opensergo-traffic=gray"
        assert get(at, "/baggage", "a=b") == "a=b,x-opensergo-traffic=gray"
        assert get(at, "/baggage", BLUE) == BLUE
