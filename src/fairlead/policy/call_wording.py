"""Rules about calls in the words of whoever asks what holds for a call."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.policy.balance import Cluster, Outlier
from fairlead.policy.match import Condition
from fairlead.policy.resilience import ALL, CallRoute, Injection, Retry
from fairlead.policy.wording import number, span


def route_worded(route: CallRoute) -> str:
    """Return what a route does with a call: ``within 2 s, 2 repetitions for 5xx``."""
    words = list(_injected(route.injection)) if route.injection else []
    if route.answer is not None:
        return ", ".join((*words, f"answered with {route.answer.status} at once"))
    if route.timeout:
        words.append(f"within {_time(route.timeout)}")
    if route.retry and route.retry.attempts:
        words.append(_repeated(route.retry))
    if route.shares != ALL:
        total = sum(one.weight for one in route.shares)
        parts = (
            f"{'subset ' + one.subset if one.subset else 'any instance'}"
            + (f" {100 * one.weight / total:.3g}%" if len(route.shares) > 1 else "")
            + (f", else {one.fallback}" if one.fallback else "")
            for one in route.shares
        )
        words.append(f"to {' and '.join(parts)}")
    return ", ".join(words) or "sent as it is"


def route_asked(route: CallRoute) -> str:
    """Return of which calls a route is, ``""`` for all."""
    return " or ".join(" and ".join(map(_condition, match)) for match in route.matches)


def cluster_worded(cluster: Cluster) -> str:
    """Return which instance gets a call, and which one none."""
    balance = cluster.balance
    words = [balance.algorithm + (f" by {balance.key} {balance.name}" if balance.key else "")]
    if balance.warmup:
        words.append(f"new ones warm up for {_time(balance.warmup.duration)}")
    if cluster.outlier:
        words.append(_left_out(cluster.outlier))
    if cluster.most_requests:
        words.append(f"{number(cluster.most_requests)} at a time")
    if cluster.connect:
        words.append(f"connects within {_time(cluster.connect)}")
    budget = cluster.budget
    share = f"{budget.percent:g}% and {budget.least} at least"
    most = share if budget.most is None else f"{budget.most} at a time"
    return ", ".join((*words, f"repetitions {most}"))


def _injected(injection: Injection) -> Iterator[str]:
    if injection.delay and injection.delay_percent:
        yield f"delays {injection.delay_percent:g}% by {_time(injection.delay)} on purpose"
    if injection.abort_percent:
        what = injection.status or f"gRPC code {injection.grpc}"
        yield f"aborts {injection.abort_percent:g}% with {what} on purpose"


def _repeated(retry: Retry) -> str:
    on = ",".join((*retry.on, *map(str, retry.statuses)))
    each = f", each within {_time(retry.per_try)}" if retry.per_try else ""
    return f"{retry.attempts} repetition{'' if retry.attempts == 1 else 's'} for {on}{each}"


def _left_out(rule: Outlier) -> str:
    counts = (
        (rule.consecutive_5xx, "failures"),
        (rule.consecutive_gateway_errors, "failures of a gateway"),
        (rule.consecutive_local_failures, "times no answer"),
    )
    after = " or ".join(f"{count} {what}" for count, what in counts if count) or "nothing"
    most = f"{rule.most_ejected:g}% of them at most"
    return f"leaves one out for {_time(rule.base_ejection)} after {after} in a row, {most}"


def _condition(one: Condition) -> str:
    named = f"{one.source} {one.key}".rstrip()
    if one.operator == "in" and not one.values:
        return "nothing that is enforced"
    return f"{named} {one.operator} {', '.join(one.values)}".rstrip()


def _time(seconds: float) -> str:
    return span(round(seconds * 1000, 3))
