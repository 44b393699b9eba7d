"""What a rule has counted goes on where the rule counts from now on.

A rule that rejects whoever comes is bookmarks in the counts of its gate; one that only simulates,
or is for some calls, has a gate apart. A mode that changes moves it from one to the other.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fairlead.flow.breaker import CLOSED, NAMES
from fairlead.flow.log import UNKNOWN, lengthen
from fairlead.flow.window import Watched
from fairlead.policy.limit import ConcurrencyLimit, RateLimit
from fairlead.policy.rule import EVERYBODY, Rule

if TYPE_CHECKING:
    from fairlead.flow.core import Core
    from fairlead.flow.gate import Gate
    from fairlead.flow.share import Share


def finds(gate: Gate, rule: Rule) -> bool:
    """Tell whether a rule that is to have a gate apart finds something at `gate` to go on from."""
    if isinstance(rule, ConcurrencyLimit):
        return rule.selection == EVERYBODY and gate.inside > 0
    if rule.selection.each or (isinstance(rule, RateLimit) and rule.related):
        return False
    return any(one.rule.key == rule.key for one in (*gate.windows, *gate.breakers))


def set_apart(alone: Gate, gate: Gate, rule: Rule) -> None:
    """Let `alone` go on from what `gate` has counted for `rule`, and those inside be inside."""
    own = (one for one in gate.windows if not isinstance(one, Watched))
    alone.windows = tuple(one for one in own if one.rule.key == rule.key)
    alone.breakers = tuple(one for one in gate.breakers if one.rule.key == rule.key)
    alone.count, alone.ended, alone.born = gate.count, gate.ended, gate.now()
    if gate.span and any(window.logs for window in alone.windows):
        alone.log, alone.span = array("q", gate.log), gate.span
    if isinstance(rule, ConcurrencyLimit):
        # Who waits is timed from when he begins, and would never be seen to have been here before.
        alone.inside = max(0, gate.inside - gate.waiting)
    for breaker in alone.breakers:
        breaker.move(alone, 0)


def widen(wide: Gate, gate: Gate) -> None:
    """Count who is inside `gate` at `wide` too, of which its calls are calls from now on."""
    wide.inside += gate.inside
    for share in wide.cells if gate.inside else ():
        if isinstance(share.rule, ConcurrencyLimit) and share.rule.selection == EVERYBODY:
            alone = share.one or share.make()
            alone.inside += max(0, gate.inside - gate.waiting)
            alone.born = gate.now()


def take_over(gate: Gate, alone: Gate) -> None:
    """Let `gate` go on from what `alone` has counted."""
    by = gate.count - alone.count
    for window in alone.windows:
        if window.logs and alone.span:
            _inherit(gate, alone, alone.count - window.base)
        window.move(by)
    for breaker in alone.breakers:
        breaker.move(gate, gate.ended - alone.ended)
    gate.windows = (*gate.windows, *alone.windows)
    gate.breakers = (*gate.breakers, *alone.breakers)
    alone.windows = alone.breakers = ()


def _inherit(gate: Gate, alone: Gate, used: int) -> None:
    """Take the times of the last `used` admissions of `alone` for those that `gate` has not.

    It has let in all of them and more, so that none of its own is older than the one of `alone`.
    """
    known = gate.span
    if alone.span > known:
        lengthen(gate, alone.span)
    for ago in range(1, min(used, alone.span) + 1):
        i = (gate.count - ago) % gate.span
        if ago > known or gate.log[i] == UNKNOWN:
            gate.log[i] = alone.log[(alone.count - ago) % alone.span]


Breakers = list[tuple[Any, Rule]]


def breakers(gate: Gate) -> Breakers:
    """Return all breakers of a gate, each with its rule: the rule may be another one soon."""
    return [*((one, one.rule) for one in gate.breakers), *apart(gate.cells)]


def apart(shares: Iterable[Share]) -> Breakers:
    """Return those that `shares` keep."""
    kept = [kept for share in shares for kept in share.kept()]
    return [(one, one.rule) for found in kept for one in getattr(found, "breakers", ())]


def tell(core: Core, resource: str, before: Breakers, after: Breakers) -> None:
    """Say what has become of breakers that were not closed.

    One that is gone has closed. So has one that only simulates from now on, as it shuts nothing any
    more, and one that simulates has opened.
    """
    left = {id(one) for one, _ in after}
    for one, rule in before:
        goes_on = id(one) in left
        if one.state == CLOSED or (goes_on and one.rule.mode == rule.mode):
            continue
        core.hear(rule, resource, NAMES[one.state], NAMES[CLOSED])
        if goes_on:
            core.hear(one.rule, resource, NAMES[CLOSED], NAMES[one.state])
