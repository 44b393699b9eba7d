"""Leases, processes and addresses: who is there, and when somebody is not any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fairlead.control import instances
from fairlead.control.apps import KnownApps
from fairlead.control.clocks import Clocks
from fairlead.control.instance import RESOURCE
from fairlead.control.instances import TICK, Instances, TooMany
from fairlead.control.probe import Answer
from fairlead.control.protection import Protection
from fairlead.control.store import MemoryStore, Object
from fairlead.protocols.watch.codec import Registration

FIRST = Registration(
    node="n1", namespace="shop", app="cart", address="127.0.0.1:9001", pid=11, host="h"
)


class Plane:
    """Instances on a store in memory, with a clock that is moved by hand."""

    def __init__(self, store: MemoryStore | None = None, limit: int = 100) -> None:
        self.seconds = 0.0
        self.store = store or MemoryStore()
        start = datetime(2026, 1, 1, tzinfo=UTC)
        clocks = Clocks(
            elapsed=lambda: self.seconds, now=lambda: start + timedelta(seconds=self.seconds)
        )
        self.apps = KnownApps(self.store, clocks.now, remember=3600)
        self.answers: dict[str, Answer] = {}
        """By address; whoever is not in it refuses connections."""
        self.protection = Protection(clocks, lease=10.0, keep=3600.0, probe=self.probe)
        self.instances = Instances(
            self.store, self.apps, self.resolve, clocks, protection=self.protection, limit=limit
        )

    async def probe(self, address: str) -> Answer:
        return self.answers.get(address, Answer.REFUSES)

    def resolve(
        self, namespace: str, app: str, labels: tuple[tuple[str, str], ...], lane: str | None
    ) -> tuple[str, str | None]:
        return lane or dict(labels).get("tag", ""), None

    async def pass_time(self, seconds: float) -> None:
        """Let time pass with the looks that belong to it."""
        while seconds > 0:
            step = min(TICK, seconds)
            self.seconds += step
            seconds -= step
            await self.instances.expire()
            await self.instances.warm()
            await self.instances.ask()

    def objects(self) -> list[Object]:
        return [item.object for item in self.store.listing(RESOURCE).items]

    def one(self) -> Object:
        (found,) = self.objects()
        return found

    def nodes(self) -> list[str]:
        return [process["node"] for process in self.one()["spec"]["processes"]]


def run(scenario: Callable[[Plane], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await scenario(Plane())

    asyncio.run(main())


def test_an_instance_is_gone_a_lease_after_its_last_renewal() -> None:
    """Ten seconds: three renewals may fail, then callers stop sending work."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        await plane.pass_time(9.0)
        await plane.instances.renew(FIRST)
        await plane.pass_time(9.5)
        assert len(plane.objects()) == 1
        await plane.pass_time(2.0)
        assert plane.objects() == []

    run(scenario)


def test_a_new_instance_is_marked_until_it_is_warm() -> None:
    """Two writes and two pushes, however long it takes: callers see to what is between."""

    async def scenario(plane: Plane) -> None:
        new = replace(FIRST, warmup=5.0)
        await plane.instances.renew(new)
        assert plane.one()["spec"]["warmup"] == 5.0
        revision = plane.store.revision
        await plane.pass_time(4.5)
        await plane.instances.renew(replace(new, warmup=0.5))
        assert (plane.one()["spec"]["warmup"], plane.store.revision) == (5.0, revision)
        await plane.pass_time(1.0)
        assert "warmup" not in plane.one()["spec"]
        await plane.instances.renew(new)
        assert (plane.one()["spec"].get("warmup"), plane.store.revision) == (None, revision + 1)

    run(scenario)


