"""HTTPRoute: its rules, as the tables of gateways and meshes will have them."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.gateways.form import Backend, RouteRule
from fairlead.compiler.gateways.matches import http_matches, prefix_of
from fairlead.compiler.gateways.sentences import unhonoured
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.http_route import HttpRouteRule, HTTPRouteSpec
from fairlead.kinds.http_route import Retry as Written
from fairlead.policy.resilience import (
    CONNECT_FAILURE,
    LONGEST,
    MOST_ATTEMPTS,
    REFUSED_STREAM,
    RESET,
    STATUS_CODES,
    Retry,
)

PAUSE = 0.025
"""Seconds between attempts where a rule names none."""


def compile_http_route(resource: Resource[HTTPRouteSpec]) -> Part:
    """Return what an HTTPRoute compiles to; `gateways` finds where it is attached."""
    # Without rules, the API has one that matches everything.
    rules = resource.spec.rules or (HttpRouteRule(),)
    routing = tuple(_rule(f"rules[{place}]", rule) for place, rule in enumerate(rules))
    sentences = (*unhonoured(resource.spec, routing), *_retries(resource.spec))
    return Part(resource=resource, routing=routing, not_honoured=sentences)


def _rule(path: str, rule: HttpRouteRule) -> RouteRule:
    backends = tuple(
        Backend(
            ref=one, weight=one.weight, filters=one.filters or (), path=f"{path}.backendRefs[{at}]"
        )
        for at, one in enumerate(rule.backend_refs or ())
    )
    whole, each = _times(rule)
    return RouteRule(
        path=path,
        matches=http_matches(rule.matches),
        prefix=prefix_of(rule.matches),
        filters=rule.filters or (),
        backends=backends,
        timeout=whole,
        retry=_retry(rule.retry, each) if rule.retry else None,
    )


def _times(rule: HttpRouteRule) -> tuple[float, float]:
    """Return the seconds of all attempts and of each; with one attempt, the first is the less."""
    times = rule.timeouts
    whole, each = (times.request or 0.0, times.backend_request or 0.0) if times else (0.0, 0.0)
    if each and not rule.retry:
        whole = each
    return whole, each


def _retry(retry: Written, each: float) -> Retry:
    codes = tuple(dict.fromkeys(retry.codes or ()))
    pause = PAUSE if retry.backoff is None else min(retry.backoff, LONGEST / 10)
    return Retry(
        attempts=min(retry.attempts or 1, MOST_ATTEMPTS),
        on=(CONNECT_FAILURE, REFUSED_STREAM, RESET, *((STATUS_CODES,) if codes else ())),
        statuses=codes,
        per_try=min(each, LONGEST),
        backoff=pause,
        longest=10 * pause,
    )


def _retries(spec: HTTPRouteSpec) -> Iterator[str]:
    for place, rule in enumerate(spec.rules or ()):
        if rule.retry is None:
            continue
        if rule.retry.backoff:
            path = f"rules[{place}].retry.backoff"
            yield f"{path}: pauses are a random part of it, as in Envoy, and not at least it"
        if (rule.retry.attempts or 0) > MOST_ATTEMPTS:
            yield f"rules[{place}].retry.attempts: at most {MOST_ATTEMPTS} are made"
