"""The time of a call of httpx as a whole: httpx itself has one for each step on its way.

Async calls are cut short by whoever drives them. Sync ones end in a socket, which is told of the
end before each of its reads, so that bytes that come one by one do not keep a call alive.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from math import inf
from threading import Lock
from typing import TYPE_CHECKING, Any

from fairlead.flow.call import Call, Late
from fairlead.instruments.drive import has_loop
from fairlead.instruments.timing import is_over, remaining, shorter, until

if TYPE_CHECKING:
    from fairlead.instruments.patch import Patches


PART = 65_536
"""Bytes that are written at a time: each has the time that is left."""


class Limits:
    """Has sync calls keep to their time; nothing is hooked before the first one that has any."""

    __slots__ = ("_is_hooked", "_lock", "_patches")

    def __init__(self, patches: Patches) -> None:
        self._patches = patches
        self._lock = Lock()
        self._is_hooked = False

    def kept(self, call: Call, send: Callable[[], Any]) -> Any:
        """Return what `send` returns, if it does in time; the body keeps to its time, too."""
        if not self._is_hooked:
            self._hook()
        token = until.set(inf if call.until is None else call.until)
        try:
            response = send()
        finally:
            until.reset(token)
        if call.deadline < inf:
            response.stream = _kinds()[0](response.stream, call)
        return response

    def _hook(self) -> None:
        stream = sys.modules["httpcore._backends.sync"].SyncStream
        with self._lock:
            if not self._is_hooked:
                self._patches.replace(stream, "read", _reading)
                self._patches.replace(stream, "write", _writing)
                self._is_hooked = True


def _reading(original: Callable[..., bytes]) -> Callable[..., bytes]:
    def read(stream: Any, max_bytes: int, timeout: float | None = None) -> bytes:
        end = until.get()
        if end == inf:
            return original(stream, max_bytes, timeout)
        if time.monotonic() >= end:  # what is there already would be read without a look at a clock
            raise sys.modules["httpcore"].ReadTimeout(_OVER)
        return original(stream, max_bytes, shorter(timeout, end))

    return read


def _writing(original: Callable[..., None]) -> Callable[..., None]:
    def write(stream: Any, buffer: bytes, timeout: float | None = None) -> None:
        end = until.get()
        if end == inf:
            original(stream, buffer, timeout)
            return
        for start in range(0, len(buffer), PART):
            if time.monotonic() >= end:
                raise sys.modules["httpcore"].WriteTimeout(_OVER)
            original(stream, buffer[start : start + PART], shorter(timeout, end))

    return write


_OVER = "timed out"


def in_time_async(stream: Any, call: Call) -> Any:
    """Return `stream`, the body of a response, which ends in a timeout when `call` is to.

    Where asyncio does not run this, as in trio, nothing cuts it short.
    """
    if not has_loop():
        return stream
    return _kinds()[1](stream, call)


def _late(call: Call) -> Any:
    """Return httpx's own error for a body that took longer than all of `call` may."""
    return sys.modules["httpx"].ReadTimeout(str(Late(call.host, call.limit)))


@cache
def _kinds() -> tuple[type, type]:
    httpx: Any = sys.modules["httpx"]

    class InTime(_Body, httpx.SyncByteStream):  # type: ignore[misc]
        """A body that is read in time."""

    class InTimeAsync(_AsyncBody, httpx.AsyncByteStream):  # type: ignore[misc]
        """A body that is read in time."""

    return InTime, InTimeAsync


class _Body:
    def __init__(self, stream: Any, call: Call) -> None:
        self._stream, self._call = stream, call

    def __iter__(self) -> Iterator[bytes]:
        parts = iter(self._stream)
        while True:
            token = until.set(self._call.deadline)
            try:
                part = next(parts, None)
            except sys.modules["httpx"].ReadTimeout as error:
                if not is_over(self._call.deadline):
                    raise
                raise _late(self._call) from error
            finally:
                until.reset(token)
            if part is None:
                return
            yield part

    def close(self) -> None:
        self._stream.close()


class _AsyncBody:
    def __init__(self, stream: Any, call: Call) -> None:
        self._stream, self._call = stream, call

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = aiter(self._stream)
        while (part := await self._next(parts)) is not None:
            yield part

    async def _next(self, parts: Any) -> bytes | None:
        if time.monotonic() >= self._call.deadline:  # what is there already is not waited for
            raise _late(self._call)
        limit = asyncio.timeout(remaining(self._call.deadline))
        try:
            async with limit:
                found: bytes | None = await anext(parts, None)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise _late(self._call) from error
        return found

    async def aclose(self) -> None:
        await self._stream.aclose()
