"""Following and registering against a real server on the loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.policy.snapshot import Snapshot
from fairlead.protocols.watch.client import Door, RefusedRequest, Registry, Watch
from fairlead.protocols.watch.codec import Registration, Subscription, heartbeat_line
from fairlead.protocols.watch.connection import ControlAddress, ControlUnreachable
from fairlead.protocols.watch.session import Session
from tests.agent.wire import WireServer, snapshot, until

REGISTRATION = Registration(
    node="n1", namespace="default", app="shop", address="127.0.0.1:9", pid=1, host="h"
)


class Followed:
    """A watch that runs on a thread, what it applied, and how long it paused."""

    def __init__(self, url: str) -> None:
        self.applied: list[Snapshot] = []
        self.pauses: list[float] = []
        self._woken = threading.Event()
        self.session = Session(self._apply)
        subscription = Subscription(node="n1", namespace="default", app="shop")
        door = Door(address=ControlAddress.of(url), token=lambda: "secret")
        self.watch = Watch(door, subscription, self.session, dice=lambda: 0.5, pause=self._pause)
        self._thread = threading.Thread(target=self.watch.run, daemon=True)
        self._thread.start()

    def _apply(self, snapshot: Snapshot, plain: dict[str, Any]) -> None:
        self.applied.append(snapshot)

    def _pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return self._woken.wait(min(seconds, 0.05))

    def stop(self) -> None:
        self.watch.stop()
        self._woken.set()
        self._thread.join(5.0)
        assert not self._thread.is_alive()


@pytest.fixture
def wire() -> Iterator[WireServer]:
    with WireServer(snapshot(1)) as server:
        yield server


@pytest.fixture
def followed(wire: WireServer) -> Iterator[Followed]:
    following = Followed(wire.url)
    yield following
    following.stop()


def test_a_change_is_followed_and_acknowledged(wire, followed):
    """List, then watch: the first snapshot at once, every later one as it is made."""
    until(lambda: followed.applied)
    second = snapshot(2, cart="127.0.0.1:1")
    wire.publish(second)

    until(lambda: len(wire.answers) == 2)

    assert [one.revision for one in followed.applied] == [1, 2]
    assert wire.answers[1] == {
        "node": "n1", "digest": second.digest, "revision": 2, "error": None, "refused": [],
    }  # fmt: skip
    assert followed.watch.connected
    assert wire.headers[0]["authorization"] == "Bearer secret"


def test_a_reconnecting_client_names_what_it_has_and_is_not_sent_it_again(wire, followed):
    """Ten thousand agents that reconnect must not fetch ten thousand snapshots."""
    until(lambda: wire.answers)
    wire.cut()
    until(lambda: len(wire.watches) == 2)

    until(lambda: followed.watch.connected)

    assert dict(wire.watches[1])["digest"] == followed.applied[0].digest
    assert dict(wire.watches[1])["revision"] == "1"
    assert len(followed.applied) == 1


def test_pauses_double_up_to_five_seconds_with_full_jitter(wire, followed):
    """Agents that all lost the same server must not all come back at once."""
    until(lambda: wire.answers)
    wire.refuse = (503, "starting")
    wire.cut()

    until(lambda: len(followed.pauses) > 8)

    # The dice say one half, so that each pause is half of its ceiling.
    assert followed.pauses[:8] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.5, 2.5]
    assert followed.watch.problem == "the control plane refuses (503): starting"
    assert not followed.watch.connected


def test_a_server_that_comes_back_is_found(wire, followed):
    """An agent outlives restarts of the control plane without a restart of its own."""
    until(lambda: wire.answers)
    wire.refuse = (503, "starting")
    wire.cut()
    until(lambda: len(followed.pauses) > 2)
    wire.refuse = None
    wire.publish(snapshot(5, cart="127.0.0.1:1"))

    until(lambda: followed.applied[-1].revision == 5)

    assert followed.watch.problem == ""


def test_an_answer_that_got_lost_is_sent_again(wire, followed):
    """Otherwise the operator would wait for an acknowledgement that never comes."""
    until(lambda: wire.answers)
    wire.refuse = (500, "disk full")
    wire.publish(snapshot(2))
    until(lambda: len(followed.applied) == 2)
    wire.refuse = None
    wire.send(heartbeat_line(2))

    until(lambda: len(wire.answers) == 2)

    assert wire.answers[1]["revision"] == 2


def test_an_instance_is_registered_and_gone_again(wire):
    """The lease comes back with the registration."""
    registry = Registry(Door(address=ControlAddress.of(wire.url)))

    lease = registry.register(REGISTRATION)
    registry.deregister(REGISTRATION)

    assert (lease.lease, lease.renew) == (10.0, 3.0)
    assert wire.registrations[0]["address"] == "127.0.0.1:9"
    assert wire.departures == [
        {"namespace": "default", "app": "shop", "address": "127.0.0.1:9", "node": "n1"}
    ]


def test_a_refused_registration_says_what_the_server_says(wire):
    """The operator sees the violation, not a status code."""
    wire.refuse = (422, "app: is no name")

    with pytest.raises(RefusedRequest, match=r"\(422\): app: is no name"):
        Registry(Door(address=ControlAddress.of(wire.url))).register(REGISTRATION)


def test_without_a_server_registering_fails_and_says_where():
    """Every message names the control plane it means."""
    address = ControlAddress(host="127.0.0.1", port=1)

    with pytest.raises(ControlUnreachable, match=r"127\.0\.0\.1:1: "):
        Registry(Door(address=address)).register(REGISTRATION)
