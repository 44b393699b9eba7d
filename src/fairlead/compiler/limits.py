"""Which resources of each app of a namespace are limited, settled between its resources.

A rule, its strategies and its fallback are three objects that name each other. What cannot be
joined, or is joined and not enforced by this version, is said on each of them (contract 23).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fairlead.compiler.finding import ENFORCED, FALLBACK_UNUSABLE, TARGET_NOT_SEEN
from fairlead.compiler.instance import Instance
from fairlead.compiler.part import Guard, Part, Strategy
from fairlead.compiler.shadows import Remark
from fairlead.kinds.suggestion import meant
from fairlead.policy.encode import canonical, to_plain
from fairlead.policy.fallback import Fallback
from fairlead.policy.limit import RateLimit, Window

RATE_LIMIT, FALLBACK = "RateLimitStrategy", "HttpRequestFallbackAction"

MOST_LIMITS, MOST_BYTES = 10_000, 16 << 20
"""What the limits of one app may come to: they are in the snapshot of each of its instances, which
refuses one that is too long, with everything else in it."""

SCOPE = (
    "scope: process: each worker process counts for itself, so that N processes let N times the "
    "threshold pass"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """The limits of one namespace by app, and what there is to say about them."""

    by_app: Mapping[str, tuple[RateLimit, ...]] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


def settle_limits(parts: Sequence[Part]) -> Limited:
    """Return the limits of the parts of one namespace, which are in order of precedence."""
    named = _Named(parts)
    by_app: dict[str, tuple[RateLimit, ...]] = {}
    remarks: list[Remark] = []
    room: dict[str, tuple[int, int]] = {}
    for part in parts:
        if part.guard is not None:
            limits, told = _joined(part, part.guard, named)
            count, size = room.get(part.guard.app, (MOST_LIMITS, MOST_BYTES))
            left = (count - len(limits), size - _size(limits))
            if min(left) < 0:
                remarks.append(_not_enforced(part, "TooMuch", _too_much(part.guard.app)))
                continue
            room[part.guard.app] = left
            by_app[part.guard.app] = (*by_app.get(part.guard.app, ()), *limits)
            remarks += told
    remarks += named.remarks()
    return Limited(by_app=by_app, remarks=tuple(remarks))


def _size(limits: Sequence[RateLimit]) -> int:
    """Return about how many bytes the limits of one rule are, as JSON."""
    if not limits:
        return 0
    answer = len(canonical(to_plain(limits[0].fallback)))
    return sum(answer + len(canonical(limit.resource)) + 256 for limit in limits)


def _too_much(app: str) -> str:
    return (
        f"with this rule, app {app} would have more than {MOST_LIMITS} limits, or more than "
        f"{MOST_BYTES >> 20} MiB of limits and their answers: name fewer targets and strategies, "
        "or a shorter answer"
    )


def unmatched(parts: Iterable[Part], instances: Iterable[Instance]) -> Iterator[Remark]:
    """Yield a remark for each rule that guards what its app has not (contract 22).

    `parts` and `instances` are of one namespace. Releases differ: a resource that one instance has,
    or may have, is there.
    """
    told: dict[str, list[dict[str, str]]] = {}
    for one in instances:
        if one.unmatched is not None:
            told.setdefault(one.app, []).append(dict(one.unmatched))
    for part in parts:
        found = told.get(part.guard.app, ()) if part.guard else ()
        if part.guard and found:
            vain = [name for name in part.guard.resources if all(name in one for one in found)]
            if vain:
                words = "; ".join(_vain(name, found[0][name]) for name in vain)
                message = f"app {part.guard.app} has not {words}"
                yield Remark(part, TARGET_NOT_SEEN, "NoSuchResource", message)


def _vain(name: str, meant: str) -> str:
    return f"{name}, did you mean {meant}?" if meant else name


class _Named:
    """What rules may name, and whether one does."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._strategies = {p.resource.name: p for p in parts if p.strategy is not None}
        self._fallbacks = {p.resource.name: p for p in parts if p.fallback is not None}
        self._wanted: set[tuple[str, str]] = set()

    def strategy(self, kind: str, name: str, app: str) -> Strategy | str:
        """Return a strategy, or why it cannot guard `app`."""
        if kind not in ("", RATE_LIMIT):
            return f"{kind}/{name}: strategies of this kind are not enforced by this version"
        part = self._strategies.get(name)
        if part is None or part.strategy is None:
            hint = meant(name, self._strategies)
            return f"this namespace has no {kind or 'strategy'} {name}{hint}"
        self._wanted.add((RATE_LIMIT, name))
        if part.strategy.app not in ("", app):
            return f"{RATE_LIMIT}/{name} is for app {part.strategy.app}, not for {app}"
        if part.strategy.unenforced:
            return f"{RATE_LIMIT}/{name}: {part.strategy.unenforced}"
        return part.strategy

    def fallback(self, name: str) -> Fallback | None:
        """Return the answer called `name`, None if there is none."""
        part = self._fallbacks.get(name)
        self._wanted.add((FALLBACK, name))
        return part.fallback if part else None

    def like(self, name: str) -> str:
        """Return which answer may be meant by `name`, as the end of a sentence."""
        return meant(name, self._fallbacks)

    def remarks(self) -> Iterator[Remark]:
        """Yield what the authors of strategies and fallbacks should know."""
        for part in (*self._strategies.values(), *self._fallbacks.values()):
            kind = part.resource.kind.kind
            if part.strategy is not None and part.strategy.unenforced:
                yield _not_enforced(part, "NotSupported", part.strategy.unenforced)
            elif (kind, part.resource.name) not in self._wanted:
                message = "no FaultToleranceRule of this namespace names it"
                yield _not_enforced(part, "NotReferenced", message)


def _joined(part: Part, guard: Guard, named: _Named) -> tuple[list[RateLimit], list[Remark]]:
    rule = f"{part.resource.kind.kind}/{part.resource.name}"
    remarks: list[Remark] = []
    fallback = named.fallback(guard.fallback) if guard.fallback else Fallback()
    if fallback is None:
        message = (
            f"this namespace has no {FALLBACK} {guard.fallback}{named.like(guard.fallback)}; "
            "until it has, it is 429"
        )
        remarks.append(Remark(part, FALLBACK_UNUSABLE, "NotFound", message))
    limits: list[RateLimit] = []
    missing: list[str] = []
    for kind, name in guard.strategies:
        found = named.strategy(kind, name, guard.app)
        if isinstance(found, str):
            missing.append(found)
            continue
        limits += (
            RateLimit(
                rule=rule,
                strategy=f"{RATE_LIMIT}/{name}",
                resource=resource,
                windows=(Window(threshold=found.threshold, window_ms=found.window_ms),),
                fallback=fallback or Fallback(),
            )
            for resource in guard.resources
        )
    remarks.append(_verdict(part, limits, missing))
    return limits, remarks


def _verdict(part: Part, limits: list[RateLimit], missing: list[str]) -> Remark:
    if not missing:
        return Remark(part, ENFORCED, "PerProcess", SCOPE, "True")
    rest = f"; the rest is enforced, {SCOPE}" if limits else ""
    return _not_enforced(part, "StrategyUnusable", f"{'; '.join(missing)}{rest}")


def _not_enforced(part: Part, reason: str, message: str) -> Remark:
    return Remark(part, ENFORCED, reason, message, "False")
