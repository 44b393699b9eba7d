"""``POST /fairlead/v1/rewrites``: what a statement is on a lane, for agents that have no parser.

A few at a time: a statement takes a parser milliseconds, and what a server says of its catalogue
may be megabytes. Who waits too long is told to come again; an agent refuses the statement then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.control.access.caller import caller_of
from fairlead.control.access.roles import REWRITES as RESOURCE
from fairlead.control.api import body as bodies
from fairlead.control.api.agents import invalid
from fairlead.control.api.status import bad_request, json_response, too_many, unsupported_media_type
from fairlead.control.rewriting import Rewriting
from fairlead.protocols.watch.reader import InvalidMessage
from fairlead.protocols.watch.statements import REWRITES, Question, read_question
from fairlead.sql.lexis import FORMAT, NAMED, PLAIN, QMARK
from fairlead.sql.session import DIALECTS

BODY_LIMIT = 8 << 20
"""Bytes of a question: the catalogue of some ten thousand tables."""

AT_ONCE, WAITING, PATIENCE = 8, 256, 5.0
"""Questions whose bodies are in memory, those that wait for their turn, and seconds they do."""

STYLES = (FORMAT, QMARK, NAMED, PLAIN)


@dataclass(frozen=True, slots=True)
class RewritesApi:
    """The endpoint."""

    rewriting: Rewriting = field(default_factory=lambda: Rewriting(time.monotonic))
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: list[int] = field(default_factory=lambda: [0])
    # One thread: what is kept is its own, and the loop has the rest of the machine.
    worker: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "fairlead-rewrites")
    )

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the route."""
        yield Route(REWRITES, self.answer, methods=["POST"])

    async def answer(self, request: Request) -> Response:
        """Answer one question."""
        if bodies.media_type(request) not in bodies.JSON_TYPES:
            raise unsupported_media_type("the body is to be sent as application/json")
        await self._turn()
        try:
            question = await self._question(request)
            loop = asyncio.get_running_loop()
            return json_response(
                await loop.run_in_executor(self.worker, self.rewriting.answer, question)
            )
        finally:
            self.turns.release()

    async def _question(self, request: Request) -> Question:
        try:
            plain = orjson.loads(await bodies.read(request, BODY_LIMIT))
            question = read_question(plain, DIALECTS, STYLES)
        except orjson.JSONDecodeError as error:
            raise bad_request(f"the body is not JSON: {error}") from error
        except InvalidMessage as error:
            raise invalid(error) from error
        caller_of(request).require("create", RESOURCE, question.namespace, question.app)
        return question

    async def _turn(self) -> None:
        """Wait for a turn. Raises Refused where there is none to come soon."""
        if self.waiting[0] >= WAITING:
            raise too_many(f"{WAITING} statements wait to be judged, no more are taken")
        self.waiting[0] += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self.turns.acquire()
        except TimeoutError as error:
            raise too_many("statements wait too long to be judged") from error
        finally:
            self.waiting[0] -= 1
