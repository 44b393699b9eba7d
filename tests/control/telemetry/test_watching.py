"""Who is watched, for how long, and how much of it there may be."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.control.nodes import Node, Nodes
from fairlead.control.telemetry import watching as module
from fairlead.control.telemetry.watching import LINGER, TAPPED, Watching
from fairlead.protocols.watch.codec import Subscription, Telemetry, decode
from fairlead.protocols.watch.server import Parcel

from .reports import Time


class Plane:
    """Connected processes, and what they were told."""

    def __init__(self) -> None:
        self.time, self.telemetry = Time(), Telemetry()
        self.nodes = Nodes(self.time.clocks)
        self.watching = Watching(self.nodes, self.time.clocks, lambda: self.telemetry)

    def connect(self, app: str, namespace: str = "shop", count: int = 1) -> list[Node]:
        found = []
        for number in range(count):
            name = f"{namespace}-{app}-{number}"
            subscription = Subscription(node=name, namespace=namespace, app=app)
            parcel = Parcel(digest="d", revision=1, line=b"")
            found.append(self.nodes.connect(subscription, "", parcel))
            self.watching.greet(found[-1])
        return found


def every(node: Node) -> float:
    line = decode(node.measures)
    assert isinstance(line, Telemetry)
    return line.every


@pytest.fixture
def plane() -> Plane:
    return Plane()


def test_a_process_is_told_when_it_connects(plane: Plane) -> None:
    """It may remember what another control plane wanted."""
    (node,) = plane.connect("orders")
    assert every(node) == 10.0
    with plane.watching.watch(["shop"], "orders"):
        (late,) = plane.connect("orders", count=1)
        assert every(late) == 1.0


def test_an_app_stays_watched_for_a_while(plane: Plane) -> None:
    """Who looks at another page and comes back finds no gap in the graph."""
    (node,) = plane.connect("orders")
    with plane.watching.watch(["shop"], "orders"), plane.watching.watch(["shop"], "orders"):
        pass
    plane.time.now += LINGER - 1
    plane.watching.refresh()
    assert every(node) == 1.0
    plane.time.now += 2
    plane.watching.refresh()
    assert every(node) == 10.0
    assert not plane.watching.watched()


def test_nothing_is_said_where_nothing_is_different(plane: Plane) -> None:
    """A line a second on each of a thousand streams would cost more than reports do."""
    (node,) = plane.connect("orders")
    assert node.outbox.said() is not None
    plane.watching.refresh()
    assert node.outbox.said() is None


def test_watching_a_namespace_is_bounded(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as there is room for; an app that is named comes first."""
    monkeypatch.setattr(module, "LIVELY", 10)
    apps: dict[str, Any] = {name: plane.connect(name, count=4) for name in ("a", "b", "c")}
    with plane.watching.watch(["shop"]):
        assert [every(nodes[0]) for nodes in apps.values()] == [1.0, 1.0, 10.0]
        with plane.watching.watch(["shop"], "c"):
            assert [every(nodes[0]) for nodes in apps.values()] == [1.0, 10.0, 1.0]


def test_an_app_of_many_processes_reports_less_often(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them together cause no more reports than a control plane takes easily."""
    monkeypatch.setattr(module, "LIVELY", 10)
    nodes = plane.connect("orders", count=25)
    with plane.watching.watch(["shop"], "orders"):
        assert every(nodes[0]) == 2.5


def test_settings_are_told_with_the_pace(plane: Plane) -> None:
    """They are one line."""
    (node,) = plane.connect("orders")
    plane.telemetry = Telemetry(sampling=0.5)
    plane.watching.refresh()
    line = decode(node.measures)
    assert isinstance(line, Telemetry)
    assert (line.every, line.sampling) == (10.0, 0.5)


def test_processes_share_what_is_tapped(plane: Plane) -> None:
    """However many there are: of a great many some tell nothing."""
    nodes = plane.connect("orders", count=4)
    with plane.watching.watch(["shop"], "orders", tap=True):
        assert [taps(node) for node in nodes] == [TAPPED // 4] * 4
        more = plane.connect("orders", count=TAPPED + 10)
        plane.watching.refresh()
        assert sum(taps(node) for node in more) == TAPPED
    assert {taps(node) for node in more} == {0}


def test_who_watches_does_not_tap(plane: Plane) -> None:
    """Nor does who taps another app."""
    (node,) = plane.connect("orders")
    plane.connect("stock")
    with plane.watching.watch(["shop"]), plane.watching.watch(["shop"], "stock", tap=True):
        assert taps(node) == 0


def taps(node: Node) -> int:
    line = decode(node.measures)
    assert isinstance(line, Telemetry)
    return line.tap
