"""Watches of the REST API: the changes since a revision, and every change from then on.

A watcher is a position in the store's memory of changes, nothing more: a slow one costs no memory,
and one that falls behind what is remembered is told to list again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import StreamingResponse

from fairlead.control.api.objects import check_namespace
from fairlead.control.api.selectors import Selector, selector
from fairlead.control.api.served import Served
from fairlead.control.api.status import bad_request, expired
from fairlead.control.api.table import Printer
from fairlead.control.store import Change, Expired, Store, Stored

BOOKMARKS = 30.0
"""Seconds between bookmarks: a client that resumes from one is not told of the past again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What one client watches."""

    store: Store
    served: Served
    namespace: str | None
    select: Selector
    printer: Printer
    bookmarks: bool = False
    timeout: float | None = None
    """Seconds after which the stream ends, as the client asked."""

    async def lines(self, since: int | None, stop: asyncio.Event) -> AsyncIterator[bytes]:
        """Yield events as lines of JSON, from what is stored now where `since` is None."""
        if since is None:
            found = self.store.listing(self.served.resource, self.namespace)
            for item in found.items:
                if self.select(item.object):
                    yield self._line("ADDED", item)
            since = found.revision
        loop = asyncio.get_running_loop()
        end = None if self.timeout is None else loop.time() + self.timeout
        while not stop.is_set() and (end is None or loop.time() < end):
            try:
                changes = self.store.changes(since)
            except Expired as error:
                yield _event("ERROR", expired(str(error)).status())
                return
            for change in changes:
                since = change.stored.revision
                for line in self._seen(change):
                    yield line
            if not changes:
                left = BOOKMARKS if end is None else min(BOOKMARKS, end - loop.time())
                woken = await first_of(self.store.changed(since), stop, left)
                if not woken and self.bookmarks and not stop.is_set():
                    yield _event("BOOKMARK", self.printer.bookmark(since))

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


async def first_of(change: Awaitable[None], stop: asyncio.Event, seconds: float) -> bool:
    """Wait for `change`, for `stop` or for `seconds`; return whether it was the change."""
    waiting = [asyncio.ensure_future(change), asyncio.ensure_future(stop.wait())]
    try:
        done, _ = await asyncio.wait(
            waiting, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED
        )
        return waiting[0] in done
    finally:
        for task in waiting:
            task.cancel()


def watch_response(
    request: Request, watch_of: Callable[[Selector], Watch], stop: asyncio.Event
) -> StreamingResponse:
    """Answer a watch request with a stream. Raises Refused, Expired before it has begun."""
    query = request.query_params
    if query.get("sendInitialEvents", "") not in ("", "false"):
        raise bad_request("sendInitialEvents is not supported: list, then watch")
    select = selector(query.get("labelSelector", ""), query.get("fieldSelector", ""))
    watch = watch_of(select)
    if watch.namespace is not None:
        check_namespace(watch.namespace)
    since = _revision(query.get("resourceVersion", ""))
    if since is not None:
        watch.store.changes(since)
    return StreamingResponse(watch.lines(since, stop), media_type="application/json")


def timeout_of(request: Request) -> float | None:
    """Return the seconds a client gives its watch, None where it gives none. Raises Refused."""
    text = request.query_params.get("timeoutSeconds", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_request(f"timeoutSeconds {text[:80]!r} is not a number of seconds")
    return float(text) if int(text or 0) else None


def _revision(text: str) -> int | None:
    """Return the revision to go on from; None for "from what there is"."""
    if text in ("", "0"):
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise bad_request(f"resourceVersion {text[:80]!r} is not one this server has given")
    return int(text)


def _event(kind: str, plain: Any) -> bytes:
    return orjson.dumps({"type": kind, "object": plain}) + b"\n"
