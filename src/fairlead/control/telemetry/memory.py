"""What is known of every app, in slots of ten seconds, and of one where somebody watches.

A report says what happened between two moments. It is shared out between the slots that it touches,
so that a graph has no teeth where reports and slots do not begin together.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from fairlead.control.telemetry.bundle import MOST_BUNDLES, Bundle, Shape
from fairlead.control.telemetry.packed import (
    NOTHING,
    Packed,
    Sums,
    span,
    unpack,
)
from fairlead.control.telemetry.process import Process
from fairlead.control.telemetry.series import (
    COARSE,
    FINE,
    LONGEST,
    Name,
    Series,
    Where,
    Window,
    drop,
)
from fairlead.protocols.watch.report import REST

MOST_APPS, MOST_SERIES, MOST_PROCESSES = 10_000, 4_096, 4_096
"""Apps, and series and processes of each: their names are the network's words."""

log = logging.getLogger(__name__)

MOST_QUIET = 512
"""Interfaces of one app that nobody has called lately."""

MOST_LANES = 256
"""Pairs of a side and a lane of one app that are counted for good."""

INTERFACE, TOTAL, RULE, EDGE = "interface", "total", "rule", "edge"

COVERED: Name = ("covered", "", "", "")
"""The series of the time that processes told of, which history keeps beside the others."""

App: TypeAlias = tuple[str, str]
"""Namespace and app."""


