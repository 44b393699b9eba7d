"""Who may come in where a comparison of counts does not say it alone, and why not."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from fairlead.flow.log import NEVER, lengthen
from fairlead.flow.refusal import BREAKER, CONCURRENCY, RATE, Refusal
from fairlead.flow.tally import tally
from fairlead.flow.workers import taken, waiting
from fairlead.policy.buckets import BUCKETS

if TYPE_CHECKING:
    from fairlead.flow.facts import Facts
    from fairlead.flow.gate import Entry, Gate

_SECOND = 1e9

TRIES = 100
"""How often somebody may come between a test and the taking."""


class Contended(Exception):
    """A fault of ours, that no call should wait for: whoever asks lets it pass."""


Scopes = tuple["Gate", ...]


class Admission:
    """Decides by windows, limits to the calls at a time and breakers."""

    __slots__ = ()

    short = True
    """Whether a call that counts alone let pass may pass."""

    curious = False
    """Whether it asks about calls."""

    def ask(self, facts: Facts | None) -> Any:
        """Ask what is to be known of a call. No lock is held: applications answer."""
        del facts

    def enter(self, gate: Gate, n: int, asked: Any, prio: bool, now: int) -> Entry:  # noqa: FBT001
        """Let a call in of which `asked` is known, or turn it away. Under the gates' lock."""
        del asked, prio
        for _ in range(TRIES):
            refusal = (
                over(gate, gate.scopes, n, now)
                or crowded(gate, gate.scopes, n)
                or broken(gate, gate.scopes, now)
            )
            if refusal is not None:
                return turn_away(gate, refusal, n)
            found = taken(gate, gate.scopes, n, now)
            if isinstance(found, Refusal):
                return turn_away(gate, found, n)
            if found is not None:
                return waiting(gate, found)
        raise Contended

    def outlived(self, scopes: Scopes, started: int) -> None:
        """Hear of the end of a call that counts at `scopes`: rules may have come since."""


def begun(entry: Entry) -> None:
    """Time a call that has waited from now on."""
    with entry.gate.lock:
        entry.started = entry.gate.now()
        entry.wait = 0
        for held in entry.held:
            held.begin()


def left(gate: Gate, entry: Entry, scopes: Scopes, rt: int, failed: bool, outcome: Any) -> None:  # noqa: FBT001
    """Release what rules keep for a call that ends, and let those forget it that came since."""
    for scope in gate.scopes:
        if scope not in scopes and scope.inside > 0:
            scope.inside -= 1  # its rules came later, and found this call inside
    gate.program.outlived(scopes, entry.started)
    for held in entry.held or ():
        held.end(rt, failed, outcome, entry.started + rt)


def settle(scopes: Scopes, rt: int, failed: bool, outcome: Any, now: int) -> None:  # noqa: FBT001
    """Tell breakers of `scopes` about a call that has ended, if it may move them."""
    for gate in scopes:
        if gate.breakers and gate.concerned(rt, failed, outcome, now):
            due = turn = NEVER
            for breaker in gate.breakers:
                breaker.end(gate, rt, failed, outcome, now)
                due = min(due, breaker.due)
                turn = min(turn, breaker.edge)
            gate.due, gate.turn = due, turn


def turn_away(gate: Gate, refusal: Refusal, n: int) -> Entry:
    """Count a rejection, and return it as an entry."""
    gate.rejected += n
    counts = gate.tally
    if counts is None or counts.rule is not refusal.rule or counts.reason is not refusal.reason:
        counts = tally(gate, refusal)
    counts.rejected += n
    entry: Entry = gate.core.form.Entry()
    entry.gate, entry.refused = gate, refusal
    return entry


def lacking(gate: Gate, n: int, now: int) -> Any:
    """Return the window of a gate without room for `n`, or None; brings the marks up to date."""
    if now < gate.edge and gate.count + n <= gate.ceiling:
        return None
    if gate.since <= now < gate.opens and gate.count + n > gate.ceiling:
        return gate.tight
    if gate.buckets is None:
        zeros = [0] * BUCKETS
        gate.buckets = array("q", zeros) if gate.core.form.COMPILED else zeros
        gate.core.wake(gate)
    ceiling = edge = NEVER  # others pass by the old ones meanwhile
    tight = None
    for window in gate.windows:
        if window.logs > gate.span:
            lengthen(gate, window.logs)
        window.roll(gate.count, gate.log, now)
        edge = min(edge, window.edge)
        top = window.base + window.limit
        if top < ceiling:
            ceiling, tight = top, window
    gate.ceiling, gate.edge, gate.tight, gate.opens = ceiling, edge, tight, 0
    if tight is None or gate.count + n <= ceiling:
        return None
    gate.since = now
    gate.opens = min(edge, tight.frees(gate.count, gate.log))
    return tight


def over(gate: Gate, scopes: Scopes, n: int, now: int) -> Refusal | None:
    """Return the refusal of a window that is full."""
    for scope in scopes:
        window = lacking(scope, n, now)
        if window is not None:
            refusal = full(scope, window, now)
            refusal.resource = gate.resource
            return refusal
    return None


def full(gate: Gate, window: Any, now: int) -> Refusal:
    """Return the refusal of a window of `gate` that is known to be full."""
    after = (gate.opens - now) / _SECOND if window.limit else 0.0
    return Refusal(window.rule, gate.resource, RATE, max(0.0, after))


def crowded(gate: Gate, scopes: Scopes, n: int) -> Refusal | None:
    """Return the refusal of a limit to the calls at a time."""
    for scope in scopes:
        if scope.inside + n > scope.most:
            for cap in scope.caps:
                if scope.inside + n > cap.most:
                    return Refusal(cap, gate.resource, CONCURRENCY)
    return None


def broken(gate: Gate, scopes: Scopes, now: int) -> Refusal | None:
    """Return the refusal of a breaker that is open.

    Those before it that would have tried again now are seen to begin, and to go back: their time to
    try again does not move.
    """
    tried: list[tuple[Any, Gate]] = []
    for scope in scopes:
        if not scope.shut:
            continue
        for breaker in scope.breakers:
            wait = breaker.wait(now)
            if wait < 0:
                tried.append((breaker, scope))
                continue
            for before, where in tried:
                before.roll_back(where)
            return Refusal(breaker.rule, gate.resource, BREAKER, wait / _SECOND)
    return None


BY_COUNTS = Admission()
