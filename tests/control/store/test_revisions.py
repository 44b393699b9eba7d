"""What stores keep of the past of an object, and for how long."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fairlead.control.store import Author, Conflict, Key, SqliteStore, Store, Write, revisions
from tests.control.store.test_store import Run, key, run

__all__ = ["run"]

ALICE = Author(who="alice", at="2026-05-01T00:00:00Z")


async def put(store: Store, name: str, value: Any, expected: int, author: Author | None) -> int:
    write = Write(key=key(name), object={"value": value}, expected=expected, author=author)
    return (await store.write(write)).revision


async def values(store: Store, name: str) -> list[Any]:
    return [one.object["value"] for one in await store.revisions(key(name))]


def test_every_write_of_an_author_is_a_revision_the_newest_first(run: Run) -> None:
    """Who changed it, when, and to what: the first questions after something broke."""

    async def scenario(store: Store) -> None:
        first = await put(store, "gray", 1, 0, ALICE)
        second = await put(store, "gray", 2, first, Author(who="bob", at="2026-05-02T00:00:00Z"))
        await store.write(Write(key=key("gray"), object=None, expected=second, author=ALICE))
        await put(store, "blue", 9, 0, ALICE)
        found = await store.revisions(key("gray"))
        assert [(one.type, one.who, one.object["value"]) for one in found] == [
            ("DELETED", "alice", 2),
            ("MODIFIED", "bob", 2),
            ("ADDED", "alice", 1),
        ]
        assert [one.revision for one in found[1:]] == [second, first]
        assert found[1].at == "2026-05-02T00:00:00Z"

    run(scenario)


def test_a_write_without_an_author_is_none(run: Run) -> None:
    """Statuses change every few seconds; a hundred of them would push every author out."""

    async def scenario(store: Store) -> None:
        revision = await put(store, "gray", 1, 0, ALICE)
        for number in range(5):
            revision = await put(store, "gray", f"status {number}", revision, None)
        assert await values(store, "gray") == [1]

    run(scenario)


def test_what_was_there_before_revisions_were_kept_can_be_gone_back_to(run: Run) -> None:
    """An upgrade must not make the first change after it one that cannot be undone."""

    async def scenario(store: Store) -> None:
        revision = await put(store, "gray", "old", 0, None)
        await put(store, "gray", "new", revision, ALICE)
        found = await store.revisions(key("gray"))
        assert [(one.object["value"], one.who, one.at) for one in found] == [
            ("new", "alice", ALICE.at),
            ("old", "", ""),
        ]

    run(scenario)


def test_a_refused_write_leaves_no_revision(run: Run) -> None:
    async def scenario(store: Store) -> None:
        await put(store, "gray", 1, 0, ALICE)
        with pytest.raises(Conflict):
            await put(store, "gray", 2, 0, ALICE)
        assert await values(store, "gray") == [1]

    run(scenario)


def test_a_hundred_revisions_of_an_object_are_kept(run: Run) -> None:
    """A script that writes every minute must not fill the disk."""

    async def scenario(store: Store) -> None:
        revision = 0
        for number in range(revisions.MOST + 7):
            revision = await put(store, "gray", number, revision, ALICE)
        found = await values(store, "gray")
        assert found == list(range(revisions.MOST + 6, 6, -1))

    run(scenario)


def test_large_objects_are_kept_for_fewer_revisions(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A megabyte a hundred times would be the whole budget of everybody else."""
    monkeypatch.setattr(revisions, "MOST_BYTES_OF_ONE", 5000)

    async def scenario(store: Store) -> None:
        revision = 0
        for number in range(6):
            revision = await put(store, "gray", str(number) * 1500, revision, ALICE)
        assert [text[0] for text in await values(store, "gray")] == ["5", "4"]
        await put(store, "gray", "x" * 9000, revision, ALICE)
        assert [text[0] for text in await values(store, "gray")] == ["x"]

    run(scenario)


def test_the_oldest_revisions_of_all_make_room(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that come and go would else leave their past behind for good."""
    monkeypatch.setattr(revisions, "MOST_BYTES", 20_000)

    async def scenario(store: Store) -> None:
        for number in range(100):
            await put(store, f"lane-{number}", "x" * 700, 0, ALICE)
        kept = [n for n in range(100) if await store.revisions(key(f"lane-{n}"))]
        assert kept == list(range(100 - len(kept), 100))
        assert 15 <= len(kept) <= 20

    run(scenario)


def test_revisions_are_there_after_a_restart(tmp_path: Path) -> None:
    """The author of last week is asked about after the upgrade of yesterday."""

    async def before() -> None:
        store = SqliteStore.open(tmp_path)
        revision = await put(store, "gray", 1, 0, ALICE)
        await put(store, "gray", 2, revision, ALICE)
        store.close()

    async def after() -> None:
        store = SqliteStore.open(tmp_path)
        assert await values(store, "gray") == [2, 1]
        assert not await store.revisions(Key("others", "default", "gray"))
        store.close()

    asyncio.run(before())
    asyncio.run(after())
