"""The file of what was measured: SQLite, one row for a run of slots of one series.

Slots of a second are kept for an hour, of ten seconds for a week; those of each full hour are one
row, and are added up to slots of five minutes, which long graphs are read from. Used by threads.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from fairlead.control.history.block import Damaged, decode, encode
from fairlead.control.telemetry.memory import App
from fairlead.control.telemetry.packed import Packed
from fairlead.control.telemetry.process import Process
from fairlead.control.telemetry.series import COARSE, FINE, Name

ROUGH = 300
"""Seconds of the slots that hours are added up to."""

HOUR, DAY = 3600, 86_400
KEPT = {FINE: HOUR + 60, COARSE: 7 * DAY, ROUGH: 7 * DAY}
"""Seconds for which slots are kept, by their length."""

AT_ONCE = 2 * HOUR
"""Seconds of slots that one look, of which there is one an hour, may find too old."""

SCHEMA = 1
_SET_UP = (
    """CREATE TABLE series (
        id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, app TEXT NOT NULL,
        sort TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, c TEXT NOT NULL,
        UNIQUE (namespace, app, sort, a, b, c)
    )""",
    """CREATE TABLE blocks (
        series INTEGER NOT NULL, step INTEGER NOT NULL, start INTEGER NOT NULL, slots BLOB NOT NULL,
        UNIQUE (series, step, start)
    )""",
    "CREATE INDEX blocks_by_time ON blocks (step, start, series)",
    "CREATE TABLE rolled (hours INTEGER NOT NULL)",
)
_FIND = (
    "SELECT id FROM series WHERE namespace = ? AND app = ? AND sort = ?"
    " AND a = ? AND b = ? AND c = ?"
)
_ADD_SERIES = "INSERT INTO series (namespace, app, sort, a, b, c) VALUES (?, ?, ?, ?, ?, ?)"
_ADD = "INSERT INTO blocks VALUES (?, ?, ?, ?)"
_PUT = "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?)"
_ONE = "SELECT slots FROM blocks WHERE series = ? AND step = ? AND start = ?"
_SPAN = (
    "SELECT start, slots FROM blocks WHERE series = ? AND step = ? AND start >= ? AND start < ?"
    " ORDER BY start"
)
_DROP_SPAN = "DELETE FROM blocks WHERE series = ? AND step = ? AND start >= ? AND start < ?"
_DROP_OLD = "DELETE FROM blocks WHERE step = ? AND start < ?"
_DROP_SERIES = "DELETE FROM series WHERE id NOT IN (SELECT series FROM blocks)"
_ENDS = "SELECT min(start), max(start) FROM blocks WHERE step = ?"
_SINCE = (
    "SELECT namespace, app, sort, a, b, c, start, slots FROM blocks JOIN series ON id = series"
    " WHERE step = ? AND start >= ? AND start <= ? ORDER BY start"
)
_WITHIN = "SELECT DISTINCT series FROM blocks WHERE step = ? AND start >= ? AND start < ?"
_NAMES = "SELECT sort, a, b, c FROM series WHERE namespace = ? AND app = ?"
_PROCESSES = """CREATE TABLE IF NOT EXISTS processes (
    namespace TEXT NOT NULL, app TEXT NOT NULL, node TEXT NOT NULL, address TEXT NOT NULL,
    lane TEXT NOT NULL, seq INTEGER NOT NULL, seconds REAL NOT NULL, at REAL NOT NULL
)"""
_ADD_PROCESS = "INSERT INTO processes VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

ROWS = 128
"""Rows that are read at a time: others may read in between."""


_OF_PROCESS = ("node", "address", "lane", "seq", "seconds", "at")


class Unusable(Exception):
    """The file cannot be used; the message says why."""

    def __init__(self, message: str, *, damaged: bool = False) -> None:
        """`damaged` says that it is what is in the file, and not a disk or a lock."""
        super().__init__(message)
        self.damaged = damaged


def is_damage(error: Exception) -> bool:
    """Tell whether a file is no good; of a disk that is full SQLite raises a subclass."""
    return type(error) is sqlite3.DatabaseError


class Run(NamedTuple):
    """Slots of one series, from `first` on, by number."""

    app: App
    name: Name
    slots: Mapping[int, Packed]


class Archive:
    """What is kept. Methods raise sqlite3.Error where the disk does not do its part."""

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        """Use `Archive.open` or `Archive.in_memory`."""
        self._connection, self.place = connection, place
        self._lock = Lock()
        self._ids: dict[tuple[App, Name], int] = {}

    @classmethod
    def open(cls, path: Path) -> Archive:
        """Open a file, made where there is none. Raises Unusable."""
        try:
            path.touch(mode=0o600, exist_ok=True)
            return cls(_connect(str(path)), str(path))
        except (sqlite3.Error, OSError) as error:
            raise Unusable(f"{path}: {error}", damaged=is_damage(error)) from error

    @classmethod
    def in_memory(cls) -> Archive:
        """Return one that forgets with its process."""
        return cls(_connect(":memory:"), "memory")

    @property
    def rolled(self) -> int:
        """The moment up to which hours were added up, unix seconds; 0 before the first."""
        with self._lock:
            (moment,) = self._connection.execute("SELECT max(hours) FROM rolled").fetchone()
        return int(moment or 0)

    @property
    def oldest(self) -> int:
        """The moment from which slots of ten seconds are kept, unix seconds; 0 of none."""
        with self._lock:
            moment, _ = self._connection.execute(_ENDS, (COARSE,)).fetchone()
        return int(moment or 0)

    def size(self) -> int:
        """Return the bytes that are in use."""
        with self._lock:
            pages, free, size = (
                self._connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def write(self, step: int, first: int, count: int, runs: Iterable[Run]) -> None:
        """Keep slots `first` to ``first + count``, each of `step` seconds."""
        blocks = [(run, encode(first, count, run.slots)) for run in runs]
        with self._transaction() as execute:
            for run, block in blocks:
                series, start = self._id(run.app, run.name), first * step
                try:
                    execute(_ADD, (series, step, start, block))
                except sqlite3.IntegrityError:
                    # It is written again, or what memory has not was before a restart.
                    merged = self._merged(series, step, start, (count, run.slots))
                    execute(_PUT, (series, step, start, merged))

    def _merged(
        self, series: int, step: int, start: int, new: tuple[int, Mapping[int, Packed]]
    ) -> bytes:
        """Return the block of what is there with new slots in it, which take the place of old."""
        first, (count, slots) = start // step, new
        found = self._connection.execute(_ONE, (series, step, start)).fetchone()
        before = _slots(first, found[0]) if found else {}
        return encode(first, count, {**before, **slots})

    def within(self, hour: int) -> list[int]:
        """Return the series that have something in the hour that begins at `hour`."""
        with self._lock:
            span = (COARSE, hour, hour + HOUR)
            return [series for (series,) in self._connection.execute(_WITHIN, span)]

    def roll_up(self, hour: int, series: Iterable[int]) -> None:
        """Make one row of an hour of each series, and add it up; twice is no more than once."""
        with self._transaction():
            for one in series:
                self._roll_up(one, hour)

    def rolled_to(self, moment: int) -> None:
        """Note that all hours before `moment` were added up."""
        with self._transaction() as execute:
            execute("DELETE FROM rolled")
            execute("INSERT INTO rolled VALUES (?)", (moment,))

    def since(self, step: int, begin: int, now: int) -> Iterator[Run]:
        """Yield what is there of rows that begin between two moments, up to the slot of `now`."""
        with self._lock:
            cursor = self._connection.execute(_SINCE, (step, begin, now))
            rows = cursor.fetchmany(ROWS)
        while rows:
            for namespace, app, sort, a, b, c, start, block in rows:
                slots = _slots(start // step, block)
                past = {slot: packed for slot, packed in slots.items() if slot * step <= now}
                yield Run((namespace, app), (sort, a, b, c), past)
            with self._lock:
                rows = cursor.fetchmany(ROWS)

    def processes(self) -> list[tuple[App, Process]]:
        """Return the processes that `keep_processes` was given last."""
        with self._lock:
            rows = self._connection.execute("SELECT * FROM processes").fetchall()
        return [((row[0], row[1]), Process(**_named(row[2:]))) for row in rows]

    def keep_processes(self, processes: Iterable[tuple[App, Process]]) -> None:
        """Keep which report of each process came last, in place of what was kept."""
        with self._transaction() as execute:
            execute("DELETE FROM processes")
            for app, one in processes:
                execute(_ADD_PROCESS, (*app, *(getattr(one, name) for name in _OF_PROCESS)))

    def drop(self, now: int, most: int) -> None:
        """Forget what is too old, and the oldest where all takes more than `most` bytes.

        A clock that is wrong must not cost the week: age is counted up to the newest slot there is,
        and of what is kept for long, no more than the oldest `AT_ONCE` go at a time.
        """
        with self._transaction() as execute:
            oldest, newest = execute(_ENDS, (COARSE,)).fetchone()
            if newest is not None:
                now = min(now, newest + ROUGH)
                before = min(now - KEPT[COARSE], oldest + AT_ONCE)
                for step, moment in ((FINE, now - KEPT[FINE]), (COARSE, before), (ROUGH, before)):
                    execute(_DROP_OLD, (step, moment))
        for _ in range(7 * 24):
            if self.size() <= most:
                break
            self._drop_oldest()
        with self._transaction() as execute:
            execute(_DROP_SERIES)
            self._ids.clear()

    def _drop_oldest(self) -> None:
        with self._transaction() as execute:
            for step in (FINE, COARSE):
                oldest, _ = self._connection.execute(_ENDS, (step,)).fetchone()
                if oldest is not None:
                    execute(_DROP_OLD, (step, oldest - oldest % HOUR + HOUR))
                    return

    def names(self, app: App) -> list[Name]:
        """Return the series that are kept of an app."""
        with self._lock:
            return [(a, b, c, d) for a, b, c, d in self._connection.execute(_NAMES, app)]

    def read(
        self, app: App, names: Sequence[Name], step: int, times: tuple[int, int]
    ) -> dict[Name, dict[int, Packed]]:
        """Return slots of `step` seconds, which what is kept is added up to, of a span of time."""
        found = {}
        spans = self._spans(step, *times)
        for name in names:
            slots: defaultdict[int, Packed] = defaultdict(int)
            for kept, length, span in spans:
                within = (span[0] // kept, span[1] // kept)
                for start, block in self._rows(app, name, kept, (span[0] - length, span[1])):
                    values = (start // kept, _decoded(block))
                    _add_up(slots, values, step // kept, within)
            if slots:
                found[name] = dict(slots)
        return found

    def _spans(self, step: int, begin: int, end: int) -> list[tuple[int, int, tuple[int, int]]]:
        """Return where to read: slots' and rows' length in seconds, and which time."""
        if step < COARSE:
            return [(FINE, 60, (begin, end))]
        if step % ROUGH:
            return [(COARSE, HOUR, (begin, end))]
        edge = min(max(begin, self.rolled), end)
        return [(ROUGH, DAY, (begin, edge)), (COARSE, HOUR, (edge, end))]

    def _rows(
        self, app: App, name: Name, step: int, times: tuple[int, int]
    ) -> list[tuple[int, bytes]]:
        with self._lock:
            series = self._ids.get((app, name)) or self._known(app, name)
            if not series:
                return []
            return self._connection.execute(_SPAN, (series, step, *times)).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def _roll_up(self, series: int, hour: int) -> None:
        execute, first = self._connection.execute, hour // COARSE
        slots: dict[int, Packed] = {}
        for start, block in execute(_SPAN, (series, COARSE, hour, hour + HOUR)).fetchall():
            slots |= _slots(start // COARSE, block)
        rough: defaultdict[int, Packed] = defaultdict(int)
        for slot, packed in slots.items():
            rough[slot * COARSE // ROUGH] += packed
        execute(_DROP_SPAN, (series, COARSE, hour, hour + HOUR))
        execute(_ADD, (series, COARSE, hour, encode(first, HOUR // COARSE, slots)))
        day = hour - hour % DAY
        merged = self._merged(series, ROUGH, day, (DAY // ROUGH, rough))
        execute(_PUT, (series, ROUGH, day, merged))

    def _id(self, app: App, name: Name) -> int:
        """Return the number of a series, a new one where it has none; within a transaction."""
        series = self._ids.get((app, name)) or self._known(app, name)
        if not series:
            cursor = self._connection.execute(_ADD_SERIES, (*app, *name))
            series = int(cursor.lastrowid or 0)
        self._ids[app, name] = series
        return series

    def _known(self, app: App, name: Name) -> int:
        found = self._connection.execute(_FIND, (*app, *name)).fetchone()
        return int(found[0]) if found else 0

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                self._ids.clear()
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise


def _connect(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
    try:
        # Before the first table; rows of five kilobytes would leave half of small pages empty.
        connection.execute("PRAGMA page_size = 16384")
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may take the last minutes: they are worth no wait for the disk.
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SET_UP:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
            connection.execute("COMMIT")
        elif version != SCHEMA:
            raise sqlite3.DatabaseError(f"written with schema {version}, not {SCHEMA}")
        connection.execute("SELECT count(*) FROM rolled").fetchone()
        connection.execute(_PROCESSES)
    except BaseException:
        connection.close()
        raise
    return connection


def _named(row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(_OF_PROCESS, row, strict=True))


def _decoded(block: bytes) -> list[Packed]:
    """Return the slots of a block; of one that is damaged nothing is known."""
    try:
        return decode(block)
    except Damaged:
        return []


def _slots(first: int, block: bytes) -> dict[int, Packed]:
    return {slot: packed for slot, packed in enumerate(_decoded(block), first) if packed}


def _add_up(
    slots: dict[int, Packed],
    run: tuple[int, Sequence[Packed]],
    per: int,
    within: tuple[int, int],
) -> None:
    """Add a run of slots, its first and its values, to slots of `per` of them each."""
    begin, values = run
    first, last = max(begin, within[0]), min(begin + len(values), within[1])
    while first < last:
        slot = first // per
        end = min(last, (slot + 1) * per)
        if total := sum(values[first - begin : end - begin]):
            slots[slot] += total
        first = end
