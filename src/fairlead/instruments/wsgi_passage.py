"""One request of a WSGI application on its way through gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fairlead.instruments.facts import CALLER_LENGTH
from fairlead.instruments.passage import Passage

StartResponse = Callable[..., Any]


class WsgiPassage(Passage):
    """A request of a WSGI application."""

    __slots__ = ("sender",)

    def __init__(self, lane: str, fault: Callable[[], None]) -> None:
        super().__init__(lane, fault)
        self.sender = ""
        """What it says of who sent it, where that is believed."""

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        return self.sender if len(self.sender) <= CALLER_LENGTH else ""

    def starting(self, start_response: StartResponse) -> StartResponse:
        """Return what an application starts its response with."""

        def start(status: str, *more: Any) -> Any:
            self.status = int(status[:3]) if status[:3].isdigit() else None
            return start_response(status, *more)

        return start

    def kept_by(self, file: Any) -> bool:
        """Leave when a server has sent `file`, its own wrapper of one, and closes it.

        False where there is nothing to leave, or the wrapper takes no ``close`` but its own.
        """
        if not self.entries:
            return False
        close = getattr(file, "close", None)

        def closed() -> None:
            try:
                if close is not None:
                    close()
            finally:
                self.end()

        try:
            file.close = closed
        except (AttributeError, TypeError):
            return False
        return True
