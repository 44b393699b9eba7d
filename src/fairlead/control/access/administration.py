"""Tokens over HTTP, below ``/fairlead/v1/tokens``: made, listed and revoked by admins.

An admin of a namespace hands out what holds in that namespace; only an admin of everything hands
out what holds everywhere. The text of a token is in the answer that makes it and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.control.access.attributes import OWN
from fairlead.control.access.caller import Caller, caller_of
from fairlead.control.access.records import (
    InvalidToken,
    Record,
    TokensUnusable,
    check_name,
    make,
    read_grants,
)
from fairlead.control.access.roles import EVERYWHERE, TOKENS, Attributes, Grant
from fairlead.control.access.tokens import Tokens
from fairlead.control.api import body as bodies
from fairlead.control.api.status import (
    Refused,
    Subject,
    bad_request,
    forbidden,
    json_response,
    not_found,
    unsupported_media_type,
)

BODY_LIMIT = 64 << 10
LONGEST = 10 * 366 * 24 * 3600
"""Seconds that a token may hold; one without an end holds until it is revoked."""

PATH = f"{OWN}tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The endpoints."""

    tokens: Tokens | None
    now: Callable[[], datetime]

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the routes."""
        yield Route(PATH, self.list)
        yield Route(PATH, self.create, methods=["POST"])
        yield Route(f"{PATH}/{{id}}", self.revoke, methods=["DELETE"])

    async def list(self, request: Request) -> Response:
        """Show the tokens that the caller administers."""
        caller = caller_of(request)
        found = [one.shown() for one in self._kept().all() if _rules(caller, "list", one.grants)]
        caller.settled = True
        return json_response({"tokens": found})

    async def create(self, request: Request) -> Response:
        """Make a token, and tell it this once."""
        kept, caller = self._kept(), caller_of(request)
        plain = await _plain(request)
        try:
            name, grants = check_name(plain.get("name")), read_grants(plain.get("grants"))
            expires = self._end(plain.get("seconds"))
            for grant in grants:
                caller.require("create", TOKENS, _where(grant))
            made = make(name, grants, now=self.now(), expires=expires)
            await asyncio.to_thread(kept.file.add, made.record)
        except InvalidToken as error:
            code = HTTPStatus.UNPROCESSABLE_ENTITY
            raise Refused(code, "Invalid", f"the token is refused: {error}") from error
        except TokensUnusable as error:
            raise _failed(error) from error
        response = json_response({**made.record.shown(), "token": made.text}, HTTPStatus.CREATED)
        response.headers["cache-control"] = "no-store"
        return response

    async def revoke(self, request: Request) -> Response:
        """Forget a token; what is under way with it ends."""
        kept, caller, wanted = self._kept(), caller_of(request), request.path_params["id"]
        found = next((one for one in kept.all() if one.id == wanted), None)
        # To others it is not there: who may not rule over it learns nothing of it.
        if found is None or not _rules(caller, "delete", found.grants):
            raise not_found(Subject(group="fairlead.io", kind="tokens", name=wanted[:80]))
        try:
            removed: Record | None = await asyncio.to_thread(kept.file.remove, wanted)
        except TokensUnusable as error:
            raise _failed(error) from error
        return json_response((removed or found).shown())

    def _kept(self) -> Tokens:
        if self.tokens is None:
            raise forbidden("no token is asked here, and none is made: start it with --auth")
        return self.tokens

    def _end(self, seconds: Any) -> datetime | None:
        if seconds is None:
            return None
        if type(seconds) is not int or not 0 < seconds <= LONGEST:
            raise InvalidToken(f"seconds: a whole number from 1 to {LONGEST}, or nothing")
        return self.now() + timedelta(seconds=seconds)


def _where(grant: Grant) -> str:
    return "" if grant.namespace == EVERYWHERE else grant.namespace


def _rules(caller: Caller, verb: str, grants: tuple[Grant, ...]) -> bool:
    group = "fairlead.io"
    return all(
        caller.may(
            Attributes(
                verb=verb, path=PATH, group=group, resource="tokens", namespace=_where(grant)
            )
        )
        for grant in grants
    )


async def _plain(request: Request) -> dict[str, Any]:
    if bodies.media_type(request) not in bodies.JSON_TYPES:
        raise unsupported_media_type("the body is to be sent as application/json")
    plain, twice = bodies.parse_json(await bodies.read(request, BODY_LIMIT))
    if not isinstance(plain, dict) or twice:
        raise bad_request("the body is no object with each field once")
    unknown = sorted(plain.keys() - {"name", "grants", "seconds"})
    if unknown:
        raise bad_request(f"unknown field {unknown[0][:80]!r}; known: name, grants, seconds")
    return plain


def _failed(error: TokensUnusable) -> Refused:
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", str(error))
