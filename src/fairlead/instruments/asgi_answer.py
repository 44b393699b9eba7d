"""The answer of a rule to a request of an ASGI application that it turns away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.instruments.limiting import headers_of

if TYPE_CHECKING:
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.asgi_types import Scope, Send

BODILESS = frozenset((204, 304))
"""Statuses without a body (RFC 9110 §8.6)."""


async def answer_asgi(refusal: Refusal, scope: Scope, send: Send) -> None:
    """Send what the author of a rule has written, or what is usual."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers_of(refusal)
    ]
    await send_asgi(scope, send, refusal.fallback.status, headers, refusal.body.encode())


async def send_asgi(
    scope: Scope, send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Send an answer; a handshake has one of its own kind where its server knows it."""
    kind = "http"
    if scope["type"] == "websocket":
        kind = "websocket.http"
        if "websocket.http.response" not in scope.get("extensions", {}):
            # RFC 6455 §7.4.1: try again later. As nothing is accepted yet, servers answer 403.
            await send({"type": "websocket.close", "code": 1013, "reason": ""})
            return
    if status not in BODILESS:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body})