class Told:
    """What the processes of one app told."""

    def __init__(self, namespace: str, app: str) -> None:
        self.namespace, self.app = namespace, app
        self._series: dict[Name, Series] = {}
        self._sorted: defaultdict[str, dict[Name, Series]] = defaultdict(dict)
        self._bundles: dict[Shape, tuple[Bundle, tuple[Series, ...]]] = {}
        self._settled = True
        """Whether all that was added to bundles is in series."""
        self.covered = Series()
        """Milliseconds that processes told of, together."""
        self.processes: dict[str, Process] = {}
        self._ever: dict[tuple[str, str], Packed] = {}
        self._quiet: dict[Name, None] = {}
        """Interfaces without a series, that processes which still report have had calls of."""
        self.folded = 0
        """Rows of reports that were counted together with others, as there are too many names."""
        self._crowded = False

    @property
    def series(self) -> dict[Name, Series]:
        """Everything that was told, by name."""
        self._settle()
        return self._series

    @property
    def sorted(self) -> defaultdict[str, dict[Name, Series]]:
        """The same series by their sort: most questions are about few of them."""
        self._settle()
        return self._sorted

    @property
    def ever(self) -> dict[tuple[str, str], Packed]:
        """Counts by side and lane since the app was heard of first."""
        self._settle()
        return self._ever

    def bundle(self, shape: Shape, *, again: bool) -> tuple[Bundle, tuple[Series, ...]] | None:
        """Return the bundle of rows, and the series of each; None for rows that have none.

        They get one where they are told of `again` by the same process, and each has a series.
        """
        found = self._bundles.get(shape)
        if found is None and again and len(self._bundles) < MOST_BUNDLES:
            rows = [(INTERFACE, *row) for row in zip(*shape, strict=True)]
            if all(row in self._series for row in rows):
                series = tuple([self._series[row] for row in rows])
                found = self._bundles[shape] = Bundle(len(series)), series
        if found is not None:
            self._settled = False
        return found

    def _settle(self) -> None:
        """Give series what was added to bundles, and to the sums of their side and lane."""
        if self._settled:
            return
        self._settled = True
        for (_, *of), (bundle, series) in self._bundles.items():
            totals: defaultdict[tuple[str, str, int], Packed] = defaultdict(int)
            for place, slot, packed in bundle.take():
                series[place].put(slot, packed)
                totals[of[0][place], of[1][place], slot] += packed
            for (side, lane, slot), packed in totals.items():
                self.find((TOTAL, "", side, lane)).put(slot, packed)
                self.count(side, lane, packed)

    def find(self, name: Name) -> Series:
        """Return the series of a name; beyond the bound, of what all others are called."""
        series = self._series.get(name)
        if series is None and len(self._series) >= MOST_SERIES:
            self._crowd()
            name = _rest(name, lanes=len(self._series) < 2 * MOST_SERIES)
            series = self._series.get(name)
        if series is None:
            series = self._series[name] = self._sorted[name[0]][name] = Series(name)
            self._quiet.pop(name, None)
        return series

    def _crowd(self) -> None:
        self.folded += 1
        if not self._crowded:
            self._crowded = True
            log.warning(
                "the app %s in namespace %s tells of more than %d interfaces, lanes, rules and "
                "calls: further ones are counted together, as *",
                *(self.app, self.namespace, MOST_SERIES),
            )

    def count(self, side: str, lane: str, packed: Packed) -> None:
        """Add to what there has ever been on a side and a lane."""
        if (side, lane) not in self._ever and len(self._ever) >= MOST_LANES:
            lane = REST
        self._ever[side, lane] = self._ever.get((side, lane), 0) + packed

    def cover(self, seconds: float, where: Where) -> None:
        """Note that a process told of so many seconds."""
        self.covered.add(span(round(seconds * 1000)), where)

    def fresh(self, now: float) -> int:
        """Return how many processes report."""
        return sum([process.is_fresh(now) for process in self.processes.values()])

    def is_fine(self, now: float) -> bool:
        """Tell whether the last seconds are known one by one."""
        fine, second = self.covered.fine, int(now)
        return any(second - back in fine for back in range(4))

    def window(self, now: float, seconds: int = 0) -> Window:
        """Return the last `seconds`; without them as few as make a figure that is not jumpy.

        Reports of the last slots are still to come: what is known counts, not what has passed.
        """
        fine = not seconds and self.is_fine(now)
        step = FINE if fine else COARSE
        last = int(now) // step
        slots = range(last - ((seconds or (5 if fine else 20)) // step), last + 1)
        known = self.covered.slots(step)
        covered = sum([known[slot] for slot in slots if slot in known]) / 1000
        return Window(step, slots, covered / max(1, self.fresh(now)))

    def sums(self, sort: str, window: Window) -> Iterator[tuple[Name, Sums]]:
        """Yield what is known in a window of every series of a sort."""
        for name, series in self.sorted[sort].items():
            if packed := series.total(window):
                yield name, unpack(packed)

    def interfaces(self, window: Window) -> Iterator[tuple[Name, Sums]]:
        """Yield what is known in a window of every interface, be it that nobody called it."""
        for name, series in self.sorted[INTERFACE].items():
            packed = series.total(window)
            yield name, unpack(packed) if packed else NOTHING
        for name in self._quiet:
            yield name, NOTHING

    def sum_of(self, side: str, window: Window) -> Sums:
        """Return what happened on one side, on all lanes."""
        packed = sum(
            [series.total(window) for name, series in self.sorted[TOTAL].items() if name[2] == side]
        )
        return unpack(packed) if packed else NOTHING

    def trim(self, coarse: int, fine: int, now: float) -> None:
        """Forget slots before these, and what has nothing left."""
        for series in (self.covered, *self.series.values()):
            drop(series.coarse, coarse)
            drop(series.fine, fine)
        gone = [name for name, one in self._series.items() if not (one.coarse or one.fine)]
        for name in gone:
            del self._series[name], self._sorted[name[0]][name]
            if name[0] == INTERFACE and len(self._quiet) < MOST_QUIET:
                self._quiet[name] = None
        # They have series of their own, which may be gone.
        self._bundles = {
            shape: one for shape, one in self._bundles.items() if one[0].used and not gone
        }
        for bundle, _ in self._bundles.values():
            bundle.used = False
        self.processes = {n: p for n, p in self.processes.items() if now - p.at < 10 * LONGEST}
        if not self.processes:
            self._quiet.clear()

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it is known any more."""
        return not (self.series or self.processes or self.covered.coarse)


def _rest(name: Name, *, lanes: bool) -> Name:
    """Return what all names beyond the bound are called: few, also where `lanes` are apart.

    What is on which side stays known, as sums over all lanes are asked for by it.
    """
    sort, _, side, lane = name
    if sort == INTERFACE:
        return (sort, REST, side, lane if lanes else REST)
    if sort == TOTAL:
        return (sort, "", side, REST)
    return (sort, REST, "", "")


class Memory:
    """Every app that is told of."""

    def __init__(self) -> None:
        self._apps: dict[App, Told] = {}
        self.is_behind = False
        """Whether there is something that was told and is still to be added up."""
        self.catch_up: Callable[[], None] = lambda: None
        """Adds it up."""

    @property
    def apps(self) -> dict[App, Told]:
        """All of them, by namespace and app."""
        if self.is_behind:
            self.catch_up()
        return self._apps

    def of(self, namespace: str, app: str) -> Told | None:
        """Return what is known of an app."""
        return self.apps.get((namespace, app))

    def known(self, namespace: str, app: str) -> Told | None:
        """Return what is known of an app without what is still to be added up."""
        return self._apps.get((namespace, app))

    def enter(self, namespace: str, app: str) -> Told | None:
        """Return what is known of an app that tells something; None where no more may be known."""
        told = self._apps.get((namespace, app))
        if told is None and len(self._apps) < MOST_APPS:
            told = self._apps[namespace, app] = Told(namespace, app)
        return told

    def recall(self, app: App, name: Name, step: int, slots: Mapping[int, Packed]) -> None:
        """Add slots of `step` seconds that an earlier process knew."""
        told = self.enter(*app)
        if told is not None:
            kept = (told.covered if name == COVERED else told.find(name)).slots(step)
            for slot, packed in slots.items():
                kept[slot] = kept.get(slot, 0) + packed

    def recall_process(self, app: App, process: Process) -> None:
        """Know a process that an earlier one of ours knew."""
        told = self.enter(*app)
        if told is not None and len(told.processes) < MOST_PROCESSES:
            told.processes.setdefault(process.node, process)

    def processes(self) -> Iterator[tuple[App, Process]]:
        """Yield every process that reports, with its app."""
        for app, told in self.apps.items():
            for process in told.processes.values():
                yield app, process

    def within(self, namespaces: Iterable[str]) -> list[Told]:
        """Return the apps of some namespaces, in order."""
        wanted = frozenset(namespaces)
        return [told for key, told in sorted(self.apps.items()) if key[0] in wanted]

    def spans(self, step: int, length: int, begin: int, end: int) -> list[int]:
        """Return where runs of `length` seconds begin in which some app told something, in order.

        Slots are of `step` seconds, and times unix seconds.
        """
        first, last, per = begin // step, end // step, length // step
        slots = {
            slot // per
            for told in self.apps.values()
            for slot in told.covered.slots(step)
            if first <= slot < last
        }
        return [slot * length for slot in sorted(slots)]

    def forget_after(self, now: float) -> None:
        """Forget what is still to come: it was told while the clock was ahead."""
        for told in self.apps.values():
            for series in (told.covered, *told.series.values()):
                for slots, step in ((series.coarse, COARSE), (series.fine, FINE)):
                    for slot in [slot for slot in slots if slot * step > now]:
                        del slots[slot]
            for process in told.processes.values():
                process.at = min(process.at, now)

    def trim(self, coarse: int, fine: int, now: float) -> None:
        """Forget slots before these, in every app."""
        for told in self.apps.values():
            told.trim(coarse, fine, now)
        self._apps = {key: told for key, told in self.apps.items() if not told.is_empty}
