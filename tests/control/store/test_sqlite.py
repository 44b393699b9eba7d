"""What a durable store promises beyond the others: to be there again."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairlead.control.store import (
    Conflict,
    DirectoryInUse,
    Expired,
    Key,
    SqliteStore,
    StoreFailed,
    Write,
)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    async def main() -> None:
        async with asyncio.timeout(20):
            await scenario

    asyncio.run(main())


def write(name: str, value: object = 0, expected: int = 0) -> Write:
    return Write(key=Key("lanes", "default", name), object={"value": value}, expected=expected)


WRITER = """
import asyncio, sys
from pathlib import Path
from fairlead.control.store import Key, SqliteStore, Write

async def writer(store, number):
    revision, value = 0, 0
    while True:
        key = Key("lanes", "default", f"lane-{number}")
        written = await store.write(Write(key=key, object={"value": value}, expected=revision))
        revision = written.revision
        print(number, value, revision, flush=True)
        value += 1

async def main():
    store = SqliteStore.open(Path(sys.argv[1]))
    await asyncio.gather(*(writer(store, number) for number in range(8)))

asyncio.run(main())
"""


def test_everything_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    """Acknowledged means durable: a client that was told 'created' must never learn otherwise."""
    acknowledged: dict[str, tuple[int, int]] = {}
    for moment in (50, 333, 700):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / str(moment))],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for count, line in enumerate(process.stdout, 1):
            if not line.endswith("\n"):
                break
            number, value, revision = line.split()
            acknowledged[number] = (int(value), int(revision))
            if count == moment:
                os.kill(process.pid, signal.SIGKILL)
        process.stdout.close()
        assert process.wait(60) == -signal.SIGKILL

        async def look(directory: Path = tmp_path / str(moment)) -> None:
            store = SqliteStore.open(directory)
            newest = max(revision for _, revision in acknowledged.values())
            assert store.revision >= newest
            for number, (value, revision) in acknowledged.items():
                found = store.get(Key("lanes", "default", f"lane-{number}"))
                assert found is not None
                # At most the one write that was under way may be there without having been told.
                assert found.object["value"] in (value, value + 1)
                assert found.revision >= revision
            store.close()

        run(look())
        acknowledged.clear()


def test_revisions_go_on_after_a_restart_and_a_deletion(tmp_path: Path) -> None:
    """A revision used twice would let an agent take old rules for new ones."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        first = await store.write(write("blue"))
        await store.write(
            Write(key=Key("lanes", "default", "blue"), object=None, expected=first.revision)
        )
        store.close()
        store = SqliteStore.open(tmp_path)
        assert store.revision == 2
        assert (await store.write(write("blue"))).revision == 3
        store.close()

    run(scenario())


def test_a_new_store_counts_from_where_it_is_told_to(tmp_path: Path) -> None:
    """Agents that outlive a directory must take its successor's snapshots for newer."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path, lambda: 1_000)
        assert (await store.write(write("blue"))).revision == 1_001
        store.close()
        store = SqliteStore.open(tmp_path, lambda: 9_000)
        assert (await store.write(write("green"))).revision == 1_002
        store.close()

    run(scenario())


def test_a_store_that_counted_on_goes_on_there_after_a_restart(tmp_path: Path) -> None:
    """Agents have had these revisions; and nobody resumes over the gap."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        await store.write(write("blue"))
        await store.skip_to(9_000)
        await store.write(write("green"))
        store.close()
        store = SqliteStore.open(tmp_path)
        assert store.revision == 9_001
        assert [change.stored.revision for change in store.changes(9_000)] == [9_001]
        with pytest.raises(Expired):
            store.changes(1)
        store.close()

    run(scenario())


def test_a_watch_is_resumed_over_restarts(tmp_path: Path) -> None:
    """Of an object that was written twice, or deleted, a list would not tell."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        await store.write(write("blue"))
        await store.write(write("blue", 1, expected=1))
        await store.write(write("green"))
        await store.write(Write(key=Key("lanes", "default", "green"), object=None, expected=3))
        told = list(store.changes(0))
        store.close()
        for _ in range(2):
            store = SqliteStore.open(tmp_path)
            assert [replace(change, size=0) for change in store.changes(0)] == [
                replace(change, size=0) for change in told
            ]
            assert [change.type for change in store.changes(2)] == ["ADDED", "DELETED"]
            # As is a list whose first pages were read before.
            assert [item.revision for item in store.listing("lanes", at=3).items] == [2, 3]
            store.close()
        store = SqliteStore.open(tmp_path)
        await store.write(write("red"))
        assert [change.stored.revision for change in store.changes(3)] == [4, 5]
        store.close()

    run(scenario())


def test_a_watch_is_not_resumed_over_a_gap(tmp_path: Path) -> None:
    """What another version wrote is not remembered, and must not look like 'nothing happened'."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        for name in ("blue", "green", "red"):
            await store.write(write(name))
        store.close()
        with sqlite3.connect(tmp_path / "fairlead.db") as connection:
            connection.execute("DELETE FROM recent_changes WHERE revision = 2")
        connection.close()
        store = SqliteStore.open(tmp_path)
        assert len(store.changes(2)) == 1
        with pytest.raises(Expired):
            store.changes(1)
        store.close()
        with sqlite3.connect(tmp_path / "fairlead.db") as connection:
            connection.execute("DELETE FROM recent_changes WHERE revision = 3")
        connection.close()
        store = SqliteStore.open(tmp_path)
        assert list(store.changes(3)) == []
        with pytest.raises(Expired):
            store.changes(2)
        store.close()

    run(scenario())


