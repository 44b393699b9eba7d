"""Answer a request that is refused on its head, so that its sender hears of it.

A connection that is closed over bytes that nobody has read is reset, and the answer with it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

DRAINED, DRAINING = 256 << 10, 2.0
"""Bytes and seconds that are spent on the body of a request that is refused, so that its sender
reads the answer; whoever sends more is hung up on."""


async def turn_away(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that is refused, and spend no more than a little on its body."""
    headers = Headers(scope=scope)
    bodily = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if bodily and ("expect" in headers or not await _drained(receive)):
        response.headers["connection"] = "close"
    elif response.status_code == HTTPStatus.UNAUTHORIZED:
        # Whom we do not know keeps no connection open.
        response.headers["connection"] = "close"
    await response(scope, receive, send)


async def _drained(receive: Receive) -> bool:
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAINING):
            while size <= DRAINED:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return True
    return False
