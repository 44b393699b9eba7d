"""uvicorn's HTTP/1.1 with bounds on the head of a request: its size, and the time it takes.

A peer that sends its head byte by byte, or none at all, would else hold a connection for good.
Everything refused here is refused with a Status, like everything behind it.

Requests that agents make every few seconds have a short way past the application, which costs more
than all that there is to do for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from fairlead.control.api.renewals import PATHS
from fairlead.control.api.status import Refused, json_response

HEAD_LIMIT = 32 << 10
"""Bytes of a request's line and headers."""

HEAD_PATIENCE = 10.0
"""Seconds in which a head has to arrive."""

Short = Callable[[bytes, Sequence[tuple[bytes, bytes]], bytes], bytes | None]
"""Returns the JSON to answer to a path, headers and a body, None for the application to answer."""

_PLAIN = ((b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff"))

log = logging.getLogger(__name__)

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

    def __init__(
        self,
        *arguments: Any,
        gone: Callable[[], None],
        short: Short = lambda path, headers, body: None,
        **more: Any,
    ) -> None:
        """Serve one connection; `gone` is called when it ends."""
        super().__init__(*arguments, **more)
        self._gone, self._short = gone, short
        self._held: list[bytes] | None = None
        """The body, as far as it is here, of a request that may go the short way."""
        self._patience: asyncio.TimerHandle | None = None
        self._in_head = self._refused = self._begun = False
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
        self._begun, between = False, self._whole
        super().data_received(data)
        if self._held is not None:
            self._go_long()  # the rest of its body may take its time
        # No time has passed: a head that came whole was not waited for. What ends a body is no
        # head, and its request may take as long as it likes.
        if self._patience is None and (self._in_head or (between and not self._begun)):
            self._await_head()
        if self._in_head:
            self._fed += len(data)
            if max(self._fed, self._told) > HEAD_LIMIT:
                self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Count anew."""
        super().on_message_begin()
        self._in_head, self._whole, self._begun = True, False, True
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
        if self.url in PATHS and self._may_be_short():
            self._held = []
        else:
            self._begin()

    def _begin(self) -> None:
        app = self.app
        if self._told > HEAD_LIMIT:
            self.app = _too_large
        super().on_headers_complete()
        self.app = app

    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body on, or hold it."""
        if self._held is None:
            super().on_body(body)
        else:
            self._held.append(body)

    def on_message_complete(self) -> None:
        """Note that the body is whole."""
        self._whole = True
        if self._held is not None:
            answer = self._answer_of(b"".join(self._held))
            if answer is not None:
                self._held = None
                self._answer(answer)
                return
            self._go_long()
        super().on_message_complete()

    def _may_be_short(self) -> bool:
        """Say whether a request stands alone, and asks for nothing beside its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        alone = not self.pipeline and (cycle is None or cycle.response_complete)
        parser = self.parser
        return (
            alone
            and self._told <= HEAD_LIMIT
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not self.flow.write_paused
        )

    def _answer_of(self, body: bytes) -> bytes | None:
        try:
            return self._short(self.url, self.headers, body)
        except Exception:
            log.exception("what an agent says could not be taken in the short way")
            return None

    def _answer(self, body: bytes) -> None:
        headers = [*self.server_state.default_headers, *_PLAIN]
        lines = b"".join([name + b": " + value + b"\r\n" for name, value in headers])
        length = b"content-length: %d\r\n\r\n" % len(body)
        self.transport.write(STATUS_LINE[200] + lines + length + body)
        self.on_response_complete()

    def _go_long(self) -> None:
        """Let the application have a request from its beginning."""
        held, self._held = self._held or [], None
        self._begin()
        for piece in held:
            super().on_body(piece)

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
