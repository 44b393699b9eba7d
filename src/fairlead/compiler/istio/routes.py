"""The list of routes of a VirtualService: each match a route, in the order of the list."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.istio.actions import acted, changed, cors
from fairlead.compiler.istio.form import EVERYBODY, Ruled, Scope
from fairlead.compiler.istio.matches import matched, scope
from fairlead.kinds.istio_http import HttpFaultInjection, HttpMatchRequest, HttpRetry, HttpRoute
from fairlead.kinds.istio_http_checks import FOREIGN_CONDITIONS, conditions
from fairlead.policy.outcome import GRPC_CODES
from fairlead.policy.resilience import (
    CONNECT_FAILURE,
    LONGEST,
    REFUSED_STREAM,
    STATUS_CODES,
    Injection,
    Retry,
)
from fairlead.policy.routing.action import Forward
from fairlead.policy.routing.match import EVERYTHING, RouteMatch
from fairlead.policy.routing.table import Route

USUAL = (CONNECT_FAILURE, REFUSED_STREAM, "unavailable", "cancelled")
"""What Istio repeats where a rule says how often, and not for what."""


def ruled(rule: str, route: HttpRoute, namespace: str) -> Iterator[Ruled]:
    """Yield a route for each match; `rule` names the object and the place in its list.

    A gateway without a namespace is one of `namespace`.

    One block that asks nothing makes the others superfluous: they are alternatives.
    """
    matches = tuple(_read(one, namespace) for one in route.match or ())
    if not matches or (EVERYTHING, EVERYBODY) in matches:
        matches = ((EVERYTHING, EVERYBODY),)
    for match, meant in matches:
        yield Ruled(
            route=_route(rule, route, match), scope=meant, itself=not _names_somebody(route)
        )


def retry(retries: HttpRetry | None) -> Retry | None:
    """Return what is sent again, None where nobody says anything of it."""
    if retries is None or not retries.attempts:
        return None
    words = conditions(retries.retry_on)
    statuses = tuple(int(word) for word in words if word.isdecimal())
    on = tuple(word for word in words if not word.isdecimal()) or (() if statuses else USUAL)
    # A number stands for the condition as well (Istio).
    on = (*on, STATUS_CODES) if statuses and STATUS_CODES not in on else on
    known = tuple(word for word in on if word not in FOREIGN_CONDITIONS)
    base = retries.backoff or 0.025
    return Retry(
        attempts=retries.attempts,
        on=known,
        statuses=statuses,
        per_try=retries.per_try_timeout or 0.0,
        backoff=base,
        longest=min(10 * base, LONGEST),
        same_host=retries.retry_ignore_previous_hosts is False,
    )


def injection(fault: HttpFaultInjection | None) -> Injection | None:
    """Return what goes wrong on purpose; of no percentage, nothing does (Istio)."""
    if fault is None:
        return None
    delay, abort = fault.delay, fault.abort
    share = 0.0
    if delay is not None:
        share = delay.percentage.value if delay.percentage else float(delay.percent or 0)
    return Injection(
        delay=(delay.fixed_delay or 0.0) if delay else 0.0,
        delay_percent=share,
        status=(abort.http_status or 0) if abort else 0,
        grpc=_code(abort.grpc_status) if abort and abort.grpc_status else None,
        abort_percent=abort.percentage.value if abort and abort.percentage else 0.0,
    )


def _read(one: HttpMatchRequest, namespace: str) -> tuple[RouteMatch, Scope]:
    return matched(one), scope(one, namespace)


def _route(rule: str, route: HttpRoute, match: RouteMatch) -> Route:
    action = acted(route, match.path)
    sent = isinstance(action, Forward)
    return Route(
        name=rule,
        match=match,
        action=action,
        timeout=route.timeout or 0.0,
        retry=retry(route.retries) if sent else None,
        injection=injection(route.fault) if sent else None,
        changes=changed(route.headers),
        cors=cors(route.cors_policy),
    )


def _names_somebody(route: HttpRoute) -> bool:
    return bool(route.route or route.redirect or route.direct_response or route.delegate)


def _code(text: str) -> int:
    return int(text) if text.isdecimal() else GRPC_CODES.index(text)
