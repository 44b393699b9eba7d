"""uvicorn's HTTP/1.1 with bounds on the head of a request: its size, and the time it takes.

A peer that sends its head byte by byte, or none at all, would else hold a connection for good.
Everything refused here is refused with a Status, like everything behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from fairlead.control.api.status import Refused, json_response

HEAD_LIMIT = 32 << 10
"""Bytes of a request's line and headers."""

HEAD_PATIENCE = 10.0
"""Seconds in which a head has to arrive."""

_TOO_LARGE = Refused(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "RequestHeaderFieldsTooLarge",
    f"the request's line and headers are larger than {HEAD_LIMIT} bytes",
)
_TOO_SLOW = Refused(
    HTTPStatus.REQUEST_TIMEOUT,
    "Timeout",
    f"the request's head did not arrive within {HEAD_PATIENCE:.0f} seconds",
)
_NO_HTTP = Refused(HTTPStatus.BAD_REQUEST, "BadRequest", "this is no HTTP/1.1 request")


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, gone: Callable[[], None], **more: Any) -> None:
        """Serve one connection; `gone` is called when it ends."""
        super().__init__(*arguments, **more)
        self._gone = gone
        self._patience: asyncio.TimerHandle | None = None
        self._in_head = self._refused = False
        self._whole = True
        """Whether the body of the last request is here to its end."""
        self._fed = self._told = 0
        """Bytes received since the head began, and bytes of it that were understood."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._gone()
        self._end_wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within the bounds of a head."""
        if self._refused or self.transport.is_closing():
            return
        if self._whole and self._patience is None:
            self._await_head()
        super().data_received(data)
        if self._in_head:
            self._fed += len(data)
            if max(self._fed, self._told) > HEAD_LIMIT:
                self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Count anew."""
        super().on_message_begin()
        self._in_head, self._whole = True, False
        self._fed = self._told = 0

    def on_url(self, url: bytes) -> None:
        """Count the request's target."""
        self._told += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header; one behind the body is none, whoever is named in it."""
        self._told += len(name) + len(value) + 4
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the request begin."""
        self._end_wait()
        self._in_head = False
        app = self.app
        if self._told > HEAD_LIMIT:
            self.app = _too_large
        super().on_headers_complete()
        self.app = app

    def on_message_complete(self) -> None:
        """Note that the body is whole."""
        self._whole = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Hang up on who is answered and goes on sending: it would be read for nothing."""
        super().on_response_complete()
        if not self._whole and not self.transport.is_closing():
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not understand."""
        del msg
        self._refuse(_NO_HTTP)

    @property
    def _unanswered(self) -> bool:
        """Whether nothing has been said yet to the last request; then nothing else will be."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            return True
        if cycle.response_started:
            return False
        cycle.disconnected = True
        cycle.message_event.set()
        return True

    def _await_head(self) -> None:
        self._patience = self.loop.call_later(HEAD_PATIENCE, self._lose_patience)

    def _end_wait(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if self._in_head:
            self._refuse(_TOO_SLOW)
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, refused: Refused) -> None:
        """Answer without the application, and close; an answer under way is broken off."""
        self._refused = True
        self._end_wait()
        if self.transport.is_closing():
            return
        if self._unanswered:
            body = bytes(refused.response().body)
            head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: "
            length = str(len(body)).encode()
            self.transport.write(STATUS_LINE[refused.code] + head + length + b"\r\n\r\n" + body)
        self.transport.close()


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    response = json_response(_TOO_LARGE.status(), _TOO_LARGE.code)
    response.headers["connection"] = "close"
    await response(scope, receive, send)
