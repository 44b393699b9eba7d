"""When most instances of an app fall silent at once, the network is likelier to blame than they.

Their leases ended, nobody said goodbye, and to believe it would empty the service. So they are kept
as they are, and asked: whoever refuses a connection is gone, whoever answers stays. Nothing of it
is in a snapshot: no agent is sent anything because of a suspicion.

Most is more than half of those that were there a lease ago. It holds for small numbers as it
stands: of two instances one may go and the other serves; the last one is always more than half.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from fairlead.control.clocks import Clocks
from fairlead.control.probe import Answer, Probe, connect
from fairlead.control.store import Key, Object

App: TypeAlias = tuple[str, str]
"""Namespace and app."""

REFUSALS = 2
"""Refused connections in a row that prove an instance gone: one may meet a restart."""

SILENCES = 3
"""Unanswered ones after which an instance is given up where others of its app are there."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two connections to one address; doubled while it answers."""

AT_ONCE = 32
"""Connections at a time."""

REMEMBERED = 100
"""Alarms that are over and still shown."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """How many instances of an app there are, and how many have missed a renewal."""

    present: int
    silent: int


@dataclass(slots=True, kw_only=True)
class Held:
    """An instance whose lease has ended, and what came of asking it."""

    app: App
    address: str
    since: datetime
    began: float
    due: float
    pause: float = FIRST_PAUSE
    refused: int = 0
    silent: int = 0
    answer: Answer | None = None

    def heard(self, answer: Answer, now: float) -> None:
        """Take in an answer, and say when to ask again."""
        self.pause = FIRST_PAUSE if answer is not self.answer else self.pause * 2
        self.refused = self.refused + 1 if answer is Answer.REFUSES else 0
        self.silent = self.silent + 1 if answer is Answer.SILENT else 0
        self.answer = answer
        self.due = now + min(self.pause, LONGEST_PAUSE)

    def condition(self) -> Object:
        """Return the condition that the instance shows."""
        return {
            "type": "Protected",
            "status": "True",
            "reason": str(self.answer or "NotAsked"),
            "message": _SAID[self.answer],
            "lastTransitionTime": self.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


_SAID = {
    None: "its lease has ended, as those of most instances of the app have; it is kept",
    Answer.ANSWERS: "its lease has ended; it is kept because its address answers",
    Answer.REFUSES: "its lease has ended; its address refuses connections, it will be given up",
    Answer.SILENT: "its lease has ended; it is kept because nobody can say whether it is gone",
}


@dataclass(slots=True, kw_only=True)
class Alarm:
    """One time that an app's instances were kept."""

    app: App
    since: datetime
    present: int
    """Instances that the app had then."""
    over: datetime | None = None
    renewed: int = 0
    given_up: int = 0