def test_a_worker_that_joins_makes_an_instance_no_newer() -> None:
    """A recycled worker must not take its whole instance back to a trickle."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        await plane.instances.renew(replace(FIRST, node="n2", pid=12, warmup=5.0))
        await plane.instances.leave("shop", "cart", FIRST.address, "n1")
        assert "warmup" not in plane.one()["spec"]
        # The process of a container that was restarted in its pod: nobody else is there.
        await plane.instances.renew(replace(FIRST, node="n3", pid=12, warmup=5.0))
        assert (plane.nodes(), plane.one()["spec"]["warmup"]) == (["n3"], 5.0)

    run(scenario)


def test_a_control_plane_that_starts_lets_them_warm_up_once_more() -> None:
    """It knows that they are new, not since when; too long is better than for ever."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(replace(FIRST, warmup=5.0))
        again = Plane(plane.store)
        await again.instances.renew(FIRST)
        await again.pass_time(4.0)
        assert again.one()["spec"]["warmup"] == 5.0
        await again.pass_time(1.5)
        assert "warmup" not in again.one()["spec"]

    run(scenario)


def test_a_renewal_writes_nothing() -> None:
    """A thousand agents renewing every three seconds must not move the revision."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        revision = plane.store.revision
        for _ in range(5):
            await plane.instances.renew(replace(FIRST, counters={"coloured_requests": {"": 5}}))
        assert plane.store.revision == revision

    run(scenario)


@pytest.mark.parametrize(
    "change",
    [
        {"hooks": ({"library": "httpx", "version": "1", "state": "hooked", "reason": ""},)},
        {"labels": (("tag", "gray"),)},
        {"lane": "gray"},
        {"lane": ""},
        {"zone": "z"},
    ],
)
def test_news_in_a_renewal_is_written(change: dict[str, Any]) -> None:
    """Changed hooks and labels decide who is admitted where (contract 16)."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        revision = plane.store.revision
        await plane.instances.renew(replace(FIRST, **change))
        assert plane.store.revision == revision + 1
        assert plane.one()["metadata"]["generation"] == 2

    run(scenario)


def test_an_instance_is_gone_with_its_last_process() -> None:
    """Workers of one server share an address; one of them ending is no reason to stop calling."""

    async def scenario(plane: Plane) -> None:
        second = replace(FIRST, node="n2", pid=12)
        await plane.instances.renew(FIRST)
        await plane.instances.renew(second)
        assert plane.nodes() == ["n1", "n2"]
        assert plane.one()["status"]["pids"] == 2
        await plane.instances.leave("shop", "cart", FIRST.address, "n1")
        assert plane.nodes() == ["n2"]
        await plane.instances.leave("shop", "cart", FIRST.address, "n2")
        assert plane.objects() == []

    run(scenario)


def test_one_of_several_processes_expires_alone() -> None:
    """A killed worker does not leave properly."""

    async def scenario(plane: Plane) -> None:
        second = replace(FIRST, node="n2", pid=12)
        await plane.instances.renew(FIRST)
        await plane.instances.renew(second)
        for _ in range(4):
            await plane.pass_time(3)
            await plane.instances.renew(second)
        assert plane.nodes() == ["n2"]

    run(scenario)


def test_leaving_twice_or_unknown_is_no_fault() -> None:
    """An agent that is not sure whether it was heard says it again."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.leave("shop", "cart", "127.0.0.1:1", "n1")
        await plane.instances.renew(FIRST)
        revision = plane.store.revision
        await plane.instances.leave("shop", "cart", FIRST.address, "other")
        assert plane.store.revision == revision
        await plane.instances.leave("shop", "cart", FIRST.address, "n1")
        await plane.instances.leave("shop", "cart", FIRST.address, "n1")

    run(scenario)


def test_the_process_that_came_last_says_what_the_instance_is() -> None:
    """A killed base worker's lease must not keep its successor on the port out of the lane."""

    async def scenario(plane: Plane) -> None:
        successor = replace(FIRST, node="n2", pid=12, lane="gray")
        await plane.instances.renew(FIRST)
        await plane.instances.renew(successor)
        assert plane.one()["spec"]["lane"] == "gray"
        await plane.instances.renew(FIRST)
        assert plane.one()["spec"]["lane"] == "gray"
        await plane.instances.leave("shop", "cart", FIRST.address, "n2")
        assert "lane" not in plane.one()["spec"]

    run(scenario)


