"""What happens while somebody looks: passed on at once, and kept nowhere.

News are Kubernetes Events, refusals in their form, and changes of objects. Whoever reads slowly is
told of the newest.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

from fairlead.control.clocks import Clocks
from fairlead.control.event import RESOURCE, WARNING
from fairlead.control.store import Change, Expired, Object, Store
from fairlead.control.telemetry.intake import Turned
from fairlead.protocols.watch.report import Report

MOST = 256
"""News that wait for one reader."""

KEPT = 20
"""Changes and events that are shown to who has just come."""

MOST_TOLD = 4_096
"""Refusals that are held apart."""

_LAST = 253_402_300_799.0
"""The last second that a date can be written of."""

PAUSE = 1.0
"""Seconds between two pieces of news about one rule at one interface."""

log = logging.getLogger(__name__)

Sort: TypeAlias = Literal["event", "change", "request"]


class News(NamedTuple):
    """A piece of news. `app` is ``""`` where it is about no app, or about several."""

    sort: Sort
    namespace: str
    app: str
    plain: Object


class Reader:
    """What one reader has not seen yet."""

    def __init__(self, covers: Callable[[str], bool], app: str, *, taps: bool = False) -> None:
        """With `taps` single requests are news too."""
        self._taps = taps
        self.waiting: deque[News] = deque(maxlen=MOST)
        self.woken = asyncio.Event()
        self._covers, self._app = covers, app

    def hear(self, news: News) -> None:
        """Take in what the reader asked for."""
        if news.sort == "request" and not self._taps:
            return
        if self._covers(news.namespace) and (not self._app or news.app in ("", self._app)):
            self.waiting.append(news)
            self.woken.set()


class Newsroom:
    """Passes news on. Belongs to one event loop."""

    def __init__(self, store: Store, clocks: Clocks, kinds: Iterable[str]) -> None:
        """Follow the objects of `kinds` in a store, and its events."""
        self._store, self._clocks, self._kinds = store, clocks, frozenset(kinds)
        self._readers: set[Reader] = set()
        self._seen = store.revision
        self._turned: dict[tuple[str, ...], tuple[float, int]] = {}
        self.changes: deque[News] = deque(self._remembered(), maxlen=10 * KEPT)

    @contextmanager
    def reading(
        self, covers: Callable[[str], bool], app: str = "", *, taps: bool = False
    ) -> Iterator[Reader]:
        """Give a reader that hears of the namespaces which it covers, or of one app in them."""
        reader = Reader(covers, app, taps=taps)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def tell(self, news: News) -> None:
        """Pass a piece of news on."""
        for reader in self._readers:
            reader.hear(news)

    def requests(self, report: Report) -> None:
        """Hear of single requests, which somebody taps, or did a moment ago."""
        whose = {"namespace": report.namespace, "app": report.app, "instance": report.address}
        for row in report.requests:
            at = datetime.fromtimestamp(min(row.at, _LAST), UTC).isoformat(timespec="milliseconds")
            plain = {**whose, **row._asdict(), "at": at}
            self.tell(News("request", report.namespace, report.app, plain))

    def turned_away(self, turned: Turned) -> None:
        """Hear of calls that a rule rejected: told at once, and then once a second."""
        row, now = turned.row, self._clocks.elapsed()
        key = (turned.namespace, turned.app, row.rule, row.resource, row.reason)
        last, count = self._turned.pop(key, (float("-inf"), 0))
        count += row.rejected
        due = now - last >= PAUSE
        self._turned[key] = (now, 0) if due else (last, count)
        if len(self._turned) > MOST_TOLD:
            del self._turned[next(iter(self._turned))]
        if due:
            text = f"{row.resource} turned {count} calls away: {row.reason}"
            self.tell(self.event(turned, (WARNING, "Rejected", text), count))

    def event(self, turned: Turned, note: tuple[str, str, str], count: int = 1) -> News:
        """Return news about a rule in the form of an Event: its type, reason and message."""
        kind, _, name = turned.row.rule.rpartition("/")
        plain = {
            "kind": "Event",
            "type": note[0],
            "reason": note[1],
            "message": note[2],
            "count": count,
            "lastTimestamp": self._clocks.now().isoformat(timespec="milliseconds"),
            "involvedObject": {"kind": kind, "namespace": turned.namespace, "name": name},
            "namespace": turned.namespace,
            "app": turned.app,
            "interface": turned.row.resource,
            "rule": turned.row.rule,
        }
        return News("event", turned.namespace, turned.app, plain)

    async def run(self) -> None:
        """Follow the store for good."""
        while True:
            await self._store.changed(self._seen)
            try:
                self.follow()
            except Exception:
                log.exception("what has changed could not be told")

    def follow(self) -> None:
        """Pass on what has changed in the store."""
        since, self._seen = self._seen, self._store.revision
        try:
            changes = self._store.changes(since)
        except Expired:
            return  # more has happened than anybody would read
        for change in changes:
            news = self._news(change)
            if news is not None:
                self.tell(news)
                if news.sort == "change":
                    self.changes.append(news)

    def _remembered(self) -> Iterator[News]:
        """Yield the changes from before this control plane began, as far as they are known."""
        try:
            changes = self._store.changes(0)
        except Expired as error:
            changes = self._store.changes(error.oldest)
        for change in changes:
            if (news := self._news(change)) and news.sort == "change":
                yield news

    def _news(self, change: Change) -> News | None:
        key, plain = change.stored.key, change.stored.object
        if key.resource == RESOURCE and change.type != "DELETED":
            return News("event", key.namespace, _app_of(plain), plain)
        if key.resource not in self._kinds or not _is_authored(change):
            return None
        author = change.author
        shown = {
            "kind": plain["kind"],
            "namespace": key.namespace,
            "name": key.name,
            "type": change.type.lower(),
            "who": author.who if author else "",
            "at": author.at if author else "",
            "revision": change.stored.revision,
        }
        return News("change", key.namespace, "", shown)


def _is_authored(change: Change) -> bool:
    """Tell whether more than a status changed."""
    if change.type != "MODIFIED" or change.before is None:
        return True
    before, after = change.before["metadata"], change.stored.object["metadata"]
    return bool(before.get("generation") != after.get("generation"))


def _app_of(event: Object) -> str:
    """Return the app that an event is about: of an instance, whose name begins with it."""
    about = event["involvedObject"]
    return about["name"].partition(".")[0] if about["kind"] == "Instance" else ""
