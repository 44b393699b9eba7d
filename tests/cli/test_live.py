"""``fairlead lane``, ``top`` and ``tap``: what agents measured, told by a real control plane."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.live import AWAY, Event, duration, follow, rate
from fairlead.cli.tap import selected, text
from tests.cli.conftest import Say
from tests.control.fleet import until
from tests.control.serving import Server, lane, serving
from tests.control.telemetry.reports import edge, interface, request, rule
from tests.control.telemetry.test_endpoints import Shop


def test_a_lane_is_made_by_what_its_requests_are_like(say: Say, namespace):
    """The same object as by YAML; a dry run prints it."""
    words = ("lane", "create", "gray", "--app", "gateway", "-n", namespace)
    more = ("-H", "x-user: 7", "--query", "beta=1", "--path", "/api", "--workload", "tag=gray")
    dry = say(*words, *more, "--dry-run")
    made = yaml.safe_load(dry.out)
    assert made["spec"]["rules"]["traffic"]["http"] == {
        "headers": {"x-user": {"exact": "7"}},
        "queryParams": {"beta": {"exact": "1"}},
        "uri": {"prefix": "/api"},
    }
    assert say("get", "tlane", "gray", "-n", namespace).status == 1
    label = "trafficlane.traffic.opensergo.io/gray"
    assert say(*words, *more).out == f"{label} created\n"
    assert say("apply", "-f", "-", stdin=dry.out.encode()).out == f"{label} unchanged\n"
    assert say(*words, "--percentage", "5").out == f"{label} configured\n"
    wrong = say(*words, "-H", "nothing")
    assert (wrong.status, "write 'name: value'" in wrong.err) == (2, True)
    assert say("lane", "delete", "grey", "-n", namespace).err.endswith("did you mean gray?\n")
    assert say("lane", "delete", "gray", "-n", namespace).status == 0


def test_lanes_are_listed_with_who_is_on_them(say: Say, shop: Shop):
    """By a rule, or by an instance."""
    assert "no lane" in say("lane", "list", "-n", shop.namespace).out
    shop.register("gateway", 7001, shop.report("gateway", 7001, interfaces=(interface(),)))
    shop.register("orders", 7002, lane="gray")
    say("lane", "create", "gray", "--app", "gateway", "-H", "x-user: 7", "-n", shop.namespace)
    row = until(
        lambda: [
            line.split()
            for line in say("lane", "list", "-n", shop.namespace).out.splitlines()
            if line.startswith("gray") and "TrafficLane/gray" in line
        ]
    )[0]
    assert row[2:5] == ["orders", "1", "TrafficLane/gray"]


def test_coverage_fails_where_the_label_is_lost_and_says_where(say: Say, shop: Shop):
    """A pipeline asks this before it sends more users onto the lane."""
    words = ("lane", "coverage", "gray", "-n", shop.namespace)
    shop.register("gateway", 7001)
    shop.register("orders", 7002, lane="gray")
    silent = say(*words)
    assert (silent.status, "no call on lane gray was seen" in silent.out) == (3, True)
    kept = (edge("orders", 20, label="gray", lane="gray"), edge("mail", 5, label="gray"))
    shop.post(shop.report("gateway", 7001, edges=kept))
    good = say(*words)
    assert good.status == 0, good.out
    assert "gateway → orders   gray" in good.out
    assert "the label of lane gray is lost nowhere" in good.out
    assert "no agent speaks for mail" in good.out
    assert say(*words, "--strict").status == 1
    lost = (edge("stock", 20, label="gray", lost=10),)
    shop.post(shop.report("orders", 7002, edges=lost))
    bad = say(*words)
    assert bad.status == 1
    assert "LOST: orders calls stock without the label" in bad.out
    assert json.loads(say(*words, "-o", "json").out)["lost"][0]["to"] == "stock"


def test_a_lane_that_is_misspelt_is_answered_with_the_one_that_was_meant(say: Say, shop: Shop):
    shop.register("orders", 7002, lane="gray")
    said = say("lane", "coverage", "grey", "-n", shop.namespace)
    assert said.status == 1
    assert said.err.endswith("did you mean gray?\n")


def test_top_is_a_table_in_a_pipe(say: Say, shop: Shop):
    """The busiest first, or what the worst is."""
    busy, slow = interface(passed=100), interface(passed=10, errors=5)
    shop.register("orders", 7001, shop.report("orders", 7001, interfaces=(busy,)))
    more: dict[str, Any] = {"interfaces": (slow,), "rules": (rule(rejected=5),)}
    shop.register("stock", 7002, shop.report("stock", 7002, **more))
    rows = [line.split() for line in say("top", "-n", shop.namespace).out.splitlines()]
    assert rows[0][:4] == ["APP", "LANES", "READY", "QPS"]
    assert [row[0] for row in rows[1:3]] == ["orders", "stock"]
    assert rows[1][3] == "10.0"
    assert rows[1][6].endswith("ms")
    worst = say("top", "--sort", "errors", "-n", shop.namespace).out.splitlines()
    assert worst[1].startswith("stock")
    inside = say("top", "stock", "-n", shop.namespace).out
    assert "GET:/orders" in inside
    assert "RateLimit/slow: 0.5/s rejected" in inside
    assert json.loads(say("top", "-o", "json", "-n", shop.namespace).out)["items"]
    missing = say("top", "stocks", "-n", shop.namespace)
    assert missing.status == 1
    assert missing.err.endswith("did you mean stock?\n")


def read_until(fd: int, wanted: bytes) -> bytes:
    """Read a terminal until `wanted` is there."""
    found, deadline = b"", time.monotonic() + 60
    while wanted not in found:
        assert time.monotonic() < deadline, found
        if select.select([fd], [], [], 0.2)[0]:
            try:
                found += os.read(fd, 65536)
            except OSError:
                break
    return found


def test_top_shows_nothing_that_a_terminal_would_obey(say: Say, shop: Shop):
    """Names and lanes are what an application sent."""
    row = interface("GET:/\x1b[2J", lane="\x1b]52;c;eA==\x07", side="server")
    shop.post(shop.report("orders", interfaces=(row,), rules=(rule("Kind/\x1b[31m"),)))

    for app in ((), ("orders",)):
        shown = say("top", *app, "-n", shop.namespace).out
        assert not any(character in shown for character in "\x1b\x07")
    assert r"GET:/\x1b[2J" in shown


def test_top_goes_on_until_ctrl_c_and_gives_the_screen_back(server: Server, shop: Shop):
    """A screen of its own, so that what was there before is there again."""
    shop.register("orders", 7001, shop.report("orders", 7001, interfaces=(interface(),)))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "fairlead.cli.main", "top", "-n", shop.namespace],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "FAIRLEAD_CONTROL": server.url, "TERM": "xterm"},
    )
    try:
        os.close(theirs)
        first = read_until(ours, b"orders")
        assert first.startswith(b"\x1b[?1049h")
        read_until(ours, b"orders")
        process.send_signal(signal.SIGINT)
        assert read_until(ours, b"\x1b[?1049l").endswith(b"\x1b[?25h\x1b[?1049l")
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_tap_tells_rejections_as_they_happen(server: Server, shop: Shop):
    """Each in a line, with the app, the interface and the rule."""
    shop.register("orders", 7001)
    words = ["tap", "orders", "--interface", "GET:/orders", "--limit", "1", "-n", shop.namespace]
    process = subprocess.Popen(
        [sys.executable, "-m", "fairlead.cli.main", *words],
        stdout=subprocess.PIPE,
        env={**os.environ, "FAIRLEAD_CONTROL": server.url},
        text=True,
    )

    def told() -> bool:
        # Nobody says when the stream is open.
        shop.post(shop.report("orders", 7001, seconds=1.0, rules=(rule(rejected=5),)))
        return process.poll() is not None

    until(told, 30)
    line, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Rejected" in line
    assert "orders GET:/orders" in line
    assert "RateLimit/slow" in line


REQUEST = {
    "at": "2026-05-01T00:00:00Z",
    "app": "orders",
    "interface": "GET:/orders",
    "lane": "gray",
    "status": 429,
    "rule": "RateLimit/slow",
    "seconds": 0.012,
    "caller": "cart",
}


def test_a_request_is_a_line():
    """With the rule that decided; nothing in it can write to a terminal."""
    line = text(Event("request", REQUEST))
    assert "orders gray  GET:/orders  429 rejected by RateLimit/slow  12.0ms  from cart" in line
    assert "would be rejected" in text(Event("request", {**REQUEST, "simulated": True}))
    assert "\x1b" not in text(Event("event", {"reason": "x", "message": "\x1b[2J"}))
    assert "\x1b" not in text(Event("request", {**REQUEST, "caller": "\x1b[2J"}))


def test_tap_shows_requests_as_agents_tell_them(server: Server, shop: Shop):
    """Agents tell of some while somebody looks."""
    shop.register("orders", 7001)
    words = ["tap", "orders", "--interface", "GET:/orders", "--limit", "1", "-n", shop.namespace]
    process = subprocess.Popen(
        [sys.executable, "-m", "fairlead.cli.main", *words],
        stdout=subprocess.PIPE,
        env={**os.environ, "FAIRLEAD_CONTROL": server.url},
        text=True,
    )

    def told() -> bool:
        shop.post(shop.report("orders", 7001, seconds=1.0, requests=(request(),)))
        return process.poll() is not None

    until(told, 30)
    line, _ = process.communicate(timeout=60)
    assert "orders base  GET:/orders  200  10.0ms" in line


def test_requests_are_chosen_by_lane_and_interface():
    events = [Event("request", REQUEST), Event("services", {}), Event(AWAY, {"message": "gone"})]
    assert [e.name for e in selected(iter(events), "gray", None)] == ["request", AWAY]
    assert [e.name for e in selected(iter(events), "base", None)] == [AWAY]
    assert [e.name for e in selected(iter(events), None, "GET:/orders")] == ["request", AWAY]


def test_a_stream_that_ends_is_taken_up_again_and_who_looks_is_told(tmp_path: Path):
    """The control plane is restarted while somebody looks."""
    with serving(tmp_path / "data") as running:
        events = follow(ControlPlane(running.url), {"namespace": "default"}, pause=lambda _: None)
        assert next(events).name == "services"
        running.process.terminate()
        told = next(event for event in events if event.name == AWAY)
        assert told.data["message"]


class Strange(BaseHTTPRequestHandler):
    """An event stream of another make: comments, two spaces, carriage returns."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b': hello\r\nevent: request\r\ndata:{"status": 200}\r\n\r\n')

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


