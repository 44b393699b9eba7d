"""Events: what has happened to rules and instances, for ``kubectl describe`` and ``get events``.

Told by the store's own changes, so that nobody has to remember to tell. They are kept in the store,
where a restart does not lose them, and everything about them is bounded: how many there are, how
long they stay, and how fast one object may make new ones. What is too much is left out; statuses
say how things are all the same.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from fairlead.control.clocks import Clocks
from fairlead.control.event import (
    RESOURCE,
    News,
    Note,
    again,
    event_key,
    event_of,
    news_of,
    reference,
    told_by,
)
from fairlead.control.store import (
    Busy,
    Change,
    Conflict,
    Expired,
    Key,
    Store,
    Stored,
    StoreFailed,
    Write,
)
from fairlead.kinds.kind import text_at

MOST = 1_000
"""Events that are kept; the oldest goes first."""

MOST_OF_ONE = 20
"""Events of one object: one that is never quiet must not push out the others'."""

KEPT = timedelta(hours=1)
"""How long an event is kept after it was last heard, as in Kubernetes."""

GATHER = 0.5
"""Seconds over which news are gathered: the same news counts, it is not written twice."""

TIDY = 30.0
"""Seconds after which it is looked for events that are too old."""

AT_ONCE = 32
"""Events written by one gathering. What else there was to tell is left out."""

BURST, REFILL = 12, 10.0
"""Events that one object may make in a row, and the seconds after which it may make one more."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Allowance:
    """How many more events an object may make now."""

    left: float
    at: float

    def take(self, now: float) -> bool:
        self.left = min(BURST, self.left + (now - self.at) / REFILL)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Events:
    """The events of a store. Belongs to one event loop."""

    def __init__(
        self, store: Store, clocks: Clocks, resources: Iterable[str], lost: set[Key]
    ) -> None:
        """Follow the objects of `resources` from now on.

        In `lost` are the instances that are being given up: they did not leave by themselves.
        """
        self._store, self._clocks = store, clocks
        self._resources = frozenset(resources)
        self._seen = store.revision
        self._lost = lost
        self._heard: list[News] = []
        self._allowances: dict[str, _Allowance] = {}
        self._number = 0

    def tell(self, stored: Stored, note: Note) -> None:
        """Hear news about an object that its changes do not say."""
        if len(self._heard) < AT_ONCE:
            about = reference(stored.key, stored.object, stored.revision)
            self._heard.append(News(about=about, note=note))

    async def run(self) -> None:
        """Write events for good."""
        tidied = self._clocks.elapsed()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TIDY):
                    await self._store.changed(self._seen)
            await asyncio.sleep(GATHER)
            try:
                await self.follow()
                if self._clocks.elapsed() - tidied >= TIDY:
                    await self.tidy()
                    tidied = self._clocks.elapsed()
            except (Busy, StoreFailed) as error:
                # A full disk: events are not worth more than a line.
                log.error("events could not be written: %s", error)  # noqa: TRY400
            except Exception:
                log.exception("events could not be written")

    async def follow(self) -> None:
        """Write what has happened since the last time, as far as it may be written."""
        news = [*self._read(), *self._heard]
        self._heard.clear()
        if not news:
            return
        now = self._clocks.elapsed()
        counted = Counter(one.same for one in news)
        newest = {one.same: one for one in news}
        due = [one for one in newest.values() if self._may(one.subject, now)][:AT_ONCE]
        if len(due) < len(newest):
            log.info("%d events were left out: too many at a time", len(newest) - len(due))
        known = {told_by(item.object).same: item for item in self._all()}
        writes = [self._write_of(one, counted[one.same], known.get(one.same)) for one in due]
        await asyncio.gather(*map(self._try, writes))
        await self._drop_surplus()

    async def tidy(self) -> None:
        """Drop the events that have been kept long enough, and forget who has been quiet."""
        latest = self._clocks.now() - KEPT
        await self._drop([item for item in self._all() if _last_heard(item) < latest])
        quiet = self._clocks.elapsed() - BURST * REFILL
        self._allowances = {k: one for k, one in self._allowances.items() if one.at > quiet}

    def _read(self) -> list[News]:
        seen, self._seen = self._seen, self._store.revision
        try:
            changes = self._store.changes(seen)
        except Expired:
            self._lost.clear()
            return []  # more has happened than anybody would read
        return [news for change in changes for news in self._news(change)]

    def _news(self, change: Change) -> Iterable[News]:
        stored = change.stored
        if stored.key.resource not in self._resources:
            return
        about = reference(stored.key, stored.object, stored.revision)
        for note in news_of(change, lost=stored.key in self._lost):
            yield News(about=about, note=note)
        if change.type == "DELETED":
            self._lost.discard(stored.key)

    def _may(self, subject: str, now: float) -> bool:
        return self._allowances.setdefault(subject, _Allowance(BURST, now)).take(now)

    def _write_of(self, news: News, count: int, known: Stored | None) -> Write:
        moment = self._clocks.now()
        if known is None:
            # Names tell the order: the time, and never the same one twice.
            self._number = max(self._number + 1, int(moment.timestamp() * 1_000_000_000))
            key, uid = event_key(news.about, self._number), str(uuid.uuid4())
            return Write(key=key, object=event_of(news, count, key, uid, moment), expected=0)
        plain = again(known.object, news, count, moment)
        return Write(key=known.key, object=plain, expected=known.revision)

    async def _drop_surplus(self) -> None:
        of_one: Counter[str] = Counter()
        kept, surplus = 0, []
        for item in sorted(self._all(), key=_last_heard, reverse=True):
            subject = told_by(item.object).subject
            if kept < MOST and of_one[subject] < MOST_OF_ONE:
                kept += 1
                of_one[subject] += 1
            else:
                surplus.append(item)
        await self._drop(surplus)

    async def _drop(self, items: Sequence[Stored]) -> None:
        writes = (Write(key=item.key, object=None, expected=item.revision) for item in items)
        await asyncio.gather(*(self._try(write) for write in writes))

    async def _try(self, write: Write) -> None:
        try:
            await self._store.write(write)
        except (Conflict, Busy) as error:
            log.info("an event is left out: %s", error)

    def _all(self) -> Sequence[Stored]:
        return self._store.listing(RESOURCE).items


def _last_heard(item: Stored) -> datetime:
    return datetime.fromisoformat(text_at(item.object, "lastTimestamp"))
