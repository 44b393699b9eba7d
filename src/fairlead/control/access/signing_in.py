"""``/fairlead/v1/session``: a browser shows a token once, and is known by a cookie from then on.

Where no token is asked, nobody signs in: GET says so. The paths are open to everybody, as a door
has to be; what stands behind them is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.control.access.caller import Caller, caller_of, unauthorized
from fairlead.control.access.records import plain_grant
from fairlead.control.access.roles import SESSION
from fairlead.control.access.sessions import (
    LIFE,
    Session,
    Sessions,
    TooManyFailures,
    cookie_name,
    cookie_of,
)
from fairlead.control.access.tokens import NotAuthenticated
from fairlead.control.api import body as bodies
from fairlead.control.api.status import (
    bad_request,
    json_response,
    too_many,
    unsupported_media_type,
)

BODY_LIMIT = 4096
LONGEST = 256
"""Characters of a token that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn:
    """The endpoints. `sessions` is None where no token is asked."""

    sessions: Sessions | None

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the routes."""
        yield Route(SESSION, self.tell)
        yield Route(SESSION, self.sign_in, methods=["POST"])
        yield Route(SESSION, self.sign_out, methods=["DELETE"])

    async def tell(self, request: Request) -> Response:
        """Say whether a token is asked, and who is signed in."""
        session = self._session(request)
        return _answer(self._told(caller_of(request), session))

    async def sign_in(self, request: Request) -> Response:
        """Take ``{"token": TEXT}`` for a cookie."""
        if bodies.media_type(request) not in bodies.JSON_TYPES:
            raise unsupported_media_type("the body is to be sent as application/json")
        plain = bodies.parse_json(await bodies.read(request, BODY_LIMIT))[0]
        token = plain.get("token") if isinstance(plain, dict) else None
        if not isinstance(token, str):
            raise bad_request("token: required, as text")
        if self.sessions is None:
            return _answer(self._told(caller_of(request), None))
        address = request.client.host if request.client else ""
        try:
            cookie, session = self.sessions.open(token.strip()[:LONGEST], address)
            self.sessions.close(cookie_of(request.scope, request.headers))
        except NotAuthenticated as error:
            return unauthorized(str(error))
        except TooManyFailures as error:
            refused = too_many(str(error))
            refused.retry_after = 30
            raise refused from error
        response = _answer(self._told(Caller(session.identity), session))
        _set_cookie(response, request, cookie, int(LIFE.total_seconds()))
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session; what is under way with it ends too."""
        if self.sessions is not None:
            cookie = cookie_of(request.scope, request.headers)
            try:
                self.sessions.caller(request.method, request.headers, cookie)
            except NotAuthenticated as error:
                return unauthorized(str(error))
            self.sessions.close(cookie)
        response = Response(status_code=204)
        _set_cookie(response, request, "", 0)
        return response

    def _session(self, request: Request) -> Session | None:
        if self.sessions is None:
            return None
        return self.sessions.find(cookie_of(request.scope, request.headers))

    def _told(self, caller: Caller, session: Session | None) -> dict[str, Any]:
        identity = session.identity if session else caller.identity
        return {
            "auth": self.sessions is not None,
            "name": identity.name if identity else "",
            "grants": [plain_grant(grant) for grant in identity.grants] if identity else [],
            "csrf": session.csrf if session else "",
            "ends": session.ends.isoformat(timespec="seconds") if session else None,
        }


def _answer(plain: dict[str, Any]) -> Response:
    response = json_response(plain)
    response.headers["cache-control"] = "no-store"
    return response


def _set_cookie(response: Response, request: Request, value: str, seconds: int) -> None:
    server = request.scope.get("server") or ("", 0)
    scheme = request.url.scheme
    response.set_cookie(
        cookie_name(scheme, server[1] or 0),
        value,
        max_age=seconds,
        secure=scheme == "https",
        httponly=True,
        samesite="strict",
    )
