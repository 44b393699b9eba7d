"""Watches of the REST API: the changes since a revision, and every change from then on.

A watcher is a position in the store's memory of changes, nothing more: a slow one costs no memory,
and one that falls behind what is remembered is told to list again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from fairlead.control.api.listing import NOT_OLDER, check_reached, revision_of
from fairlead.control.api.objects import check_namespace
from fairlead.control.api.resources import Resources
from fairlead.control.api.selectors import Selector, selected
from fairlead.control.api.served import Served
from fairlead.control.api.status import bad_request, expired, invalid_option
from fairlead.control.api.table import Printer
from fairlead.control.store import Change, Expired, Listing, Store, Stored

BOOKMARKS = 30.0
"""Seconds between bookmarks: a client that resumes from one is not told of the past again.

However much others write: a quiet watch's last object would soon be older than what is remembered.
"""

INITIAL_END = {"k8s.io/initial-events-end": "true"}
"""Annotation of the bookmark behind what is stored, in a watch that begins with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What one client watches."""

    store: Store
    served: Served
    namespace: str | None
    select: Selector
    printer: Printer
    bookmarks: bool = False
    ends_initial: bool = False
    """Whether a bookmark says where what is stored now ends and the changes begin."""
    timeout: float | None = None
    """Seconds after which the stream ends, as the client asked."""

    async def lines(self, since: int | None, stop: asyncio.Event) -> AsyncIterator[bytes]:
        """Yield events as lines of JSON, from what is stored now where `since` is None."""
        if since is None:
            found = self.store.listing(self.served.resource, self.namespace)
            since = found.revision
            for line in self._initial(found):
                yield line
        now = asyncio.get_running_loop().time
        length, pause = self._times()
        end, due = now() + length, now() + pause
        while not stop.is_set() and now() < end:
            try:
                changes = self.store.changes(since)
            except Expired as error:
                yield _event("ERROR", expired(str(error)).status())
                return
            for change in changes:
                since = change.stored.revision
                for line in self._seen(change):
                    yield line
            if now() >= due:
                yield self._bookmark(since)
                due = now() + pause
            if not changes:
                await first_of(self.store.changed(since), stop, min(due, end) - now())
        if self.bookmarks:
            # Whoever is sent away comes back with this, and is not told of the past again.
            yield self._bookmark(since)

    def _times(self) -> tuple[float, float]:
        """Return the seconds until the stream ends, and between bookmarks."""
        length = inf if self.timeout is None else self.timeout
        return length, BOOKMARKS if self.bookmarks else inf

    def _bookmark(self, since: int, annotations: Mapping[str, str] | None = None) -> bytes:
        return _event("BOOKMARK", self.printer.bookmark(since, annotations))

    def _initial(self, found: Listing) -> Iterator[bytes]:
        for item in found.items:
            if self.select(item.object):
                yield self._line("ADDED", item)
        if self.ends_initial:
            yield self._bookmark(found.revision, INITIAL_END)

    def _seen(self, change: Change) -> Iterator[bytes]:
        key = change.stored.key
        if key.resource != self.served.resource or self.namespace not in (None, key.namespace):
            return
        was = change.before is not None and self.select(change.before)
        is_ = change.type != "DELETED" and self.select(change.stored.object)
        if is_:
            yield self._line("MODIFIED" if was else "ADDED", change.stored)
        elif was:
            yield self._line("DELETED", change.stored)

    def _line(self, kind: str, stored: Stored) -> bytes:
        return _event(kind, self.printer.one(stored))


async def first_of(change: Awaitable[None], stop: asyncio.Event, seconds: float) -> None:
    """Wait for `change`, for `stop` or for `seconds`, which may be infinite."""
    waiting = [asyncio.ensure_future(change), asyncio.ensure_future(stop.wait())]
    try:
        timeout = None if seconds == inf else max(0.0, seconds)
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def list_or_watch(
    resources: Resources,
    request: Request,
    served: Served,
    namespace: str | None,
    stop: asyncio.Event,
) -> Response:
    """Answer a GET of objects with those there are, or with a stream of what becomes of them.

    Raises Refused, Expired before the stream has begun.
    """
    query = request.query_params
    if not is_true(query.get("watch", "")):
        return await resources.list(request, served, namespace)
    bookmarks = is_true(query.get("allowWatchBookmarks", ""))
    watch = Watch(
        printer=resources.printer(request, served),
        timeout=timeout_of(request),
        select=selected(query, served.fields),
        bookmarks=bookmarks,
        store=resources.store,
        served=served,
        namespace=namespace,
        ends_initial=bookmarks and initial_asked(query) is True,
    )
    return _stream(request, watch, stop)


def _stream(request: Request, watch: Watch, stop: asyncio.Event) -> StreamingResponse:
    query = request.query_params
    if watch.namespace is not None:
        check_namespace(watch.namespace)
    since = revision_of(query.get("resourceVersion", ""))
    if initial := initial_asked(query):
        check_reached(watch.store, since)
        # A list that streams may be newer than what was asked for, as any list may.
        since = None
    elif initial is False and since is None:
        since = watch.store.revision
    if since is not None:
        watch.store.changes(since)
    return StreamingResponse(watch.lines(since, stop), media_type="application/json")


def timeout_of(request: Request) -> float | None:
    """Return the seconds a client gives its watch, None where it gives none. Raises Refused."""
    text = request.query_params.get("timeoutSeconds", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_request(f"timeoutSeconds {text[:80]!r} is not a number of seconds")
    return float(text) if int(text or 0) else None


def initial_asked(query: Mapping[str, str]) -> bool | None:
    """Say whether a watch is to begin with what is stored; None where it does not say.

    Raises Refused, by Kubernetes' rules for `sendInitialEvents`.
    """
    text, match = query.get("sendInitialEvents", ""), query.get("resourceVersionMatch", "")
    if not text:
        if match:
            why = "is forbidden for a watch without sendInitialEvents"
            raise invalid_option("ListOptions", "resourceVersionMatch", why)
        return None
    if match != NOT_OLDER:
        why = f"requires the resourceVersionMatch {NOT_OLDER!r}"
        raise invalid_option("ListOptions", "sendInitialEvents", why)
    return is_true(text)


def is_true(text: str) -> bool:
    """Read a flag of a query."""
    return text in ("1", "true")


def _event(kind: str, plain: Any) -> bytes:
    return orjson.dumps({"type": kind, "object": plain}) + b"\n"
