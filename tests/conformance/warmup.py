"""Cases of thresholds that rise: what a warm-up works with, its traps, and steps that play counts.

`pass_qps` and `prev_qps` are what a controller of Sentinel is told: calls of this second that have
passed, and of the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor, isclose
from typing import Any

from fairlead.policy.limit import RateLimit, Throttle
from tests.conformance.case import Case, Fields, Skip
from tests.conformance.dialect import RESOURCE
from tests.conformance.forms import warming, world
from tests.conformance.steps import T0, one_rule, play
from tests.flow.virtual import MS

SECOND = 1000

MOST_CALLS = 100_000


def answers(case: Case) -> Iterator[str]:
    """Answer a question, or play steps."""
    if case.fields.get("q") == "params":
        yield from _params(case)
    elif any("pass_qps" in step or "drain" in step for step in case.fields.get("steps", ())):
        yield from _counts(case)
    elif "steps" in case.fields:
        yield from play(case)
    else:
        raise Skip(f"question {case.fields.get('q')} is no word of this interpreter")


def _shape(case: Case) -> Any:
    rule = one_rule(case)
    assert isinstance(rule, RateLimit | Throttle)
    assert rule.warm_up is not None
    if isinstance(rule, Throttle):
        return warming(rule.threshold, rule.window_ms, rule.warm_up)
    (window,) = rule.windows
    return warming(window.threshold, window.window_ms, rule.warm_up)


def _params(case: Case) -> Iterator[str]:
    shape = _shape(case)
    cold = shape.allowed(0, T0 * MS)
    found = {"warning": shape.warning, "max": shape.max, "slope": shape.slope, "cold_qps": cold}
    for name, expected in case.fields["expect"].items():
        if name not in found:
            raise Skip(f"{name} of a warm-up is no word of this interpreter")
        if not isclose(found[name], expected, rel_tol=1e-4):
            yield f"expected {name} {expected}, got {found[name]}"


def _counts(case: Case) -> Iterator[str]:
    told = _Told(_shape(case))
    for number, step in enumerate(case.fields["steps"], 1):
        fields = Fields(step, f"step {number}")
        drain = fields.take("drain")
        if drain is not None:
            for turn in range(int(drain["x"])):
                at = float(drain["from"]) + turn * float(drain["every"])
                told.passes(at, drain["pass_qps"], drain["prev_qps"])
        else:
            expected = fields.take("expect")
            at, n = float(fields.take("at", 0)), int(fields.take("n", 1))
            passes = told.passes(at, fields.take("pass_qps", 0), fields.take("prev_qps", 0), n)
            if expected != ("P" if passes else "B"):
                yield f"step {number}: expected {expected}, which it is not"
        fields.end()


class _Told:
    """A shape that is told counts as a controller of Sentinel is."""

    def __init__(self, shape: Any) -> None:
        self._shape = shape
        self._count = self._second = 0

    def passes(self, at: float, now: float, before: float, n: int = 1) -> bool:
        """Tell whether `n` pass when `now` have in this second, and `before` in the last one."""
        second = int(at // SECOND)
        if second > self._second:
            self._count += int(before)
            self._second = second
        return bool(now + n <= self._shape.limit(self._count, int((T0 + at) * MS)))


def traps(case: Case) -> Iterator[str]:
    """Hold a rule that breaks others' warm-up to what one is for.

    Cold, a few calls pass, and one at least; under load as many as the threshold, never more; after
    a rest it is cold again.
    """
    rule: Any = one_rule(case)
    threshold, cold = rule.windows[0].threshold, rule.warm_up.cold_factor
    period = ceil(rule.warm_up.period_ms / SECOND)
    most, few = floor(threshold), max(1, ceil(threshold / cold))
    if most * period > MOST_CALLS:
        raise Skip(f"more than {MOST_CALLS} calls make it warm")
    gates = world(rule, at=T0)

    def second(number: int) -> int:
        gates.at(number * SECOND)
        return gates.passes(RESOURCE, times=most + 5)

    passed = [second(number) for number in range(3 * period + 5)]
    if not 1 <= passed[0] <= few:
        yield f"{passed[0]} passed while it was cold, not 1 to {few}"
    if max(passed) > most:
        yield f"{max(passed)} passed in a second, the threshold is {threshold}"
    if passed[-1] != most:
        yield f"{passed[-1]} passed when it was warm, not {most}"
    rested = second(6 * period + 15)
    if not 1 <= rested <= few:
        yield f"{rested} passed after a rest, not 1 to {few}"
