# cython: language_level=3, boundscheck=False, wraparound=False, annotation_typing=False
"""The gate of a resource: whether a call may begin, and what its end says.

A gate counts, and windows and breakers are bookmarks in its counts. So a call that every rule lets
pass costs one comparison with each of `ceiling`, `edge` and `most`, however many rules there are,
and what it takes of all of them is one addition. Only who comes to a mark asks the rules.

A call takes of every rule or of none. Between the last test and the taking no Python code runs in
the compiled form, and the lock is held in the interpreted one (ADR 9).

Cython in pure Python mode: compiled with `gate.pxd` where there is a compiler, else interpreted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Self

try:
    import cython
except ImportError:  # what stands for it
    from fairlead.flow.interpreted import cython

from fairlead.flow.admission import begun, full, left, settle, turn_away
from fairlead.flow.layout import BUSY, PASSES
from fairlead.flow.log import NEVER
from fairlead.flow.result import LOST, Result
from fairlead.flow.tally import told
from fairlead.flow.workers import depart, known
from fairlead.policy.buckets import BOUNDS_NS

if TYPE_CHECKING:
    from fairlead.flow.facts import Facts

BOUNDS: Any = array("q", BOUNDS_NS)
COMPILED = bool(cython.compiled)


class Gate:
    """One resource, as long as the process lives. Times are nanoseconds of the monotonic clock."""

    __slots__ = (
        "born", "breakers", "buckets", "caps", "ceiling", "cells", "clock", "core", "count",
        "curious", "due", "edge", "ended", "errors", "heeds", "inside", "lock", "log", "most",
        "most_inflight", "open", "opens", "picky", "plain", "program", "rejected", "resource",
        "rt_ns", "rules", "scopes", "shared", "short", "shut", "simulated", "since", "slow", "span",
        "tally", "tight", "turn", "waiting", "watched", "windows",
    )  # fmt: skip

    def __init__(self, resource: str, core: Any, program: Any) -> None:
        """Open a gate without rules; `core` (flow/core.py) is what gates of a process share."""
        self.resource = resource
        self.core = core
        self.lock = core.lock
        self.clock = core.clock
        if not cython.compiled and self.clock is None:
            self.clock = monotonic_ns
        self.count = self.ended = self.errors = self.rejected = self.simulated = 0
        self.inside = self.most_inflight = self.waiting = self.rt_ns = self.born = self.shut = 0
        self.buckets: Any = None
        """Calls that have ended, by response time: see `rt_buckets`. None before the first call."""
        self.tally: Any = None
        """What the last rule that rejected has rejected in all (flow/tally.py)."""
        self.log: Any = None
        """Times of the last `span` admissions; that of admission `i` is at ``i % span``."""
        self.open = True
        self.rules: tuple[Any, ...] = ()
        self.watched: tuple[Any, ...] = ()
        self.cells: tuple[Any, ...] = ()
        self.windows: tuple[Any, ...] = ()
        self.caps: tuple[Any, ...] = ()
        self.breakers: tuple[Any, ...] = ()
        self.picky = False
        self.ceiling = self.most = self.slow = self.due = self.turn = NEVER
        self.span = self.edge = self.since = self.opens = 0
        """`edge`: the first call comes to a mark, and makes what calls need. `since`, `opens`: from
        when until when it is known that `tight` stays full."""
        self.tight: Any = None
        self.shared: Any = None
        """What of its rules the workers of the app count together (flow/shared.py), or None."""
        self.join((self,), program)

    def close(self) -> None:
        """Send whoever comes to the lock until `look`: what is enforced is being replaced."""
        self.plain = self.short = False
        self.edge = self.opens = 0

    def join(self, scopes: tuple[Gate, ...], program: Any) -> None:
        """Make calls count at each of `scopes`, of which this gate is the last.

        `program` (flow/admission.py) decides who may come in where counts alone do not.
        """
        self.scopes = scopes
        self.program, self.curious = program, program.curious
        self.look()

    def look(self) -> None:
        """See whether breakers are closed, and with them the short ways."""
        self.shut = sum([1 for breaker in self.breakers if breaker.state])
        self.short = self.program.short
        self.plain = self.short and len(self.scopes) == 1 and not self.shut
        self.heeds = bool(self.breakers) or (self.shared is not None and self.shared.leaves)

    @property
    def passed(self) -> int:
        """Calls that were let in."""
        return self.count

    @property
    def inflight(self) -> int:
        """Calls that have begun and not ended."""
        return self.inside

    def rt_buckets(self) -> tuple[int, ...]:
        """Return how many calls have ended by response time (policy/buckets.py)."""
        return () if self.buckets is None else tuple(self.buckets)

    def by_rule(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return how many calls a rule has rejected for a reason, and how many it would have."""
        return told(self.tally)

    def enter(self, n: int = 1, facts: Facts | None = None, prio: bool = False) -> Entry:  # noqa: FBT001, FBT002
        """Let `n` calls, at least one, begin as one entry, or say why not; never waits."""
        try:
            if cython.compiled:
                now = self.now()
            else:
                self.lock.acquire()
                now = self.clock()
            if (
                self.plain
                and self.count + n <= self.ceiling
                and now < self.edge
                and self.inside + n <= self.most
                and (self.shared is None or self.share(n, now))
            ):
                if self.log is not None:
                    self.note(n, now)
                entry = Entry.__new__(Entry)
                # No call from here on: a signal would come between.
                entry.gate = self
                entry.scopes = self.scopes
                entry.started = now if self.shared is None else self.shared.seat.when
                entry.wait = 0
                entry.refused = entry.simulated = entry.held = None
                self.count += n
                self.inside += 1
                if self.inside > self.most_inflight:  # noqa: PLR1730  max() is slow
                    self.most_inflight = self.inside
                return entry
            if self.short and not self.plain:
                entry = take(self, self.scopes, n, now, 0)  # type: ignore[assignment]
                if entry is not None:
                    return entry
        finally:
            if not cython.compiled:
                try:  # noqa: SIM105
                    self.lock.release()
                except RuntimeError:
                    pass  # interrupted before it had it
        return self.ask(n, facts, prio, now)

    def ask(self, n: int, facts: Facts | None, prio: bool, now: int) -> Entry:  # noqa: FBT001
        """Do the same the long way: a mark is reached, or a rule asks more than counts."""
        full_here = self.plain and self.count + n > self.ceiling and self.since <= now < self.opens
        if cython.compiled and full_here:  # a flood is turned away without a lock
            return turn_away(self, full(self, self.tight, now), n)
        if cython.compiled and self.plain and self.shared is not None and self.shared.shut(n, now):
            return turn_away(self, known(self, now), n)
        program = self.program
        asked = None if program.short else program.ask(facts)
        with self.lock:
            now = self.now()
            entry: Entry = program.enter(self, n, asked, prio, now)
        self.tell()
        return entry

    def share(self, n: int, now: int) -> bool:
        """Take `n` of what workers share; False leaves it to those who say why not."""
        self.shared.inside = self.inside + 1
        return self.shared.take(n, now) == PASSES  # type: ignore[no-any-return]

    def now(self) -> int:
        """Return the time, in nanoseconds."""
        if cython.compiled and self.clock is None:
            return ticks()  # type: ignore[name-defined,no-any-return]  # noqa: F821  gate.pxd
        return self.clock()  # type: ignore[no-any-return]

    def note(self, n: int, now: int) -> None:
        """Remember when the next `n` were let in."""
        for i in range(self.count, self.count + n):
            self.log[i % self.span] = now

    def tell(self) -> None:
        """Tell what breakers have done, now that no lock is held."""
        if self.core.told:
            self.core.tell()

    def concerned(self, rt: int, failed: bool, outcome: Any, now: int) -> bool:  # noqa: FBT001
        """Tell whether a call that ended so may move a breaker, or a mark of one."""
        return (
            failed
            or rt > self.slow
            or now >= self.turn
            or self.ended >= self.due
            or (self.picky and outcome is not None)
        )

    def leave(self, entry: Any, scopes: Any, rt: int, failed: Any, outcome: Any, done: Any) -> None:
        """Tell breakers of a call that counts at `scopes`, and end it where that is not `done`."""
        now, told = entry.started + rt, BUSY
        if done and len(scopes) == 1:
            if self.shared is None or not self.shared.leaves:
                told = PASSES
            elif cython.compiled and (outcome is None or not self.shared.picky):
                told = self.end(rt, failed, now, 0, 0)
            if told == PASSES and not (self.breakers and self.concerned(rt, failed, outcome, now)):
                return
        with self.lock:
            if not done:
                if entry.scopes is None:
                    return
                entry.scopes = None
                if entry.started < self.born:
                    return  # its process has forked: it counts there
                give_back(scopes, rt, failed)
            depart(scopes, (rt, failed, outcome, now), told)
            if not done:
                left(self, entry, scopes, rt, failed, outcome)
            settle(scopes, rt, failed, outcome, now)
        self.tell()

    def end(self, rt: int, failed: bool, now: int, judged: int, found: int) -> int:  # noqa: FBT001
        """Tell workers who is inside, and how a call has ended; see `Cells.leave`."""
        self.shared.inside = self.inside
        return self.shared.leave(rt, failed, now, judged, found)  # type: ignore[no-any-return]


