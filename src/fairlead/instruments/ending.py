"""How the response of an ASGI request ends: with its last message, or when nobody takes any.

Coroutines are the interpreter's own in every form of `passage`: who starts a task for one asks.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairlead.instruments.asgi_types import Message, Receive, Send
    from fairlead.instruments.passage import AsgiPassage, Passage

GONE = frozenset(
    ("ClientDisconnect", "ClientDisconnected", "RequestAborted", "WebSocketDisconnect")
)
"""Exceptions by which frameworks and servers say that the client has gone: no fault of anybody's.
By name, as nothing of theirs is imported here."""


def depart(passage: Passage) -> None:
    """Take no strength of the process any more: the response has ended, or begins to stream."""
    door, passage.door = passage.door, None
    try:
        if door is not None:
            protection, since = door
            protection.leave(since, monotonic())
    except Exception:  # counted; the response goes on
        passage.count_fault()


async def last(passage: AsgiPassage, send: Send, message: Message) -> None:
    """Send the last message of a response, and leave."""
    try:
        await send(message)
    except OSError:
        passage.gone = True  # by the protocol, as the server finds it out
        raise
    finally:
        passage.leave()


async def part(passage: AsgiPassage, send: Send, message: Message) -> None:
    """Send a part of a body that is not its last."""
    if passage.door is not None:
        depart(passage)
    try:
        await send(message)
    except OSError:
        passage.gone = True
        raise


def watching(passage: AsgiPassage, receive: Receive) -> Receive:
    """Return what receives for a websocket; when the client has closed it, that leaves."""

    async def watched() -> Message:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            passage.leave()
        return message

    return watched
