"""A store on one SQLite file: what was acknowledged survives a crash of process and machine.

One thread owns the connection. It takes every write that waits, decides them in order and commits
them together with `synchronous=FULL`, so that sixty-four writers pay for one flush, not for
sixty-four. Only then are the changes handed to the event loop: first to the mirror, then to whoever
awaits them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

import orjson

from fairlead.control.store.history import History
from fairlead.control.store.ledger import Decided, Ledger
from fairlead.control.store.lock import DirectoryLock
from fairlead.control.store.mirror import Mirror, Mirrored
from fairlead.control.store.revisions import Revisions, read_revisions
from fairlead.control.store.store import (
    Busy,
    Change,
    Conflict,
    Key,
    Revision,
    Stored,
    StoreFailed,
    Write,
)

SCHEMA = 1
"""Kept in the file's `user_version`; raised with every change of the tables below."""

FILE = "fairlead.db"
GROUP = 256
"""Writes in one commit at most, so that the first of a flood is not kept waiting for the last."""

WAITING = 10_000
"""Writes that may wait; the next is refused, for each holds an object in memory."""

_TABLES = (
    """CREATE TABLE objects (
        resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
        revision INTEGER NOT NULL, object BLOB NOT NULL,
        PRIMARY KEY (resource, namespace, name)
    ) WITHOUT ROWID""",
    "CREATE TABLE counter (revision INTEGER NOT NULL)",
)
_PUT = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)"
_DROP = "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    write: Write
    answer: asyncio.Future[Stored]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Skip:
    revision: int
    answer: asyncio.Future[None]


_Outcome = tuple[asyncio.Future[Stored], Stored | Exception]


