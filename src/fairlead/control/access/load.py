"""How much is under way, and how much of it one caller may have. Says no, and never waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.responses import Response

from fairlead.control.access.caller import Caller
from fairlead.control.access.roles import OF_AGENTS, SNAPSHOTS, Attributes
from fairlead.control.api.status import too_many


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many at a time, over all callers or, where it says so, for one token."""

    requests: int = 512
    """Requests of people under way; each may hold a body of a megabyte."""

    agent_requests: int = 4096
    """Requests of agents under way: those that leave wait for their callers, many at once."""

    watches: int = 2000
    """Watches of people and programs."""

    watches_of_one: int = 100
    """Watches with one token: a program that forgets to close them must not starve the others."""

    agents_of_one: int = 2000
    """Agents that follow their snapshots with one token: the processes of one app."""


class TooMuch(Exception):
    """As much is under way as may be; the message says what."""


@dataclass(frozen=True, slots=True)
class _Bound:
    counted: str
    limit: int
    what: str


class Load:
    """What is under way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._counts: Counter[str] = Counter()

    @contextmanager
    def carry(self, caller: Caller, asked: Attributes) -> Iterator[None]:
        """Count a request until it is answered. Raises TooMuch."""
        bounds = tuple(self._bounds(caller, asked))
        for bound in bounds:
            if self._counts[bound.counted] >= bound.limit:
                raise TooMuch(f"{bound.limit} {bound.what}, no more are taken")
        self._counts.update(bound.counted for bound in bounds)
        try:
            yield
        finally:
            for bound in bounds:
                self._counts[bound.counted] -= 1
                # Tokens come and go: what is counted no more takes no room.
                if not self._counts[bound.counted]:
                    del self._counts[bound.counted]

    def _bounds(self, caller: Caller, asked: Attributes) -> Iterator[_Bound]:
        limits, one = self._limits, f"with the token {caller.name}"
        if asked.verb != "watch":
            if asked.full_resource in OF_AGENTS:
                yield _Bound("agent requests", limits.agent_requests, "requests are under way")
            else:
                yield _Bound("requests", limits.requests, "requests are under way")
        elif asked.full_resource == SNAPSHOTS:
            if caller.uid:
                yield _Bound(f"agents {caller.uid}", limits.agents_of_one, f"agents follow {one}")
        else:
            yield _Bound("watches", limits.watches, "watches are open")
            if caller.uid:
                mine = f"watches {caller.uid}"
                yield _Bound(mine, limits.watches_of_one, f"watches are open {one}")


def too_many_requests(error: TooMuch) -> Response:
    """Return the answer to one request too many."""
    return too_many(str(error)).response()
