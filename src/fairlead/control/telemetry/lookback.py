"""What apps did in the last hour, from memory and history, as explanations ask for it.

Whom an app calls is followed from one app on, so that no more is read than may be told.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fairlead.compiler.chain import MOST_DEPTH, MOST_HOPS
from fairlead.compiler.seen import Calls, Interface, Seen, Sight
from fairlead.control.clocks import Clocks
from fairlead.control.history.archive import ROUGH
from fairlead.control.history.keeper import Keeper
from fairlead.control.telemetry.edges import callee_of
from fairlead.control.telemetry.memory import COVERED, EDGE, INTERFACE, App, Memory
from fairlead.control.telemetry.packed import Packed, Sums, unpack
from fairlead.control.telemetry.series import COARSE, Name
from fairlead.policy.resource import OUTBOUND
from fairlead.protocols.watch.report import CLIENT, REST, SERVER, SQL

HOUR = 3600

MOST_SERIES = 200
"""Series that are read of one app."""

_SIDES = (SERVER, CLIENT, SQL)

Totals: TypeAlias = dict[Name, Packed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookback:
    """The last hour."""

    memory: Memory
    keeper: Keeper
    clocks: Clocks
    known: Callable[[], set[App]]
    """The apps that there are."""

    async def around(self, app: App, may_read: Callable[[str], bool]) -> Sight:
        """Return what was seen of an app, and of those that its calls lead to."""
        now = int(self.clocks.now().timestamp())
        begin = now - HOUR - (now - HOUR) % ROUGH
        known = self.known() | self.memory.apps.keys()
        readable = {app[0]: may_read(app[0])}
        found: dict[App, Seen] = {}
        wave = [app] if readable[app[0]] else []
        for _ in range(MOST_DEPTH + 1):
            read = await self._read(wave, (begin, now))
            found |= {one: _seen(one, totals, known) for one, totals in read.items()}
            ahead = dict.fromkeys(
                calls.callee for one in wave for calls in found[one].calls if one in found
            )
            for namespace in {one[0] for one in ahead} - readable.keys():
                readable[namespace] = may_read(namespace)
            wave = [one for one in ahead if one not in found and readable[one[0]]]
            wave = wave[: MOST_HOPS - len(found)]
            if not wave:
                break
        places = frozenset(namespace for namespace, may in readable.items() if may)
        return Sight(seconds=HOUR, apps=found, readable=places)

    async def _read(self, apps: Sequence[App], times: tuple[int, int]) -> dict[App, Totals]:
        """Return what happened of each series of some apps."""
        # History may have more by the time that it is asked: no slot is to count twice.
        flushed = self.keeper.flushed[COARSE]
        recent = {app: self._remembered(app, max(times[0], flushed) // COARSE) for app in apps}
        span = (times[0], max(times[0], min(times[1], flushed)))
        older = await asyncio.to_thread(self._kept, apps, span, recent)
        return {app: _together(recent[app], older[app]) for app in apps}

    def _remembered(self, app: App, first: int) -> Totals:
        """Return what memory has that history has not; of every series that it knows, if only 0."""
        told = self.memory.of(*app)
        if told is None:
            return {}
        asked = [
            (one.name, one)
            for sort in (EDGE, INTERFACE)
            for one in told.sorted[sort].values()
            if _is_asked(one.name)
        ]
        return {
            name: sum([packed for slot, packed in one.coarse.items() if slot >= first])
            for name, one in (*asked, (COVERED, told.covered))
        }

    def _kept(
        self, apps: Iterable[App], times: tuple[int, int], recent: Mapping[App, Totals]
    ) -> dict[App, Totals]:
        """Read history; for a thread."""
        found: dict[App, Totals] = {}
        for app in apps:
            names = sorted(
                (name for name in self.keeper.names(app) if _is_asked(name)),
                # Those that memory knows too are the ones that something happens of.
                key=lambda name: (name[0] != EDGE, name not in recent[app]),
            )
            wanted = [COVERED, *names[:MOST_SERIES]]
            read = self.keeper.read(app, wanted, ROUGH, (float(times[0]), float(times[1])))
            found[app] = {name: sum(slots.values()) for name, slots in read.items()}
        return found


def _is_asked(name: Name) -> bool:
    return name[0] == EDGE or (name[0] == INTERFACE and name[2] in _SIDES)


def _together(one: Totals, other: Totals) -> Totals:
    found: defaultdict[Name, Packed] = defaultdict(int, one)
    for name, packed in other.items():
        found[name] += packed
    return found


def _seen(app: App, totals: Totals, known: set[App]) -> Seen:
    sums = {name: unpack(packed) for name, packed in totals.items() if packed}
    calls = (
        _calls(name, row, app[0], known)
        for name, row in sorted(sums.items())
        if name[0] == EDGE and name[1] != REST
    )
    interfaces = (
        Interface(name=name[1], lane=name[3], calls=row.passed + row.rejected)
        for name, row in sorted(sums.items())
        if name[0] == INTERFACE and _is_told(name)
    )
    return Seen(
        told=bool(totals.get(COVERED)),
        calls=tuple(calls),
        interfaces=tuple(interfaces),
        statements=any(name[0] == INTERFACE and name[2] == SQL for name in sums),
    )


def _is_told(name: Name) -> bool:
    """Tell whether an interface is served, or the method of another app that is called."""
    return name[2] == SERVER or (name[2] == CLIENT and ":/" in name[1].removeprefix(OUTBOUND))


def _calls(name: Name, row: Sums, namespace: str, known: set[App]) -> Calls:
    return Calls(
        callee=callee_of(name[1], namespace, known),
        label=name[2],
        lane=name[3],
        calls=row.passed,
        errors=row.errors,
        fallbacks=row.fallbacks,
        lost=row.lost,
    )
