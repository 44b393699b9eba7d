"""All gates of a process: made at first use, fitted anew when rules change.

A gate stays the same object, so that whoever holds one need not look it up again. What a rule has
counted goes on by what it is about (rule, strategy, resource), however it is tuned; a change
touches the gates that it concerns and no other.
"""

from __future__ import annotations

from _thread import RLock
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fairlead.flow.admission import BY_COUNTS, Admission
from fairlead.flow.core import Clock, Core, Listener
from fairlead.flow.fitting import Fitter, Rules, begin_again, share_key
from fairlead.flow.form import chosen
from fairlead.flow.moving import apart, tell, widen
from fairlead.flow.patterns import Crowds, Patterns
from fairlead.flow.program import Program
from fairlead.flow.shape import Memory
from fairlead.flow.share import Share
from fairlead.policy.flow_rules import NO_RULES, FlowRules
from fairlead.policy.limit import RateLimit
from fairlead.policy.resource import scopes
from fairlead.policy.rule import SIMULATE, Rule
from fairlead.policy.sharing import everybodys, why_none

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate
    from fairlead.flow.pooling import Pool

MOST_GATES = 200_000
"""Resources that have a gate of their own. Of more, those that no rule names share gates."""


class Gates:
    """The gates of one process."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        listener: Listener | None = None,
        memory: Memory = lambda: 0,
        pure: bool = False,
        pool: Pool | None = None,
    ) -> None:
        """Begin without rules; without a `clock` the gates read the monotonic one themselves.

        `listener` hears of breakers, in the thread whose call has moved one. `memory` returns the
        bytes that the process uses; it is asked at most every 150 ms of each rule that scales. With
        `pure` gates are interpreted also where they could be compiled. With a `pool`, other workers
        of the app count with this process.
        """
        form, self.interpreted = chosen(pure=pure)
        """Why gates are interpreted; ``""`` where they are compiled."""
        self._core = Core(form, clock, listener, pool)
        self._fitter = Fitter(self._core, self._inner, memory)
        self._begin()

    def _begin(self) -> None:
        self._gates: dict[str, Gate] = {}
        self._making: dict[str, Gate] = {}  # without their rules yet
        self._wide: set[str] = set()
        """Resources at which calls of narrower ones count, from the first rule on, for good."""
        self._given: tuple[FlowRules, bool, str] = (NO_RULES, False, "")
        self._anew = False
        """Whether all gates count elsewhere from now on."""
        self._by_name: dict[str, Rules] = {}
        self._watched: dict[str, Rules] = {}
        """Rules by the resource whose calls they count, which is not their own."""
        self._patterns = Patterns()
        self._found: dict[str, Rules] = {}
        """What the patterns have found for resources that are being fitted."""
        self._shared: dict[Any, Share] = {}
        """What patterns keep for calls of resources that are wider than others as well."""
        self._before: dict[Any, Share] = {}
        """The same of rules that are being replaced."""
        self._crowds = Crowds()
        self._applying = RLock()
        self.crowd = 0
        """How often a resource was given a shared gate."""
        self._measured = self._noted = False
        self.none = self.idle = True
        """Whether no rule is in force at all; `idle` if nobody measures or notes what has none."""

    @property
    def pool(self) -> Pool | None:
        """Where workers count together, None where each counts for itself."""
        return self._core.pool

    def __iter__(self) -> Iterator[Gate]:
        return iter(list(self._gates.values()))

    def gate(self, name: str) -> Gate:
        """Return the gate of a resource; the same one each time."""
        gate = self._gates.get(name)
        return gate if gate is not None else self._make(name)

    def meter(self, name: str) -> Gate:
        """Return a gate that only counts: no rule finds it, and it is nobody else's."""
        return self._core.form.Gate(name, self._core, BY_COUNTS)  # type: ignore[no-any-return]

    def measure(self, on: bool) -> None:  # noqa: FBT001
        """Have calls that no rule is about counted, or not."""
        with self._applying:
            self._measured = on
            self._rest()

    def note(self, on: bool) -> None:  # noqa: FBT001
        """Have requests come by whether or not rules are about them, or not."""
        with self._applying:
            self._noted = on
            self._rest()

    def _rest(self) -> None:
        self.idle = self.none and not self._measured and not self._noted

    def restart(self, meter: Gate) -> None:
        """Have a meter count from nothing in a forked process, after `begin_again`."""
        begin_again(meter, self._core)

    def known(self, name: str) -> bool:
        """Tell whether some rule concerns a resource."""
        if self.none:
            return False
        named = any(scope in self._by_name for scope in scopes(name))
        return named or bool(self._patterns.matching(name))

    def unusual(self, method: str, route: str) -> Gate:
        """Return the gate of a route for a method that a stranger may have made up.

        It has one of its own where a rule names it. Others that the same patterns match share one,
        and those that none matches are calls of the route.
        """
        name = f"{method}:{route}"
        if name not in self._by_name:
            with self._having_found(name):
                rules = self._matching(name)
                if not rules:
                    name = route
                elif method not in self._patterns.words:
                    name = self._crowds.name(name, scopes(f"GET:{route}")[:-1], rules)
        return self.gate(name)

    def apply(self, rules: FlowRules, *, simulate: bool = False, lane: str = "") -> None:
        """Enforce `rules` from the next call on, or only count what they would reject.

        Workers of one `lane` count together.
        """
        with self._applying:
            if self._given == (rules, simulate, lane):
                return
            self._anew = self.pool is not None and self._given[2] != lane
            self._given = (rules, simulate, lane)
            if self.pool is not None:
                self.pool.lane = lane
            by_name: dict[str, list[Rule]] = {}
            watched: dict[str, list[Rule]] = {}
            patterns = []
            for rule in _each_once(rules):
                mine = replace(rule, mode=SIMULATE) if simulate else rule
                if isinstance(mine, RateLimit) and mine.related:
                    watched.setdefault(mine.related, []).append(mine)
                if mine.regex:
                    patterns.append(mine)
                else:
                    by_name.setdefault(mine.resource, []).append(mine)
            compiled = Patterns(patterns)
            crowds = self._crowds.sorted_by(compiled)
            with self._core.lock:
                self._by_name = {name: tuple(found) for name, found in by_name.items()}
                self._watched = {name: tuple(found) for name, found in watched.items()}
                self._patterns, self._crowds = compiled, crowds
                self._before, self._shared = self._shared, {}
                self.none = not (by_name or patterns)
                self._rest()
            for name in watched:
                self.gate(name)  # or it were made when it is asked for first, under the lock
            self._fit_all(self)
            self._anew = False
            self._drop()
        self._core.tell()

    def why_alone(self, rule: Rule) -> str:
        """Return why this process counts for a rule alone; ``""`` if workers count together."""
        if self.pool is None:
            return "this process shares nothing"
        mine = replace(rule, mode=SIMULATE) if self._given[1] else rule
        beside = filter(everybodys, self._by_name.get(rule.resource, ()))
        none = why_none(tuple(beside)) if everybodys(mine) else ""
        return self.pool.why_alone(mine) or none

    def tend(self) -> None:
        """Count together where that has become possible since, or is so elsewhere now.

        To be called every few seconds (`Pool.used`), with no lock held.
        """
        pool = self.pool
        if pool is None:
            return
        with self._applying:
            place = pool.elsewhere()
            if place is not None:
                with self._core.lock:
                    before = pool.move(place)
                self._fit_anew(self)
                if before is not None:
                    arena, seat = before
                    arena.desert(seat)
            elif names := pool.found_again():
                self._fit_anew([gate for gate in self if gate.resource in names])

    def _fit_anew(self, gates: Iterable[Gate]) -> None:
        self._anew = True
        try:
            self._fit_all(gates)
        finally:
            self._anew = False

    def part(self) -> None:
        """Count alone from now on: the process is about to end."""
        if self.pool is not None:
            with self._applying:
                self.pool.leave(lambda: self._fit_anew(self))

    def begin_again(self) -> None:
        """Count from nothing in a forked process: who was inside is in the parent."""
        if self.pool is not None:
            self.pool.begin_again()
        self._core = self._core.begin_again()
        self._applying, self._anew = RLock(), False
        self._shared = {}
        for gate in self:
            begin_again(gate, self._core)
        self._fit_all(self)

    def _drop(self) -> None:
        """Forget what patterns kept that are gone."""
        with self._core.lock:
            for key, share in self._before.items():
                if key not in self._shared:
                    tell(self._core, key[1], apart((share,)), [])
            self._before = {}

    def _fit_all(self, gates: Iterable[Gate]) -> None:
        gates = list(gates)
        for gate in gates:
            with self._having_found(gate.resource):  # not for all: calls go on meanwhile
                self._fit(gate)
        for gate in gates:
            with self._having_found(*(() if gate.resource not in self._wide else (gate.resource,))):
                self._join(gate)

    @contextmanager
    def _having_found(self, *names: str) -> Iterator[None]:
        """Hold the lock, with what the patterns find for `names` found before it was taken."""
        patterns, crowds = self._patterns, self._crowds
        found = {name: patterns.matching(crowds.one_of(name)) for name in names if patterns}
        with self._core.lock:
            before, self._found = self._found, found if patterns is self._patterns else {}
            try:
                yield
            finally:
                self._found = before

    def _make(self, name: str) -> Gate:
        with self._having_found(*scopes(name)):
            full = len(self._gates) >= MOST_GATES
            if full and not (name in self._by_name or name in self._gates):
                self.crowd += 1
                name = self._crowds.name(name, scopes(name)[:-1], self._matching(name))
            return self._inner(name)

    def _inner(self, name: str) -> Gate:
        gate = self._gates.get(name) or self._making.get(name)
        if gate is None:
            gate = self._making[name] = self._core.form.Gate(name, self._core, BY_COUNTS)
            try:
                self._fit(gate)
                self._join(gate)
                # Only now: who finds a gate asks no lock, and one without its rules is open.
                self._gates[name] = gate
            finally:
                del self._making[name]
        return gate

    def _matching(self, name: str) -> Rules:
        found = self._found.get(name)
        return found if found is not None else self._patterns.matching(self._crowds.one_of(name))

    def _fit(self, gate: Gate) -> None:
        name = gate.resource
        own = self._by_name.get(name, ())
        if self._patterns and name not in self._wide:
            own = (*own, *self._matching(name))
        watched = self._watched.get(name, ())
        if (self._anew and own) or (gate.rules, gate.watched) != (own, watched):
            self._fitter.fit(gate, own, watched)
            gate.rules, gate.watched = self._fitter.one_of(own), self._fitter.one_of(watched)

    def _join(self, gate: Gate) -> None:
        """Make calls of `gate` count at the wider resources that have rules."""
        name = gate.resource
        around = []
        for wider in scopes(name)[:-1]:
            if wider in self._by_name or wider in self._watched or wider in self._wide:
                self._widen(wider)
                around.append(self._inner(wider))
        wide = (*around, gate)
        if wide != gate.scopes:
            gate.close()  # or one might come in that is not counted there
            for scope in around:
                if scope not in gate.scopes:
                    widen(scope, gate)  # those inside count at once
        extra = tuple(self._of_patterns(gate)) if self._patterns else ()
        shares = (*extra, *(share for scope in wide for share in scope.cells))
        gate.open = not extra and not any(scope.rules for scope in wide)
        lends = any(window.lends for scope in wide for window in scope.windows)
        program: Admission = Program(shares) if shares or lends else BY_COUNTS
        if wide == gate.scopes and program is BY_COUNTS is gate.program:
            return
        gate.join(wide if wide != gate.scopes else gate.scopes, program)

    def _widen(self, name: str) -> None:
        if name not in self._wide:
            self._wide.add(name)
            gate = self._gates.get(name) or self._making.get(name)
            if gate is not None:
                self._fit(gate)  # it kept what patterns count for it alone
                self._join(gate)

    def _of_patterns(self, gate: Gate) -> Iterator[Share]:
        """Yield what patterns keep for calls of a resource that is wider than others as well.

        They are not for those: a pattern is held against the name that a call enters by.
        """
        if gate.resource not in self._wide:
            return
        for rule in self._matching(gate.resource):
            key = (share_key(rule), gate.resource)
            share = self._shared.get(key) or self._before.get(key)
            if share is None:
                share = self._fitter.share(gate, rule)
            elif share.rule != rule or self._anew:
                before = apart((share,))
                share.tune(rule)
                tell(self._core, gate.resource, before, apart((share,)))
            self._shared[key] = share
            yield share


def _each_once(rules: Iterable[Rule]) -> Iterable[Rule]:
    """Leave out a rule that is said twice: it would take two permits of the same window."""
    return {(rule.key, rule.regex): rule for rule in rules}.values()
