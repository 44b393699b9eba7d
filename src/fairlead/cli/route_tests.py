"""Tests in the format of Envoy's router_check_tool: what they ask, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf import json_format

from fairlead.cli.failure import Failed
from fairlead.cli.route_files import line, plain, snake
from fairlead.policy.routing.action import Answer, Forward, Redirect
from fairlead.policy.routing.formats import Headers, value_of
from fairlead.policy.routing.match import HeaderMatch
from fairlead.policy.routing.predicates import header_test
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.rewriting import headers_of, location
from fairlead.policy.routing.router import Decision, Router
from fairlead.protocols.xds import pb
from fairlead.protocols.xds.fields import Fields, Unreadable
from fairlead.protocols.xds.reading_matches import header

_INPUT = frozenset(
    (
        "authority",
        "path",
        "method",
        "random_value",
        "ssl",
        "internal",
        "runtime",
        "additional_request_headers",
        "additional_response_headers",
        "additional_headers",
    )
)
ASPECTS = (
    "cluster_name",
    "virtual_cluster_name",
    "virtual_host_name",
    "path_rewrite",
    "host_rewrite",
    "path_redirect",
)
_REQUEST_FIELDS = ("request_header_fields", "header_fields", "custom_header_fields")
_RESPONSE_FIELDS = ("response_header_fields",)
_MATCHES = ("request_header_matches", "response_header_matches")
_VALIDATE = frozenset((*ASPECTS, *_REQUEST_FIELDS, *_RESPONSE_FIELDS, *_MATCHES))
_LOOPBACK = "127.0.0.1"
"""Where the requests of tests come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test."""

    name: str
    input: Mapping[str, Any]
    validate: Mapping[str, Any]
    response: Headers


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of a test."""

    name: str
    failures: list[str] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)
    """Aspects that were asked for and are right."""
    decision: Decision
    remarks: tuple[str, ...] = ()


def cases(file: str) -> list[Case]:
    """Read tests, of today's form or of the older one, which is a list.

    Raises:
        Failed: A field is not known: names it and its line.
    """
    content = plain(file)
    prefix = "" if isinstance(content, list) else "tests"
    found = content if isinstance(content, list) else _keyed(content, file, "", {"tests"})["tests"]
    if not isinstance(found, list) or not found:
        raise Failed(f"{file}: needs a list of tests")
    return [_case(one, file, f"{prefix}[{at}]") for at, one in enumerate(found)]


def _case(content: Any, file: str, path: str) -> Case:
    one = _keyed(content, file, path, {"test_name", "input", "validate"})
    asked = _keyed(one.get("input"), file, f"{path}.input", _INPUT)
    wanted = _keyed(one.get("validate"), file, f"{path}.validate", _VALIDATE)
    for name in ("authority", "path"):
        if not asked.get(name):
            raise Failed(f"{file}{line(file, path)}: {path}.input: needs {name}")
    return Case(
        name=str(one.get("test_name", "")),
        input=asked,
        validate=wanted,
        response=list(_pairs(asked.get("additional_response_headers"))),
    )


def _keyed(content: Any, file: str, path: str, known: frozenset[str] | set[str]) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise Failed(f"{file}{line(file, path)}: {path or 'the file'}: needs fields")
    found = {snake(str(key)).lstrip(":"): value for key, value in content.items()}
    for key in found:
        if key not in known:
            where = f"{path}.{key}".lstrip(".")
            raise Failed(f"{file}{line(file, where)}: {where}: there is no such field")
    return found


def _pairs(headers: Any) -> Iterator[tuple[str, str]]:
    for one in headers or ():
        yield str(one.get("key", one.get("field", ""))).lower(), str(one.get("value", ""))


def request_of(case: Case, runtime_keys: Sequence[str]) -> Request:
    """Return the request of a test: runtime keys are off, but for the one that it names."""
    asked, headers = case.input, {}
    headers["x-forwarded-proto"] = "https" if asked.get("ssl") else "http"
    if asked.get("internal"):
        headers["x-envoy-internal"] = "true"
    more = (
        *_pairs(asked.get("additional_request_headers")),
        *_pairs(asked.get("additional_headers")),
    )
    repeated: dict[str, tuple[str, ...]] = {}
    for name, value in more:
        if name in headers:
            repeated[name] = (*repeated.get(name, (headers[name],)), value)
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    active = asked.get("runtime", "")
    return Request(
        authority=str(asked["authority"]),
        path=str(asked["path"]),
        method=str(asked.get("method", "GET")),
        scheme=headers["x-forwarded-proto"],
        headers=headers,
        repeated=repeated,
        random=int(asked.get("random_value", 0)),
        runtime={key: 0 for key in runtime_keys if key and key != active},
        source_ip=_LOOPBACK,
    )


