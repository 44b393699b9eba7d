"""What the projects that cases come from mean, as options of our rules. The one place for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fairlead.policy.breaker import ERROR_COUNT, ERROR_RATIO, SLOW_RATIO, CircuitBreaker
from fairlead.policy.limit import (
    INFLIGHT,
    PACE,
    REJECT,
    Authority,
    ConcurrencyLimit,
    HotLimit,
    MemoryScale,
    Param,
    RateLimit,
    Throttle,
    WarmUp,
    Window,
)
from fairlead.policy.rule import Rule, Selection
from tests.conformance.case import Case, Fields, Skip

RESOURCE = "r"
ARGUMENT = Param(source="argument", name="0")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a project counts where a rule of a case does not say."""

    buckets: Callable[[int], int]
    """Of the window of a flow rule that is so many ms long."""
    breaker_buckets: int
    inclusive: bool
    """Whether a breaker trips at its threshold."""
    elements: bool
    """Whether each element of a list counts by itself."""


def _go_buckets(window_ms: int) -> int:
    """Return how sentinel-golang divides a window: 500 ms each where that can be (flow.md 1.2)."""
    fits = 500 <= window_ms <= 10_000 and window_ms % 500 == 0
    return window_ms // 500 if fits else 1


JAVA = Dialect(buckets=lambda ms: 2, breaker_buckets=1, inclusive=False, elements=True)
GO = Dialect(buckets=_go_buckets, breaker_buckets=1, inclusive=True, elements=False)
DIALECTS = {"java": JAVA, "go": GO, "rust": GO}

_STRATEGIES = {
    "slow": SLOW_RATIO,
    "slow_ratio": SLOW_RATIO,
    "error_ratio": ERROR_RATIO,
    "error_count": ERROR_COUNT,
}
_HOT = {"reject": REJECT, "throttle": PACE}


def dialect_of(case: Case) -> Dialect:
    """Return the options of a case's dialect, or raise Skip."""
    if case.dialect not in DIALECTS:
        raise Skip(f"dialect {case.dialect} is of algorithms that are not implemented")
    return DIALECTS[case.dialect]


def rules_of(case: Case) -> list[Rule]:
    """Return the rules of a case; each has its number as its strategy."""
    dialect = dialect_of(case)
    plain = case.fields.get("rules") or [case.fields.get("rule")]
    if not all(isinstance(rule, Mapping) for rule in plain):
        raise Skip("it has no rule")
    found: list[Rule] = []
    for number, rule in enumerate(plain):
        fields = Fields(rule, "the rule")
        fields.take("note")
        named = {"rule": "FaultToleranceRule/case", "strategy": str(number)}
        named["resource"] = str(fields.take("resource", RESOURCE))
        found.append(_BY_FAMILY.get(case.family, _flow)(fields, named, dialect))
        fields.end()
    return _but(found)


def _flow(fields: Fields, named: dict[str, Any], dialect: Dialect) -> Rule:
    named["regex"] = bool(fields.take("regex", False))
    chosen = _selection(fields)
    named["selection"] = chosen["selection"]
    threshold = float(fields.take("threshold", 0))
    behaviour = fields.take("behavior", "throttle" if fields.has("max_queue_ms") else "reject")
    if fields.take("metric", "qps") in ("concurrency", "threads"):
        return ConcurrencyLimit(**named, most=int(threshold))
    window_ms = int(fields.take("interval_ms", 1000))
    warm_up = _warm_up(fields)
    if behaviour in ("throttle", "warm_up_throttle"):
        queue_ms = int(fields.take("max_queue_ms", 500))
        named |= {"threshold": threshold, "window_ms": window_ms, "queue_ms": queue_ms}
        return Throttle(**named, warm_up=warm_up)
    if behaviour not in ("reject", "warm_up"):
        raise Skip(f"behavior {behaviour} is none that is implemented")
    buckets = int(fields.take("buckets", dialect.buckets(window_ms)))
    memory = _memory(fields)
    threshold = memory.low_threshold if memory else threshold
    return RateLimit(
        **named,
        windows=(Window(threshold=threshold, window_ms=window_ms, buckets=buckets),),
        warm_up=warm_up,
        memory=memory,
        related=chosen["related"],
        borrow_ms=int(fields.take("occupy_timeout_ms", 0)),
    )


def _isolation(fields: Fields, named: dict[str, Any], dialect: Dialect) -> Rule:
    del dialect
    fields.take("metric")
    return ConcurrencyLimit(**named, most=int(fields.need("threshold")))


