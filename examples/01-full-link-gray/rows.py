"""Which rows a load has left, and where: held against the answers that its requests got.

Every row says by its location which instance wrote it, and every answer names that instance last.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

DATABASE, SHADOW = "mse-demo", "mse-demo-gray"


@dataclass(frozen=True, slots=True)
class Place:
    """A table of a database."""

    table: str = "mse_demo_table"
    database: str = DATABASE

    def __str__(self) -> str:
        return self.table if self.database == DATABASE else f"{self.database}.{self.table}"


BASE_ROWS = Place()
SHADOW_TABLE = Place(table="mse_demo_table_gray")
SHADOW_DATABASE = Place(database=SHADOW)
PLACES = (BASE_ROWS, SHADOW_TABLE, SHADOW_DATABASE)


@dataclass(frozen=True, slots=True)
class Content:
    """All rows of a place, as a hash of them and as the count of each location."""

    checksum: str
    locations: Counter[str]

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, ...]]) -> Content:
        """Return what `rows`, of an id and a location each and in order, amount to."""
        digest, locations = hashlib.sha256(), Counter[str]()
        for number, location in rows:
            digest.update(repr((number, location)).encode())
            locations[location] += 1
        return cls(digest.hexdigest()[:16], locations)


@dataclass(frozen=True, slots=True)
class Change:
    """What a load did to a place: `written` counts its requests' rows by the app that answered."""

    place: Place
    before: Content
    after: Content
    written: Counter[str]

    @property
    def problem(self) -> str:
        """What is off; empty where each request has left its row, and nobody else one."""
        if not self.written and self.before.checksum != self.after.checksum:
            return f"{self.place} was to stay as it is and has changed: {self.described()}"
        added, gone = self._difference()
        if added != self.written or gone:
            taken = f", and {dict(gone)} were lost" if gone else ""
            return f"{self.place} was to get {dict(self.written)}, got {dict(added)}{taken}"
        return ""

    def described(self) -> str:
        """Return it as part of a line: ``mse_demo_table +50 C``."""
        if self.before.checksum == self.after.checksum:
            rows = self.after.locations.total()
            return f"{self.place} unchanged ({rows:,} rows, {self.after.checksum})"
        added, _ = self._difference()
        return f"{self.place} " + ", ".join(f"+{n:,} {name}" for name, n in added.items())

    def plain(self) -> dict[str, Any]:
        """Return it as the JSON report has it."""
        return {
            "added": dict(self._difference()[0]),
            "rows": self.after.locations.total(),
            "checksum_before": self.before.checksum,
            "checksum_after": self.after.checksum,
        }

    def _difference(self) -> tuple[Counter[str], Counter[str]]:
        before, after = self.before.locations, self.after.locations
        return after - before, before - after


Contents = dict[Place, Content]


def changes(
    before: Contents, after: Contents, written: Counter[tuple[Place, str]]
) -> Iterator[Change]:
    """Yield what has become of each place; `written` counts rows by place and location."""
    for place in PLACES:
        mine = Counter({name: n for (where, name), n in written.items() if where == place})
        yield Change(place, before[place], after[place], mine)
