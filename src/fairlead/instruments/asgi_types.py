"""What an ASGI application is called with (ASGI 3.0), and what hooks of routes are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]
Handle = Callable[[Any, Scope, Receive, Send], Awaitable[None]]
Step = Callable[[Receive, Send], Awaitable[None]]
"""Has one route answer one request."""
Answer = Callable[[Step, Receive, Send], Awaitable[None]]
"""Answers in its place, or has it answer later."""
