"""Versions of contracts: kept in a file of their own, each once, with when it was first seen.

Few and small: the loop knows all digests, documents are read in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from fairlead.control.clocks import Clocks
from fairlead.protocols.watch.contract import Contract

FILE = "contracts.sqlite"

MOST_VERSIONS = 10
"""Versions that are kept of one contract of an app; the oldest goes first."""

MOST_CONTRACTS = 20_000
"""Contracts, of all apps, that have versions."""

MOST_NODES = 50_000
"""Processes of which it is known what they promise."""

_SET_UP = """CREATE TABLE IF NOT EXISTS contracts (
    namespace TEXT NOT NULL, app TEXT NOT NULL, sort TEXT NOT NULL, digest TEXT NOT NULL,
    at REAL NOT NULL, document BLOB NOT NULL, PRIMARY KEY (namespace, app, sort, digest)
)"""
_ALL = "SELECT namespace, app, sort, digest FROM contracts ORDER BY at, rowid"
_OF = (
    "SELECT sort, digest, at, document FROM contracts WHERE namespace = ? AND app = ?"
    " ORDER BY at DESC, rowid DESC"
)
_ADD = "INSERT OR IGNORE INTO contracts VALUES (?, ?, ?, ?, ?, ?)"
_DROP = "DELETE FROM contracts WHERE namespace = ? AND app = ? AND sort = ? AND digest = ?"

App = tuple[str, str]

log = logging.getLogger(__name__)


class Version(NamedTuple):
    """One version of a contract."""

    sort: str
    digest: str
    at: float
    """When it was first seen, unix seconds."""
    packed: bytes


class ContractKeeper:
    """Belongs to one event loop."""

    def __init__(self, directory: Path | None, clocks: Clocks) -> None:
        """Keep in a directory; None keeps in memory only, as does a file that cannot be used."""
        self._clocks, self._lock = clocks, Lock()
        self._connection = _opened(directory)
        self._known: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        for namespace, app, sort, digest in self._connection.execute(_ALL):
            self._known[namespace, app, sort].append(digest)
        self._seen: dict[str, frozenset[str]] = {}

    def wanted(self, app: App, node: str, contracts: Sequence[Mapping[str, str]]) -> list[str]:
        """Hear what a process promises; return the digests whose documents are not known."""
        if not contracts:
            return []
        self._seen.pop(node, None)
        if len(self._seen) >= MOST_NODES:
            del self._seen[next(iter(self._seen))]
        self._seen[node] = frozenset(one["digest"] for one in contracts)
        return [
            one["digest"]
            for one in contracts
            if one["digest"] not in self._known.get((*app, one["sort"]), ())
        ]

    def seen_by(self, digest: str, nodes: Iterable[str]) -> bool:
        """Tell whether one of some processes promises this."""
        return any(digest in self._seen.get(node, ()) for node in nodes)

    async def add(self, contract: Contract) -> None:
        """Keep a version. Raises sqlite3.Error where the disk does not do its part."""
        key = (contract.namespace, contract.app, contract.sort)
        versions = self._known.get(key, [])
        if contract.digest in versions or (not versions and len(self._known) >= MOST_CONTRACTS):
            return
        at = self._clocks.now().timestamp()
        gone = versions[: max(0, len(versions) + 1 - MOST_VERSIONS)]
        await asyncio.to_thread(self._write, key, contract, at, gone)
        kept = [one for one in self._known[key] if one not in gone and one != contract.digest]
        self._known[key] = [*kept, contract.digest]

    def _write(
        self, key: tuple[str, str, str], contract: Contract, at: float, gone: Sequence[str]
    ) -> None:
        with self._lock, self._connection:
            self._connection.execute(_ADD, (*key, contract.digest, at, contract.packed))
            self._connection.executemany(_DROP, [(*key, digest) for digest in gone])

    async def versions(self, app: App) -> list[Version]:
        """Return the versions of an app's contracts, the newest first."""
        return await asyncio.to_thread(self._read, app)

    def _read(self, app: App) -> list[Version]:
        with self._lock, closing(self._connection.execute(_OF, app)) as found:
            return [Version(*row) for row in found]


def _opened(directory: Path | None) -> sqlite3.Connection:
    if directory is not None:
        path = directory / FILE
        try:
            path.touch(mode=0o600, exist_ok=True)
            return _connected(str(path))
        except (sqlite3.Error, OSError) as error:
            log.warning("contracts are kept in memory only: %s: %s", path, error)
    return _connected(":memory:")


def _connected(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(_SET_UP)
    connection.commit()
    return connection
