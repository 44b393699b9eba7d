"""The short way of renewals and reports: hundreds come each second, and nearly all say nothing new.

It answers what is plainly right: an agent's request whose caller is known, whose body was whole at
once, and whose registration says what it said the last time. Everything else goes the way of all
requests, from its first header on, and is admitted, read and refused there. Nothing is decided here
that is not decided there; only what depends on the request's words alone is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

import orjson

from fairlead.control.access.caller import Caller
from fairlead.control.access.roles import REGISTRATIONS, REPORTS
from fairlead.control.api.status import Refused
from fairlead.control.instance import Renewal, instance_key
from fairlead.control.instances import Instances
from fairlead.protocols.watch.codec import ROOT, Registration
from fairlead.protocols.watch.reader import InvalidMessage
from fairlead.protocols.watch.reading import read_counters
from fairlead.protocols.watch.report import REPORTS as REPORTED_AT
from fairlead.protocols.watch.report import Report
from fairlead.protocols.watch.report_reading import Whose, read_report, read_riding

RENEWED_AT = f"{ROOT}/instances"
PATHS = frozenset({RENEWED_AT.encode(), REPORTED_AT.encode()})

MOST_KNOWN = 20_000
"""Processes whose last registration is known by its digest; others go the long way."""

SMALL = 16 << 10
"""Bytes of a renewal whose report may wait to be read: a hundred interfaces."""

CHANGING = ("counters", "report")
"""Fields of a registration that are others each time."""

_DIGEST_BYTES = 16

Headers = Sequence[tuple[bytes, bytes]]
Told = tuple[dict[str, dict[str, int]], tuple[dict[str, str], ...], Any]
"""Counters, contracts and report that come with a registration; the report read, or as it came."""


class Vouches(Protocol):
    """What stands before every route (`access.doors`)."""

    def vouch(self, headers: Headers) -> Caller | None:
        """Return the caller of a plain request of an agent, None where it is to be looked at."""


class Takes(Protocol):
    """The routes that the short way leads to (`agents.py`). Methods raise Refused."""

    def admit(self, caller: Caller, verb: str, resource: str, who: tuple[str, str, str]) -> None:
        """Refuse a caller who may not speak for a node of an app."""

    def renewed(self, whose: Whose, told: Told, found: tuple[str, str | None]) -> bytes:
        """Take in what came with a renewal; return the answer."""

    def reported(self, report: Report) -> bytes:
        """Take a report in; return the answer."""


@dataclass(slots=True, kw_only=True)
class Known:
    """What is remembered of a process: what it registered with, but for what changes each time."""

    digest: bytes
    """Of the registration's words, without its counters and its report."""
    whose: Whose
    contracts: tuple[dict[str, str], ...]
    renewal: Renewal


class Registered:
    """The last registration of each process, as far as it is remembered."""

    def __init__(self, instances: Instances) -> None:
        """Remember what was registered at `instances`."""
        self._instances = instances
        self._known: dict[str, Known] = {}

    def remember(self, plain: Any, registration: Registration) -> None:
        """Know a registration again that was taken in; `plain` is what it was read from."""
        r, known = registration, self._known
        known.pop(r.node, None)
        if len(known) >= MOST_KNOWN:
            del known[next(iter(known))]
        key = instance_key(r.namespace, r.app, r.address)
        renewal = Renewal(key=key, node=r.node, app=r.app, labels=r.labels, lane=r.lane)
        self._instances.settle(renewal, registration)
        known[r.node] = Known(
            digest=_digest({k: v for k, v in plain.items() if k not in CHANGING}),
            whose=Whose(r.node, r.namespace, r.app, r.address, r.lane or ""),
            contracts=r.contracts,
            renewal=renewal,
        )

    def find(self, plain: dict[str, Any]) -> Known | None:
        """Return what is known of the process that says `plain`, None where it says another."""
        node = plain.get("node")
        known = self._known.get(node) if type(node) is str else None
        return known if known is not None and known.digest == _digest(plain) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortWay:
    """Belongs to one event loop."""

    doors: Vouches
    agents: Takes
    instances: Instances
    registered: Registered
    counted: Callable[[str], None]
    """Hears of each request that was answered, by its path."""

    def answer(self, path: bytes, headers: Headers, body: bytes) -> bytes | None:
        """Return the body of the answer 200, None where the request is to go the long way."""
        caller = self.doors.vouch(headers)
        if caller is None:
            return None
        try:
            plain, where = orjson.loads(body), path.decode()
            if where == RENEWED_AT:
                found = self._renewed(caller, plain, len(body))
            else:
                found = self._reported(caller, plain)
        except (orjson.JSONDecodeError, InvalidMessage, Refused):
            return None
        if found is not None:
            self.counted(where)
        return found

    def _renewed(self, caller: Caller, plain: Any, size: int) -> bytes | None:
        if type(plain) is not dict:
            return None
        counters, report = (plain.pop(name, None) for name in CHANGING)
        known = self.registered.find(plain)
        if known is None:
            return None
        w = known.whose
        self.agents.admit(caller, "create", REGISTRATIONS, (w.node, w.namespace, w.app))
        counts = read_counters(counters)
        if size > SMALL:  # it must not wait as it came: who knows what it unfolds to
            report = read_riding(report, w)
        found = self.instances.renew_at_once(known.renewal)
        if found is None:
            return None
        return self.agents.renewed(w, (counts, known.contracts, report), found)

    def _reported(self, caller: Caller, plain: Any) -> bytes | None:
        report = r = read_report(plain)
        self.agents.admit(caller, "create", REPORTS, (r.node, r.namespace, r.app))
        return self.agents.reported(report)


def _digest(plain: dict[str, Any]) -> bytes:
    return blake2b(orjson.dumps(plain), digest_size=_DIGEST_BYTES).digest()
