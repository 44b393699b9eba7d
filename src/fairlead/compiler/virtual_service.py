"""VirtualService: what is done with calls of some hosts, in the order of its list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fairlead.compiler.part import Calling, Part, Way
from fairlead.kinds import Resource
from fairlead.kinds.networking import waiting
from fairlead.kinds.virtual_service import (
    FOREIGN_CONDITIONS,
    KIND,
    MESH,
    Destination,
    HttpFaultInjection,
    HttpMatchRequest,
    HttpRetry,
    HttpRoute,
    TextMatch,
    VirtualServiceSpec,
    conditions,
)
from fairlead.policy.match import Condition
from fairlead.policy.outcome import GRPC_CODES
from fairlead.policy.resilience import (
    CONNECT_FAILURE,
    LONGEST,
    REFUSED_STREAM,
    STATUS_CODES,
    CallRoute,
    Injection,
    Retry,
    Share,
)

USUAL = (CONNECT_FAILURE, REFUSED_STREAM, "unavailable", "cancelled")
"""What Istio repeats where a rule says how often, and not for what."""

UNMATCHED = (
    "scheme",
    "authority",
    "port",
    "source_labels",
    "source_namespace",
    "gateways",
    "ignore_uri_case",
)
"""Parts of a match that are not enforced: what asks for one matches nothing."""

ELSEWHERE = ("redirect", "direct_response", "delegate")
NOTHING = Condition(source="method", operator="in", values=())
_IGNORED = frozenset(("uri", "scheme", "method", "authority"))


def compile_virtual_service(resource: Resource[VirtualServiceSpec]) -> Part:
    """Return what a VirtualService compiles to; `calls.py` finds whom it is about."""
    spec = resource.spec
    for_mesh = spec.gateways is None or MESH in spec.gateways
    named = f"{KIND.kind}/{resource.name}"
    ways = tuple(
        _way(f"{named} http[{place}]", route) for place, route in enumerate(spec.http or ())
    )
    waits = [_waits(path) for path in waiting(spec)]
    return Part(
        resource=resource,
        calling=Calling(
            destination=False,
            hosts=spec.hosts if for_mesh else (),
            exported=spec.export_to or (),
            ways=ways,
            unenforced=_unenforced(spec, for_mesh),
        ),
        not_honoured=(*waits, *_elsewhere(spec)),
    )


def _waits(path: str) -> str:
    more = ", so that this match matches nothing" if ".match[" in path else ""
    return f"{path}: not enforced in this version{more}"


def _unenforced(spec: VirtualServiceSpec, for_mesh: bool) -> str:  # noqa: FBT001
    if not for_mesh:
        return "gateways without mesh: it is for gateways alone, and no agent is one"
    if not spec.hosts:
        return "no hosts: it is part of another VirtualService, which this version does not follow"
    if not spec.http:
        return "no http: nothing of it is enforced in this version"
    return ""


def _elsewhere(spec: VirtualServiceSpec) -> Iterator[str]:
    for place, route in enumerate(spec.http or ()):
        for at, one in enumerate(route.route or ()):
            host = one.destination.host
            if "*" not in "".join(spec.hosts) and host.split(".")[0] not in _first(spec.hosts):
                path = f"http[{place}].route[{at}].destination.host"
                yield f"{path}: {host}: calls go on to the app that was called in this version"
        for word in conditions(route.retries.retry_on if route.retries else None):
            if word in FOREIGN_CONDITIONS:
                yield f"http[{place}].retries.retryOn: {word}: nothing meets it"


def _first(hosts: tuple[str, ...]) -> set[str]:
    return {host.split(".")[0] for host in hosts}


def _way(rule: str, route: HttpRoute) -> Way:
    matches = tuple(tuple(_conditions(one)) for one in route.match or ())
    # One block that asks nothing makes the others superfluous: they are alternatives.
    matches = () if () in matches else matches
    if any(getattr(route, name) is not None for name in ELSEWHERE):
        return Way(route=CallRoute(rule=rule, matches=matches))
    return Way(
        route=CallRoute(
            rule=rule,
            matches=matches,
            timeout=route.timeout or 0.0,
            retry=_retry(route.retries),
            injection=_injection(route.fault),
        ),
        targets=tuple(
            (one.destination.host, _share(one.destination, one.weight)) for one in route.route or ()
        ),
    )


def _share(destination: Destination, weight: int) -> Share:
    fallback = destination.fallback.subset if destination.fallback else ""
    return Share(subset=destination.subset or "", weight=weight, fallback=fallback)


def _retry(retries: HttpRetry | None) -> Retry | None:
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


def _injection(fault: HttpFaultInjection | None) -> Injection | None:
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


def _code(text: str) -> int:
    return int(text) if text.isdecimal() else GRPC_CODES.index(text)


def _conditions(match: HttpMatchRequest) -> Iterator[Condition]:
    if any(getattr(match, name) is not None for name in UNMATCHED):
        yield NOTHING
        return
    if match.uri is not None:
        yield _condition("path", "", match.uri)
    if match.method is not None:
        yield _condition("method", "", match.method)
    for name, text in _sorted(match.headers):
        if name.lower() not in _IGNORED:
            yield _condition("header", name.lower(), text)
    for name, text in _sorted(match.query_params):
        yield _condition("query", name, text)
    for name, text in _sorted(match.without_headers):
        if text is not None and text.exact is not None:
            key = name.lower()
            yield Condition(source="header", key=key, operator="!=", values=(text.exact,))
        else:
            yield NOTHING


def _sorted(
    texts: Mapping[str, TextMatch | None] | None,
) -> list[tuple[str, TextMatch | None]]:
    return sorted((texts or {}).items(), key=lambda item: item[0])


def _condition(source: str, key: str, text: TextMatch | None) -> Condition:
    if text is not None and text.exact is not None:
        return Condition(source=source, key=key, operator="==", values=(text.exact,))
    if text is not None and text.prefix is not None:
        return Condition(source=source, key=key, operator="prefix", values=(text.prefix,))
    if text is not None and text.regex is not None and text.regex != "*":
        return Condition(source=source, key=key, operator="regex", values=(text.regex,))
    return Condition(source=source, key=key, operator="exists")