def test_an_event_stream_is_read_as_the_standard_has_it():
    with ThreadingHTTPServer(("127.0.0.1", 0), Strange) as peer:
        threading.Thread(target=peer.serve_forever, daemon=True).start()
        control = ControlPlane(f"http://127.0.0.1:{peer.server_port}")
        assert list(control.events("/x", query={})) == [("request", {"status": 200})]
        peer.shutdown()


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (rate(None), "-"),
        (rate(0), "0"),
        (rate(1.25), "1.2"),
        (rate(12345.6), "12,346"),
        (duration(None), "-"),
        (duration(0.0000123), "12µs"),
        (duration(0.0123), "12.3ms"),
        (duration(0.123), "123ms"),
        (duration(2.5), "2.5s"),
    ],
)
def test_figures_are_as_short_as_they_can_be_read(shown: str, expected: str):
    assert shown == expected


def test_a_lane_of_yaml_can_be_deleted_by_its_lane(say: Say, shop: Shop):
    """The object may have another name than the lane."""
    body = lane("named-otherwise")
    body["spec"]["rules"]["lane"]["name"] = "gray"
    said = say("apply", "-f", "-", "-n", shop.namespace, stdin=yaml.safe_dump(body).encode())
    assert said.status == 0, said.err
    assert "named-otherwise" in say("lane", "delete", "gray", "-n", shop.namespace).out


@pytest.mark.parametrize(("lost", "status"), [(0, 0), (10, 1)])
def test_coverage_that_is_watched_ends_as_what_was_seen_last(
    server: Server, shop: Shop, lost: int, status: int
) -> None:
    """Somebody watches a release, presses Ctrl-C, and the script goes on or not."""
    shop.register("gateway", 7001)
    shop.register("orders", 7002, lane="gray")
    shop.post(shop.report("gateway", 7001, edges=(edge("orders", 20, label="gray", lost=lost),)))
    words = ["lane", "coverage", "gray", "-w", "-n", shop.namespace]
    process = subprocess.Popen(
        [sys.executable, "-m", "fairlead.cli.main", *words],
        stdout=subprocess.PIPE,
        env={**os.environ, "FAIRLEAD_CONTROL": server.url},
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().split() == ["CALL", "SERVED", "BY", "QPS"]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == status
    finally:
        process.kill()
        process.wait()
