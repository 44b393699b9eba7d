"""What rules become at a gate, so that what they have counted goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fairlead.flow.admission import BY_COUNTS
from fairlead.flow.breaker import Breaker
from fairlead.flow.cells import Callers, Elsewhere, Pace, Values
from fairlead.flow.log import NEVER, remember
from fairlead.flow.moving import breakers, finds, set_apart, take_over, tell
from fairlead.flow.pooling import attach
from fairlead.flow.shape import Memory, MemoryShape, Shape, WarmUpShape
from fairlead.flow.share import Share
from fairlead.flow.window import Lending, Watched, Window
from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.limit import Authority, ConcurrencyLimit, HotLimit, RateLimit, Throttle
from fairlead.policy.rule import ENFORCE, EVERYBODY, Rule

if TYPE_CHECKING:
    from fairlead.flow.core import Core
    from fairlead.flow.gate import Gate

Rules = tuple[Rule, ...]

MOST_TUPLES = 1000


def counts(rule: Rule) -> bool:
    """Tell whether a rule is bookmarks in the counts of its gate, and nothing else."""
    return (
        isinstance(rule, (RateLimit, ConcurrencyLimit, CircuitBreaker))
        and rule.mode == ENFORCE
        and rule.selection == EVERYBODY
        and not (isinstance(rule, RateLimit) and rule.related)
    )


def fit(gate: Gate, windows: Any, caps: Any, breakers: Any) -> None:
    """Enforce these at `gate` from the next call on: Window, ConcurrencyLimit and Breaker each."""
    gate.close()
    gate.most = min([cap.most for cap in caps], default=NEVER)
    gate.slow = min([breaker.slow_ns for breaker in breakers], default=NEVER)
    gate.picky = any(breaker.picky for breaker in breakers)
    gate.windows, gate.caps, gate.breakers = windows, caps, breakers
    gate.due = gate.turn = 0 if breakers else NEVER
    gate.since = gate.opens = 0
    gate.tight = None
    if not any(window.logs for window in windows):
        gate.log, gate.span = None, 0
    gate.ceiling = NEVER
    gate.edge = 0 if windows or gate.buckets is None else NEVER  # who comes first reads them
    gate.look()


def share(gate: Gate, rules: Rules, whose: str = "") -> Rules:
    """Have `gate` count with other workers what can be; return the rules that it counts alone."""
    pool = gate.core.pool
    return rules if pool is None else _attached(gate, pool.cells(gate, rules, whose))


def _attached(gate: Gate, found: tuple[Any, Rules]) -> Rules:
    cells, left = found
    attach(gate, cells)
    return left


class Fitter:
    """Makes windows, breakers and shares."""

    def __init__(self, core: Core, gate: Callable[[str], Gate], memory: Memory) -> None:
        """Fit gates of `core` when they wake; find other resources' gates with `gate`."""
        core.wake = self.wake
        self._gate, self._memory = gate, memory
        self._tuples: dict[tuple[int, ...], Rules] = {}

    def fit(self, gate: Gate, rules: Rules, watched: Rules = ()) -> None:
        """Enforce `rules` at `gate`, and keep the windows that `watched` rules of others read."""
        gate.close()  # nobody passes by half of it
        before = breakers(gate)
        found = self._with_turns(gate, rules)
        turns = () if found is None else _throttles(rule for rule in rules if rule not in found[1])
        own = tuple(rule for rule in rules if counts(rule) or rule in turns)
        shares = {share_key(share.rule): share for share in gate.cells}
        rest = tuple(rule for rule in rules if rule not in turns)
        cells = tuple(self._shares(gate, rest, shares))
        for rule in filter(counts, own):
            before_it = shares.get(share_key(rule))
            if before_it is not None and before_it.one is not None:
                take_over(gate, before_it.one)
        gate.cells = cells
        if found is not None and turns:
            self._fit_own(gate, _attached(gate, found), watched)
        elif gate.buckets is None and not watched and not any(map(lends, own)):
            attach(gate, None)
            fit(gate, (), self._caps(own), ())  # the rest when it is called
        else:
            self._fit_own(gate, share(gate, own), watched)
        tell(gate.core, gate.resource, before, breakers(gate))

    def wake(self, gate: Gate) -> None:
        """Enforce all rules of a gate that is called for the first time."""
        if gate.rules and not gate.windows and gate.shared is None:
            self._fit_own(gate, share(gate, tuple(filter(counts, gate.rules))), ())

    def _with_turns(self, gate: Gate, rules: Rules) -> tuple[Any, Rules] | None:
        """Return what workers share where that may be turns, too, which need a cell at once."""
        pool, paced = gate.core.pool, _throttles(rules)
        if pool is None or not paced:
            return None
        own = tuple(rule for rule in rules if counts(rule) or rule in paced)
        found: tuple[Any, Rules] = pool.cells(gate, own)
        return found

    def _fit_own(self, gate: Gate, own: Rules, watched: Rules) -> None:
        windows = {(window.rule.key, number): window for number, window in _numbered(gate.windows)}
        fit(
            gate,
            (*self._windows(gate, own, windows), *self._watched(gate, watched, windows)),
            self._caps(own),
            tuple(_breakers(gate, own)),
        )

    def _caps(self, own: Rules) -> Rules:
        return self.one_of(tuple(rule for rule in own if isinstance(rule, ConcurrencyLimit)))

    def one_of(self, rules: Rules) -> Rules:
        """Return one tuple for all gates with the same rules."""
        if len(self._tuples) > MOST_TUPLES:
            self._tuples.clear()
        return self._tuples.setdefault(tuple(map(id, rules)), rules)

    def share(self, gate: Gate, rule: Rule) -> Share:
        """Return what a rule that is more than bookmarks keeps at `gate`."""

        def tune(kept: Any, rule: Rule) -> None:
            if isinstance(kept, gate.core.form.Gate):
                self._fit_alone(kept, rule)
            else:
                kept.tune(rule)

        return Share(rule, lambda rule: self._cell(gate, rule), tune)

    def _cell(self, gate: Gate, rule: Any) -> Any:
        if isinstance(rule, Authority):
            return Callers(rule)
        if isinstance(rule, HotLimit):
            return Values(rule)
        if isinstance(rule, Throttle):
            return Pace(rule, gate)
        if isinstance(rule, RateLimit) and rule.related:
            return Elsewhere(rule, self._gate(rule.related))
        alone: Gate = gate.core.form.Gate(gate.resource, gate.core, BY_COUNTS)
        self._fit_alone(alone, rule)
        return alone

    def _fit_alone(self, gate: Gate, rule: Rule) -> None:
        windows = {(window.rule.key, number): window for number, window in _numbered(gate.windows)}
        own = share(gate, (rule,), "\0".join(rule.key))
        fit(
            gate,
            tuple(self._windows(gate, own, windows)),
            tuple(rule for rule in own if isinstance(rule, ConcurrencyLimit)),
            tuple(_breakers(gate, own)),
        )

    def _shares(self, gate: Gate, rules: Rules, before: dict[Any, Share]) -> Iterator[Share]:
        for rule in rules:
            if counts(rule):
                continue
            kept = before.get(share_key(rule))
            if kept is None:
                kept = self.share(gate, rule)
                if finds(gate, rule):
                    kept.make()
                    set_apart(kept.one, gate, rule)
                    kept.tune(rule)
            else:
                kept.tune(rule)
            yield kept

    def _windows(self, gate: Gate, rules: Rules, before: dict[Any, Window]) -> Iterator[Window]:
        for rule in rules:
            if isinstance(rule, RateLimit):
                kind = Lending if rule.borrow_ms else Window
                yield from self._of(gate, rule, kind, before)

    def _watched(self, gate: Gate, rules: Rules, before: dict[Any, Window]) -> Iterator[Window]:
        for rule in rules:
            if isinstance(rule, RateLimit):
                yield from self._of(gate, rule, Watched, before)

    def _of(
        self, gate: Gate, rule: RateLimit, kind: type[Window], before: dict[Any, Window]
    ) -> Iterator[Window]:
        now = gate.now()
        for number, window in enumerate(rule.windows):
            shape = self._shape(rule)
            kept = before.get((rule.key, number))
            if kept is None or type(kept) is not kind:
                used = kept.used(gate.count, gate.log, now) if kept else 0
                made = kind(rule, window, gate.count - used, shape)
                if used and made.logs:
                    made.start = now
                    remember(gate, used, made.logs, now)
                yield made
                continue
            used = kept.used(gate.count, gate.log, now)
            if shape is not None:
                shape.follow(kept.shape)
            if kept.tune(rule, window, shape):
                kept.base = gate.count - used
                if kept.logs:
                    kept.start = now
                    remember(gate, used, kept.logs, now)
            yield kept

    def _shape(self, rule: RateLimit) -> Shape | None:
        if rule.memory is not None:
            return MemoryShape(rule.memory, self._memory)
        if rule.warm_up is not None:
            (window,) = rule.windows
            return WarmUpShape(window.threshold, window.window_ms, rule.warm_up)
        return None