def check(router: Router, case: Case, runtime_keys: Sequence[str]) -> Result:
    """Hold a table against one test."""
    request = request_of(case, runtime_keys)
    decision = router.route(request)
    result = Result(name=case.name, decision=decision, remarks=decision.remarks)
    sent = decision.sent()[0] if _forwards(decision) else headers_of(request)
    actual = _actual(router, decision, sent)
    for aspect in ASPECTS:
        if aspect in case.validate:
            wanted = str(case.validate[aspect])
            if _same(result, wanted, actual[aspect](), aspect):
                result.covered.add(aspect)
    answer = decision.answered(_answer(decision, case.response))[0]
    for names, headers in ((_REQUEST_FIELDS, sent), (_RESPONSE_FIELDS, answer)):
        for name in names:
            for key, wanted in _pairs(case.validate.get(name)):
                _same(result, wanted, value_of(key, headers) or "", name)
    for name, headers in zip(_MATCHES, (sent, answer), strict=True):
        for one in case.validate.get(name) or ():
            _matches(result, one, headers, name)
    return result


def _forwards(decision: Decision) -> bool:
    return decision.route is not None and isinstance(decision.route.action, Forward)


def _actual(router: Router, decision: Decision, sent: Headers) -> dict[str, Callable[[], str]]:
    """Return how each aspect is found; as in Envoy, most are of requests that are sent on."""
    forwards = _forwards(decision)
    host = decision.host.name if decision.host is not None else ""
    return {
        "cluster_name": lambda: decision.cluster,
        "virtual_cluster_name": lambda: (
            router.virtual_cluster(decision.request) if forwards else ""
        ),
        "virtual_host_name": lambda: host if forwards else "",
        "path_rewrite": lambda: (value_of(":path", sent) or "") if forwards else "",
        "host_rewrite": lambda: (value_of(":authority", sent) or "") if forwards else "",
        "path_redirect": lambda: _redirected(decision),
    }


def _redirected(decision: Decision) -> str:
    """Return where the client is sent; Envoy says where it is for a direct answer."""
    route = decision.route
    if route is None or not isinstance(route.action, Answer | Redirect):
        return ""
    one = route.action if isinstance(route.action, Redirect) else Redirect()
    return location(one, decision.request, route.match.path)


def _answer(decision: Decision, headers: Headers) -> Headers:
    one = decision.route.action if decision.route is not None else None
    if isinstance(one, Answer) and one.body:
        size = str(len(one.body.encode()))
        return [*headers, ("content-length", size), ("content-type", "text/plain")]
    if isinstance(one, Redirect):
        return [*headers, ("location", decision.location or "")]
    return headers


def _same(result: Result, wanted: str, actual: str, kind: str) -> bool:
    if wanted != actual:
        result.failures.append(f"expected: [{wanted}], actual: [{actual}], test type: {kind}")
    return wanted == actual


def _matches(result: Result, content: Any, headers: Headers, name: str) -> None:
    try:
        at = Fields(pb.from_json(content, "envoy.config.route.v3.HeaderMatcher"), name)
        one = header(at)
    except (json_format.ParseError, Unreadable) as error:
        raise Failed(f"test {result.name!r}: {name}: {error}") from error
    value = value_of(one.name, headers)
    # Under a name of no meaning: a request has a ":path" of its own.
    test = header_test(replace(one, name="x"))
    if not test(Request(headers={} if value is None else {"x": value}), "", []):
        result.failures.append(_told(one, value, name))


def _told(one: HeaderMatch, value: str | None, name: str) -> str:
    there = value is not None
    if one.text is None and one.range is None:
        want = str(one.present != one.invert).lower()
        had = str(there).lower()
        return (
            f"expected: [has({one.name}):{want}], actual: [has({one.name}):{had}], "
            f"test type: {name}.present_match"
        )
    no = "NOT " if one.invert else ""
    actual = f"{no}[{one.name}: {value}]" if there else f"[has({one.name}):false]"
    if one.range is not None:
        return f"actual: {actual}, test type: {name}.range_match"
    kind, wanted = (one.text.kind, one.text.value) if one.text is not None else ("", "")
    expected = f"expected: [{one.name}: {wanted}], " if kind == "exact" else ""
    return f"{expected}actual: {actual}, test type: {name}.string_match.{kind}"
