"""A rule in the words of whoever reads a status, or asks doctor: ``5 in 1 s``."""

from __future__ import annotations

from fairlead.policy.breaker import ERROR_COUNT, SLOW_RATIO, CircuitBreaker
from fairlead.policy.limit import (
    INFLIGHT,
    PACE,
    Authority,
    ConcurrencyLimit,
    HotLimit,
    RateLimit,
    Throttle,
    WarmUp,
    Window,
)
from fairlead.policy.overload import ADAPTIVE, CPU, MEMORY, PID, PLAIN, OverloadProtection
from fairlead.policy.rule import SIMULATE, Rule, Selection

SHOWN = 3
"""Names of a list that are told; of the rest it is said how many there are."""


def worded(rule: Rule) -> str:
    """Return what `rule` lets pass, and of whom; without its resource and its own name."""
    words = [_amount(rule), _of_whom(rule.selection)]
    words.append("simulated" if rule.mode == SIMULATE else "")
    return ", ".join(word for word in words if word)


def span(milliseconds: float) -> str:
    """Return a length of time as it is read: ``250 ms``, ``1.5 s``."""
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1000 else f"{milliseconds:g} ms"


def number(amount: float) -> str:
    """Return a number as it is read: ``1,000,000``, ``2.5``."""
    return f"{amount:,.10g}"


def _amount(rule: Rule) -> str:
    if isinstance(rule, RateLimit):
        return _rate(rule)
    if isinstance(rule, Throttle) and rule.burst > 1:
        saved = f"{number(rule.threshold)} in {span(rule.window_ms)}, {number(rule.burst)} at once"
        return f"{saved}, queue {span(rule.queue_ms)}" if rule.queue_ms else saved
    if isinstance(rule, Throttle):
        gap = rule.window_ms / rule.threshold if rule.threshold else 0
        pace = f"one each {span(round(gap, 3))}" if gap else "none"
        return f"{pace}, queue {span(rule.queue_ms)}{_warming(rule.warm_up)}"
    if isinstance(rule, ConcurrencyLimit):
        return f"{number(rule.most)} at a time"
    if isinstance(rule, HotLimit):
        return _hot(rule)
    if isinstance(rule, CircuitBreaker):
        return _breaker(rule)
    if isinstance(rule, OverloadProtection):
        return _protection(rule)
    if isinstance(rule, Authority):
        return f"{'only' if rule.allow else 'not'} callers {_some(rule.names)}"
    return type(rule).__name__


def _rate(rule: RateLimit) -> str:
    words = " and ".join(_window(window) for window in rule.windows) + _warming(rule.warm_up)
    if rule.memory is not None:
        scale = rule.memory
        words = (
            f"{number(scale.low_threshold)} to {number(scale.high_threshold)} in "
            f"{span(rule.windows[0].window_ms)} by the memory in use"
        )
    return f"{words}, of calls of {rule.related}" if rule.related else words


def _window(window: Window) -> str:
    return f"{number(window.threshold)} in {span(window.window_ms)}"


def _warming(warm_up: WarmUp | None) -> str:
    return f", warming up for {span(warm_up.period_ms)}" if warm_up else ""


def _hot(rule: HotLimit) -> str:
    burst = f" and {number(rule.burst)} at once" if rule.burst else ""
    amount = {
        INFLIGHT: f"{number(rule.threshold)} at a time",
        PACE: f"{number(rule.threshold)} in {span(rule.window_ms)}, queue {span(rule.queue_ms)}",
    }.get(rule.behaviour, f"{number(rule.threshold)} in {span(rule.window_ms)}{burst}")
    of = " ".join(word for word in (rule.param.source, rule.param.name) if word)
    exceptions = f", {len(rule.items)} with thresholds of their own" if rule.items else ""
    return f"{amount} for each {of}{exceptions}"


def _breaker(rule: CircuitBreaker) -> str:
    if rule.strategy_kind == ERROR_COUNT:
        bad = f"{number(rule.threshold)} errors"
    elif rule.strategy_kind == SLOW_RATIO:
        bad = f"{_percent(rule.threshold)} over {span(rule.slow_ms)}"
    else:
        bad = f"{_percent(rule.threshold)} errors"
    least = f"{rule.min_requests} or more calls in {span(rule.window_ms)}"
    return f"opens for {span(rule.recovery_ms)} at {bad} of {least}"


def _protection(rule: OverloadProtection) -> str:
    if rule.kind == ADAPTIVE:
        words = "by response times and queues"
    else:
        share = f"{_percent(rule.threshold)} of its {_MEASURED[rule.measure]}"
        words = {
            PLAIN: f"one at a time from {share} on",
            PID: f"at a rate that keeps it at {share}",
        }.get(rule.kind, f"what it did at best, from {share} on")
    return f"{words} ({rule.kind})"


_MEASURED = {CPU: "processor", MEMORY: "memory"}


def _of_whom(selection: Selection) -> str:
    words = ""
    if selection.callers:
        words = f"callers {'but ' if selection.others else ''}{_some(selection.callers)}"
    elif selection.others:
        words = "callers with a name"
    if selection.each:
        words = f"each of {words}" if words else "each caller"
    return f"{words} from {selection.entrance}" if selection.entrance else words


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _percent(ratio: float) -> str:
    return f"{ratio * 100:.10g}%"