def test_a_new_process_of_the_same_pid_takes_the_place_of_the_old() -> None:
    """In a container every first process is pid 1: the one before it is certainly gone."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        await plane.instances.renew(replace(FIRST, node="n2"))
        assert plane.nodes() == ["n2"]

    run(scenario)


def test_a_restarted_control_plane_gives_everybody_a_full_lease() -> None:
    """It must not empty a service because it was away itself (contract 4)."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        again = Plane(plane.store)
        await again.pass_time(9.5)
        assert len(again.objects()) == 1
        await again.pass_time(2)
        assert again.objects() == []

    run(scenario)


def test_a_control_plane_that_slept_gives_back_the_time_it_missed() -> None:
    """A stopped process or a suspended laptop could hear no renewal."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        plane.seconds += 3600
        await plane.instances.expire()
        assert len(plane.objects()) == 1
        await plane.pass_time(9)
        assert len(plane.objects()) == 1
        await plane.pass_time(3)
        assert plane.objects() == []

    run(scenario)


def test_what_is_stored_without_a_lease_gets_one() -> None:
    """An instance that nobody can expire would be called for ever."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        plane.instances._leases.clear()
        plane.instances._adopt()
        await plane.pass_time(12)
        assert plane.objects() == []

    run(scenario)


def test_an_app_stays_known_after_its_last_instance_and_is_forgotten_later() -> None:
    """Its callers get an error that names it, not somebody else's host of that name."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        await plane.instances.leave("shop", "cart", FIRST.address, "n1")
        plane.seconds += 3599
        await plane.apps.forget()
        assert plane.apps.all() == [("shop", "cart")]
        plane.seconds += 2
        await plane.apps.forget()
        assert plane.apps.all() == []

    run(scenario)


def test_an_app_with_instances_is_never_forgotten() -> None:
    """However long ago it was first seen, and also after it had been away."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        await plane.instances.leave("shop", "cart", FIRST.address, "n1")
        await plane.instances.renew(FIRST)
        plane.seconds += 100_000
        await plane.apps.forget()
        assert plane.apps.all() == [("shop", "cart")]

    run(scenario)


def test_what_a_crash_left_half_done_is_mended() -> None:
    """An app between two writes: gone but not noted, or noted and back again."""

    async def scenario(plane: Plane) -> None:
        await plane.instances.renew(FIRST)
        await plane.apps.seen("shop", "ghost")
        await plane.apps.gone("shop", "cart")
        await plane.instances.tidy()
        plane.seconds += 3601
        await plane.apps.forget()
        assert plane.apps.all() == [("shop", "cart")]

    run(scenario)


def test_there_is_a_limit_to_processes_of_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are kept in one object, and objects have a bound."""
    monkeypatch.setattr(instances, "MOST_PROCESSES", 2)

    async def scenario(plane: Plane) -> None:
        for number in (1, 2):
            await plane.instances.renew(replace(FIRST, node=f"n{number}", pid=number))
        with pytest.raises(TooMany):
            await plane.instances.renew(replace(FIRST, node="n3", pid=3))
        await plane.instances.renew(replace(FIRST, node="n2", pid=2, zone="z"))
        assert plane.nodes() == ["n1", "n2"]

    run(scenario)


def test_many_instances_are_registered_and_expire_together() -> None:
    """A whole fleet may come and go at once."""

    async def scenario(plane: Plane) -> None:
        fleet = [
            replace(FIRST, node=f"n{n}", address=f"127.0.0.1:{9000 + n}", pid=n)
            for n in range(1, 60)
        ]
        await asyncio.gather(*(plane.instances.renew(one) for one in fleet))
        assert len(plane.objects()) == 59
        await plane.pass_time(12)
        assert plane.objects() == []

    run(scenario)


def test_there_is_a_limit_to_instances() -> None:
    """Whoever can reach the port could otherwise fill the disk."""

    async def main() -> None:
        plane = Plane(limit=2)
        for port in (1, 2):
            await plane.instances.renew(replace(FIRST, address=f"127.0.0.1:{port}"))
        with pytest.raises(TooMany):
            await plane.instances.renew(replace(FIRST, address="127.0.0.1:3"))
        await plane.instances.renew(replace(FIRST, address="127.0.0.1:2"))
        assert len(plane.objects()) == 2

    asyncio.run(main())
