"""What every store promises, asked of each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from fairlead.control.store import (
    Conflict,
    Expired,
    Key,
    MemoryStore,
    SqliteStore,
    Store,
    Stored,
    Write,
    mirror,
)

Scenario = Callable[[Store], Coroutine[Any, Any, None]]
Run = Callable[[Scenario], None]

LANES = "trafficlanes.traffic.opensergo.io"


def key(name: str, namespace: str = "default", resource: str = LANES) -> Key:
    return Key(resource, namespace, name)


async def put(store: Store, name: str, value: int = 0, expected: int = 0) -> Stored:
    return await store.write(Write(key=key(name), object={"value": value}, expected=expected))


async def drop(store: Store, name: str, expected: int) -> Stored:
    return await store.write(Write(key=key(name), object=None, expected=expected))


@pytest.fixture(params=["memory", "sqlite"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    def start(scenario: Scenario) -> None:
        async def main() -> None:
            store: Store = (
                MemoryStore() if request.param == "memory" else SqliteStore.open(tmp_path)
            )
            try:
                async with asyncio.timeout(10):
                    await scenario(store)
            finally:
                store.close()

        asyncio.run(main())

    return start


def test_a_write_is_readable_when_it_returns(run: Run) -> None:
    """A client that got its 2xx and reads must find what it wrote."""

    async def scenario(store: Store) -> None:
        written = await put(store, "blue", value=7)
        assert store.get(key("blue")) == written
        assert written.object == {"value": 7}
        assert written.revision == store.revision == 1

    run(scenario)


def test_revisions_count_every_write_of_every_resource(run: Run) -> None:
    """One counter orders everything: a snapshot's revision is compared across kinds."""

    async def scenario(store: Store) -> None:
        await put(store, "blue")
        await store.write(Write(key=key("a", resource="instances"), object={"x": 1}, expected=0))
        gone = await drop(store, "blue", expected=1)
        assert gone.revision == store.revision == 3
        assert store.get(key("blue")) is None

    run(scenario)


@pytest.mark.parametrize("expected", [0, 2, 99])
def test_a_writer_who_has_not_seen_the_newest_is_refused(run: Run, expected: int) -> None:
    """Otherwise the slower of two editors would undo the faster one without a word."""

    async def scenario(store: Store) -> None:
        await put(store, "blue", value=1)
        with pytest.raises(Conflict) as refused:
            await put(store, "blue", value=2, expected=expected)
        assert refused.value.actual == 1
        assert store.get(key("blue")) == Stored(key=key("blue"), revision=1, object={"value": 1})
        assert store.revision == 1

    run(scenario)


@pytest.mark.parametrize("expected", [0, 5])
def test_what_is_not_there_cannot_be_deleted_or_replaced(run: Run, expected: int) -> None:
    """A deletion that hits nothing must not look like one that worked."""

    async def scenario(store: Store) -> None:
        with pytest.raises(Conflict):
            await drop(store, "blue", expected=expected)
        assert store.revision == 0

    run(scenario)


def test_of_many_writers_at_once_exactly_one_wins(run: Run) -> None:
    """Group commit decides a whole batch; the batch must see its own earlier writes."""

    async def scenario(store: Store) -> None:
        racers = [put(store, "blue", value=number) for number in range(50)]
        answers = await asyncio.gather(*racers, return_exceptions=True)
        won = [answer for answer in answers if isinstance(answer, Stored)]
        assert len(won) == 1
        assert sum(isinstance(answer, Conflict) for answer in answers) == 49
        assert store.get(key("blue")) == won[0]

    run(scenario)


def test_listings_are_ordered_and_say_their_revision(run: Run) -> None:
    """A watch continues from the revision of the list: it must be the list's, not a later one."""

    async def scenario(store: Store) -> None:
        for namespace, name in (("b", "x"), ("a", "z"), ("a", "y")):
            await store.write(Write(key=key(name, namespace), object={}, expected=0))
        everything = store.listing(LANES)
        assert [item.key[1:] for item in everything.items] == [("a", "y"), ("a", "z"), ("b", "x")]
        assert everything.revision == 3
        assert [item.key.name for item in store.listing(LANES, "a").items] == ["y", "z"]
        assert store.listing("unknown").items == []

    run(scenario)