class Entry:
    """One call at a gate, from `enter` to `exit`; or one that was `refused`."""

    __slots__ = ("gate", "held", "refused", "scopes", "simulated", "started", "wait")

    def __init__(self) -> None:
        """Make one that no gate knows: it lets pass, and its end is nobody's."""
        self.gate: Any = None
        self.scopes: Any = None
        """The gates that count it; None when it has ended, and for what was refused."""
        self.started = 0
        self.wait = 0
        """Nanoseconds that the caller has to wait before `begin`."""
        self.refused: Any = None
        """The Refusal, or None."""
        self.simulated: Any = None
        """The first Refusal of a rule that only simulates, or None."""
        self.held: Any = None
        """What rules keep for this call alone."""

    def begin(self) -> None:
        """Say that the wait is over: response time counts from here."""
        if self.scopes is not None and self.wait and self.started >= self.gate.born:
            begun(self)

    def exit(self, failed: bool = False, outcome: Any = None) -> None:  # noqa: FBT001, FBT002
        """End the call, once; `outcome`, a Result, is for breakers that say what `failed` is."""
        gate = self.gate
        if self.scopes is None:
            return
        try:
            if cython.compiled:
                now = gate.now()
            else:
                gate.lock.acquire()
                now = gate.clock()
            scopes = self.scopes
            if scopes is None:
                return
            rt = now - self.started if now > self.started else 0
            short = scopes is gate.scopes and self.held is None and gate.short
            if short and gate.plain:
                self.scopes = None
                gate.inside -= 1
                gate.ended += 1
                gate.rt_ns += rt
                gate.errors += failed
                if cython.compiled:
                    add(gate.buckets, place(BOUNDS, rt))  # type: ignore[name-defined]  # noqa: F821
                else:
                    gate.buckets[bisect_left(BOUNDS_NS, rt)] += 1
            elif short:
                self.scopes = None
                give_back(scopes, rt, failed)
        finally:
            if not cython.compiled:
                try:  # noqa: SIM105
                    gate.lock.release()
                except RuntimeError:
                    pass
        if gate.heeds or not (short and gate.plain):
            gate.leave(self, scopes, rt, failed, outcome, short)

    def __del__(self) -> None:
        """End a call that nobody can end: a signal came before its caller got hold of it."""
        if self.scopes is not None:
            self.exit(False, LOST)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:  # noqa: PYI036
        """End the call; an Exception is a failure, being cancelled or closed is none."""
        failed = kind is not None and issubclass(kind, Exception)
        self.exit(failed, None if kind is None else Result(error=error))


