"""Who has signed in with a browser: a cookie that scripts cannot read stands for a token.

The cookie is 256 bits of chance, of which a hash is kept, in memory: a restart signs everybody out,
and nothing on any disk lets somebody in. A session is worth what its token is worth now; it ends
with it, after twelve hours, or when its owner signs out. What changes anything has to repeat a
second secret in a header, which a page of another site can neither read nor send.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from fairlead.control.access.caller import Caller
from fairlead.control.access.records import Chance
from fairlead.control.access.roles import PEOPLE, Identity
from fairlead.control.access.tokens import NotAuthenticated, Tokens
from fairlead.control.api.status import forbidden

LIFE = timedelta(hours=12)
MOST, MOST_OF_ONE = 10_000, 50
"""Sessions, and those with one token; one more ends the oldest."""

FAILURES, WITHIN, ADDRESSES = 10, timedelta(minutes=1), 1024
"""Failed attempts that an address has in a minute, and addresses that are remembered."""

CSRF = "x-fairlead-csrf"
SAFE = frozenset({"GET", "HEAD"})
OURS = frozenset({"same-origin", "none"})
"""What a browser says of requests of our own pages, and of those that its user typed."""


class TooManyFailures(Exception):
    """The address has guessed wrong too often of late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in."""

    kept: str
    """The hash of its cookie."""
    identity: Identity
    csrf: str
    ends: datetime


class Sessions:
    """The sessions of a server that asks for tokens."""

    def __init__(
        self, tokens: Tokens, now: Callable[[], datetime], chance: Chance = os.urandom
    ) -> None:
        self._tokens, self._now, self._chance = tokens, now, chance
        self._sessions: dict[str, Session] = {}
        self._failed: dict[str, deque[datetime]] = {}

    def open(self, token: str, address: str) -> tuple[str, Session]:
        """Return the cookie and the session of whoever has `token`.

        Who has a right token is let in however often others at the address guessed: an address may
        be everybody's, and no guess is any nearer. Raises NotAuthenticated, TooManyFailures where
        that came too often, or Refused for an agent's token.
        """
        try:
            identity = self._tokens.identify(f"Bearer {token}")
        except NotAuthenticated:
            self._count(address)
            raise
        if not any(grant.role in PEOPLE for grant in identity.grants):
            raise forbidden("the token is an agent's, which shows nothing: use a person's")
        cookie = self._secret()
        ends, kept = self._now() + LIFE, _kept(cookie)
        session = Session(kept=kept, identity=identity, csrf=self._secret(), ends=ends)
        self._make_room(identity.uid)
        self._sessions[kept] = session
        return cookie, session

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, None where it has ended."""
        session = self._sessions.get(_kept(cookie))
        return session if session is not None and self.holds(session) else None

    def holds(self, session: Session) -> bool:
        """Say whether nobody ended the session, and its token is still good for the same things."""
        return (
            session.ends > self._now()
            and self._sessions.get(session.kept) is session
            and self._tokens.holds(session.identity)
        )

    def close(self, cookie: str) -> None:
        """End a session."""
        self._sessions.pop(_kept(cookie), None)

    def caller(self, method: str, headers: Headers, cookie: str) -> Caller:
        """Return who sent a request with a cookie. Raises NotAuthenticated or Refused."""
        session = self.find(cookie)
        if session is None:
            raise NotAuthenticated("the session has ended: sign in again")
        if headers.get("sec-fetch-site", "same-origin") not in OURS:
            raise forbidden("a cookie counts for requests of the console's own pages only")
        if method not in SAFE and not compare_digest(
            headers.get(CSRF, "").encode(), session.csrf.encode()
        ):
            raise forbidden(f"with a cookie, what changes anything needs the header {CSRF}")
        return Caller(session.identity, still=lambda: self.holds(session))

    def _secret(self) -> str:
        return urlsafe_b64encode(self._chance(32)).rstrip(b"=").decode()

    def _count(self, address: str) -> None:
        """Count a failed attempt. Raises TooManyFailures instead where there were many."""
        failed = self._recent(address)
        if len(failed) >= FAILURES:
            raise TooManyFailures(f"{FAILURES} attempts failed within a minute: try again later")
        failed.append(self._now())
        self._failed[address] = failed
        while len(self._failed) > ADDRESSES:
            del self._failed[next(iter(self._failed))]

    def _recent(self, address: str) -> deque[datetime]:
        times = self._failed.get(address, deque(maxlen=FAILURES))
        while times and times[0] <= self._now() - WITHIN:
            times.popleft()
        if not times:
            self._failed.pop(address, None)
        return times

    def _make_room(self, uid: str) -> None:
        for kept, session in list(self._sessions.items()):
            if session.ends <= self._now():
                del self._sessions[kept]
        mine = [kept for kept, one in self._sessions.items() if one.identity.uid == uid]
        for kept in mine[: max(0, len(mine) - MOST_OF_ONE + 1)]:
            del self._sessions[kept]
        while len(self._sessions) >= MOST:
            del self._sessions[next(iter(self._sessions))]


def cookie_name(scheme: str, port: int) -> str:
    """Return what a server's cookie is called.

    A browser sends the cookies of one host to all its ports: two servers of one machine must not
    take each other's for their own.
    """
    return "__Host-fairlead" if scheme == "https" else f"fairlead-{port}"


def cookie_of(scope: Mapping[str, object], headers: Headers) -> str:
    """Return the cookie that a request carries for this server, ``""`` without one."""
    text = "; ".join(headers.getlist("cookie"))[:8192]
    server = scope.get("server")
    port = server[1] if isinstance(server, list | tuple) else 0
    found = cookie_parser(text).get(cookie_name(str(scope.get("scheme", "http")), port or 0), "")
    return found[:128]


def _kept(cookie: str) -> str:
    return sha256(cookie.encode()).hexdigest()
