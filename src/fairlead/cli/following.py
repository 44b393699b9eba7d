"""Follows a collection for as long as somebody listens, across restarts of the control plane.

Every change after the list is seen once, in order: a stream that ended is taken up at the revision
that was heard last, and where the server does not remember that any more, the collection is listed
again and held against what was known.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import ENVIRONMENT, Failed

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two tries, at most, the first time and later on."""

GONE, TOO_MANY, BROKEN = 410, 429, 500

Plain = Mapping[str, Any]


class Event(NamedTuple):
    """One change: ADDED, MODIFIED or DELETED, and the object, or its table of one row."""

    type: str
    object: Plain


class Following:
    """One collection, and what is known of it."""

    def __init__(
        self,
        control: ControlPlane,
        path: str,
        query: Mapping[str, str],
        accept: str,
        *,
        dice: Callable[[], float] = random.random,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Follow what `path` and `query` list, as objects or as tables, as `accept` says."""
        self._control, self._path, self._query = control, path, dict(query)
        self._accept, self._dice, self._pause = accept, dice, pause
        self._revision = ""
        self._known: dict[str, Plain] = {}
        """The last of each object, by its uid."""

    def begin(self) -> Plain:
        """Return the list that the changes follow. Raises Failed."""
        listed = self._list()
        self._known = {_metadata(one)["uid"]: one for one in _items(listed)}
        return listed

    def events(self) -> Iterator[Event]:
        """Yield every change for good. Raises Failed where trying again is of no use."""
        failures = 0
        while True:
            try:
                for event in self._stream():
                    failures = 0
                    yield event
            except Refused as error:
                if error.code == GONE:
                    yield from self._again()
                elif error.code != TOO_MANY and error.code < BROKEN:
                    raise
            except Failed as error:
                if error.status != ENVIRONMENT:
                    raise
                if failures == 1:
                    print(f"{error}; still trying", file=sys.stderr)
            self._pause(self._dice() * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10)))
            failures += 1

    def _list(self) -> Plain:
        listed = self._control.call("GET", self._path, query=self._query, accept=self._accept)
        self._revision = str(listed["metadata"]["resourceVersion"])
        return listed

    def _stream(self) -> Iterator[Event]:
        query = {
            **self._query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._revision,
        }
        for line in self._control.stream(self._path, query=query, accept=self._accept):
            kind, found = line["type"], line["object"]
            if kind == "ERROR":
                raise Refused(int(found.get("code", BROKEN)), found)
            metadata = _metadata(found)
            self._revision = str(metadata["resourceVersion"])
            if kind != "BOOKMARK":
                self._take(kind, found)
                yield Event(kind, found)

    def _take(self, kind: str, found: Plain) -> None:
        uid = _metadata(found)["uid"]
        if kind == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = found

    def _again(self) -> Iterator[Event]:
        """Yield what has changed since, as far as a list can tell."""
        before = self._known
        self.begin()
        for uid, gone in before.items():
            if uid not in self._known:
                yield Event("DELETED", gone)
        for uid, found in self._known.items():
            was = before.get(uid)
            if was is None:
                yield Event("ADDED", found)
            elif _metadata(was)["resourceVersion"] != _metadata(found)["resourceVersion"]:
                yield Event("MODIFIED", found)


def _items(listed: Plain) -> Iterator[Plain]:
    """Yield the objects of a list, or a table of one row for each row of a table."""
    if "rows" not in listed:
        yield from listed.get("items", ())
        return
    for row in listed["rows"] or ():
        yield {**listed, "rows": [row]}


def _metadata(found: Plain) -> Plain:
    rows = found.get("rows")
    metadata: Plain = rows[0]["object"]["metadata"] if rows else found["metadata"]
    return metadata