class Protection:
    """The instances that are kept without a lease. Belongs to one event loop."""

    def __init__(
        self,
        clocks: Clocks,
        *,
        lease: float,
        keep: float,
        tell: Callable[[], None] = lambda: None,
        probe: Probe = connect,
    ) -> None:
        """Keep an instance that nobody can reach `keep` seconds at most.

        `tell` hears that what `condition` returns may be another.
        """
        self._clocks, self.lease, self._keep = clocks, lease, keep
        self._told, self._probe = tell, probe
        self.version = 0
        """Raised by everything that makes a condition another one."""
        self._held: dict[Key, Held] = {}
        self._lost: defaultdict[App, deque[float]] = defaultdict(deque)
        self._alarms: dict[App, Alarm] = {}
        self._over: deque[Alarm] = deque(maxlen=REMEMBERED)

    def __contains__(self, key: Key) -> bool:
        return key in self._held

    def condition(self, key: Key) -> Object | None:
        """Return the condition of a held instance, None for any other."""
        held = self._held.get(key)
        return held.condition() if held else None

    def spares(self, app: App, census: Census) -> bool:
        """Tell whether too many instances of an app are missing to believe that they are gone."""
        lost = self._lost_of(app)
        return 2 * (census.silent + lost) > census.present + lost

    def hold(self, key: Key, app: App, address: str, present: int) -> None:
        """Keep an instance; it is asked soon."""
        if app not in self._alarms:
            self._alarms[app] = Alarm(app=app, since=self._clocks.now(), present=present)
            log.error(
                "ALARM: most of the %d instances of app %s in namespace %s stopped renewing "
                "without a goodbye: they are kept and probed",
                present,
                app[1],
                app[0],
            )
        now = self._clocks.elapsed()
        self._held[key] = Held(
            app=app, address=address, since=self._clocks.now(), began=now, due=now
        )
        self._news()

    def lost(self, app: App) -> None:
        """Count an instance that was given up."""
        self._lost[app].append(self._clocks.elapsed())

    def release(self, key: Key, *, renewed: bool) -> None:
        """Hear that an instance renewed its lease, or is no more."""
        held = self._held.pop(key, None)
        if held is None:
            return
        alarm = self._alarms[held.app]
        alarm.renewed += renewed
        alarm.given_up += not renewed
        if not any(one.app == held.app for one in self._held.values()):
            alarm.over = self._clocks.now()
            self._over.append(self._alarms.pop(held.app))
            log.warning(
                "the alarm of app %s in namespace %s is over: %d renewed, %d given up",
                held.app[1],
                held.app[0],
                alarm.renewed,
                alarm.given_up,
            )
        self._news()

    async def ask(
        self, give_up: Callable[[Key], Awaitable[None]], present: Callable[[], Mapping[App, Census]]
    ) -> None:
        """Ask every held instance that is due, and give up those that are gone."""
        now = self._clocks.elapsed()
        due = [(key, held) for key, held in self._held.items() if held.due <= now]
        if not due:
            return
        room = asyncio.Semaphore(AT_ONCE)

        async def ask(held: Held) -> None:
            async with room:
                answer = await self._probe(held.address)
            news = answer is not held.answer
            held.heard(answer, self._clocks.elapsed())
            if news:
                self._news()

        await asyncio.gather(*(ask(held) for _, held in due))
        census = present()
        gone = [
            (key, held)
            for key, held in due
            if self._held.get(key) is held and self._gone(held, census)
        ]
        for _, held in gone:
            self.lost(held.app)
        await asyncio.gather(*(give_up(key) for key, _ in gone))

    def report(self, namespace: str | None = None) -> list[Object]:
        """Return the alarms of one namespace or all: those that are over, then the others."""
        alarms = (*self._over, *self._alarms.values())
        return [self._plain(one) for one in alarms if namespace in (None, one.app[0])]

    def _news(self) -> None:
        self.version += 1
        self._told()

    def _gone(self, held: Held, census: Mapping[App, Census]) -> bool:
        if held.refused >= REFUSALS:
            return True
        if held.silent >= SILENCES:
            app = census.get(held.app)
            # Others have a lease: the way to this app is not cut, and callers do without this one.
            if app is not None and app.present > app.silent:
                return True
        return held.silent > 0 and self._clocks.elapsed() - held.began > self._keep

    def _lost_of(self, app: App) -> int:
        earliest = self._clocks.elapsed() - self.lease
        times = self._lost.get(app)
        while times and times[0] < earliest:
            times.popleft()
        if not times:
            self._lost.pop(app, None)
        return len(times or ())

    def _plain(self, alarm: Alarm) -> Object:
        held = [one for one in self._held.values() if one.app == alarm.app]
        answers = [one.answer for one in held]
        return {
            "namespace": alarm.app[0],
            "app": alarm.app[1],
            "since": alarm.since.isoformat(timespec="seconds"),
            "over": alarm.over.isoformat(timespec="seconds") if alarm.over else None,
            "present": alarm.present,
            "held": 0 if alarm.over else len(held),
            "answers": 0 if alarm.over else answers.count(Answer.ANSWERS),
            "renewed": alarm.renewed,
            "given_up": alarm.given_up,
        }
