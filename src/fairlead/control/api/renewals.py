"""The short way of renewals and reports: hundreds come each second, and nearly all say nothing new.

It answers what is plainly right: an agent's request whose caller is known, whose body was whole at
once, and whose registration says what it said the last time. Everything else goes the way of all
requests, from its first header on, and is admitted, read and refused there. Nothing is decided here
that is not decided there; only what depends on the request's words alone is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from fairlead.control.access.caller import Caller
from fairlead.control.access.roles import REGISTRATIONS, REPORTS
from fairlead.control.api.status import Refused
from fairlead.control.instance import Renewal, instance_key
from fairlead.control.instances import Instances
from fairlead.control.telemetry.intake import Unread
from fairlead.protocols.watch.codec import ROOT, Registration
from fairlead.protocols.watch.reader import InvalidMessage
from fairlead.protocols.watch.reading import read_counters
from fairlead.protocols.watch.report import REPORTS as REPORTED_AT
from fairlead.protocols.watch.report import Report
from fairlead.protocols.watch.report_reading import Whose, read_report, read_riding

RENEWED_AT = f"{ROOT}/instances"
PATHS = frozenset({RENEWED_AT.encode(), REPORTED_AT.encode()})

MOST_KNOWN = 20_000
"""Processes whose last registration is known by its words; others go the long way."""

SMALL = 16 << 10
"""Bytes of a report that may wait to be read: a hundred interfaces."""

_BEGIN, _CHANGING, _REPORT = b'{"node":"', b'"counters":', b',"report":'
"""How an agent's registration begins; how what is another each time does, which stands last; and
the report in it. In a text of JSON they cannot stand, as its quotes are escaped there."""

_LAST = frozenset({"counters", "report"})
_NUMBER = re.compile(rb'\{"seq":(\d{1,18}),')

Headers = Sequence[tuple[bytes, bytes]]
Told = tuple[dict[str, dict[str, int]], tuple[dict[str, str], ...], Report | Unread | None]
"""Counters, contracts and report that come with a registration."""


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

    words: bytes
    """The beginning of its registration, up to its counters."""
    whose: Whose
    contracts: tuple[dict[str, str], ...]
    renewal: Renewal


class Registered:
    """The last registration of each process, as far as it is remembered."""

    def __init__(self, instances: Instances) -> None:
        """Remember what was registered at `instances`."""
        self._instances = instances
        self._known: dict[bytes, Known] = {}

    def remember(self, body: bytes, registration: Registration) -> None:
        """Know a registration again that was taken in, and was read from `body`."""
        r, known, node = registration, self._known, registration.node.encode()
        known.pop(node, None)
        words, mark, rest = body.partition(_CHANGING)
        if not words.startswith(_BEGIN + node + b'"') or _others(mark + rest, _LAST):
            return
        if len(known) >= MOST_KNOWN:
            del known[next(iter(known))]
        key = instance_key(r.namespace, r.app, r.address)
        renewal = Renewal(key=key, node=r.node, app=r.app, labels=r.labels, lane=r.lane)
        self._instances.settle(renewal, registration)
        whose = Whose(r.node, r.namespace, r.app, r.address, r.lane or "")
        known[node] = Known(words=words, whose=whose, contracts=r.contracts, renewal=renewal)

    def find(self, body: bytes) -> Known | None:
        """Return what is known of the process that says `body`, None where it says another."""
        if not body.startswith(_BEGIN):
            return None
        known = self._known.get(body[len(_BEGIN) : body.find(b'"', len(_BEGIN))])
        return known if known is not None and body.startswith(known.words) else None


def _others(text: bytes, names: frozenset[str]) -> bool:
    """Say whether the rest of an object has other fields than these, or is none."""
    try:
        return not orjson.loads(b"{" + text).keys() <= names
    except (orjson.JSONDecodeError, AttributeError):
        return True


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
        where = path.decode()
        try:
            way = self._renewed if where == RENEWED_AT else self._reported
            found = way(caller, body)
        except (orjson.JSONDecodeError, InvalidMessage, Refused):
            return None
        if found is not None:
            self.counted(where)
        return found

    def _renewed(self, caller: Caller, body: bytes) -> bytes | None:
        known = self.registered.find(body)
        if known is None:
            return None
        w = known.whose
        self.agents.admit(caller, "create", REGISTRATIONS, (w.node, w.namespace, w.app))
        rest, mark, text = body[len(known.words) :].rpartition(_REPORT)
        if not mark:
            rest, text = text, b""
        plain = orjson.loads(b"{" + rest + (b"}" if mark else b""))
        if plain.keys() != {"counters"}:
            return None
        counters, report = read_counters(plain["counters"]), _report(text, w)
        found = self.instances.renew_at_once(known.renewal)
        if found is None:
            return None
        return self.agents.renewed(w, (counters, known.contracts, report), found)

    def _reported(self, caller: Caller, body: bytes) -> bytes | None:
        report = r = read_report(orjson.loads(body))
        self.agents.admit(caller, "create", REPORTS, (r.node, r.namespace, r.app))
        return self.agents.reported(report)


def _report(text: bytes, whose: Whose) -> Report | Unread | None:
    """Return the report at the end of a registration, with the brace that closes that."""
    if not text:
        return None
    text = text.rstrip()
    if not text.endswith(b"}"):
        raise InvalidMessage([("", "the registration does not end")])
    text = text[:-1]
    numbered = _NUMBER.match(text) if text.endswith(b"}") else None
    if numbered and len(text) <= SMALL:
        return Unread(int(numbered[1]), text)
    return read_riding(orjson.loads(text), whose)
