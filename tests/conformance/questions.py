"""Cases that ask instead of playing steps. Answers are found in what gates do, not in their memory.

So a bucket of a window begins where a call of it is forgotten a window later, and a threshold is as
many calls as pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fairlead.policy.limit import HotLimit, Param
from tests.conformance.case import Case, Skip
from tests.conformance.dialect import ARGUMENT, RESOURCE, rules_of
from tests.conformance.forms import problem, values, world
from tests.conformance.steps import T0, Call, one_rule, outcome
from tests.flow.virtual import MS, flow, rate

NO_MATCH = "$NM"
"""What a gateway of Sentinel calls all values that a pattern does not match."""


def window(case: Case) -> Iterator[str]:
    """Answer where buckets begin, and which of them count."""
    question = case.fields.get("q")
    answers = {"index": _index, "start": _start, "range": _range, "array_valid": _valid}
    if question not in answers:
        raise Skip(f"question {question} is no word of this interpreter")
    yield from _differs(case.fields["expect"], answers[question](case))


def _index(case: Case) -> int:
    return _start(case) // int(case.fields["bucket_ms"]) % int(case.fields["n"])


def _start(case: Case) -> int:
    count, length = int(case.fields["n"]), int(case.fields["bucket_ms"])
    at = int(case.fields["t"])
    low, high = at, at + count * length  # still counts, counts no more
    while high - low > 1:
        middle = (low + high) // 2
        if _counts(count * length, count, at, middle):
            low = middle
        else:
            high = middle
    return high - count * length


def _range(case: Case) -> list[int]:
    view, whole = int(case.fields["view"][1]), case.fields["real"]
    bucket, at = int(whole[1]) // int(whole[0]), int(case.fields["t"])
    if view % bucket:
        raise Skip(f"a view of {view} ms is no number of buckets of {bucket} ms")
    now = at - at % bucket
    starts = range(now - 2 * view, now + bucket, bucket)
    seen = [start for start in starts if _counts(view, view // bucket, start, at)]
    return [seen[0], seen[-1]]


def _counts(window_ms: int, buckets: int, made: int, asked: int) -> bool:
    """Tell whether a call at `made` is still counted at `asked`."""
    gates = world(rate(1, window_ms, buckets=buckets), at=made)
    gates.passes()
    gates.at(asked - made)
    return not gates.passes()


def _valid(case: Case) -> list[bool]:
    arrays = case.fields["arrays"]
    return [n > 0 and problem(rate(1, ms, buckets=n)) is None for n, ms in arrays]


def memory(case: Case) -> Iterator[str]:
    """Let as many pass as the memory in use allows, each time in a window of its own."""
    used, expected = [0], case.fields["expect"]
    gates = world(*rules_of(case), at=T0, memory=lambda: used[0])
    found = []
    for number, used[0] in enumerate(case.fields["mem"]):
        gates.at(number * 2000)
        found.append(gates.passes(RESOURCE, times=int(max(expected)) + 10))
    yield from _differs(expected, found)


def in_flight(case: Case) -> Iterator[str]:
    """Try one more call of a value while so many of it are under way."""
    rule = one_rule(case)
    assert isinstance(rule, HotLimit)
    found = []
    for under_way in case.fields["in_flight"]:
        ((value, count),) = under_way.items()
        gates = world(replace(rule, threshold=1e6, items=()), at=T0)
        inside = [gates.enter(RESOURCE, 1, Call((value,))) for _ in range(count)]
        gates.gates.apply(flow(rule))
        found.append(outcome(gates.enter(RESOURCE, 1, Call((value,)))))
        del inside  # each has ended by now, if nobody holds it
    yield from _differs(case.fields["expect"], found)


def authority(case: Case) -> Iterator[str]:
    """Let one origin call by each rule alone, or by all of them where one answer is expected."""
    rules, expected = rules_of(case), case.fields["expect"]
    origins = case.fields.get("origins") or [case.fields.get("origin", "")]
    found = []
    for origin in origins:
        for chosen in [[rule] for rule in rules] if len(expected) > 1 else [rules]:
            gates = world(*chosen, at=T0)
            found.append(outcome(gates.enter(RESOURCE, 1, Call(origin=str(origin)))))
    yield from _differs(expected, found)


def patterns(case: Case) -> Iterator[str]:
    """Shut out every value that matches: what passes was not matched."""
    for number, check in enumerate(case.fields["checks"], 1):
        match, pattern, value = check["match"], str(check["pattern"]), str(check["value"])
        param = Param(source=ARGUMENT.source, name=ARGUMENT.name, match=match, pattern=pattern)
        rule = HotLimit(rule="r", strategy="s", resource=RESOURCE, param=param, threshold=0)
        passed = values(rule).test(T0 * MS, 1, value) == 0
        for text in _differs(str(check["expect"]), NO_MATCH if passed else value):
            yield f"check {number}: {text}"


def _differs(expected: Any, found: Any) -> Iterator[str]:
    if expected != found:
        yield f"expected {expected}, got {found}"
