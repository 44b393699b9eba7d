"""Events are written, counted, bounded and dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fairlead.control import events
from fairlead.control.clocks import Clocks
from fairlead.control.event import refusal
from fairlead.control.events import Events
from fairlead.control.instance import RESOURCE as INSTANCES
from fairlead.control.store import Key, MemoryStore, Object, Stored, Write
from tests.control.test_event import INSTANCE, RULE, instance, rule

RULES = RULE.resource


class World:
    """A store, its events, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.store, self.lost = MemoryStore(), set[Key]()
        self.events = self.begin()

    def begin(self) -> Events:
        """Follow the store as a server does that starts now."""
        clocks = Clocks(
            elapsed=lambda: self.seconds,
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds),
        )
        return Events(self.store, clocks, [RULES, INSTANCES], self.lost)

    async def put(self, key: Key, plain: Object | None) -> Stored:
        """Write, and let the events follow."""
        current = self.store.get(key)
        expected = current.revision if current else 0
        stored = await self.store.write(Write(key=key, object=plain, expected=expected))
        await self.events.follow()
        return stored

    def told(self) -> list[tuple[str, int]]:
        """Reasons and counts, in the order of their names."""
        items = self.store.listing("events").items
        return [(item.object["reason"], item.object["count"]) for item in items]


def run(scenario: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scenario(World()))


def named(name: str) -> tuple[Key, Object]:
    plain = rule()
    return RULE._replace(name=name), {**plain, "metadata": {**plain["metadata"], "uid": name}}


def test_the_same_news_are_one_event_with_a_count() -> None:
    """A rule that is changed a hundred times is one line."""

    async def scenario(world: World) -> None:
        for generation in range(1, 5):
            await world.put(RULE, rule(generation))
        assert world.told() == [("Created", 1), ("Changed", 3)]
        # Also behind a restart: the events themselves say what has been told.
        world.events = world.begin()
        await world.put(RULE, rule(5))
        assert world.told() == [("Created", 1), ("Changed", 4)]

    run(scenario)


def test_an_instance_that_was_given_up_did_not_leave() -> None:
    """Who gives it up says so before it is gone."""

    async def scenario(world: World) -> None:
        for lost in (False, True):
            await world.put(INSTANCE, instance(lane="gray"))
            world.lost.update([INSTANCE] if lost else [])
            await world.put(INSTANCE, None)
        assert world.told() == [("Registered", 2), ("Left", 1), ("LeaseExpired", 1)]
        assert world.lost == set()

    run(scenario)


def test_a_refused_change_is_told_of_the_object_it_was_for() -> None:
    """Who finds yesterday's rule in force today looks at the rule, not into a pipeline's log."""

    async def scenario(world: World) -> None:
        stored = await world.put(RULE, rule())
        for _ in range(100):
            world.events.tell(stored, refusal("spec.bogus: unknown field"))
        await world.events.follow()
        (created, refused) = world.store.listing("events").items
        assert refused.object["reason"] == "ChangeRefused"
        assert "spec.bogus: unknown field" in refused.object["message"]
        assert refused.object["involvedObject"]["uid"] == created.object["involvedObject"]["uid"]

    run(scenario)


def test_one_object_cannot_make_events_without_end() -> None:
    """Events are writes: whoever flaps must not wear out the disk and everybody's watches."""

    async def scenario(world: World) -> None:
        await world.put(RULE, rule(1))
        for generation in range(2, 100):
            await world.put(RULE, rule(generation))
        assert sum(count for _, count in world.told()) == events.BURST
        world.seconds += events.REFILL
        for generation in range(100, 110):
            await world.put(RULE, rule(generation))
        assert sum(count for _, count in world.told()) == events.BURST + 1

    run(scenario)


def test_many_objects_at_once_make_some_events(caplog: pytest.LogCaptureFixture) -> None:
    """Ten thousand rules of an app that is gone turn in the same moment."""
    caplog.set_level("INFO", "fairlead.control.events")

    async def scenario(world: World) -> None:
        for number in range(events.AT_ONCE + 5):
            key, plain = named(f"r{number}")
            await world.store.write(Write(key=key, object=plain, expected=0))
        await world.events.follow()
        assert len(world.told()) == events.AT_ONCE

    run(scenario)
    assert "5 events were left out" in caplog.text


def test_events_are_bounded_in_all_and_for_each_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first, and an object that talks much pushes out its own."""
    monkeypatch.setattr(events, "MOST", 6)
    monkeypatch.setattr(events, "MOST_OF_ONE", 3)

    async def scenario(world: World) -> None:
        for name in "abcd":
            await world.put(*named(name))
            world.seconds += 1
        stored = await world.put(RULE, rule())
        for number in range(5):
            world.seconds += 1
            world.events.tell(stored, refusal(f"for the {number}th reason"))
            await world.events.follow()
        kept = [item.object["involvedObject"]["name"] for item in _by_age(world.store)]
        assert kept == ["b", "c", "d", "vip", "vip", "vip"]

    run(scenario)


def _by_age(store: MemoryStore) -> list[Stored]:
    return sorted(store.listing("events").items, key=lambda item: item.object["lastTimestamp"])


def test_events_go_after_an_hour() -> None:
    """As in Kubernetes: who needs them for longer collects them."""

    async def scenario(world: World) -> None:
        await world.put(*named("old"))
        world.seconds += 1800
        await world.put(*named("young"))
        world.seconds += 1801
        await world.events.tidy()
        left = [item.object["involvedObject"]["name"] for item in _by_age(world.store)]
        assert left == ["young"]

    run(scenario)


def test_events_are_not_news() -> None:
    """An event about an event would never end."""

    async def scenario(world: World) -> None:
        await world.put(*named("a"))
        for _ in range(3):
            await world.events.follow()
        assert world.told() == [("Created", 1)]

    run(scenario)


def test_what_nobody_remembers_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """After more changes than are kept, events begin anew."""
    monkeypatch.setattr("fairlead.control.store.mirror.REMEMBERED", 2)

    async def scenario(world: World) -> None:
        world.lost.add(INSTANCE)
        for name in "abc":
            key, plain = named(name)
            await world.store.write(Write(key=key, object=plain, expected=0))
        await world.events.follow()
        assert (world.told(), world.lost) == ([], set())
        await world.put(*named("d"))
        assert world.told() == [("Created", 1)]

    run(scenario)