if not cython.compiled:
    del Entry.__del__  # a call of Python for each entry, that would itself swallow such a signal


def take(gate: Gate, scopes: tuple[Gate, ...], n: int, now: int, asked: int) -> Entry | None:
    """Take of every scope if all have room, else return None.

    `asked` says that breakers that are not closed were asked already, and more than 1 that what
    workers share is done without.
    """
    pools = pooled(scopes) if asked < 2 else ()
    for scope in scopes:
        if (
            scope.count + n > scope.ceiling
            or now >= scope.edge
            or scope.inside + n > scope.most
            or (scope.shut and not asked)
        ):
            return None
    entry = Entry.__new__(Entry)
    entry.scopes = entry.refused = entry.simulated = entry.held = None
    entry.gate, entry.started, entry.wait = gate, now, 0
    if pools and not share_all(entry, scopes, pools, n, now, asked):
        return None
    for scope in scopes:
        if scope.log is not None:
            scope.note(n, now)
    for scope in scopes:
        scope.count += n
        scope.inside += 1
    entry.scopes = scopes
    held: Any = None
    for scope in scopes:
        scope.most_inflight = max(scope.most_inflight, scope.inside)
        if scope.shut:
            held = (*(held or ()), *[b.probe(scope, now) for b in scope.breakers if b.state])
    entry.held = held
    return entry


def pooled(scopes: tuple[Gate, ...]) -> tuple[Any, ...]:
    """Return what `scopes` share with other workers."""
    found: tuple[Any, ...] = ()
    for scope in scopes:
        if scope.shared is not None:
            found = (*found, scope.shared)
    return found


def share_all(entry: Any, scopes: Any, pools: Any, n: int, now: int, asked: int) -> bool:
    """Take of all of `pools`, or of none. No Python code runs in it where it is compiled."""
    j = 0
    for scope in scopes:
        if scope.shared is not None:
            if j == len(pools) or pools[j] is not scope.shared:
                return False  # rules have changed
            scope.shared.inside = scope.inside + 1
            j += 1
    first = pools[0]
    found = first.take_all(pools, n, now, asked)
    if found == PASSES:
        entry.started = first.seat.when
    elif asked:
        entry.gate.core.verdict = pools, found
    return found == PASSES  # type: ignore[no-any-return]


def give_back(scopes: tuple[Gate, ...], rt: int, failed: bool) -> None:  # noqa: FBT001
    """Count the end of a call at all of `scopes`."""
    number = place(BOUNDS, rt) if cython.compiled else bisect_left(BOUNDS_NS, rt)  # type: ignore[name-defined]  # noqa: F821
    for scope in scopes:
        scope.inside -= scope.inside > 0
        scope.ended += 1
        scope.rt_ns += rt
        scope.errors += failed
        if cython.compiled:
            add(scope.buckets, number)  # type: ignore[name-defined]  # noqa: F821
        else:
            scope.buckets[number] += 1