def begin_again(gate: Gate, core: Core) -> None:
    """Count from nothing in a forked process, without rules; who was inside is elsewhere."""
    gate.core, gate.lock = core, core.lock
    gate.born = gate.now()
    gate.count = gate.ended = gate.errors = gate.rejected = gate.simulated = 0
    gate.inside = gate.most_inflight = gate.waiting = gate.rt_ns = 0
    gate.buckets = gate.tally = gate.shared = None
    gate.cells = gate.rules = gate.watched = ()
    fit(gate, (), (), ())
    wider = gate.scopes[: len(gate.scopes) - 1]
    gate.join((*wider, gate), gate.program)  # another tuple: nobody is inside by it


def _throttles(rules: Iterable[Rule]) -> Rules:
    return tuple(rule for rule in rules if isinstance(rule, Throttle))


def lends(rule: Rule) -> bool:
    """Tell whether a call may take of a rule what comes to be free."""
    return isinstance(rule, RateLimit) and rule.borrow_ms > 0


def share_key(rule: Rule) -> Any:
    """What is kept goes on by this, however a rule is tuned and whose calls it is about."""
    more = (rule.param, rule.behaviour) if isinstance(rule, HotLimit) else ()
    related = rule.related if isinstance(rule, RateLimit) else ""
    return (rule.key, rule.selection.each, related, more)


def _numbered(windows: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Number the windows of each rule."""
    seen: dict[Any, int] = {}
    for window in windows:
        number = seen[window.rule.key] = seen.get(window.rule.key, -1) + 1
        yield number, window


def _breakers(gate: Gate, rules: Rules) -> Iterator[Breaker]:
    before = {breaker.rule.key: breaker for breaker in gate.breakers}
    for rule in rules:
        if isinstance(rule, CircuitBreaker):
            kept = before.get(rule.key)
            if kept is None:
                kept = Breaker(rule)
            else:
                kept.tune(rule)
            yield kept
