"""Rules about calls in the words of whoever asks what holds for a call."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.policy.balance import Cluster, Outlier, by_place
from fairlead.policy.locality import LocalityRule
from fairlead.policy.resilience import Injection, Retry
from fairlead.policy.routing.action import (
    NO_CHANGES,
    Answer,
    Forward,
    HeaderChanges,
    Redirect,
)
from fairlead.policy.routing.match import EXACT, HeaderMatch, PathMatch, RouteMatch, TextMatch
from fairlead.policy.routing.table import SEPARATORS, Route
from fairlead.policy.wording import number, span


def route_worded(route: Route, host: str) -> str:
    """Return what a route does with a call of `host`: ``within 2 s, 2 repetitions for 5xx``.

    `host` is the full name of the one that is called, which is not said again.
    """
    words = list(_injected(route.injection)) if route.injection else []
    if isinstance(route.action, Answer):
        return ", ".join((*words, f"answered with {route.action.status} at once"))
    if isinstance(route.action, Redirect):
        return ", ".join((*words, f"answered with {route.action.code}, which leads elsewhere"))
    if route.timeout:
        words.append(f"within {_time(route.timeout)}")
    if route.retry and route.retry.attempts:
        words.append(_repeated(route.retry))
    if isinstance(route.action, Forward):
        words += _forwarded(route.action, host)
    words += _changed(route.changes, "")
    return ", ".join(words) or "sent as it is"


def _forwarded(action: Forward, host: str) -> Iterator[str]:
    total = sum(one.weight for one in action.clusters)
    parts = [_cluster(one.cluster, host) for one in action.clusters]
    several = len(parts) > 1
    if several or any(part != ANYBODY for part in parts):
        shares = (
            part
            + (f" {100 * one.weight / total:.3g}%" if several and total else "")
            + (f", else {_cluster(one.fallback, host)}" if one.fallback else "")
            for part, one in zip(parts, action.clusters, strict=True)
        )
        yield f"to {' and '.join(shares)}"
    if action.path is not None:
        yield "with another path"
    if action.host is not None or any(one.host for one in action.clusters):
        yield "with another host"
    for mirror in action.mirrors:
        share = mirror.fraction
        some = "" if share is None else f"{100 * share.numerator / share.denominator:g}% "
        yield f"{some}copied to {_cluster(mirror.cluster, host)}"
    for one, part in zip(action.clusters, parts, strict=True):
        yield from _changed(one.changes, f" of those to {part}")


ANYBODY = "any instance"


def _cluster(name: str, host: str) -> str:
    if name.count("|") != SEPARATORS:
        return "nobody"
    _, _, subset, whose = name.split("|")
    if whose == host:
        return f"subset {subset}" if subset else ANYBODY
    return f"subset {subset} of {whose}" if subset else whose


def _changed(one: HeaderChanges, where: str) -> Iterator[str]:
    if one == NO_CHANGES:
        return
    there = [value.name for value in one.request_set] + list(one.request_removed)
    back = [value.name for value in one.response_set] + list(one.response_removed)
    if there:
        yield f"headers {', '.join(there)} changed{where}"
    if back:
        yield f"headers {', '.join(back)} of answers changed{where}"


def route_asked(route: Route) -> str:
    """Return of which calls a route is, ``""`` for all."""
    return " and ".join(words for words, _ in parts(route.match))


def parts(match: RouteMatch) -> Iterator[tuple[str, RouteMatch]]:
    """Yield each test of a match in words, and as a match that asks for nothing else."""
    if match.path != PathMatch():
        yield _path(match.path), RouteMatch(path=match.path)
    for header in match.headers:
        yield _header(header), RouteMatch(headers=(header,))
    for one in match.queries:
        yield _texted(f"query {one.name}", one.text, one.present), RouteMatch(queries=(one,))
    for cookie in match.cookies:
        yield f"cookie {cookie.name} {_text(cookie.text)}", RouteMatch(cookies=(cookie,))
    for field in match.metadata:
        name = f"argument {'.'.join(field.path)}"
        words = _texted(name, field.text, present=not field.invert)
        yield words, RouteMatch(metadata=(field,))
    if match.fraction is not None:
        share = 100 * match.fraction.numerator / match.fraction.denominator
        yield f"{share:g}% of them", RouteMatch(fraction=match.fraction)
    if match.grpc:
        yield "gRPC", RouteMatch(grpc=True)
    for test in match.custom:
        given = ", ".join(f"{name}={value}" for name, value in test.arguments)
        yield f"{test.name}({given})", RouteMatch(custom=(test,))


def _path(one: PathMatch) -> str:
    return f"path {one.kind} {one.value}" + (" in any case" if one.ignore_case else "")


def _header(one: HeaderMatch) -> str:
    if one.range is not None:
        low, high = one.range
        return f"header {one.name} {'not ' if one.invert else ''}from {low} to {high - 1}"
    name = one.name.removeprefix(":") if one.name.startswith(":") else f"header {one.name}"
    if one.text is not None and one.invert:
        return f"{name} not {_text(one.text)}"
    return _texted(name, one.text, one.present != one.invert)


def _texted(name: str, text: TextMatch | None, present: bool) -> str:  # noqa: FBT001
    if text is None:
        return f"{name} exists" if present else f"no {name}"
    return f"{name} {_text(text)}"


def _text(one: TextMatch) -> str:
    kind = "==" if one.kind == EXACT else one.kind
    return f"{kind} {one.value}"


def cluster_worded(cluster: Cluster) -> str:
    """Return which instance gets a call, and which one none."""
    balance = cluster.balance
    words = [balance.algorithm + (f" by {balance.key} {balance.name}" if balance.key else "")]
    if balance.warmup:
        words.append(f"new ones warm up for {_time(balance.warmup.duration)}")
    if (rule := by_place(cluster)) is not None:
        words += _placed(rule)
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


def _placed(rule: LocalityRule) -> Iterator[str]:
    for one in rule.distribute:
        parts = (f"{percent}% to {pattern}" for pattern, percent in one.to)
        yield f"from {one.source}: {' and '.join(parts)}"
    if rule.distribute:
        return
    by = f"whoever has the same {', then '.join(rule.labels)}" if rule.labels else "the nearest"
    yield f"{by} first"
    yield from (f"from region {source} to {to} first" for source, to in rule.failover)


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


def _time(seconds: float) -> str:
    return span(round(seconds * 1000, 3))