class SqliteStore(Mirrored):
    """Objects in ``DIR/fairlead.db``; opened and used inside one running event loop."""

    def __init__(self, connection: sqlite3.Connection, lock: DirectoryLock, path: Path) -> None:
        self._connection, self._lock, self._path = connection, lock, path
        revision, stored = _load(connection)
        self._ledger = Ledger({item.key: item for item in stored}, revision)
        self._history = History(connection, revision)
        self._revisions = Revisions(connection)
        self._mirror = Mirror(stored, revision, self._history.take())
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Waiting | _Skip | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fairlead-store", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, directory: Path, first: Callable[[], int] = int) -> Self:
        """Open the store in `directory`, made where it is missing.

        A new one counts its revisions from what `first` returns. Raises DirectoryInUse, StoreFailed
        for a file this version cannot read, or OSError.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = DirectoryLock.take(directory)
        path = directory / FILE
        try:
            return cls(_connect(path, first), lock, path)
        except sqlite3.Error as error:
            lock.release()
            raise StoreFailed(f"{path}: {error}") from error
        except BaseException:
            lock.release()
            raise

    async def write(self, write: Write) -> Stored:
        """Return when the write is on disk. Raises Conflict, Busy or StoreFailed."""
        if self._queue.qsize() >= WAITING:
            raise Busy(f"{WAITING} writes are waiting for the disk")
        answer: asyncio.Future[Stored] = self._loop.create_future()
        self._queue.put(_Waiting(write=write, answer=answer))
        return await answer

    async def skip_to(self, revision: int) -> None:
        """Count on from a higher revision. Raises StoreFailed."""
        answer: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(_Skip(revision=revision, answer=answer))
        await answer

    async def revisions(self, key: Key) -> Sequence[Revision]:
        """Return what authors made of an object, newest first. Raises StoreFailed."""
        return await asyncio.to_thread(self._read_revisions, key)

    def close(self) -> None:
        """Commit what waits, then close the file and let the next server in."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()
        self._lock.release()

    def _read_revisions(self, key: Key) -> list[Revision]:
        # The writer's connection is its thread's; a reader beside it sees what is committed.
        try:
            address = f"{self._path.absolute().as_uri()}?mode=ro"
            with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
                return read_revisions(connection, key)
        except sqlite3.Error as error:
            raise StoreFailed(f"{self._path}: {error}") from error

    def _run(self) -> None:
        while batch := self._take():
            if isinstance(batch, _Skip):
                self._skip(batch)
                continue
            changes, outcomes = self._commit(batch)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._settle, changes, outcomes)

    def _take(self) -> list[_Waiting] | _Skip:
        """Return the writes that wait, at least one; none when the store is closing."""
        first = self._queue.get()
        if first is None or isinstance(first, _Skip):
            return first or []
        batch = [first]
        while len(batch) < GROUP:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                break
            if waiting is None or isinstance(waiting, _Skip):
                self._queue.put(waiting)
                break
            batch.append(waiting)
        return batch

    def _commit(self, waiting: Sequence[_Waiting]) -> tuple[list[Change], list[_Outcome]]:
        outcomes: list[_Outcome] = []
        decided: list[Decided] = []
        batch = self._ledger.begin()
        for item in waiting:
            try:
                one = self._ledger.decide(batch, item.write)
            except (Conflict, TypeError, ValueError) as error:
                outcomes.append((item.answer, error))
                continue
            decided.append(one)
            outcomes.append((item.answer, one.change.stored))
        if not decided:
            return [], outcomes
        try:
            self._make_durable(decided, batch.revision)
        except sqlite3.Error as error:
            failed = StoreFailed(f"the write could not be made durable: {error}")
            refused = [a if isinstance(a, Exception) else failed for _, a in outcomes]
            return [], [(future, a) for (future, _), a in zip(outcomes, refused, strict=True)]
        self._ledger.keep(batch)
        return [one.change for one in decided], outcomes

    def _make_durable(self, decided: Sequence[Decided], revision: int) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            for one in decided:
                stored = one.change.stored
                if one.change.type == "DELETED":
                    execute(_DROP, stored.key)
                else:
                    execute(_PUT, (*stored.key, stored.revision, one.text))
            self._history.write(execute, decided, revision)
            self._revisions.write(execute, decided)
            execute("UPDATE counter SET revision = ?", (revision,))
            execute("COMMIT")
            self._history.keep()
            self._revisions.keep()
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                execute("ROLLBACK")
            raise

    def _skip(self, skip: _Skip) -> None:
        failed: StoreFailed | None = None
        higher = skip.revision > self._ledger.revision
        if higher:
            try:
                self._connection.execute("UPDATE counter SET revision = ?", (skip.revision,))
                self._ledger.revision = skip.revision
                # What leads to a revision without a gap is nothing now.
                self._history = History(self._connection, skip.revision)
            except sqlite3.Error as error:
                failed, higher = StoreFailed(f"the count could not be moved: {error}"), False
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._skipped, skip, failed, higher)

    def _skipped(self, skip: _Skip, failed: StoreFailed | None, higher: bool) -> None:  # noqa: FBT001
        if higher:
            self._mirror.skip_to(skip.revision)
        if skip.answer.done():
            return
        if failed is not None:
            skip.answer.set_exception(failed)
        else:
            skip.answer.set_result(None)

    def _settle(self, changes: Sequence[Change], outcomes: Sequence[_Outcome]) -> None:
        if changes:
            self._mirror.apply(changes)
        for future, outcome in outcomes:
            if future.done():  # its client went away; the write stands
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


def _connect(path: Path, first: Callable[[], int]) -> sqlite3.Connection:
    path.touch(mode=0o600, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreFailed(f"{path}: the file system allows no write-ahead log (got {mode})")
        connection.execute("PRAGMA synchronous = FULL")
        _prepare(connection, path, first)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, first: Callable[[], int]) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            connection.execute(table)
        connection.execute("INSERT INTO counter VALUES (?)", (first(),))
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")
    elif version != SCHEMA:
        raise StoreFailed(
            f"{path}: written with schema {version}, this version reads schema {SCHEMA}; "
            "start the version that wrote it, or choose another --data-dir"
        )


def _load(connection: sqlite3.Connection) -> tuple[int, list[Stored]]:
    (revision,) = connection.execute("SELECT revision FROM counter").fetchone()
    rows = connection.execute("SELECT resource, namespace, name, revision, object FROM objects")
    stored = [
        Stored(key=Key(*names), revision=written, object=orjson.loads(text))
        for *names, written, text in rows
    ]
    return revision, stored
