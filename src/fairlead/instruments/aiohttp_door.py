"""At the door of aiohttp's server: requests that the process has not the strength for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fairlead.instruments.doorkeeper import Doorkeeper

if TYPE_CHECKING:
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.aiohttp_passage import AiohttpPassage
    from fairlead.instruments.instrument import DataPlane

Handler = Callable[[Any], Awaitable[Any]]
"""Answers a request."""


class AiohttpDoorkeeper(Doorkeeper):
    """At the door of servers."""

    __slots__ = ("_respond",)

    def __init__(self, plane: DataPlane, where: str, respond: Callable[[Refusal], Any]) -> None:
        """`respond` makes the library's response of a refusal."""
        super().__init__(plane, where)
        self._respond = respond

    def judged(self, passage: AiohttpPassage, request: Any, handler: Handler) -> Handler:
        """Return what answers a request: `handler`, where it comes in."""

        def socket() -> Any:
            return request.transport.get_extra_info("socket")

        headers = passage.shown
        lasts = "Upgrade" in headers
        verdict = self.ask(passage, request.path, headers.get, socket, lasts=lasts)
        if verdict is None or verdict.refused is None:
            return handler
        refusal, respond = verdict.refused, self._respond

        async def refuse(request: Any) -> Any:
            return respond(refusal)

        return refuse