def test_what_is_remembered_on_disk_is_bounded(tmp_path: Path, monkeypatch) -> None:
    """By number and by size, as it is in memory."""
    monkeypatch.setattr("fairlead.control.store.history.REMEMBERED", 5)
    monkeypatch.setattr("fairlead.control.store.history.REMEMBERED_BYTES", 3940)

    def kept() -> list[int]:
        connection = sqlite3.connect(tmp_path / "fairlead.db")
        found = connection.execute(
            "SELECT revision FROM recent_changes ORDER BY revision"
        ).fetchall()
        connection.close()
        return [revision for (revision,) in found]

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        for number in range(9):
            await store.write(write(f"lane-{number}"))
        assert kept() == [5, 6, 7, 8, 9]
        await store.write(write("large", "x" * 3900))
        assert kept() == [9, 10]
        store.close()
        store = SqliteStore.open(tmp_path)
        await store.write(write("larger", "x" * 3900))
        assert kept() == [11]
        assert len(store.changes(10)) == 1
        store.close()

    run(scenario())


def test_writes_under_way_are_finished_when_the_store_closes(tmp_path: Path) -> None:
    """A graceful stop loses nothing, not even what nobody waits for."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        writes = [asyncio.create_task(store.write(write(f"lane-{n}"))) for n in range(600)]
        await asyncio.sleep(0)
        store.close()
        await asyncio.gather(*writes)
        store = SqliteStore.open(tmp_path)
        assert len(store.listing("lanes").items) == 600
        store.close()

    run(scenario())


def test_a_second_server_on_the_directory_is_refused_by_name(tmp_path: Path) -> None:
    """Two writers would give one revision twice; the operator must see which process to stop."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        with pytest.raises(DirectoryInUse) as refused:
            SqliteStore.open(tmp_path)
        assert f"pid {os.getpid()}" in str(refused.value)
        assert str(tmp_path) in str(refused.value)
        store.close()
        SqliteStore.open(tmp_path).close()

    run(scenario())


def test_a_full_disk_fails_the_write_and_nothing_else(tmp_path: Path) -> None:
    """What could not be kept must not be visible, and the next write must find its feet."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        await store.write(write("blue", value=1))
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreFailed, match="full"):
            await store.write(write("blue", value="x" * 100_000, expected=1))
        kept = store.get(Key("lanes", "default", "blue"))
        assert kept is not None
        assert kept.object == {"value": 1}
        assert (await store.write(write("blue", value=2, expected=1))).revision == 2
        store.close()

    run(scenario())


def test_an_object_that_is_no_json_is_refused_alone(tmp_path: Path) -> None:
    """One writer's mistake must not fail the others of its batch."""

    async def scenario() -> None:
        store = SqliteStore.open(tmp_path)
        answers = await asyncio.gather(
            store.write(write("blue")),
            store.write(write("bad", value=object())),
            store.write(write("green")),
            store.write(write("blue", value=2)),
            return_exceptions=True,
        )
        assert [type(answer).__name__ for answer in answers] == [
            "Stored",
            "TypeError",
            "Stored",
            "Conflict",
        ]
        assert isinstance(answers[3], Conflict)
        assert store.revision == 2
        store.close()

    run(scenario())


def test_a_file_of_another_schema_is_refused_untouched(tmp_path: Path) -> None:
    """A downgrade must not guess at tables it does not know."""
    with sqlite3.connect(tmp_path / "fairlead.db") as connection:
        connection.execute("PRAGMA user_version = 9")

    async def scenario() -> None:
        with pytest.raises(StoreFailed, match="written with schema 9, this version reads schema 1"):
            SqliteStore.open(tmp_path)

    run(scenario())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """The operator must learn which file is broken."""
    (tmp_path / "fairlead.db").write_bytes(b"not a database, but long enough to be looked at" * 50)

    async def scenario() -> None:
        with pytest.raises(StoreFailed, match=r"fairlead\.db: file is not a database"):
            SqliteStore.open(tmp_path)

    run(scenario())


def test_the_data_is_only_its_owners(tmp_path: Path) -> None:
    """Rules and addresses are not for every user of the machine."""

    async def scenario() -> None:
        directory = tmp_path / "data"
        store = SqliteStore.open(directory)
        assert directory.stat().st_mode & 0o777 == 0o700
        for file in directory.iterdir():
            assert file.stat().st_mode & 0o077 == 0, file
        store.close()

    run(scenario())
