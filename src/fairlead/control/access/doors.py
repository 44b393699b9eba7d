"""What stands before the routes of a control plane, in order, and the routes that go with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from fairlead.control.access.administration import Administration
from fairlead.control.access.caller import Caller
from fairlead.control.access.gate import Access, Gate
from fairlead.control.access.reviews import review_routes
from fairlead.control.access.sessions import Sessions
from fairlead.control.access.signing_in import SigningIn
from fairlead.control.access.tokens import Tokens
from fairlead.control.api.guard import Guard, IsOurs, answers_to
from fairlead.control.tls import Certificates

_PLAIN = frozenset(
    {b"host", b"accept", b"authorization", b"content-type", b"content-length", b"user-agent"}
)
"""Headers that ask for nothing beside what they are for. No browser leaves it at these."""


def _nobodys(host: str) -> bool:
    """Say of every name that it is not the server's: it answers to loopback only."""
    del host
    return False


class Doors:
    """The guard against browsers, then the gate."""

    def __init__(
        self,
        access: Access,
        now: Callable[[], datetime],
        certificates: Certificates | None = None,
    ) -> None:
        """Ask for tokens as `access` says; answer to the names in the server's `certificates`."""
        self._access, self._now, self.certificates = access, now, certificates
        self._is_ours: IsOurs = certificates.is_ours if certificates else _nobodys
        if access.tokens is not None:
            access.sessions = Sessions(access.tokens, now)

    @classmethod
    def open(cls, now: Callable[[], datetime]) -> Doors:
        """Return doors that ask for no token."""
        return cls(Access(tokens=None), now)

    @property
    def tokens(self) -> Tokens | None:
        """The tokens that are asked for."""
        return self._access.tokens

    def vouch(self, headers: Sequence[tuple[bytes, bytes]]) -> Caller | None:
        """Return who sent a plain request with a token, or without where none is asked.

        None where there is anything else to look at: then the middleware has to.
        """
        given = dict(headers)
        if len(given) != len(headers) or not given.keys() <= _PLAIN:
            return None
        kind, host = given.get(b"content-type"), given.get(b"host", b"").decode("latin-1")
        if kind != b"application/json" or not answers_to(host, self._is_ours):
            return None
        return self._access.known(given.get(b"authorization"))

    def middleware(self) -> Sequence[Middleware]:
        """Return what requests pass, the outermost first."""
        return (
            Middleware(Guard, is_ours=self._is_ours),
            Middleware(Gate, access=self._access),
        )

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the routes about tokens and callers."""
        yield from Administration(tokens=self._access.tokens, now=self._now).routes()
        yield from SigningIn(sessions=self._access.sessions).routes()
        yield from review_routes()

    async def run(self) -> None:
        """Watch over the streams that were let in."""
        await self._access.run()
