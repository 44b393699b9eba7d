"""Where a process counts together with other workers: cells in the arena, found by what a rule is.

What has no place there is counted by the process alone, and says so.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from hashlib import blake2b
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fairlead.flow.arena import OPEN, Arena, arena_at
from fairlead.flow.layout import BUSY, CUTS, GAUGE, MOST_SEATS, SEATS, VERSION, WIDTH
from fairlead.flow.mapped import CELLS, Full, Unusable
from fairlead.flow.sweep import sweep
from fairlead.flow.wanted import Wanted, cells_of
from fairlead.policy.limit import ConcurrencyLimit
from fairlead.policy.rule import SIMULATE, Rule
from fairlead.policy.sharing import why_alone, why_none

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate

TRIES = 5

Rules = tuple[Rule, ...]
Place = tuple[Arena, Any]
"""An arena, and this process's seat there."""


class Pool:
    """Where this process counts together with others; nothing is opened before it is needed."""

    def __init__(
        self,
        where: Callable[[], str],
        boot: tuple[int, int],
        pause: Callable[[float], None],
        hear: Callable[[str], object] = str,
    ) -> None:
        """Meet others at a path that begins as `where` says; see `Arena`.

        `hear` is told, once, why something is counted by this process alone.
        """
        self._where, self._boot, self._pause = where, boot, pause
        self._hear = hear
        self.used: Callable[[], object] = str
        """Told when this process first wants to count with others: `elsewhere` is to be asked then,
        every few seconds."""
        self._said = self._final = False
        self.problem = ""
        """Why the process counts for itself; ``""`` if it does not, or has not needed to know."""
        self.lane = ""
        self._alone: dict[Any, dict[str, str]] = {}
        """Of rules that could be shared, why some are not, and where."""
        self.missing: set[str] = set()
        """Resources of which something was not to be had, and may be later."""
        self.arena: Arena | None = None
        self.seat: Any = None
        self._forms: tuple[ModuleType, ...] = ()

    def made_by(self, forms: tuple[ModuleType, ...], why: str) -> None:
        """Have seats and cells made by `forms`, or share nothing, for a reason."""
        self._forms, self.problem, self._final = forms, why, bool(why)

    def begin_again(self) -> None:
        """Open nothing in a forked process yet; what its parent has is its parent's."""
        if self.arena is not None:
            self.arena.abandon()
        self.arena = self.seat = None
        self._alone, self.missing = {}, set()

    def leave(self, then: Callable[[], None]) -> None:
        """Share nothing from now on, and give back what this process holds, after `then`."""
        self.problem, self._final = "the process is about to end", True
        then()
        arena, seat = self.arena, self.seat
        self.arena = self.seat = None
        if arena is not None:
            try:
                arena.leave(seat)
            except Unusable:
                return  # others will see that this process has ended

    def cells(self, gate: Gate, rules: Rules, whose: str = "") -> tuple[Any, Rules]:
        """Return what `rules` share at `gate`, None for nothing, and the rules that share nothing.

        `whose` are the calls of a gate of which not all count.
        """
        at = f"{gate.resource}\0{whose}"
        wanted, left = self._wanted(rules, at)
        rows: list[tuple[int, Wanted]] = []
        missing = set()
        for one in wanted:
            rule = whose if one.kind == GAUGE else "\0".join((*one.rule.key, str(one.rule.regex)))
            names = (self.lane, gate.resource, rule, one.name)
            try:
                rows.append((self._place("\0".join(names), one), one))
            except Unusable as error:
                self._set_apart(one.rule, at, str(error))
                self._say(str(error))
                missing.add(one.rule.key)
                if not isinstance(error, Full):
                    self.missing.add(gate.resource)
        placed = {one.rule.key for one in wanted} - missing
        whole = [row for row in rows if row[1].rule.key in placed]
        left += tuple(rule for rule in rules if _of_whom(rule, rules).key in missing)
        return (self._made(whole) if whole else None), left

    def _wanted(self, rules: Rules, at: str) -> tuple[list[Wanted], Rules]:
        wanted: list[Wanted] = []
        left: list[Rule] = []
        none = why_none(rules)
        for rule in rules:
            self._set_apart(rule, at, none)
            if self.problem or none or why_alone(rule):
                left.append(rule)
            elif _of_whom(rule, rules) is rule:
                wanted.extend(cells_of(rule))
        return sorted(wanted, key=lambda one: one.kind), tuple(left)

    def _set_apart(self, rule: Rule, at: str, why: str) -> None:
        """Know why this process counts for a rule alone at one place; ``""`` if it does not."""
        places = self._alone.setdefault(rule.key, {})
        places.pop(at, None)
        if why:
            places[at] = why
        elif not places:
            del self._alone[rule.key]

    def open(self) -> Arena:
        """Return the arena, opened when it is needed first. Raises Unusable."""
        if self.arena is None:
            if self.problem:
                raise Unusable(self.problem)
            self.used()
            try:
                self.arena, self.seat = self._opened()
            except Unusable as error:
                self.problem = str(error)
                self._say(self.problem)
                raise
        return self.arena

    def _opened(self) -> Place:
        form = self._forms[0]
        # Those of another form lock in another way, those of another layout read another.
        path = f"{self._where()}-{'c' if form.COMPILED else 'i'}{VERSION}"
        for _ in range(TRIES):
            arena = arena_at(path, self._boot, form, self._pause)
            seat = arena.sit()
            if arena.is_there():  # the last worker may have taken it away before we sat down
                folder, _, name = path.rpartition("/")
                sweep(folder, name.rsplit("-", 2)[0] + "-", OPEN)
                return arena, seat
        raise Unusable(f"{path} is removed all the time")

    def elsewhere(self) -> Place | None:
        """Return where this process had better count, None where it does, or can not.

        The file may have been taken away (by a log-out, which removes what a user has in memory),
        or could not be had before. May wait, and is for who holds no lock of the gates.
        """
        fine = self.arena.is_there() if self.arena is not None else not self.problem
        if fine or self._final:
            return None
        try:
            return self._opened()
        except Unusable as error:
            if self.arena is None:
                self.problem = str(error)
            return None

    def move(self, place: Place) -> Place | None:
        """Have cells be made at another place from now on; return the one before, to `desert`."""
        before = None if self.arena is None else (self.arena, self.seat)
        self.arena, self.seat = place
        self.problem, self._alone, self.missing = "", {}, set()
        return before

    def found_again(self) -> set[str]:
        """Return resources of which something was not to be had, and may be now."""
        if self.arena is None or not self.missing:
            return set()
        try:
            self.arena.change(str)
        except (Unusable, OSError):
            return set()
        found, self.missing = self.missing, set()
        return found

    def _say(self, why: str) -> None:
        if not self._said:
            self._said = True
            self._hear(why)

    def told(self) -> dict[str, Any]:
        """Return what doctor shows: where, with how many, and what else there is to know."""
        arena = self.arena
        found = {"path": "", "workers": 0, "limits": 0, "cuts": 0, "problem": self.problem}
        if arena is not None:
            view = arena.view
            found["workers"] = sum([view[SEATS + n] != 0 for n in range(MOST_SEATS)])
            found |= {"path": arena.path, "limits": view[CELLS], "cuts": view[CUTS]}
        return found

    def _place(self, key: str, one: Wanted) -> int:
        digest = blake2b(key.encode(), digest_size=16).digest()
        return self.open().find(digest, one.kind, one.words, one.mask)

    def _made(self, rows: list[tuple[int, Wanted]]) -> Any:
        numbers = array("q", bytes(8 * WIDTH * len(rows)))
        for k, (place, one) in enumerate(rows):
            row = array("q", (one.kind, place, *one.numbers))
            numbers[k * WIDTH : k * WIDTH + len(row)] = row
        cells = self._forms[1].Cells(
            self.seat,
            numbers,
            array("d", [one.ratio for _, one in rows]),
            tuple(one.rule for _, one in rows),
            tuple(one.judge for _, one in rows),
        )
        cells.simulated = all(one.rule.mode == SIMULATE for _, one in rows)
        return cells

    def why_alone(self, rule: Rule) -> str:
        """Return why this process counts for a rule alone; ``""`` if workers count together."""
        places = self._alone.get(rule.key, {})
        return why_alone(rule) or self.problem or next(iter(places.values()), "")

    def wait(self, tries: int) -> bool:
        """Let others finish; return whether to try again."""
        return self.arena is not None and self.arena.wait(self.seat, tries)

    def reap(self, now: int) -> bool:
        """Take back what dead workers hold; tell if there were any."""
        try:
            return self.arena is not None and self.arena.reap(self.seat, now)
        except Unusable:
            return False


def attach(gate: Gate, cells: Any) -> None:
    """Have `gate` count in `cells` from now on; who is inside is so in both."""
    before, gate.shared = gate.shared, cells
    if before is not None and before.paces < before.gauges:
        _tell_inside(gate, before, 0)
    if cells is not None and cells.paces < cells.gauges:
        _tell_inside(gate, cells, gate.inside)


def _tell_inside(gate: Gate, cells: Any, inside: int) -> None:
    for tries in range(1 << 20):
        cells.inside = inside
        if cells.tell_inside() != BUSY or not gate.core.pool.wait(tries):
            return


def _of_whom(rule: Rule, rules: Rules) -> Rule:
    """Return the rule whose cell counts for this one: limits to the calls at a time have one."""
    if not isinstance(rule, ConcurrencyLimit):
        return rule
    caps = [cap for cap in rules if isinstance(cap, ConcurrencyLimit) and not why_alone(cap)]
    return min(caps, key=lambda cap: cap.most, default=rule)