def _warm_up(fields: Fields) -> WarmUp | None:
    period = fields.take("period_s")
    cold = float(fields.take("cold", 3))
    return None if period is None else WarmUp(period_ms=round(period * 1000), cold_factor=cold)


def _memory(fields: Fields) -> MemoryScale | None:
    if not fields.has("low_thr"):
        return None
    return MemoryScale(
        low_threshold=float(fields.take("low_thr")),
        high_threshold=float(fields.take("high_thr")),
        low_bytes=int(fields.take("low_mark")),
        high_bytes=int(fields.take("high_mark")),
    )


def _selection(fields: Fields) -> dict[str, Any]:
    """Return whose calls a rule is about, and whose it counts (limitApp and strategy)."""
    origin = str(fields.take("limit_app", fields.take("limitApp", "default")))
    strategy = str(fields.take("strategy", "direct"))
    reference = str(fields.take("ref", fields.take("refResource", "")))
    if strategy not in ("direct", "relate", "chain"):
        raise Skip(f"strategy {strategy} is none that is implemented")
    selection = Selection(
        callers=() if origin in ("default", "other") else (origin,),
        others=origin == "other",
        each=origin == "other",
        entrance=reference if strategy == "chain" else "",
    )
    return {"selection": selection, "related": reference if strategy == "relate" else ""}


def _but(rules: list[Rule]) -> list[Rule]:
    """Return `rules` where "other" means callers that no rule names."""
    named = tuple({name for rule in rules for name in rule.selection.callers})
    return [
        replace(rule, selection=replace(rule.selection, callers=named))
        if rule.selection.others
        else rule
        for rule in rules
    ]


def _hot(fields: Fields, named: dict[str, Any], dialect: Dialect) -> Rule:
    behaviour = fields.take("behavior", "reject")
    if behaviour not in _HOT:
        raise Skip(f"behavior {behaviour} is none that is implemented")
    return HotLimit(**named, behaviour=_HOT[behaviour], **_hot_shape(fields, dialect))


def _hot_concurrency(fields: Fields, named: dict[str, Any], dialect: Dialect) -> Rule:
    return HotLimit(**named, behaviour=INFLIGHT, **_hot_shape(fields, dialect))


def _hot_shape(fields: Fields, dialect: Dialect) -> dict[str, Any]:
    items: Mapping[Any, Any] = fields.take("items") or {}
    return {
        "param": ARGUMENT,
        "threshold": float(fields.need("threshold")),
        "burst": float(fields.take("burst", 0)),
        "window_ms": round(fields.take("duration_s", 1) * 1000),
        "queue_ms": int(fields.take("max_queue_ms", 0)),
        "items": tuple((str(value), float(most)) for value, most in items.items()),
        "most_values": int(fields.take("capacity", 0)),
        "elements": dialect.elements,
    }


def _breaker(fields: Fields, named: dict[str, Any], dialect: Dialect) -> Rule:
    strategy = _STRATEGIES.get(fields.need("strategy"))
    if strategy is None:
        raise Skip("the strategy of a breaker is slow, error_ratio or error_count")
    window_ms = int(fields.take("window_ms", 1000))
    buckets = int(fields.take("buckets", dialect.breaker_buckets))
    return CircuitBreaker(
        **named,
        strategy_kind=strategy,
        threshold=float(fields.need("count" if strategy == ERROR_COUNT else "ratio")),
        inclusive=dialect.inclusive,
        slow_ms=float(fields.take("max_rt", 0)),
        window_ms=window_ms,
        buckets=buckets if buckets and window_ms % buckets == 0 else 1,
        min_requests=int(fields.take("min", 0 if dialect is GO else 5)),
        recovery_ms=int(fields.need("retry_ms")),
        probes=int(fields.take("probes", 0)) or 1,
    )


def _authority(fields: Fields, named: dict[str, Any], dialect: Dialect) -> Rule:
    del dialect
    names = tuple(name.strip() for name in str(fields.need("apps")).split(","))
    return Authority(**named, names=names, allow=fields.take("mode") == "white")


_BY_FAMILY: dict[str, Callable[[Fields, dict[str, Any], Dialect], Rule]] = {
    "hot": _hot,
    "hotconc": _hot_concurrency,
    "breaker": _breaker,
    "breakers": _breaker,
    "authority": _authority,
    "isolation": _isolation,
}
