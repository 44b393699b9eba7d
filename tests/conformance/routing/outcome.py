"""What became of a request on a data plane, and whether it is what a case expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from tests.conformance.routing.corpus import Answer, Case

SURE = 5.0
"""Deviations that a share may be off: one run in a million is wrong by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a runner saw. A field that is None it cannot see: features that need it, it lacks."""

    to: str | None = None
    """Cluster that the request reached; ``""``: none."""
    status: int | None = None
    virtual_host: str | None = None
    route: str | None = None
    path: str | None = None
    authority: str | None = None
    sent: Mapping[str, tuple[str, ...]] | None = None
    got: Mapping[str, tuple[str, ...]] | None = None
    location: str | None = None
    body: str | None = None
    mirrors: tuple[str, ...] | None = None
    timeout: float | None = None
    attempts: int | None = None
    code: str | None = None


PLAIN = (
    "to",
    "status",
    "virtual_host",
    "route",
    "path",
    "authority",
    "location",
    "body",
    "mirrors",
    "timeout",
    "attempts",
)


def differences(case: Case, outcomes: Sequence[Outcome]) -> list[str]:
    """Return what is not as the case says, one sentence each."""
    answer = case.answer
    if answer.shares:
        return list(_shares(answer.shares, [outcome.to or "" for outcome in outcomes]))
    if answer.same and len({outcome.to for outcome in outcomes}) > 1:
        return [f"several were reached: {Counter(outcome.to for outcome in outcomes)}"]
    return [line for outcome in outcomes for line in _one(answer, outcome)]


def _one(answer: Answer, outcome: Outcome) -> Iterator[str]:
    for name in PLAIN:
        wanted, seen = getattr(answer, name), getattr(outcome, name)
        if wanted is not None and wanted != seen:
            yield f"{name} is {seen!r}, not {wanted!r}"
    if answer.code is not None and outcome.code not in answer.code.split("|"):
        yield f"code is {outcome.code!r}, not {answer.code!r}"
    yield from _headers(answer.sent, outcome.sent or {})
    yield from _headers(answer.got, outcome.got or {})


def _headers(
    wanted: Mapping[str, str | list[str] | None], seen: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    for name, value in wanted.items():
        values = seen.get(name.lower(), ())
        expected = () if value is None else (value,) if isinstance(value, str) else tuple(value)
        if values != expected:
            yield f"header {name} is {values}, not {expected}"


def _shares(weights: Mapping[str, int], reached: Iterable[str]) -> Iterator[str]:
    counts = Counter(reached)
    sent, total = counts.total(), sum(weights.values())
    for cluster in weights.keys() | counts.keys():
        share = weights.get(cluster, 0) / total
        allowed = SURE * sqrt(sent * share * (1 - share))
        if abs(counts[cluster] - sent * share) > allowed:
            yield f"{cluster or 'nobody'} got {counts[cluster]} of {sent}, not {sent * share:.0f}"
