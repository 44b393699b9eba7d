"""All rules about the flow of calls of one workload, and what makes them fit to enforce."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fairlead.policy.breaker import ERROR_COUNT, STRATEGIES, CircuitBreaker
from fairlead.policy.limit import (
    INFLIGHT,
    MOST_MS,
    MOST_THRESHOLD,
    PACE,
    REJECT,
    Authority,
    ConcurrencyLimit,
    HotLimit,
    RateLimit,
    Throttle,
    WarmUp,
)
from fairlead.policy.match import InvalidCondition, value_test
from fairlead.policy.rule import MODES, Rule

MOST_BUCKETS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRules:
    """Rules by what they do, in the order in which a call meets them."""

    authorities: tuple[Authority, ...] = ()
    hot_limits: tuple[HotLimit, ...] = ()
    rate_limits: tuple[RateLimit, ...] = ()
    throttles: tuple[Throttle, ...] = ()
    concurrency_limits: tuple[ConcurrencyLimit, ...] = ()
    breakers: tuple[CircuitBreaker, ...] = ()

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> FlowRules:
        """Return `rules` by what they do, each sort in the order given."""
        rules = tuple(rules)
        return cls(
            authorities=tuple(one for one in rules if isinstance(one, Authority)),
            hot_limits=tuple(one for one in rules if isinstance(one, HotLimit)),
            rate_limits=tuple(one for one in rules if isinstance(one, RateLimit)),
            throttles=tuple(one for one in rules if isinstance(one, Throttle)),
            concurrency_limits=tuple(one for one in rules if isinstance(one, ConcurrencyLimit)),
            breakers=tuple(one for one in rules if isinstance(one, CircuitBreaker)),
        )

    def __iter__(self) -> Iterator[Rule]:
        yield from self.authorities
        yield from self.hot_limits
        yield from self.rate_limits
        yield from self.throttles
        yield from self.concurrency_limits
        yield from self.breakers

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None


NO_RULES = FlowRules()


def problem(rule: Rule) -> str | None:
    """Return why `rule` cannot be enforced: a sender's fault, as kinds refuse all of it."""
    if (wrong := _unnamed(rule)) is not None:
        return wrong
    if rule.mode not in MODES:
        return f"mode {rule.mode!r} is none of {', '.join(MODES)}"
    if not 200 <= rule.fallback.status <= 599:
        return "no status of a response"
    if not rule.fallback.can_be_sent():
        return "no headers or no text"
    if not all(0 <= number <= MOST_THRESHOLD for number in _amounts(rule)):
        return "no threshold"  # NaN is among what no comparison holds of
    if not all(1 <= time <= MOST_MS for time in _lengths(rule)):
        return "no window or no pause"
    return _shape(rule)


def _unnamed(rule: Rule) -> str | None:
    if not rule.resource:
        return "no resource"
    try:
        value_test("regex" if rule.regex else "", rule.resource)
    except InvalidCondition as error:
        return f"resource: {error}"
    return None


def _amounts(rule: Rule) -> Iterable[float]:
    if isinstance(rule, RateLimit):
        scale = (rule.memory.low_threshold, rule.memory.high_threshold) if rule.memory else ()
        return (*(window.threshold for window in rule.windows), rule.borrow_ms, *scale)
    if isinstance(rule, Throttle):
        return (rule.threshold, rule.burst)
    if isinstance(rule, ConcurrencyLimit):
        return (rule.most,)
    if isinstance(rule, HotLimit):
        items = (threshold for _, threshold in rule.items)
        return (rule.threshold, rule.burst, rule.most_values, *items)
    if isinstance(rule, CircuitBreaker):
        return (rule.threshold, rule.min_requests)
    return ()


def _lengths(rule: Rule) -> Iterable[float]:
    warm_up: WarmUp | None = getattr(rule, "warm_up", None)
    periods = (warm_up.period_ms,) if warm_up else ()
    if isinstance(rule, RateLimit):
        return (*(window.window_ms for window in rule.windows), *periods)
    if isinstance(rule, (Throttle, HotLimit)):
        return (rule.window_ms, max(1, rule.queue_ms), *periods)
    if isinstance(rule, CircuitBreaker):
        return (rule.window_ms, rule.recovery_ms, rule.probes, rule.steps, max(1, rule.lease_ms))
    return ()


def _shape(rule: Rule) -> str | None:
    warm_up: WarmUp | None = getattr(rule, "warm_up", None)
    if warm_up is not None and not 1 < warm_up.cold_factor <= MOST_THRESHOLD:
        return "a cold factor is greater than 1"
    if isinstance(rule, RateLimit):
        return _shape_of_rate(rule)
    if isinstance(rule, Throttle) and (rule.burst < 1 or (rule.warm_up and rule.burst > 1)):
        return "a burst is at least 1, and 1 with a warm-up"
    if isinstance(rule, HotLimit):
        return _shape_of_hot(rule)
    if isinstance(rule, CircuitBreaker):
        if rule.strategy_kind not in STRATEGIES:
            return f"strategy {rule.strategy_kind!r} is unknown"
        if rule.strategy_kind != ERROR_COUNT and rule.threshold > 1:
            return "a ratio is at most 1"
        if not 1 <= rule.buckets <= MOST_BUCKETS:
            return "no number of buckets"
        if not 0 <= rule.slow_ms <= MOST_MS:  # NaN is among what no comparison holds of
            return "no time that is slow"
    return None


def _shape_of_hot(rule: HotLimit) -> str | None:
    if rule.behaviour not in (REJECT, PACE, INFLIGHT):
        return f"behaviour {rule.behaviour!r} is unknown"
    try:
        value_test(rule.param.match, rule.param.pattern)
    except InvalidCondition as error:
        return f"param: {error}"
    return None


def _shape_of_rate(rule: RateLimit) -> str | None:
    single = rule.warm_up is not None or rule.memory is not None
    if not rule.windows or (single and len(rule.windows) > 1):
        return "no window, or more than one with a warm-up"
    if not all(0 <= window.buckets <= MOST_BUCKETS for window in rule.windows):
        return "no number of buckets"
    if any(window.buckets and window.window_ms % window.buckets for window in rule.windows):
        return "buckets that do not divide their window"
    if rule.memory is not None and not 0 <= rule.memory.low_bytes < rule.memory.high_bytes:
        return "the low mark of the memory is not below the high one"
    return None