def test_changes_are_told_in_order_with_what_was_there_before(run: Run) -> None:
    """A selector's watch must know whether an object entered or left the selection."""

    async def scenario(store: Store) -> None:
        await put(store, "blue", value=1)
        await put(store, "blue", value=2, expected=1)
        await drop(store, "blue", expected=2)
        told = [(c.type, c.stored.revision, c.stored.object, c.before) for c in store.changes(0)]
        assert told == [
            ("ADDED", 1, {"value": 1}, None),
            ("MODIFIED", 2, {"value": 2}, {"value": 1}),
            ("DELETED", 3, {"value": 2}, {"value": 2}),
        ]
        assert [change.stored.revision for change in store.changes(2)] == [3]
        assert list(store.changes(3)) == []

    run(scenario)


def test_a_store_can_count_on_from_a_higher_revision(run: Run) -> None:
    """One that was restored is behind those who knew the one that was lost."""

    async def scenario(store: Store) -> None:
        first = await put(store, "blue")
        waiting = asyncio.create_task(store.changed(first.revision))
        await store.skip_to(first.revision + 1000)
        await waiting
        await store.skip_to(first.revision)
        assert store.revision == first.revision + 1000
        assert store.get(key("blue")) == first
        for since in (first.revision, first.revision + 999):
            with pytest.raises(Expired):
                store.changes(since)
        second = await put(store, "blue", 1, expected=first.revision)
        assert second.revision == first.revision + 1001
        assert [one.stored for one in store.changes(first.revision + 1000)] == [second]

    run(scenario)


def test_who_waits_for_a_change_is_woken_by_it(run: Run) -> None:
    """The publisher and every watch sleep on this."""

    async def scenario(store: Store) -> None:
        waiting = asyncio.create_task(store.changed(0))
        await asyncio.sleep(0)
        assert not waiting.done()
        await put(store, "blue")
        await waiting
        await store.changed(0)

    run(scenario)


def test_changes_too_old_to_be_remembered_are_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watcher that missed something must list again, never go on with a gap."""
    monkeypatch.setattr(mirror, "REMEMBERED", 3)

    async def scenario(store: Store) -> None:
        for number in range(5):
            await put(store, f"lane-{number}")
        assert [change.stored.revision for change in store.changes(2)] == [3, 4, 5]
        with pytest.raises(Expired, match="too old resource version: 1"):
            store.changes(1)

    run(scenario)


def test_large_changes_are_forgotten_sooner(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight thousand objects of a mebibyte would not fit into memory."""
    monkeypatch.setattr(mirror, "REMEMBERED_BYTES", 2_500)

    async def scenario(store: Store) -> None:
        for number in range(4):
            large = {"text": "x" * 1_000}
            await store.write(Write(key=key(f"lane-{number}"), object=large, expected=0))
        assert [change.stored.revision for change in store.changes(2)] == [3, 4]
        with pytest.raises(Expired):
            store.changes(1)

    run(scenario)


def test_a_revision_of_the_future_is_refused_like_a_forgotten_one(run: Run) -> None:
    """It was given by another store; waiting for it would show nothing for a long time."""

    async def scenario(store: Store) -> None:
        await put(store, "blue")
        with pytest.raises(Expired):
            store.changes(2)

    run(scenario)


def test_a_list_can_be_had_as_it_was(run: Run) -> None:
    """The pages of a list are read one after another, and must be of one moment."""

    async def scenario(store: Store) -> None:
        seen = [store.listing(LANES)]
        await put(store, "blue", value=1)
        await put(store, "green", value=1)
        seen.append(store.listing(LANES))
        await put(store, "blue", value=2, expected=1)
        await store.write(Write(key=key("a", resource="instances"), object={"x": 1}, expected=0))
        seen.append(store.listing(LANES))
        await drop(store, "green", expected=2)
        await put(store, "blue", value=3, expected=3)
        await put(store, "green", value=4)
        await put(store, "red", value=1)
        for listing in (*seen, store.listing(LANES)):
            assert store.listing(LANES, at=listing.revision) == listing
            assert store.listing(LANES, "default", at=listing.revision) == listing
            assert not store.listing(LANES, "elsewhere", at=listing.revision).items

    run(scenario)


def test_a_list_of_a_forgotten_moment_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not known must not be made up, neither of the past nor of the future."""
    monkeypatch.setattr(mirror, "REMEMBERED", 2)

    async def scenario(store: Store) -> None:
        for name in "abcd":
            await put(store, name)
        assert [item.key.name for item in store.listing(LANES, at=2).items] == ["a", "b"]
        for revision in (1, 5):
            with pytest.raises(Expired):
                store.listing(LANES, at=revision)

    run(scenario)
